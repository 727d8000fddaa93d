"""How many tokens texts take: by split, language and source, beside other tokenizers on the same texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstwords.errors import RecipeError
from firstwords.tokenizer.corpus import text_bytes

if TYPE_CHECKING:
    from firstwords.tokenizer.tokenizer import Tokenizer

OTHERS = "(others)"
UNKNOWN = "(unknown)"
MOST_GROUPS = 50
"""Languages or sources that are told apart, the largest; the rest is one row."""
FREQUENT = 100
"""So many occurrences of an entry a model needs to learn it (Gowda & May 2020)."""


@dataclass(frozen=True)
class OtherTokenizer:
    """Any `tokenizer.json`, only to count the tokens it gives."""

    path: str

    def lengths(self, texts: pa.Array, threads: int) -> np.ndarray:
        """Tokens of each text, without those that it would put around them.

        Raises:
            RecipeError: If the file is not a tokenizer.
        """
        from tokenizers import Tokenizer as Backend

        try:
            backend = Backend.from_file(self.path)
        except Exception as error:  # the library raises nothing more specific
            raise RecipeError(f"{self.path} is not a tokenizer: {error}") from error
        backend.no_truncation()
        backend.no_padding()
        encoded = backend.encode_batch_fast(texts.to_pylist(), add_special_tokens=False)
        return np.array([len(each.ids) for each in encoded], np.int64)


class Report:
    """Sums up what is measured, batch by batch.

    Args:
        tokenizer: Ours.
        others: By name; each also encodes every text.
        threads: For ours; changes no number.
    """

    def __init__(self, tokenizer: Tokenizer, others: Mapping[str, OtherTokenizer] | None = None, threads: int = 1):
        self._tokenizer, self._others, self._threads = tokenizer, dict(others or {}), threads
        self._occurrences = np.zeros(tokenizer.vocab_size, np.int64)
        self._tables: list[pa.Table] = []

    @property
    def columns(self) -> list[str]:
        """Of the documents, those that `add` wants; `language` and `source` may be absent."""
        return ["text", "language", "source"]

    def add(self, split: str, batch: pa.RecordBatch) -> None:
        """Measure documents of a split."""
        texts = batch.column("text")
        ids, bounds = self._tokenizer.encode_flat(texts, self._threads)
        self._occurrences += np.bincount(ids, minlength=len(self._occurrences))
        groups = {
            name: batch.column(name) if name in batch.schema.names else pa.nulls(len(texts), pa.string())
            for name in ("language", "source")
        }
        rows = pa.table(
            {
                "split": pa.array([split] * len(texts), pa.string()),
                **{name: pc.fill_null(column, UNKNOWN) for name, column in groups.items()},
                "documents": np.ones(len(texts), np.int64),
                "bytes": text_bytes(batch),
                "words": num_words(texts),
                "tokens": np.diff(bounds),
                **{f"tokens of {name}": other.lengths(texts, self._threads) for name, other in self._others.items()},
            }
        )
        keys = ["split", "language", "source"]
        sums = [(name, "sum") for name in rows.column_names if name not in keys]
        found = rows.group_by(keys).aggregate(sums)
        self._tables.append(found.rename_columns([name.removesuffix("_sum") for name in found.column_names]))

    def by(self, key: str | None) -> dict[str, dict[str, Any]]:
        """Figures by `split`, `language` or `source`, the largest first; None: of everything, under `all`."""
        if not self._tables:
            return {}
        table = pa.concat_tables(self._tables)
        numbers = [name for name in table.column_names if name not in ("split", "language", "source")]
        names = table[key].to_pylist() if key else ["all"] * table.num_rows
        sums: dict[str, dict[str, int]] = {}
        for name, row in zip(names, table.select(numbers).to_pylist(), strict=True):
            old = sums.setdefault(name, dict.fromkeys(numbers, 0))
            sums[name] = {number: old[number] + row[number] for number in numbers}
        ordered = sorted(sums, key=lambda name: (-sums[name]["bytes"], name))
        for name in ordered[MOST_GROUPS:]:
            rest = sums.setdefault(OTHERS, dict.fromkeys(numbers, 0))
            sums[OTHERS] = {number: rest[number] + sums[name][number] for number in numbers}
        shown = ordered[:MOST_GROUPS] + ([OTHERS] if OTHERS in sums else [])
        return {name: self._figures(sums[name]) for name in shown}

    def _figures(self, sums: Mapping[str, int]) -> dict[str, Any]:
        figures: dict[str, Any] = {name: sums[name] for name in ("documents", "bytes", "words", "tokens")}
        figures |= rates(sums["bytes"], sums["words"], sums["tokens"])
        if self._others:
            figures["others"] = {
                name: rates(sums["bytes"], sums["words"], sums[f"tokens of {name}"]) for name in self._others
            }
        return figures

    def vocabulary(self) -> dict[str, Any]:
        """How many entries occur in what was measured, special tokens left out."""
        from firstwords.tokenizer.tokenizer import SPECIAL_TOKENS

        entries = self._tokenizer.vocab_size - len(SPECIAL_TOKENS)
        seen = int(np.count_nonzero(self._occurrences))
        frequent = int(np.count_nonzero(self._occurrences >= FREQUENT))
        return {
            "entries": entries,
            "seen": seen,
            "seen_100_times": frequent,
            "share_seen": round(seen / max(1, entries), 4),
            "share_seen_100_times": round(frequent / max(1, entries), 4),
        }


def rates(num_bytes: int, num_words: int, num_tokens: int) -> dict[str, float]:
    """Bytes per token, and tokens per word (fertility: Rust et al. 2021); 0 where there is nothing to divide by."""
    return {
        "bytes_per_token": round(num_bytes / num_tokens, 4) if num_tokens else 0.0,
        "tokens_per_word": round(num_tokens / num_words, 4) if num_words else 0.0,
    }


def num_words(texts: pa.Array) -> np.ndarray:
    """(D,) int64: words between white space; where a script has none, whole sentences."""
    trimmed = pc.utf8_trim_whitespace(texts)
    parts = pc.list_value_length(pc.utf8_split_whitespace(trimmed)).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(pc.binary_length(trimmed).to_numpy(zero_copy_only=False) == 0, 0, parts)


def worst(groups: Mapping[str, Mapping[str, Any]], number: int, least_bytes: int = 10_000) -> list[str]:
    """Names of the groups with the fewest bytes per token, the worst first.

    Args:
        groups: As `Report.by` gives them.
        number: At most so many.
        least_bytes: Smaller groups are left out: a handful of words says nothing.
    """
    large = [name for name, figures in groups.items() if figures["bytes"] >= least_bytes and name != OTHERS]
    return sorted(large, key=lambda name: (groups[name]["bytes_per_token"], name))[:number]


def measure(report: Report, folder: Path, shares: Mapping[str, float]) -> None:
    """Measure a share of the documents of each split.

    Args:
        report: Filled.
        folder: Parquet shards of documents.
        shares: Split to share; see `corpus.split_batches`.
    """
    from firstwords.tokenizer.corpus import split_batches

    for split, share in shares.items():
        for batch in split_batches(folder, split, share, report.columns):
            report.add(split, batch)


def lines(groups: Mapping[str, Mapping[str, Any]], others: Iterable[str], title: str) -> list[str]:
    """A table in text: a row a group, bytes per token of ours and of others, tokens per word."""
    names = list(others)
    head = f"{title:<24} {'MB':>8} {'bytes/token':>12} " + "".join(f"{name[:14]:>15}" for name in names)
    rows = [head + f"{'tokens/word':>13}"]
    for name, figures in groups.items():
        told = "".join(f"{figures['others'][other]['bytes_per_token']:>15.2f}" for other in names)
        megabytes, own = figures["bytes"] / 1e6, figures["bytes_per_token"]
        rows.append(f"{name[:24]:<24} {megabytes:>8.2f} {own:>12.2f} {told}{figures['tokens_per_word']:>13.2f}")
    return rows
