"""Entities as spans of characters in JSON Lines: what annotation tools write (Doccano, Prodigy, spaCy)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from firstwords.data.dataset import OUTSIDE, Dataset, Parts, WordsRecord, cut_validation, draw
from firstwords.data.labelled_files import LabelledPath, digest_of_places, place_of
from firstwords.data.table_rows import Row, require_columns, rows_of
from firstwords.data.words import WordSpan, split_words
from firstwords.errors import RecipeError

# What the three values of a span are called, by tool; a span may also be a list of start, end and type.
_STARTS, _ENDS = ("start", "start_offset", "start_position"), ("end", "end_offset", "end_position")
_TYPES = ("label", "type", "entity_type", "entity_group")


@dataclass(frozen=True, kw_only=True)
class Spans(Dataset):
    """A text and its entities a row, `.jsonl` or `.json`, also packed: `{"text": ..., "entities": [[0, 5, "PER"]]}`.

    Words are found as `LanguageModel.entities` finds them in running text. A span that ends inside a word is an error
    unless `widen` says to take the whole word: `Anna's` with the span `Anna`.
    """

    record: ClassVar[type] = WordsRecord

    path: LabelledPath
    """The training rows, and those of the other parts where these have no file of their own."""
    validation: LabelledPath | None = None
    test: LabelledPath | None = None
    text: str = "text"
    """The key of the text."""
    entities: str = "entities"
    """The key of the spans: lists of start, end, type, or objects of these. Ends are not part of the span."""
    group: str = ""
    """A key that names the unit a text was drawn from; without one each text is its own."""
    widen: bool = False
    """Take the whole words that a span touches, instead of refusing one that ends inside a word."""
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the training units, drawn by a hash, where there is no file for it."""
    test_share: Annotated[float, Field(ge=0, lt=1)] = 0.2

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        rest, test = self.read(self.path), [] if self.test is None else self.read(self.test)
        if self.test is None:
            test = [each for each in rest if draw("labelled test", each.group) < self.test_share]
            rest = [each for each in rest if draw("labelled test", each.group) >= self.test_share]
        if self.validation is None:
            train, validation = cut_validation(rest, self.validation_share)
        else:
            train, validation = rest, self.read(self.validation)
        return {"train": train, "validation": validation, "test": test}

    def fingerprint(self) -> str:
        """Digest of the files."""
        return digest_of_places([self.path, self.validation, self.test])

    def read(self, path: str) -> list[WordsRecord]:
        """The records of one file."""
        name = Path(path).name
        records = []
        for row in rows_of(place_of(path)):
            require_columns(row, [self.text, *([self.group] if self.group else [])])
            text = row.values[self.text]
            if not isinstance(text, str):
                raise RecipeError(f"{row.where}: '{self.text}' holds {type(text).__name__}, not a text")
            words = split_words(text)
            if not words:
                continue
            tags = self._tags(row, text, words)
            unit = str(row.values[self.group]) if self.group else text
            records.append(WordsRecord(f"{name}#{row.name}", unit, tuple(w.word for w in words), tags))
        if not records:
            raise RecipeError(f"{path}: holds no text")
        return records

    def _tags(self, row: Row, text: str, words: list[WordSpan]) -> tuple[str, ...]:
        tags = [OUTSIDE] * len(words)
        for start, end, kind in sorted(self._spans(row, text)):
            inside = [n for n, word in enumerate(words) if word.start < end and word.end > start]
            shown = f"[{start}, {end}, '{kind}'] ({text[start:end]!r:.40})"
            if not inside:
                raise RecipeError(f"{row.where}: the span {shown} holds no word")
            stripped = text[start:end].strip()
            begin = start + text[start:end].index(stripped)
            if not self.widen and (words[inside[0]].start != begin or words[inside[-1]].end != begin + len(stripped)):
                whole = text[words[inside[0]].start : words[inside[-1]].end]
                raise RecipeError(
                    f"{row.where}: the span {shown} ends inside a word; the whole words are {whole!r}. Set widen = true"
                )
            if any(tags[n] != OUTSIDE for n in inside):
                raise RecipeError(f"{row.where}: the span {shown} overlaps another; tags of words cannot")
            for n in inside:
                tags[n] = f"{'B' if n == inside[0] else 'I'}-{kind}"
        return tuple(tags)

    def _spans(self, row: Row, text: str) -> Iterator[tuple[int, int, str]]:
        if self.entities not in row.values:
            require_columns(row, [self.entities])
        for number, span in enumerate(row.values[self.entities] or [], 1):
            found = _span(span)
            if found is None:
                raise RecipeError(f"{row.where}: span {number} is {span!r:.60}: expected [start, end, type]")
            start, end, _ = found
            if not 0 <= start < end <= len(text):
                raise RecipeError(
                    f"{row.where}: span {number}, {start} to {end}, lies outside the {len(text)} characters"
                )
            yield found


def _span(value: Any) -> tuple[int, int, str] | None:
    if isinstance(value, dict):
        named: list[Any] = [
            next((value[key] for key in keys if key in value), None) for keys in (_STARTS, _ENDS, _TYPES)
        ]
    else:
        named = list(value) if isinstance(value, list | tuple) else []
    if len(named) != 3 or not all(type(each) is int for each in named[:2]):
        return None
    if not isinstance(named[2], str) or not named[2].strip():
        return None
    return named[0], named[1], named[2].strip()
