"""Labelled texts in one table: CSV, TSV or JSON Lines, with a column for the text and one for the label."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from firstwords.data.dataset import Dataset, Parts, TextRecord, cut_validation, digest_of_files, draw, read_file
from firstwords.errors import RecipeError
from firstwords.recipe import InputPath, resolve

_KINDS = (".csv", ".tsv", ".jsonl", ".ndjson")


@dataclass(frozen=True, kw_only=True)
class Table(Dataset):
    """One text a row, `.csv`, `.tsv` or `.jsonl`, also packed (`.xz`, `.gz`, `.bz2`).

    A TSV file has no quotes: a quotation mark is a character. Rows of one text are always in one part.
    """

    record: ClassVar[type] = TextRecord

    path: InputPath
    """The training rows, and those of the other parts where these have no file of their own."""
    text: str = "text"
    """The column (the key) of the text."""
    label: str = "label"
    """The column of the label; numbers are labels too."""
    labels: dict[str, str] = field(default_factory=dict)
    """Names in place of labels as they stand, such as `{ "0" = "hate" }`; then rows of other labels are left out."""
    group: str = ""
    """A column that names the unit a text was drawn from (a site, a book): a unit is in one part only. Without one each
    text is its own unit."""
    validation: InputPath | None = None
    """A table of its own for this part."""
    test: InputPath | None = None
    """A table of its own for this part."""
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the training units that choices are made on, drawn by a hash, where there is no table for it."""
    test_share: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Share of the units that are scored once, drawn by a hash, where there is no table for it."""

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        rest, test = self._records(self.path), self._records(self.test)
        if self.test is None:
            test = [each for each in rest if draw("labelled test", each.group) < self.test_share]
            rest = [each for each in rest if draw("labelled test", each.group) >= self.test_share]
        if self.validation is None:
            train, validation = cut_validation(rest, self.validation_share)
        else:
            train, validation = rest, self._records(self.validation)
        return {"train": train, "validation": validation, "test": test}

    def fingerprint(self) -> str:
        """Digest of the tables."""
        return digest_of_files(resolve(path) for path in (self.path, self.validation, self.test) if path is not None)

    def _records(self, path: str | None) -> list[TextRecord]:
        if path is None:
            return []
        records = []
        for number, row in enumerate(rows_of(resolve(path)), 1):
            for column in (self.text, self.label, *([self.group] if self.group else [])):
                if row.get(column) is None:
                    there = ", ".join(str(each) for each in row)
                    raise RecipeError(f"{path}: row {number} has no '{column}'. It has: {there}")
            text, label = str(row[self.text]), str(row[self.label])
            if self.labels and label not in self.labels:
                continue
            unit = str(row[self.group]) if self.group else text
            records.append(TextRecord(f"{Path(path).name}#{number}", unit, text, self.labels.get(label, label)))
        if not records:
            raise RecipeError(f"{path}: no rows" + (f" with a label of {list(self.labels)}" if self.labels else ""))
        return records


def rows_of(place: Path) -> Iterator[dict[str, Any]]:
    """The rows of a table.

    Raises:
        RecipeError: If it is none; the message names file and line.
    """
    inner = place.with_suffix("") if place.suffix in (".xz", ".gz", ".bz2") else place
    if inner.suffix not in _KINDS:
        raise RecipeError(f"{place}: a table is one of {', '.join(_KINDS)} (also packed)")
    try:
        text = read_file(place).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{place}: not UTF-8: {error}") from None
    if inner.suffix in (".csv", ".tsv"):
        csv.field_size_limit(2**31 - 1)
        form: dict[str, Any] = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if inner.suffix == ".tsv" else {}
        yield from csv.DictReader(io.StringIO(text, newline=""), **form)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise RecipeError(f"{place}: line {number} is not JSON: {error}") from None
        if not isinstance(row, dict):
            raise RecipeError(f"{place}: line {number} is not an object")
        yield row
