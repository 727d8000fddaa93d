"""Tagged sentences in columns, one word a line, an empty line between sentences (CoNLL-2003, WNUT-17, bioNLP sets)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from firstwords.data.dataset import Dataset, Parts, WordsRecord, cut_validation
from firstwords.data.labelled_files import LabelledPath, Place, digest_of_places, place_of, text_of
from firstwords.data.table_rows import lines_of
from firstwords.data.tag_schemes import Scheme, as_iob2, recognised
from firstwords.errors import RecipeError

Encoding = Literal["utf-8", "latin-1", "cp1252", "ascii", "utf-16"]
DOCUMENT_START = "-DOCSTART-"


@dataclass(frozen=True, kw_only=True)
class Conll(Dataset):
    """Sentences with a tag a word.

    A line with a tab has tab-separated columns, so that a word may hold spaces; any other line is split at spaces. A
    line that holds nothing but white space ends a sentence; a line `-DOCSTART-` begins a document, which is then the
    group of its sentences (without such lines every sentence is a group of its own).
    """

    record: ClassVar[type] = WordsRecord

    train: LabelledPath
    """May be packed (`.xz`, `.gz`, `.bz2`) or inside an archive (`set.zip/train.txt`), as all three."""
    test: LabelledPath
    validation: LabelledPath | None = None
    # Where there is no validation file, this share of the training groups becomes one: choices never see the test part.
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    word_column: int = 0
    tag_column: int = -1
    scheme: Scheme = "auto"
    """How tags mark entities: `iob1`, `iob2` (BIO), `iobes`, `bilou`, or `auto`, by the prefixes that each file uses.
    Where the scheme is told, a tag that cannot stand where it does is refused; in `auto`, an I that continues nothing
    begins an entity, as conlleval reads it (that is `iob1`)."""
    encoding: Encoding = "utf-8"

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        train = self.read(self.train, "train")
        test = self.read(self.test, "test")
        if self.validation is None:
            train, validation = cut_validation(train, self.validation_share)
        else:
            validation = self.read(self.validation, "validation")
        return {"train": train, "validation": validation, "test": test}

    def fingerprint(self) -> str:
        """Digest of the files."""
        return digest_of_places([self.train, self.test, self.validation])

    def read(self, path: str, part: str) -> list[WordsRecord]:
        """The sentences of one file, named after a part."""
        place = place_of(path)
        sentences = list(_sentences(place, self.word_column, self.tag_column, self.encoding))
        tagged = [rows for _, rows in sentences if rows[0][1] != DOCUMENT_START]
        scheme = recognised([t for _, _, t in rows] for rows in tagged) if self.scheme == "auto" else self.scheme
        records: list[WordsRecord] = []
        group = ""
        for number, rows in sentences:
            if rows[0][1] == DOCUMENT_START:
                group = f"{part}:{number}"
                del rows[0]  # a file may lack the empty line after it
                if not rows:
                    continue
            name = f"{part}:{rows[0][0]}"
            tags = self._tags(place, rows, scheme)
            records.append(WordsRecord(name, group or name, tuple(word for _, word, _ in rows), tags))
        if not records:
            raise RecipeError(f"{place}: holds no sentence")
        return records

    def _tags(self, place: Place, rows: list[tuple[int, str, str]], scheme: str) -> tuple[str, ...]:
        """The tags of a sentence as IOB2."""

        def told(position: int, why: str) -> str:
            number, word, _ = rows[position]
            advice = " Is the tag in another column? Set tag_column." if "is not a tag" in why else ""
            return f"{place}:{number}: {why}, at the word '{word}'.{advice}"

        return as_iob2([tag for _, _, tag in rows], scheme, told)


def _sentences(
    place: Place, word_column: int, tag_column: int, encoding: str
) -> Iterator[tuple[int, list[tuple[int, str, str]]]]:
    """(number of the first line, [(line number, word, tag)]) of every sentence; lines count from 1."""
    rows: list[tuple[int, str, str]] = []
    for number, line in lines_of(text_of(place, encoding)):
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
