"""Writing what survives de-duplication: documents without repeated paragraphs, with their part of the corpus."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstwords.data.document import DOCUMENT
from firstwords.data.duplicates import id_text
from firstwords.data.features import Features
from firstwords.data.paragraphs import long_paragraphs, without
from firstwords.data.shards import TableWriter, conform, read_batches
from firstwords.data.shuffle import read_array
from firstwords.data.split import split_of
from firstwords.data.transform import with_texts

SURVIVOR = pa.schema([*DOCUMENT, pa.field("split", pa.string())])
_REASON = [
    pa.field("step", pa.string()),
    pa.field("rule", pa.string()),
    pa.field("score", pa.float64()),
    pa.field("kept_id", pa.string()),
]
DROPPED = pa.schema([*DOCUMENT, *_REASON])

FATE = np.dtype([("reason", np.uint8), ("score", np.float64), ("kept", np.uint64)])
"""What happens to a document: 0 when it stays, otherwise why it goes, with which score and for which one (a number)."""
EXACT, SIMILAR, TOO_SHORT = 1, 2, 3
REASONS = {
    EXACT: ("exact", "same_text"),
    SIMILAR: ("minhash", "near_duplicate"),
    TOO_SHORT: ("repeated_paragraphs", "too_short"),
}


@dataclass(frozen=True)
class Survivors:
    """Writes one shard after the decisions are made."""

    paragraph_words: int
    min_words: int

    def __call__(self, shard: tuple[str, str, str, str], folder: Path) -> dict[str, Any]:
        """Write `documents/` and `dropped/` of a shard; see `Work.map`.

        Args:
            shard: Its key; the Parquet file; a file of the (rows,) fates; and a file of the repeated paragraphs as
                records (row, index), sorted.
            folder: Of the artifact.
        """
        key, path, fates_file, repeated_file = shard
        fates, repeated = read_array(Path(fates_file)), read_array(Path(repeated_file))
        files = [f"documents/{key}.parquet", f"dropped/{key}.parquet"]
        dropped: Counter[str] = Counter()
        splits: Counter[str] = Counter()
        first = 0
        with TableWriter(folder / files[0], SURVIVOR) as documents, TableWriter(folder / files[1], DROPPED) as drops:
            for read in read_batches(path, columns=DOCUMENT.names):
                batch = conform(read, DOCUMENT)
                fate = fates[first : first + batch.num_rows].copy()
                low, high = np.searchsorted(repeated["row"], [first, first + batch.num_rows])
                shorter = self._without_repeated(batch, repeated[low:high], first)
                first += batch.num_rows
                words = Features(shorter.column("text")).words.num_words
                short = (fate["reason"] == 0) & (words < self.min_words)
                fate["reason"][short], fate["score"][short] = TOO_SHORT, words[short]
                stays = fate["reason"] == 0
                kept = _with_split(shorter.filter(pa.array(stays)))
                documents.write(kept)
                splits.update(kept.column("split").to_pylist())
                # What is dropped keeps its whole text: the paragraphs that were taken out may be the reason.
                drops.write(_with_reason(batch.filter(pa.array(~stays)), fate[~stays]))
                dropped.update(".".join(REASONS[reason]) for reason in fate["reason"][~stays].tolist())
        counts = {"rows_in": first, "rows_out": first - dropped.total(), "paragraphs_removed": len(repeated)}
        return {
            "files": files,
            **counts,
            "dropped": dict(sorted(dropped.items())),
            "splits": dict(sorted(splits.items())),
        }

    def _without_repeated(self, batch: pa.RecordBatch, repeated: np.ndarray, first: int) -> pa.RecordBatch:
        if not len(repeated):
            return batch
        texts = batch.column("text")
        mask, new = np.zeros(len(texts), bool), []
        for row in np.unique(repeated["row"]):
            indices = set(repeated["index"][repeated["row"] == row].tolist())
            text = texts[int(row) - first].as_py()
            spans = [
                (start, end)
                for index, (start, end, _) in enumerate(long_paragraphs(text, self.paragraph_words))
                if index in indices
            ]
            mask[row - first] = True
            new.append(without(text, spans))
        return with_texts(batch, pc.replace_with_mask(texts, pa.array(mask), pa.array(new, texts.type)))


def _with_split(batch: pa.RecordBatch) -> pa.RecordBatch:
    urls, ids = batch.column("url").to_pylist(), batch.column("id").to_pylist()
    splits = [split_of(url, identity) for url, identity in zip(urls, ids, strict=True)]
    return pa.RecordBatch.from_arrays([*batch.columns, pa.array(splits, pa.string())], schema=SURVIVOR)


def _with_reason(batch: pa.RecordBatch, fate: np.ndarray) -> pa.RecordBatch:
    reasons = fate["reason"].tolist()
    kept = [
        None if reason == TOO_SHORT else id_text(number)
        for reason, number in zip(reasons, fate["kept"].tolist(), strict=True)
    ]
    columns = [
        pa.array([REASONS[reason][0] for reason in reasons], pa.string()),
        pa.array([REASONS[reason][1] for reason in reasons], pa.string()),
        pa.array(fate["score"], pa.float64()),
        pa.array(kept, pa.string()),
    ]
    return pa.RecordBatch.from_arrays([*batch.columns, *columns], schema=DROPPED)
