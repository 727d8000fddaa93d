"""The stage `tokenize`: every document once, in order, and the same bytes after a kill and with any workers."""

import pyarrow as pa
import pytest

from firstwords.artifact import Artifact, payload_files, remove_tree, sha256_file
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data.shards import write_table
from firstwords.data.split import SPLITS
from firstwords.data.token_store import TokenStore, read_store_index
from firstwords.stage import Work
from firstwords.stages import tokenize
from firstwords.stages.tokenize import EncodeShard, Tokenize
from firstwords.tokenizer.tokenizer import Tokenizer
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE


def rows_of(shard):
    return [
        {
            "id": f"{shard}-{i}",
            "url": f"pydoc:///{shard}.{i}" if i % 5 else None,
            "text": f"Document {i} of {shard} says <|endoftext|> \u00e9\u00e8 " * (i % 7) + "end.",
            "split": SPLITS[i % 3],  # none in `tasks`
        }
        for i in range(40)
    ]


@pytest.fixture
def inputs(tmp_path):
    for shard in ("b", "a/0", "a/1"):
        write_table(tmp_path / "in" / "documents" / f"{shard}.parquet", pa.Table.from_pylist(rows_of(shard)))
    texts = [row["text"] for row in rows_of("b")]
    ByteBPE().train([texts], 300).save(tmp_path / "tokenizer")
    return {
        "documents": Artifact(name="deduplicate", folder=tmp_path / "in"),
        "tokenizer": Artifact(name="train_tokenizer", folder=tmp_path / "tokenizer"),
    }


def run(folder, inputs, workers=1):
    work = Work(
        name="tokenize",
        folder=folder,
        inputs=inputs,
        pool=Local(workers=workers),
        console=SilentConsole(),
        workers=workers,
    )
    outcome = Tokenize().run(work)
    return outcome, {path.as_posix(): sha256_file(folder / path) for path in payload_files(folder)}


def test_every_document_is_stored_once_in_order(tmp_path, inputs):
    outcome, files = run(tmp_path / "out", inputs)
    assert sorted(files) == sorted(
        ["index.json", *(f"{split}.{kind}" for split in SPLITS for kind in ("tokens", "index.parquet"))]
    )
    tokenizer = Tokenizer.load(inputs["tokenizer"].folder)
    rows = [row for shard in ("a/0", "a/1", "b") for row in rows_of(shard)]
    for split in SPLITS:
        store = TokenStore(tmp_path / "out", split)
        expected = [row for row in rows if row["split"] == split]
        assert store.documents == [row["id"] for row in expected]
        assert store.urls == [row["url"] for row in expected]
        assert store.num_bytes.tolist() == [len(row["text"].encode()) for row in expected]
        for number, row in enumerate(expected):
            ids = store.document(number).tolist()
            # Only the closing one: look-alikes in the text did not become end-of-text.
            assert ids.index(tokenizer.end_of_text) == len(ids) - 1
            assert tokenizer.decode(ids[:-1]) == row["text"]
    assert outcome.counts["kept"] == len(rows) == 120
    assert read_store_index(tmp_path / "out")["splits"] == outcome.counts["splits"]


def test_processes_and_batches_do_not_matter(tmp_path, inputs, monkeypatch):
    _, alone = run(tmp_path / "alone", inputs)
    monkeypatch.setattr(tokenize, "BATCH_ROWS", 7)
    _, batched = run(tmp_path / "batched", inputs)
    monkeypatch.setattr(tokenize, "SMALL_BYTES", 0)
    _, shared = run(tmp_path / "shared", inputs, workers=2)
    assert alone == batched == shared


def test_a_killed_run_goes_on_where_it_was(tmp_path, inputs, monkeypatch):
    _, expected = run(tmp_path / "whole", inputs)
    done: list[str] = []
    encode = EncodeShard.__call__

    def killed_at_the_second(self, shard, folder):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(shard[0])
        return encode(self, shard, folder)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(EncodeShard, "__call__", killed_at_the_second)
        run(tmp_path / "out", inputs)
    finished = (tmp_path / "out" / tokenize.part_folder(done[0]) / "train.tokens").stat().st_mtime_ns
    _, found = run(tmp_path / "out", inputs)
    assert found == expected
    # The part that was finished was not encoded again.
    assert (tmp_path / "out" / tokenize.part_folder(done[0]) / "train.tokens").stat().st_mtime_ns == finished
    remove_tree(tmp_path / "out" / "scratch")
    assert run(tmp_path / "out", inputs)[1] == expected
