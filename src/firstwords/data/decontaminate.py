"""Finding evaluation items in a corpus and taking them out: the tasks that run over its shards.

First every shard is searched for the items' n-grams, in one pass over its word hashes. An n-gram that stands in too
many documents is a commonplace and proves nothing; so only then, knowing the whole corpus, are the places that were
found judged, item by item: by the share of the item that stands in the document and by the longest run of words both
have in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from firstwords.data.evaluation_items import ItemIndex, covered_words
from firstwords.data.excision import cut_passages
from firstwords.data.features import Features
from firstwords.data.shards import TableWriter, conform, read_batches
from firstwords.data.shuffle import read_array, records, write_array
from firstwords.data.survivors import SURVIVOR
from firstwords.data.transform import with_texts

LEARNT_FROM = ("train", "validation")
"""The parts of a corpus that a model is trained on or chosen by."""

RULES = ("whole", "run", "share")
STEP = "evaluation_items"
DROPPED = pa.schema(
    [*SURVIVOR, pa.field("step", pa.string()), pa.field("rule", pa.string()), pa.field("score", pa.float64())]
)
MEETING = pa.schema(
    [
        pa.field("document", pa.string(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("split", pa.string()),
        pa.field("item", pa.int64(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("run_words", pa.int64(), nullable=False),
        pa.field("share", pa.float64(), nullable=False),
        pa.field("ngrams", pa.int64(), nullable=False),
    ]
)
"""A document that met an item (its number): the longest run of words in common, the share of the item's words that
stand in common n-grams, and how many different n-grams those are."""

HIT = np.dtype([("row", np.uint32), ("position", np.uint32), ("ngram", np.int32)])
MET = np.dtype([("row", "u4"), ("item", "i4"), ("run", "i4"), ("share", "f8"), ("ngrams", "i4"), ("rule", "i1")])
_BLOCK = 1_000_000  # places compared at once


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """When a document has met an item, and what becomes of it; see the fields of `stages.decontaminate`."""

    ngram_words: int
    min_share: float
    min_run: int
    action: Literal["drop", "cut"]
    margin_words: int
    min_rest: int


@dataclass(frozen=True)
class FindItems:
    """Searches one shard for the n-grams of an index; see `Work.map`."""

    index: str

    def __call__(self, shard: tuple[str, str], folder: Path) -> dict[str, Any]:
        """Write `scratch/hits/<key>.npy` and, for each n-gram found, in how many documents, `scratch/spread/`."""
        key, path = shard
        index = ItemIndex.load(Path(self.index))
        first = searched = 0
        parts = [np.empty(0, HIT)]
        for batch in read_batches(path, columns=["text", "split"]):
            wanted = np.isin(np.array(batch.column("split").to_pylist(), object), LEARNT_FROM)
            rows, positions, ngrams = index.find(batch.column("text"), wanted)
            parts.append(records(row=rows + np.uint32(first), position=positions, ngram=ngrams))
            first += batch.num_rows
            searched += int(wanted.sum())
        hits = np.concatenate(parts)
        pairs = np.unique(hits["row"].astype(np.uint64) << np.uint64(32) | hits["ngram"].astype(np.uint64))
        ngrams, documents = np.unique((pairs & np.uint64(0xFFFFFFFF)).astype(np.int32), return_counts=True)
        files = [f"scratch/hits/{key}.npy", f"scratch/spread/{key}.npy"]
        write_array(folder / files[0], hits)
        write_array(folder / files[1], records(ngram=ngrams, documents=documents))
        return {"files": files, "rows_in": first, "searched": searched}


@dataclass(frozen=True)
class TakeOut:
    """Judges what was found in one shard and writes what stays; see `Work.map`.

    Attributes:
        index: Folder of the index.
        usable: File that says of each n-gram whether it is rare enough to prove anything.
        covered: File with the words of each item that stand in usable n-grams.
        judgement: The rules.
    """

    index: str
    usable: str
    covered: str
    judgement: Judgement

    def __call__(self, shard: tuple[str, str, str], folder: Path) -> dict[str, Any]:
        """Write `documents/`, `dropped/` and what met what, `scratch/meetings/` and `scratch/touched/`, of a shard."""
        key, path, hits_file = shard
        index = ItemIndex.load(Path(self.index))
        hits = read_array(Path(hits_file))
        hits = hits[read_array(Path(self.usable))[hits["ngram"]]]
        met, spans, touched = judge(hits, index, read_array(Path(self.covered)), self.judgement)
        place = {name: f"{name}/{key}.parquet" for name in ("documents", "dropped", "scratch/meetings")}
        dropped: Counter[str] = Counter()
        rows = cut = 0
        with (
            TableWriter(folder / place["documents"], SURVIVOR) as documents,
            TableWriter(folder / place["dropped"], DROPPED) as drops,
            TableWriter(folder / place["scratch/meetings"], MEETING) as meetings,
        ):
            for read in read_batches(path, columns=SURVIVOR.names):
                batch = conform(read, SURVIVOR)
                low, high = np.searchsorted(met["row"], [rows, rows + batch.num_rows])
                if low == high:
                    documents.write(batch)
                else:
                    part = met[low:high].copy()
                    part["row"] -= np.uint32(rows)
                    meetings.write(_meetings(batch, part))
                    stays, gone, number = self._take_out(batch, part, spans, rows)
                    documents.write(stays)
                    drops.write(gone)
                    dropped.update(f"{STEP}.{rule}" for rule in gone.column("rule").to_pylist())
                    cut += number
                rows += batch.num_rows
        write_array(folder / f"scratch/touched/{key}.npy", touched)
        return {
            "files": [*place.values(), f"scratch/touched/{key}.npy"],
            "rows_in": rows,
            "rows_out": rows - dropped.total(),
            "cut": cut,
            "dropped": dict(sorted(dropped.items())),
        }

    def _take_out(
        self, batch: pa.RecordBatch, met: np.ndarray, spans: dict[int, np.ndarray], first: int
    ) -> tuple[pa.RecordBatch, pa.RecordBatch, int]:
        """Documents that stay, those that go with the reason, and how many of the first were cut."""
        size = batch.num_rows
        rules, scores = np.full(size, "", object), np.zeros(size)
        # The meeting with the greatest share is named; met is in the order of items, so the first of equals.
        for position in np.lexsort((np.arange(len(met)), -met["share"], met["row"]))[::-1]:
            rules[met["row"][position]] = RULES[met["rule"][position]]
            scores[met["row"][position]] = met["share"][position]
        hit = rules.astype(bool)
        number = 0
        if self.judgement.action == "cut":
            texts = batch.column("text").to_pylist()
            for row in np.flatnonzero(hit).tolist():
                texts[row] = cut_passages(texts[row], spans[first + row], self.judgement.margin_words)
            batch = with_texts(batch, pa.array(texts, pa.string()))
            words = np.zeros(size, np.int64)
            words[hit] = Features(batch.column("text").filter(pa.array(hit))).words.num_words
            short = hit & (words < self.judgement.min_rest)
            number = int((hit & ~short).sum())
            rules[short], scores[short] = "too_short", words[short]
            hit = short
        gone = batch.filter(pa.array(hit))
        # The text of what goes is in the stage before; here it would spread the evaluation items.
        gone = with_texts(gone, pa.array([""] * gone.num_rows, pa.string()))
        reasons = [
            pa.array([STEP] * gone.num_rows, pa.string()),
            pa.array(rules[hit], pa.string()),
            pa.array(scores[hit], pa.float64()),
        ]
        return (
            batch.filter(pa.array(~hit)),
            pa.RecordBatch.from_arrays([*gone.columns, *reasons], schema=DROPPED),
            number,
        )


def judge(
    hits: np.ndarray, index: ItemIndex, covered: np.ndarray, judgement: Judgement
) -> tuple[np.ndarray, dict[int, np.ndarray], np.ndarray]:
    """Which rows have met which items.

    Args:
        hits: `HIT` records in the order of the rows, of usable n-grams only.
        index: Of the items.
        covered: (I,) words of each item in usable n-grams.
        judgement: The rules.

    Returns:
        `MET` records sorted by row and item; for each row in them the (S, 2) bounds of the words to take out; and the
        numbers of all items of which at least one n-gram was found.
    """
    met, spans, touched = [np.empty(0, MET)], {}, [np.empty(0, np.int32)]
    for block in _blocks(hits, index):
        found, item_hits = _judge_block(block, index, covered, judgement)
        met.append(found)
        touched.append(np.unique(item_hits["item"]))
        confirmed = np.isin(_pair(item_hits), _pair(found))
        for row in np.unique(found["row"]).tolist():
            chosen = item_hits[confirmed & (item_hits["row"] == row)]
            starts = chosen["at"].astype(np.int64)
            spans[row] = np.unique(np.stack([starts, starts + index.sizes[chosen["item"]]], axis=1), axis=0)
    return np.concatenate(met), spans, np.unique(np.concatenate(touched))


def _blocks(hits: np.ndarray, index: ItemIndex) -> Iterator[np.ndarray]:
    """Hits of whole rows, so many that not too many places are compared at once."""
    if not len(hits):
        return
    weight = np.cumsum(np.diff(index.bounds)[hits["ngram"]])
    row_ends = np.append(np.flatnonzero(np.diff(hits["row"])) + 1, len(hits))
    first = done = 0
    for position, end in enumerate(row_ends):
        is_last = position + 1 == len(row_ends)
        if is_last or weight[row_ends[position + 1] - 1] - done > _BLOCK:
            yield hits[first:end]
            first, done = end, weight[end - 1]


def _judge_block(
    hits: np.ndarray, index: ItemIndex, covered: np.ndarray, judgement: Judgement
) -> tuple[np.ndarray, np.ndarray]:
    """`MET` records of a block, and its hits by item: records (row, item, place, at)."""
    number = np.diff(index.bounds)[hits["ngram"]]
    which = np.repeat(np.arange(len(hits)), number)
    at_index = np.repeat(index.bounds[hits["ngram"]] - (np.cumsum(number) - number), number) + np.arange(len(which))
    each = records(
        row=hits["row"][which],
        item=index.items[at_index],
        place=index.places[at_index],
        at=hits["position"][which],
    )
    rows, items, runs = _longest_runs(each, index.sizes)
    each = each[np.lexsort((each["place"], each["item"], each["row"]))]
    pair = _pair(each)
    once = each[np.append(True, (pair[1:] != pair[:-1]) | (each["place"][1:] != each["place"][:-1]))]
    pair = _pair(once)
    groups = np.flatnonzero(np.append(True, pair[1:] != pair[:-1]))
    # An item met by two rows one after the other is two groups: the row counts too.
    _, group = np.unique(pair, return_inverse=True)
    words = covered_words(group, once["place"].astype(np.int64), index.sizes[once["item"][groups]])
    share = np.add.reduceat(words, groups) / covered[items]
    ngrams = np.diff(np.append(groups, len(once)))
    rule = np.select(
        [index.words[items] < judgement.ngram_words, runs >= judgement.min_run, share >= judgement.min_share],
        [0, 1, 2],
        -1,
    )
    found = np.zeros(len(rows), MET)
    for name, values in zip(MET.names or (), (rows, items, runs, share, ngrams, rule), strict=True):
        found[name] = values
    return found[rule >= 0], each


def _longest_runs(each: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The longest run of words in common for each row and item, sorted by them: row, item, words."""
    diagonal = each["at"].astype(np.int64) - each["place"]
    order = np.lexsort((each["place"], diagonal, each["item"], each["row"]))
    sorted_hits, diagonal = each[order], diagonal[order]
    pair, place = _pair(sorted_hits), sorted_hits["place"]
    breaks = (pair[1:] != pair[:-1]) | (diagonal[1:] != diagonal[:-1]) | (place[1:] != place[:-1] + 1)
    starts = np.flatnonzero(np.append(True, breaks))
    streaks = np.diff(np.append(starts, len(sorted_hits)))
    groups = np.flatnonzero(np.append(True, pair[starts][1:] != pair[starts][:-1]))
    first = sorted_hits[starts[groups]]
    return first["row"], first["item"], np.maximum.reduceat(streaks, groups) + sizes[first["item"]] - 1


def _pair(rows: np.ndarray) -> np.ndarray:
    """Row and item as one number."""
    return rows["row"].astype(np.uint64) << np.uint64(32) | rows["item"].astype(np.uint64)


def _meetings(batch: pa.RecordBatch, met: np.ndarray) -> pa.RecordBatch:
    documents = batch.select(["id", "url", "split"]).take(pa.array(met["row"]))
    columns = [
        *documents.columns,
        pa.array(met["item"].astype(np.int64)),
        pa.array([RULES[rule] for rule in met["rule"]], pa.string()),
        pa.array(met["run"].astype(np.int64)),
        pa.array(np.round(met["share"], 6)),
        pa.array(met["ngrams"].astype(np.int64)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=MEETING)
