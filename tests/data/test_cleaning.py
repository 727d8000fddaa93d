from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstwords.data.cleaning import DROPPED, CleanShard, clean_batch, step_names
from firstwords.data.document import DOCUMENT
from firstwords.data.features import Features
from firstwords.data.filter import Filter, first_failing, struct_of
from firstwords.data.shards import write_table
from firstwords.data.transform import Transform, Transformed, with_texts


@dataclass(frozen=True, kw_only=True)
class FewWords(Filter):
    """Counts how many rows it was asked about."""

    min_words: int
    asked: ClassVar[list[int]] = []

    def score(self, batch: pa.RecordBatch, features: Features) -> pa.StructArray:
        assert batch["text"].equals(features.texts)
        FewWords.asked.append(batch.num_rows)
        return struct_of(few=features.words.num_words, note=pa.array(["x"] * batch.num_rows, pa.string()))

    def reject(self, scores: pa.StructArray) -> pa.DictionaryArray:
        return first_failing(scores, {"few": (self.min_words, None)})


@dataclass(frozen=True, kw_only=True)
class Cut(Transform):
    """Removes the last word."""

    counted: ClassVar[tuple[str, ...]] = ("words",)

    def apply(self, batch: pa.RecordBatch) -> Transformed:
        old = batch["text"].to_pylist()
        new = [text.rpartition(" ")[0] if " " in text else text for text in old]
        changed = np.array([a != b for a, b in zip(old, new, strict=True)], bool)
        return Transformed(with_texts(batch, pa.array(new, pa.string())), changed, {"words": changed.astype(np.int32)})


def documents(*texts: str) -> pa.RecordBatch:
    rows = [{"id": f"{n:016x}", "text": text, "url": f"u{n}"} for n, text in enumerate(texts)]
    return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)


STEPS = (FewWords(min_words=3), Cut(), FewWords(min_words=3))


def test_steps_run_in_order_and_each_row_names_its_first_reason() -> None:
    FewWords.asked.clear()
    done = clean_batch(documents("a b", "a b c", "a b c d", "a"), STEPS)
    assert done.documents["text"].to_pylist() == ["a b c"]
    assert done.dropped.select(["text", "step", "rule", "score"]).to_pylist() == [
        {"text": "a", "step": "FewWords", "rule": "few", "score": 2.0},
        {"text": "a b", "step": "FewWords_2", "rule": "few", "score": 2.0},
        {"text": "a", "step": "FewWords", "rule": "few", "score": 1.0},
    ]
    assert FewWords.asked == [4, 2], "rejected rows were scored again"
    assert done.changed == {"Cut.words": 3}


def test_scores_of_all_rows_are_kept_and_null_where_none_were_made() -> None:
    done = clean_batch(documents("a b", "a b c d"), STEPS)
    assert done.scores.to_pylist() == [
        {
            "id": f"{0:016x}",
            "FewWords": {"few": 2, "note": "x"},
            "Cut": {"words": 1},
            "FewWords_2": None,
        },
        {
            "id": f"{1:016x}",
            "FewWords": {"few": 4, "note": "x"},
            "Cut": {"words": 1},
            "FewWords_2": {"few": 3, "note": "x"},
        },
    ]
    everything = clean_batch(documents("a b", "a b c d"), STEPS, score_all=True)
    assert everything.scores["FewWords_2"].to_pylist()[0] == {"few": 1, "note": "x"}
    assert everything.dropped.equals(done.dropped)
    assert everything.documents.equals(done.documents)


def test_stored_scores_decide_as_fresh_ones_do() -> None:
    scores = clean_batch(documents("a b", "a b c d"), STEPS).scores
    stricter = FewWords(min_words=5)
    assert stricter.reject(scores["FewWords"]).to_pylist() == ["few", "few"]


@pytest.mark.parametrize("texts", [[], ["a"], ["a", "b"]])
def test_batches_of_which_nothing_is_left(texts: list[str]) -> None:
    done = clean_batch(documents(*texts), STEPS)
    assert done.documents.num_rows == 0
    assert done.dropped.num_rows == done.scores.num_rows == len(texts)


def test_steps_of_one_kind_are_numbered() -> None:
    assert step_names(STEPS) == ["FewWords", "Cut", "FewWords_2"]


def test_a_shard_gives_the_same_rows_as_its_batches(tmp_path) -> None:
    texts = ["a b", "a b c", "a b c d", "a"] * 700  # more than one batch
    write_table(tmp_path / "in.parquet", pa.Table.from_batches([documents(*texts)]))
    result: dict[str, Any] = CleanShard(STEPS, False)(("k", str(tmp_path / "in.parquet")), tmp_path)
    assert result["files"] == ["documents/k.parquet", "scores/k.parquet", "dropped/k.parquet"]
    assert (result["rows_in"], result["rows_out"]) == (2800, 700)
    assert result["dropped"] == {"FewWords.few": 1400, "FewWords_2.few": 700}
    assert result["changed"] == {"Cut.words": 2100}
    whole = clean_batch(documents(*texts), STEPS)
    for part, expected in (("documents", whole.documents), ("scores", whole.scores), ("dropped", whole.dropped)):
        stored = pq.read_table(tmp_path / part / "k.parquet")
        assert stored.to_pylist() == expected.to_pylist()
    assert pq.read_schema(tmp_path / "dropped/k.parquet").equals(DROPPED)
