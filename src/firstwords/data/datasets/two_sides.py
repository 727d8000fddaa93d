"""Texts of two kinds, wanted and unwanted, from files of each: what a quality classifier learns from."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from firstwords.data.dataset import Dataset, Parts, TextRecord, cut_validation, digest_of_files, draw, read_file
from firstwords.data.labelled_files import Place
from firstwords.data.table_rows import require_columns, rows_of
from firstwords.errors import RecipeError
from firstwords.recipe import InputPath, resolve


@dataclass(frozen=True, kw_only=True)
class TwoSides(Dataset):
    """Labels are `good` and `bad`.

    A path is a file or a folder of files: `.txt` (one text; also `.md`), or a table as the data set `table` reads it.
    """

    record: ClassVar[type] = TextRecord

    good: tuple[InputPath, ...]
    """Files and folders of wanted texts."""
    bad: tuple[InputPath, ...]
    """Files and folders of unwanted texts."""
    text: str = "text"
    """The column of the text in tables."""
    group: str = ""
    """A column of tables that names the unit a text was drawn from (a site): a unit is in one part only. Without one
    each text is its own unit."""
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the training units that choices are made on, drawn by a hash."""
    test_share: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Share of the units that are scored once, drawn by a hash."""

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        records = [*self._records("good", self.good), *self._records("bad", self.bad)]
        test = [each for each in records if draw("labelled test", each.group) < self.test_share]
        rest = [each for each in records if draw("labelled test", each.group) >= self.test_share]
        train, validation = cut_validation(rest, self.validation_share)
        return {"train": train, "validation": validation, "test": test}

    def fingerprint(self) -> str:
        """Digest of all files."""
        return digest_of_files(place for paths in (self.good, self.bad) for _, place in _files(paths))

    def _records(self, label: str, paths: tuple[str, ...]) -> Iterator[TextRecord]:
        empty = True
        for name, place in _files(paths):
            for number, (unit, text) in enumerate(self._texts(place), 1):
                empty = False
                yield TextRecord(f"{label}/{name}#{number}", unit, text, label)
        if empty:
            raise RecipeError(f"two_sides.{label}: no texts in {', '.join(paths)}")

    def _texts(self, place: Path) -> Iterator[tuple[str, str]]:
        """Unit and text of each text of a file."""
        if place.suffix in (".txt", ".md"):
            text = read_file(place).decode("utf-8", "replace")
            yield text, text
            return
        for row in rows_of(Place(place, "", "")):
            require_columns(row, [self.text, *([self.group] if self.group else [])])
            yield str(row.values[self.group or self.text]), str(row.values[self.text])


def _files(paths: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Name and place of each file, those of a folder in the order of their names."""
    for path in paths:
        place = resolve(path)
        if place.is_dir():
            inside = (p for p in place.rglob("*") if p.is_file() and not p.name.startswith("."))
            yield from sorted((p.relative_to(place).as_posix(), p) for p in inside)
        else:
            yield place.name, place
