"""The tasks of decontamination against a plain statement of when a document has met an item."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.decontaminate import RULES, FindItems, Judgement, TakeOut, judge
from firstwords.data.evaluation_items import ItemIndex
from firstwords.data.shards import write_table
from firstwords.data.shuffle import records, write_array
from firstwords.data.survivors import SURVIVOR

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=14)
RULE = {"ngram_words": 3, "min_share": 0.5, "min_run": 5, "action": "drop", "margin_words": 0, "min_rest": 0}


def ngrams_of(words: list[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]


def reference(text: list[str], item: list[str], common: set[tuple[str, ...]], judgement: Judgement):
    """(rule, longest run, share, n-grams) of one document and one item, or None."""
    size = min(judgement.ngram_words, len(item))
    wanted = ngrams_of(item, size)
    usable = {at for at, ngram in enumerate(wanted) if ngram not in common}
    there = set(ngrams_of(text, size))
    found = {at for at in usable if wanted[at] in there}
    if not found:
        return None
    share = len({at + k for at in found for k in range(size)}) / len({at + k for at in usable for k in range(size)})
    run = 0
    for at in range(len(item)):
        for start in range(len(text)):
            length = 0
            while (at + length) in found and ngrams_of(text, size)[start + length : start + length + 1] == [
                wanted[at + length]
            ]:
                length += 1
            run = max(run, length + size - 1 if length else 0)
    if len(item) < judgement.ngram_words:
        return "whole", run, share, len(found)
    rule = "run" if run >= judgement.min_run else "share" if share >= judgement.min_share else None
    return (rule, run, share, len(found)) if rule else None


@given(st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=4), st.integers(1, 3))
def test_meetings_are_those_of_the_plain_statement(texts, items, max_documents) -> None:
    judgement = Judgement(**RULE)
    index = ItemIndex.build([" ".join(item) for item in items], 3, 2)
    rows, at, found = index.find(pa.array([" ".join(t) for t in texts], pa.string()), np.ones(len(texts), bool))
    hits = records(row=rows, position=at, ngram=found)
    spread = np.zeros(len(index.keys), int)
    for ngram in range(len(index.keys)):
        spread[ngram] = len(set(rows[found == ngram].tolist()))
    usable = spread <= max_documents
    met, spans, touched = judge(hits[usable[found]], index, index.covered(usable), judgement)

    common = {
        ngram
        for size in (2, 3)
        for text in texts
        for ngram in ngrams_of(text, size)
        if sum(ngram in ngrams_of(other, size) for other in texts) > max_documents
    }
    expected = {
        (row, number): verdict
        for row, text in enumerate(texts)
        for number, item in enumerate(items)
        if len(item) >= 2 and (verdict := reference(text, item, common, judgement))
    }
    got = {
        (int(m["row"]), int(m["item"])): (RULES[m["rule"]], int(m["run"]), float(m["share"]), int(m["ngrams"]))
        for m in met
    }
    assert got == expected
    assert set(spans) == {row for row, _ in expected}
    assert {item for _, item in expected} <= set(touched.tolist())


def write_documents(place: Path, texts: dict[str, str], split: str = "train") -> None:
    rows = [{"id": name, "text": text, "split": split, "url": f"http://a.org/{name}"} for name, text in texts.items()]
    write_table(place, pa.Table.from_pylist(rows, schema=SURVIVOR))


def run(folder: Path, items: list[str], documents: dict[str, str], **changed) -> dict:
    """Both tasks over one shard; every n-gram is usable."""
    write_documents(folder / "in.parquet", documents)
    index = ItemIndex.build(items, 3, 2)
    index.save(folder / "index")
    FindItems(str(folder / "index"))(("a/b", str(folder / "in.parquet")), folder)
    usable = np.ones(len(index.keys), bool)
    write_array(folder / "usable.npy", usable)
    write_array(folder / "covered.npy", index.covered(usable))
    places = [str(folder / name) for name in ("index", "usable.npy", "covered.npy")]
    hits = str(folder / "scratch/hits/a/b.npy")
    receipt = TakeOut(*places, Judgement(**(RULE | changed)))(("a/b", str(folder / "in.parquet"), hits), folder)
    kept = pq.read_table(folder / "documents/a/b.parquet").to_pylist()
    receipt["texts"] = {row["id"]: row["text"] for row in kept}
    receipt["gone"] = pq.read_table(folder / "dropped/a/b.parquet").to_pylist()
    receipt["met"] = pq.read_table(folder / "scratch/meetings/a/b.parquet").to_pylist()
    return receipt


ITEM = "which river flows through the old town"
DOCUMENTS = {
    "clean": "a text about rivers and towns and nothing else",
    "copy": f"so somebody asked {ITEM} and I said none",
    "part": "which river flows past it",
}


def test_a_document_with_an_item_goes_without_its_text(tmp_path) -> None:
    done = run(tmp_path, [ITEM], DOCUMENTS)
    assert set(done["texts"]) == {"clean", "part"}
    assert [(row["id"], row["text"], row["step"], row["rule"], row["score"]) for row in done["gone"]] == [
        ("copy", "", "evaluation_items", "run", 1.0)
    ]
    assert done["dropped"] == {"evaluation_items.run": 1} and (done["rows_in"], done["rows_out"]) == (3, 2)
    meeting = {"document": "copy", "url": "http://a.org/copy", "split": "train", "item": 0, "rule": "run"}
    assert done["met"] == [meeting | {"run_words": 7, "share": 1.0, "ngrams": 5}]


def test_a_passage_is_cut_and_the_rest_stays_or_is_too_short(tmp_path) -> None:
    done = run(tmp_path, [ITEM], DOCUMENTS, action="cut", margin_words=1)
    assert done["texts"]["copy"] == "so somebody\n\nI said none"
    assert done["cut"] == 1 and done["dropped"] == {} and len(done["met"]) == 1
    done = run(tmp_path, [ITEM], DOCUMENTS, action="cut", margin_words=1, min_rest=6)
    assert [(row["id"], row["text"], row["rule"], row["score"]) for row in done["gone"]] == [
        ("copy", "", "too_short", 5)
    ]
    assert done["cut"] == 0 and done["dropped"] == {"evaluation_items.too_short": 1}


def test_parts_that_are_not_learnt_from_stay_as_they_are(tmp_path) -> None:
    write_documents(tmp_path / "in.parquet", DOCUMENTS, split="test")
    ItemIndex.build([ITEM], 3, 2).save(tmp_path / "index")
    found = FindItems(str(tmp_path / "index"))(("k", str(tmp_path / "in.parquet")), tmp_path)
    assert (found["rows_in"], found["searched"]) == (3, 0)
    assert len(np.load(tmp_path / "scratch/hits/k.npy")) == 0


def test_rows_of_later_batches_keep_their_numbers(tmp_path) -> None:
    many = {f"{number:04d}": f"filler text number {number}" for number in range(1500)}
    many |= {"copy": ITEM} | {f"z{number:04d}": "more filler" for number in range(20)}
    done = run(tmp_path, [ITEM], many)
    assert [row["id"] for row in done["gone"]] == ["copy"] and len(done["texts"]) == 1520


def test_the_spread_counts_documents_not_places(tmp_path) -> None:
    write_documents(tmp_path / "in.parquet", {"one": f"{ITEM} {ITEM}", "two": ITEM, "three": "nothing"})
    ItemIndex.build([ITEM], 3, 2).save(tmp_path / "index")
    FindItems(str(tmp_path / "index"))(("k", str(tmp_path / "in.parquet")), tmp_path)
    assert np.load(tmp_path / "scratch/spread/k.npy")["documents"].tolist() == [2] * 5
