"""Writing what survives de-duplication: documents without repeated parts, with their part of the corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstwords.data.description import Kinds, id_text
from firstwords.data.document import DOCUMENT
from firstwords.data.fates import EXACT, SHORTENED, SIMILAR, TOO_SHORT, URL, Fates, Ranking
from firstwords.data.features import Features
from firstwords.data.paragraphs import Units, split_units, without
from firstwords.data.removal import joined, to_edges, word_spans
from firstwords.data.shards import TableWriter, conform, read_batches
from firstwords.data.shuffle import read_range
from firstwords.data.split import split_of
from firstwords.data.transform import with_texts

SURVIVOR = pa.schema([*DOCUMENT, pa.field("split", pa.string()), pa.field("num_copies", pa.uint32())])
_REASON = [
    pa.field("step", pa.string()),
    pa.field("rule", pa.string()),
    pa.field("score", pa.float64()),
    pa.field("kept_id", pa.string()),
]
DROPPED = pa.schema([*DOCUMENT, *_REASON])
REMOVED = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("step", pa.string()),
        pa.field("start", pa.uint32()),
        pa.field("end", pa.uint32()),
        pa.field("kept_id", pa.string()),
    ]
)

REASONS = {
    URL: ("url", "same_url"),
    EXACT: ("exact", "same_text"),
    SIMILAR: ("minhash", "near_duplicate"),
    TOO_SHORT: ("length", "too_short"),
    SHORTENED: ("repeated_text", "too_short"),
}
PART = np.dtype([("row", np.uint32), ("start", np.uint32), ("end", np.uint32), ("kept", np.uint64)])
"""A repeated part of a text: its row, which one it is (`start`; of stretches of words, the words), and the number of
the document that has the first of its kind."""
PARTS = ("paragraphs", "lines", "substrings")


@dataclass(frozen=True)
class Survivors:
    """Writes one shard after the decisions are made.

    `parts` are, for each of `PARTS` that was looked for, the runs of what was found (`REPEATED`).
    """

    kinds: Kinds
    min_words: int
    ranking: Ranking
    fates: Fates
    parts: Mapping[str, tuple[str, ...]]

    def __call__(self, shard: tuple[str, str, int], folder: Path) -> dict[str, Any]:
        """Write `documents/`, `dropped/` and `removed/` of a shard; see `Work.map`.

        Args:
            shard: Its key, the Parquet file, and its number.
            folder: Of the artifact.
        """
        key, path, number = shard
        fates = self.fates.of(self.ranking.ranks_of(number), self.ranking)
        parts = {name: self._parts(name, number) for name in self.parts}
        files = [f"{name}/{key}.parquet" for name in ("documents", "dropped", "removed")]
        dropped: Counter[str] = Counter()
        splits: Counter[str] = Counter()
        removed: Counter[str] = Counter()
        first = 0
        with (
            TableWriter(folder / files[0], SURVIVOR) as documents,
            TableWriter(folder / files[1], DROPPED) as drops,
            TableWriter(folder / files[2], REMOVED) as removals,
        ):
            for read in read_batches(path, columns=DOCUMENT.names):
                batch = conform(read, DOCUMENT)
                fate = fates[first : first + batch.num_rows].copy()
                some = {name: _rows_between(each, first, batch.num_rows) for name, each in parts.items()}
                first += batch.num_rows
                shorter, spans = self._without(batch, some)
                _mark_shortened(fate, shorter, np.unique(spans["row"]), self.min_words)
                stays = fate["reason"] == 0
                kept = _with_split(shorter.filter(pa.array(stays)), fate["copies"][stays])
                documents.write(kept)
                splits.update(kept.column("split").to_pylist())
                # What is dropped keeps its whole text: the parts that were taken out may be the reason.
                drops.write(_with_reason(batch.filter(pa.array(~stays)), fate[~stays]))
                dropped.update(".".join(REASONS[reason]) for reason in fate["reason"][~stays].tolist())
                removals.write(_removals(batch, spans))
                removed.update({PARTS[each]: int(number) for each, number in enumerate(np.bincount(spans["step"]))})
        return {
            "files": files,
            "rows_in": first,
            "rows_out": first - dropped.total(),
            "removed": {name: removed[name] for name in PARTS},
            "dropped": dict(sorted(dropped.items())),
            "splits": dict(sorted(splits.items())),
        }

    def _parts(self, name: str, shard: int) -> np.ndarray:
        """Records `PART` of a shard, sorted by row and start."""
        first, last = self.ranking.starts[shard : shard + 2]
        runs = [Path(place) for place in self.parts[name]]
        if not runs or first == last:
            return np.empty(0, PART)
        found, _ = read_range(runs, first << 32, (last << 32) - 1)
        found = found[np.argsort(found["key"], kind="stable")]
        parts = np.empty(len(found), PART)
        parts["row"] = (found["key"] >> np.uint64(32)) - np.uint64(first)
        parts["start"], parts["end"] = found["key"] & np.uint64(0xFFFFFFFF), found["end"]
        parts["kept"] = self.ranking.ids_of(found["first"])
        return parts

    def _without(self, batch: pa.RecordBatch, parts: dict[str, np.ndarray]) -> tuple[pa.RecordBatch, np.ndarray]:
        """The batch without repeated parts, and what was taken out: records `SPAN`, sorted by row."""
        rows = np.unique(np.concatenate([np.empty(0, np.uint32), *(each["row"] for each in parts.values())]))
        if not len(rows):
            return batch, np.empty(0, SPAN)
        texts = batch.column("text")
        some = texts.take(pa.array(rows))
        finder = _SpanFinder(some, self.kinds)
        bounds = {name: np.searchsorted(each["row"], [rows, rows + 1]).T.tolist() for name, each in parts.items()}
        old, new, found = some.to_pylist(), [], []
        for position, text in enumerate(old):
            spans = []
            for name, each in parts.items():
                low, high = bounds[name][position]
                spans += finder.spans(name, position, text, each[low:high]) if high > low else []
            found += [(rows[position], *span) for span in spans]
            new.append(without(text, joined((start, end) for _, start, end, _ in spans)) if spans else text)
        mask = np.zeros(len(texts), bool)
        mask[rows] = True
        replaced = pc.replace_with_mask(texts, pa.array(mask), pa.array(new, texts.type))
        return with_texts(batch, replaced), np.array(found, SPAN)


SPAN = np.dtype([("row", np.uint32), ("step", np.uint8), ("start", np.uint32), ("end", np.uint32), ("kept", np.uint64)])


class _SpanFinder:
    """Where the parts of some texts are, in characters; each kind is split when the first of it is asked for."""

    def __init__(self, texts: pa.StringArray, kinds: Kinds) -> None:
        self.texts, self.kinds = texts, kinds
        self.features = Features(texts)
        self.units: dict[str, Units] = {}

    def spans(self, name: str, position: int, text: str, parts: np.ndarray) -> list[tuple[int, int, int, int]]:
        """For the parts of one kind in one text: kind, first character, the one after the last, and who keeps it.

        Of a stretch of words only the whole lines and sentences in it, if there are any.
        """
        step, kept = PARTS.index(name), parts["kept"].tolist()
        if name == "substrings":
            words = self.features.words
            ends = words.offsets[position] + np.stack([parts["start"], parts["end"] - 1]).astype(np.int64)
            firsts, lasts = word_spans(text, words.starts[ends], words.lengths[ends])
            edges = [to_edges(text, *each) for each in zip(firsts[0].tolist(), lasts[1].tolist(), strict=True)]
            return [(step, *each, who) for each, who in zip(edges, kept, strict=True) if each]
        if name not in self.units:
            least = self.kinds.paragraph_words if name == "paragraphs" else self.kinds.line_words
            self.units[name] = split_units(self.texts, "paragraphs" if name == "paragraphs" else "lines", least)
        units = self.units[name]
        at = units.offsets[position] + parts["start"]
        spans = zip(units.starts[at].tolist(), units.ends[at].tolist(), kept, strict=True)
        return [(step, *span) for span in spans]


def _rows_between(parts: np.ndarray, first: int, number: int) -> np.ndarray:
    """The records of some rows, with rows counted from `first`."""
    low, high = np.searchsorted(parts["row"], [first, first + number])
    some = np.array(parts[low:high])
    some["row"] -= first
    return some


def _mark_shortened(fate: np.ndarray, shorter: pa.RecordBatch, changed: np.ndarray, min_words: int) -> None:
    """Let those documents go that have too few words left."""
    if not len(changed):
        return
    words = Features(shorter.column("text").take(pa.array(changed))).words.num_words
    short = (words < min_words) & (fate["reason"][changed] == 0)
    fate["reason"][changed[short]], fate["score"][changed[short]] = SHORTENED, words[short]


def _with_split(batch: pa.RecordBatch, copies: np.ndarray) -> pa.RecordBatch:
    urls, ids = batch.column("url").to_pylist(), batch.column("id").to_pylist()
    splits = [split_of(url, identity) for url, identity in zip(urls, ids, strict=True)]
    columns = [pa.array(splits, pa.string()), pa.array(copies, pa.uint32())]
    return pa.RecordBatch.from_arrays([*batch.columns, *columns], schema=SURVIVOR)


def _with_reason(batch: pa.RecordBatch, fate: np.ndarray) -> pa.RecordBatch:
    reasons = fate["reason"].tolist()
    kept = [
        None if reason in (TOO_SHORT, SHORTENED) else id_text(number)
        for reason, number in zip(reasons, fate["kept"].tolist(), strict=True)
    ]
    columns = [
        pa.array([REASONS[reason][0] for reason in reasons], pa.string()),
        pa.array([REASONS[reason][1] for reason in reasons], pa.string()),
        pa.array(fate["score"], pa.float64()),
        pa.array(kept, pa.string()),
    ]
    return pa.RecordBatch.from_arrays([*batch.columns, *columns], schema=DROPPED)


def _removals(batch: pa.RecordBatch, spans: np.ndarray) -> pa.RecordBatch:
    columns = [
        batch.column("id").take(pa.array(spans["row"])),
        pa.array([f"repeated_{PARTS[step]}" for step in spans["step"].tolist()], pa.string()),
        pa.array(spans["start"]),
        pa.array(spans["end"]),
        pa.array([id_text(number) for number in spans["kept"].tolist()], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=REMOVED)
