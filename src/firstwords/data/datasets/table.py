"""Labelled texts in tables: CSV, TSV, JSON Lines, JSON, Parquet, or lines that a pattern takes apart."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from firstwords.data.dataset import Parts, TextRecord, cut_validation, draw
from firstwords.data.labelled_files import LabelledPath, digest_of_places, place_of, text_of
from firstwords.data.labelled_rows import LabelledRows
from firstwords.data.table_rows import rows_of
from firstwords.errors import RecipeError

Encoding = Literal["utf-8", "latin-1", "cp1252", "ascii", "utf-16"]
Files = LabelledPath | dict[str, LabelledPath]


@dataclass(frozen=True, kw_only=True)
class Table(LabelledRows):
    """One text a row: `.csv`, `.tsv`, `.jsonl`, `.json`, `.parquet`, also packed (`.xz`, `.gz`, `.bz2`).

    A path may lead into an archive (`qc.zip/qc/train.txt`) and to a key of a JSON object (`data.json#train`). A table
    of one file for each label is `{ good = "good.txt", bad = "bad.txt" }`. A TSV file has no quotes: a quotation mark
    is a character. Rows of one text are always in one part.
    """

    path: Files
    """The training rows, and those of the other parts where these have no file of their own."""
    validation: Files | None = None
    """A table of its own for this part."""
    test: Files | None = None
    """A table of its own for this part."""
    test_ids: LabelledPath | None = None
    """A JSON file whose keys or entries name the rows of `path` that are the test part."""
    pattern: str | None = None
    """How a line of a plain text file is taken apart: a regular expression with named groups, which are its columns,
    such as `(?P<label>\\w+):\\w+ (?P<text>.*)`. Files of one label are lines of text without one."""
    encoding: Encoding = "utf-8"
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the training units that choices are made on, drawn by a hash, where there is no table for it."""
    test_share: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Share of the units that are scored once, drawn by a hash, where there is no table for it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise ValueError(f"pattern: not a regular expression: {error}") from None
        if self.test is not None and self.test_ids is not None:
            raise ValueError("test_ids: name the test part by a table or by ids, not both")

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        rest, test = self.read(self.path), self.read(self.test)
        if self.test_ids is not None:
            rest, test = self._by_ids(rest, self.test_ids)
        elif self.test is None:
            test = [each for each in rest if draw("labelled test", each.group) < self.test_share]
            rest = [each for each in rest if draw("labelled test", each.group) >= self.test_share]
        if self.validation is None:
            train, validation = cut_validation(rest, self.validation_share)
        else:
            train, validation = rest, self.read(self.validation)
        return {"train": train, "validation": validation, "test": test}

    def fingerprint(self) -> str:
        """Digest of the tables."""
        files = [path for each in (self.path, self.validation, self.test) for path in _paths(each).values()]
        return digest_of_places([*files, self.test_ids, self.label_file])

    def read(self, files: Files | None) -> list[TextRecord]:
        """The records of a table, or of one for each label."""
        found: list[TextRecord] = []
        for label, path in _paths(files).items():
            place = place_of(path)
            pattern = self.pattern
            if isinstance(files, dict) and pattern is None and place.suffix not in (".csv", ".tsv", ".jsonl", ".json"):
                pattern = "(?P<text>.*)"
            rows = rows_of(place, header=self.has_header, pattern=pattern, encoding=self.encoding)
            name = Path(path).name
            found += self.records(rows, name, label=label if isinstance(files, dict) else None)
            if not found:
                of = f" with a label of {', '.join(self.kept_labels())}" if self.labels else ""
                raise RecipeError(f"{place}: no rows{of}")
        return found

    def _by_ids(self, records: list[TextRecord], path: str) -> tuple[list[TextRecord], list[TextRecord]]:
        place = place_of(path)
        try:
            wanted = set(map(str, json.loads(text_of(place))))
        except (ValueError, TypeError) as error:
            raise RecipeError(f"{place}: holds no list or object of ids: {error}") from None
        names = {each.id.rpartition("#")[2] for each in records}
        if missing := sorted(wanted - names):
            raise RecipeError(f"{place}: {len(missing)} ids are no rows of {self.path}, such as '{missing[0]}'")
        test = [each for each in records if each.id.rpartition("#")[2] in wanted]
        return [each for each in records if each.id.rpartition("#")[2] not in wanted], test


def _paths(files: Files | None) -> dict[str, str]:
    if files is None:
        return {}
    return files if isinstance(files, dict) else {"": files}
