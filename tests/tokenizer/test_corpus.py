"""Reading the texts of one split: all of them, in order, or a share drawn by the documents' ids."""

import pyarrow as pa
import pytest

from firstwords.data.shards import write_table
from firstwords.tokenizer.corpus import SplitSize, split_sizes, split_texts

SPLITS = ["train", "test", "train", "validation"]


@pytest.fixture
def folder(tmp_path):
    for shard in ("b", "a/a", "a/b"):
        rows = [{"id": f"{shard}{i}", "text": f"{shard}{i}\u00e9" * i, "split": SPLITS[i % 4]} for i in range(400)]
        write_table(tmp_path / f"{shard}.parquet", pa.Table.from_pylist(rows))
    return tmp_path


def test_sizes_count_documents_and_bytes(folder):
    sizes = split_sizes(folder)
    assert list(sizes) == ["test", "train", "validation"]
    assert sizes["validation"].documents == 300
    texts = [text for batch in split_texts(folder, "validation") for text in batch.to_pylist()]
    assert sizes["validation"] == SplitSize(300, sum(len(text.encode()) for text in texts))


def test_texts_come_in_the_order_of_the_shards(folder, monkeypatch):
    monkeypatch.setattr("firstwords.tokenizer.corpus.BATCH_BYTES", 5000)
    batches = list(split_texts(folder, "test"))
    expected = [f"{shard}{i}\u00e9" * i for shard in ("a/a", "a/b", "b") for i in range(1, 400, 4)]
    assert [text for batch in batches for text in batch.to_pylist()] == expected
    assert len(batches) == 3
    assert list(split_texts(folder, "unknown")) == []


def test_a_larger_share_holds_the_smaller_one(folder):
    taken = {
        share: [t for batch in split_texts(folder, "train", share) for t in batch.to_pylist()]
        for share in (0.2, 0.6, 1.0)
    }
    assert len(taken[1.0]) == 600
    assert 80 < len(taken[0.2]) < 160
    assert 300 < len(taken[0.6]) < 420
    assert set(taken[0.2]) < set(taken[0.6]) < set(taken[1.0])
