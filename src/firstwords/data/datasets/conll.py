"""Tagged sentences in columns, one word a line, an empty line between sentences (CoNLL-2003, WNUT-17, bioNLP sets)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from firstwords.data.dataset import (
    OUTSIDE,
    Dataset,
    Parts,
    WordsRecord,
    cut_validation,
    digest_of_files,
    read_file,
)
from firstwords.errors import RecipeError
from firstwords.recipe import InputPath, resolve

DOCUMENT_START = "-DOCSTART-"


@dataclass(frozen=True, kw_only=True)
class Conll(Dataset):
    """Sentences with a tag a word.

    A line with a tab has tab-separated columns, so that a word may hold spaces; any other line is split at spaces. A
    line that holds nothing but white space ends a sentence; a line `-DOCSTART-` begins a document, which is then the
    group of its sentences (without such lines every sentence is a group of its own).
    """

    record: ClassVar[type] = WordsRecord

    train: InputPath
    """May be packed (`.xz`, `.gz`, `.bz2`), as all three."""
    test: InputPath
    validation: InputPath | None = None
    # Where there is no validation file, this share of the training groups becomes one: choices never see the test part.
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    word_column: int = 0
    tag_column: int = -1
    # `auto` reads IOB1 and IOB2 alike, as conlleval does: B opens an entity, and so does an I that continues nothing.
    # `bio` refuses such an I, which in an IOB2 file is a mistake.
    scheme: Literal["auto", "bio"] = "auto"

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        train = self._read(self.train, "train")
        test = self._read(self.test, "test")
        if self.validation is None:
            train, validation = cut_validation(train, self.validation_share)
        else:
            validation = self._read(self.validation, "validation")
        return {"train": train, "validation": validation, "test": test}

    def fingerprint(self) -> str:
        """Digest of the files."""
        return digest_of_files(resolve(p) for p in (self.train, self.test, self.validation) if p is not None)

    def _read(self, path: str, part: str) -> list[WordsRecord]:
        place = resolve(path)
        records: list[WordsRecord] = []
        group = ""
        for number, rows in _sentences(place, self.word_column, self.tag_column):
            if rows[0][1] == DOCUMENT_START:
                group = f"{part}:{number}"
                del rows[0]  # a file may lack the empty line after it
                if not rows:
                    continue
            name = f"{part}:{rows[0][0]}"
            tags = self._tags(place, rows)
            records.append(WordsRecord(name, group or name, tuple(word for _, word, _ in rows), tags))
        if not records:
            raise RecipeError(f"{place}: holds no sentence")
        return records

    def _tags(self, place: Path, rows: list[tuple[int, str, str]]) -> tuple[str, ...]:
        """The tags of a sentence as IOB2."""
        tags: list[str] = []
        for number, word, tag in rows:
            prefix, dash, type_name = tag.partition("-")
            if tag != OUTSIDE and not (prefix in ("B", "I") and dash and type_name):
                raise RecipeError(
                    f"{place}:{number}: '{tag}' of the word '{word}' is not a tag: expected O, B-<type> or I-<type>. "
                    "Is the tag in another column? Set tag_column."
                )
            continues = bool(tags) and tags[-1] in (f"B-{type_name}", f"I-{type_name}")
            if prefix == "I" and not continues and self.scheme == "bio":
                raise RecipeError(f"{place}:{number}: '{tag}' of the word '{word}' continues no {type_name} entity")
            tags.append(tag if prefix != "I" or continues else f"B-{type_name}")
        return tuple(tags)


def _sentences(place: Path, word_column: int, tag_column: int) -> Iterator[tuple[int, list[tuple[int, str, str]]]]:
    """(number of the first line, [(line number, word, tag)]) of every sentence; lines count from 1."""
    rows: list[tuple[int, str, str]] = []
    for number, line in _lines(place):
        if not line.strip():
            if rows:
                yield rows[0][0], rows
            rows = []
            continue
        # Only these separate: str.split() would also cut at no-break spaces, which occur inside words of tweets.
        columns = line.split("\t") if "\t" in line else [part for part in line.split(" ") if part]
        try:
            word, tag = columns[word_column].strip(), columns[tag_column].strip()
            if len(columns) < 2 or not word or not tag:
                raise IndexError
        except IndexError:
            shown = line if len(line) <= 60 else line[:60] + "..."
            raise RecipeError(
                f"{place}:{number}: expected a word in column {word_column} and its tag in column {tag_column}, "
                f"but the line has {len(columns)} column{'s' * (len(columns) != 1)}: {shown!r}"
            ) from None
        if word == DOCUMENT_START and rows:
            yield rows[0][0], rows
            rows = []
        rows.append((number, word, tag))
    if rows:
        yield rows[0][0], rows


def _lines(place: Path) -> Iterator[tuple[int, str]]:
    # Lines end at \n alone: str.splitlines() would also break at \x85 and \u2028, which real files hold inside words.
    for number, raw in enumerate(read_file(place).split(b"\n"), 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise RecipeError(f"{place}:{number}: not UTF-8: {error}") from None
        yield number, line.rstrip("\r")
