"""Labelled texts in plain text files, one a line: label and text by a pattern, or a file for each label."""

import re
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from firstwords.data.dataset import Dataset, Parts, TextRecord, cut_validation, digest_of_files, draw, read_file
from firstwords.errors import RecipeError
from firstwords.recipe import InputPath, resolve


@dataclass(frozen=True, kw_only=True)
class Lines(Dataset):
    r"""One text a line, as in TREC (`LOC:city Where is it ?`) or in a file of texts of one label.

    TREC's coarse labels are `pattern = '(?P<label>\w+):\S+ (?P<text>.*)'`.
    """

    record: ClassVar[type] = TextRecord

    path: InputPath
    """A text file (also packed), or a `.zip` or tar archive that holds the files named below."""
    train: str | None = None
    """The file of the training part inside the archive."""
    test: str | None = None
    """The file of the test part inside the archive, or where `path` is no archive, a file of its own."""
    files: dict[str, str] = field(default_factory=dict)
    """Instead of these: label to the file in the archive that holds its texts."""
    pattern: str = r"(?P<text>.*)\t(?P<label>.*)"
    """Regular expression with the groups `text` and `label` that a whole line matches; unused with `files`."""
    labels: dict[str, str] = field(default_factory=dict)
    """Names in place of labels as they stand; then lines of other labels are left out."""
    encoding: Literal["utf-8", "latin-1", "cp1252", "ascii"] = "utf-8"
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the training texts that choices are made on, drawn by a hash."""
    test_share: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Share of the texts that are scored once, drawn by a hash, where no file is given for it."""

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.pattern).groupindex
        except re.error as error:
            raise ValueError(f"pattern: {error}") from None
        if not self.files and not {"text", "label"} <= set(groups):
            raise ValueError("pattern needs the groups (?P<text>...) and (?P<label>...)")

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`. Lines of one text are always in one part."""
        if self.files:
            rest = [record for label, name in self.files.items() for record in self._records(name, label)]
        else:
            rest = self._records(self.train)
        if self.test is not None:
            test = self._records(self.test)
        else:
            test = [each for each in rest if draw("labelled test", each.group) < self.test_share]
            rest = [each for each in rest if draw("labelled test", each.group) >= self.test_share]
        train, validation = cut_validation(rest, self.validation_share)
        return {"train": train, "validation": validation, "test": test}

    def fingerprint(self) -> str:
        """Digest of the file or archive."""
        return digest_of_files([resolve(self.path)])

    def _records(self, name: str | None, label: str | None = None) -> list[TextRecord]:
        shown = f"{self.path}" + (f": {name}" if name else "")
        try:
            content = _content(resolve(self.path), name).decode(self.encoding)
        except UnicodeDecodeError as error:
            raise RecipeError(f"{shown} is not {self.encoding}: {error}. Set encoding.") from None
        records = []
        pattern = re.compile(self.pattern)
        for number, line in enumerate(content.replace("\r\n", "\n").split("\n"), 1):
            if not line.strip():
                continue
            found: Mapping[str, str | None] = {"text": line, "label": label}
            if label is None:
                matched = pattern.fullmatch(line)
                if matched is None:
                    raise RecipeError(f"{shown}: line {number} does not match the pattern {self.pattern}")
                found = matched.groupdict()
            text, own = (found["text"] or "").strip(), found["label"] or ""
            if self.labels and own not in self.labels:
                continue
            records.append(
                TextRecord(f"{name or Path(self.path).name}#{number}", text, text, self.labels.get(own, own))
            )
        if not records:
            raise RecipeError(f"{shown}: no lines" + (f" with a label of {list(self.labels)}" if self.labels else ""))
        return records


def _content(place: Path, name: str | None) -> bytes:
    """A file, or one inside an archive."""
    if name is None:
        return read_file(place)
    try:
        if zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as archive:
                return archive.read(name)
        with tarfile.open(place, "r:*") as tar:
            stream = tar.extractfile(name)
            if stream is None:
                raise KeyError(name)
            return stream.read()
    except KeyError:
        raise RecipeError(f"{place}: holds no file {name}") from None
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise RecipeError(f"{place}: neither a zip nor a tar archive: {error}") from error
