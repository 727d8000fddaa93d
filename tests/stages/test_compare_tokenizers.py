"""The stage `compare_tokenizers`: the same texts through ours and others, and nothing depends on it."""

import json

import pyarrow as pa
import pytest

from firstwords.artifact import Artifact
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data.shards import write_table
from firstwords.errors import RecipeError
from firstwords.recipe import build
from firstwords.stage import Work
from firstwords.stages.compare_tokenizers import CompareTokenizers
from firstwords.tokenizer.tokenizers.byte_bpe import ByteBPE
from firstwords.tokenizer.tokenizers.bytes import Bytes


@pytest.fixture
def work(tmp_path):
    rows = [
        {"id": str(i), "text": f"sentence {i} of the corpus", "split": "train" if i % 4 else "test", "language": "en"}
        for i in range(50)
    ]
    write_table(tmp_path / "in/documents/0.parquet", pa.Table.from_pylist(rows))
    ByteBPE().train([[row["text"] for row in rows]], 400).save(tmp_path / "ours")
    Bytes().train([], 259).save(tmp_path / "bytes")
    inputs = {
        "documents": Artifact(name="deduplicate", folder=tmp_path / "in"),
        "tokenizer": Artifact(name="train_tokenizer", folder=tmp_path / "ours"),
    }
    return Work(
        name="compare_tokenizers", folder=tmp_path / "out", inputs=inputs, pool=Local(), console=SilentConsole()
    )


def test_others_are_told_beside_ours(work, tmp_path):
    outcome = build(CompareTokenizers, {"others": {"bytes": str(tmp_path / "bytes")}}).run(work)
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["all"]["others"]["bytes"]["bytes_per_token"] == 1
    assert report["all"]["bytes_per_token"] > 2
    assert set(report["by_split"]) == {"train", "test"}
    assert outcome.counts["by_language"]["en"]["documents"] == 50
    assert "bytes 1.00" in outcome.summary
    assert any("en" in line for line in outcome.tables)


def test_the_content_of_the_others_counts(tmp_path):
    Bytes().train([], 259).save(tmp_path / "a")
    Bytes().train([], 259).save(tmp_path / "b")
    one, other = (build(CompareTokenizers, {"others": {"x": str(tmp_path / name)}}) for name in "ab")
    assert one.fingerprint() == other.fingerprint()
    ByteBPE().train([["ab ab ab"]], 300).save(tmp_path / "b")
    assert one.fingerprint() != other.fingerprint()


def test_a_folder_without_a_tokenizer_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"others\.gpt2: no tokenizer\.json"):
        build(CompareTokenizers, {"others": {"gpt2": str(tmp_path)}})
