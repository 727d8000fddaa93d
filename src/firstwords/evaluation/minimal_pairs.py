"""Pairs of sentences, an acceptable one and one that differs in little and is not, in the form of BLiMP.

A folder or a tar archive with one JSON Lines file a paradigm (Warstadt et al. 2020): `sentence_good`, `sentence_bad`,
`UID` (the paradigm), `linguistics_term` (the phenomenon), `pairID`.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from firstwords.data.labelled_files import Place
from firstwords.data.table_rows import Row, json_lines, require_columns
from firstwords.errors import RecipeError

MAX_FILE_BYTES = 64 * 2**20


class Pair(NamedTuple):
    """Two sentences of which `good` is acceptable. In a few pairs of BLiMP both are the same: always a tie."""

    id: str
    paradigm: str
    phenomenon: str
    good: str
    bad: str


def read_pairs(place: Path) -> list[Pair]:
    """All pairs, by paradigm and then as they stand in its file.

    Raises:
        RecipeError: Naming file, line and field.
    """
    pairs: list[Pair] = []
    for name, content in sorted(_files(place)):
        inside = Place(place, name, "")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise RecipeError(f"{inside}: not UTF-8: {error}") from None
        pairs += [_pair(row) for row in json_lines(text, inside)]
    if not pairs:
        raise RecipeError(f"{place}: holds no pairs (files *.jsonl)")
    ids = {pair.id for pair in pairs}
    if len(ids) != len(pairs):
        raise RecipeError(f"{place}: two pairs of one paradigm have the same pairID")
    return sorted(pairs, key=lambda pair: pair.paradigm)


def drawn_pairs(pairs: list[Pair], number: int, seed: int) -> list[Pair]:
    """At most so many pairs of each paradigm, drawn by their identity: a larger sample holds a smaller one."""
    from firstwords.data.dataset import draw

    ranks: dict[str, list[tuple[float, int]]] = {}
    for place, pair in enumerate(pairs):
        ranks.setdefault(pair.paradigm, []).append((draw(f"minimal pairs {seed}", pair.id), place))
    chosen = sorted(place for each in ranks.values() for _, place in sorted(each)[:number])
    return [pairs[place] for place in chosen]


def _files(place: Path) -> Iterator[tuple[str, bytes]]:
    """(name, content) of the JSON Lines files of a folder or an archive, which is never unpacked to disk."""
    if place.is_dir():
        for file in place.glob("*.jsonl"):
            yield file.name, file.read_bytes()
        return
    try:
        with tarfile.open(place, "r:*") as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(".jsonl"):
                    if member.size > MAX_FILE_BYTES:
                        raise RecipeError(f"{place}: {member.name} has {member.size:,} bytes: these are no pairs")
                    stream = archive.extractfile(member)
                    yield member.name, stream.read() if stream else b""
    except (tarfile.TarError, OSError, EOFError) as error:
        raise RecipeError(f"{place}: neither a folder nor a readable tar archive: {error}") from error


def _pair(row: Row) -> Pair:
    fields = ("sentence_good", "sentence_bad", "UID", "linguistics_term")
    require_columns(row, [*fields, "pairID"])
    for field in fields:
        if not isinstance(row.values[field], str) or not row.values[field]:
            raise RecipeError(f"{row.where}: '{field}' is no text")
    good, bad, paradigm, phenomenon = (row.values[field] for field in fields)
    return Pair(f"{paradigm}/{row.values['pairID']}", paradigm, phenomenon, good, bad)
