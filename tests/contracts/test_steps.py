"""What every filter and transform promises, checked on each file of both catalogues."""

from pathlib import Path

import pyarrow as pa
import pytest

import firstwords
from firstwords.data.document import DOCUMENT
from firstwords.data.features import Features
from firstwords.data.shards import write_table
from firstwords.find import catalogue, find

WORD_LIST = str(Path(firstwords.__file__).parent / "data" / "word_lists" / "harmful_en.txt")
# Fields of kinds that make no sense without any.
NEEDED = {"word_list": {"words": ("brown fox", "Hund")}, "url_list": {"words": (WORD_LIST,), "parts": (WORD_LIST,)}}

TEXTS = [
    "The quick brown fox jumps over the lazy dog, and that is all there is to say of the matter with the fox.",
    "",
    "Write to nobody@example.org or call +44 20 7946 0958.\n\nWrite to nobody@example.org or call +44 20 7946 0958.",
    "Der schnelle braune Fuchs springt über den faulen Hund, und das ist alles, was es dazu zu sagen gibt.",
    "\u200b\x00 caf\u0065\u0301 \ud83d".encode("utf-8", "replace").decode(),
    "word " * 200,
    "\U0001f600" * 50,
]


def batch() -> pa.RecordBatch:
    rows = [
        {"id": f"{n:016x}", "text": text, "source": "test", "url": f"http://a.example/{n}", "metadata": []}
        for n, text in enumerate(TEXTS)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)


@pytest.mark.parametrize("kind", catalogue("data.filters"))
def test_a_filter_is_deterministic_changes_nothing_and_does_not_depend_on_neighbours(kind: str) -> None:
    rows, step = batch(), find("data.filters", kind)(**NEEDED.get(kind, {}))
    scores = step.score(rows, Features(rows["text"]))
    assert scores.equals(step.score(rows, Features(rows["text"])))
    assert rows.equals(batch())
    assert len(scores) == rows.num_rows
    decided = step.reject(scores)
    assert pa.types.is_dictionary(decided.type)
    names = {field.name for field in scores.type}
    assert set(decided.to_pylist()) - {None} <= names
    for row in range(rows.num_rows):
        alone = rows.slice(row, 1)
        alone_scores = step.score(alone, Features(alone["text"]))
        assert alone_scores.to_pylist() == scores.slice(row, 1).to_pylist()
        assert step.reject(alone_scores).to_pylist() == [decided.to_pylist()[row]]


@pytest.mark.parametrize("kind", catalogue("data.transforms"))
def test_a_transform_keeps_rows_and_says_what_it_changed(kind: str, tmp_path: Path) -> None:
    rows = batch()
    write_table(tmp_path / "documents" / "0.parquet", pa.Table.from_batches([rows]))
    needed = {"canaries": {"corpus": str(tmp_path), "times": (0, 1, 2)}}
    step = find("data.transforms", kind)(**needed.get(kind, {}))
    result = step.apply(rows)
    assert rows.equals(batch())
    assert result.batch.schema == rows.schema
    assert result.batch["id"].equals(rows["id"])
    differs = [a != b for a, b in zip(rows["text"].to_pylist(), result.batch["text"].to_pylist(), strict=True)]
    assert list(result.changed) == differs
    assert set(result.counts) == set(step.counted)
    again = step.apply(rows)
    assert again.batch.equals(result.batch)
    settled = step.apply(result.batch)
    assert settled.batch["text"].equals(result.batch["text"]), "a second pass changes nothing"
