"""The stage `train_tokenizer`: it learns from `train` alone, says why so many entries, and does it alike every time."""

import json

import pyarrow as pa
import pytest

from firstwords.artifact import Artifact, payload_files
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data.shards import write_table
from firstwords.errors import RecipeError
from firstwords.recipe import build
from firstwords.stage import Work
from firstwords.stages.train_tokenizer import TrainTokenizer
from firstwords.tokenizer.tokenizer import Tokenizer

TRAIN = "the train sentence is written again and again in the train split"
SECRET = "zqzqzqzqzq"


def corpus(folder, number=60):
    for shard in ("0", "1"):
        rows = [
            {
                "id": f"{shard}-{i}",
                "text": f"{TRAIN} {i}" if i % 3 else f"{SECRET} {SECRET}",
                "split": "train" if i % 3 else "test",
            }
            for i in range(number)
        ]
        write_table(folder / "documents" / f"{shard}.parquet", pa.Table.from_pylist(rows))
    return Artifact(name="deduplicate", folder=folder)


def run(folder, documents, **fields):
    work = Work(
        name="train_tokenizer", folder=folder, inputs={"documents": documents}, pool=Local(), console=SilentConsole()
    )
    return build(TrainTokenizer, fields).run(work)


def test_learns_from_the_training_part_alone(tmp_path):
    outcome = run(tmp_path / "out", corpus(tmp_path / "in"))
    tokenizer = Tokenizer.load(tmp_path / "out")
    entries = [tokenizer.token(i) or "" for i in range(tokenizer.vocab_size)]
    assert "\u0120train" in entries
    assert not any("zq" in entry for entry in entries)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["vocab_size"]["value"] == tokenizer.vocab_size < report["vocab_size"]["asked"] == 512
    assert "sqrt" in report["vocab_size"]["reason"]
    assert report["corpus"]["train"] == {
        "documents": 80,
        "bytes": 2 * sum(len(f"{TRAIN} {i}") for i in range(60) if i % 3),
    }
    assert report["by_split"]["test"]["bytes_per_token"] == pytest.approx(1, abs=0.1)
    assert report["by_split"]["train"]["bytes_per_token"] > 4
    assert "entries" in outcome.summary


def test_two_runs_give_the_same_bytes(tmp_path):
    documents = corpus(tmp_path / "in")
    for folder in ("one", "two"):
        run(tmp_path / folder, documents)
    names = payload_files(tmp_path / "one")
    assert [name.as_posix() for name in names] == ["report.json", "tokenizer.json", "tokenizer_config.json"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_large_corpus_is_thinned_out(tmp_path):
    run(tmp_path / "out", corpus(tmp_path / "in", 600), max_bytes="20kB", report_bytes="2kB", tokenizer="byte_bpe")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["share_learnt_from"] == pytest.approx(20_000 / report["corpus"]["train"]["bytes"], abs=1e-6)
    assert 0 < report["by_split"]["train"]["bytes"] < 4000


def test_the_size_can_be_set(tmp_path):
    run(tmp_path / "out", corpus(tmp_path / "in"), tokenizer={"kind": "byte_bpe", "vocab_size": 280, "pattern": "gpt2"})
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["vocab_size"] == {"value": 280, "asked": 280, "reason": "set in the recipe"}


def test_a_corpus_without_training_text_is_told(tmp_path):
    rows = [{"id": "a", "text": "only a test", "split": "test"}]
    write_table(tmp_path / "in" / "documents" / "0.parquet", pa.Table.from_pylist(rows))
    with pytest.raises(RecipeError, match="split 'train'"):
        run(tmp_path / "out", Artifact(name="deduplicate", folder=tmp_path / "in"))
