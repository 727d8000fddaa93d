"""Parts of data sets that are files of conversations: own files, or units drawn by a hash."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from firstwords.data.conversation import Row, question_of, read_rows
from firstwords.data.dataset import Dataset, Parts, cut_validation, digest_of_files, draw
from firstwords.errors import RecipeError
from firstwords.recipe import InputPath, resolve


@dataclass(frozen=True, kw_only=True)
class ConversationFiles(Dataset):
    """Base of data sets of conversations; a concrete one says what a record is made of."""

    paths: tuple[InputPath, ...]
    """Files (JSON Lines or one JSON array, also packed: `.xz`, `.gz`, `.bz2`) of the training part, and of the others
    where these have none of their own."""
    validation: tuple[InputPath, ...] = ()
    """Files of this part."""
    test: tuple[InputPath, ...] = ()
    """Files of this part."""
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of the training conversations that choices are made on, drawn by a hash of their first message, where there
    is no file for it."""
    test_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the conversations that are scored once, drawn in the same way."""
    malformed: Literal["refuse", "leave_out"] = "refuse"
    """What becomes of records that cannot be read: an error with file and line, or left out and listed (`notes`)."""

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        rest, test = self._records(self.paths), self._records(self.test)
        if not self.test:
            test = [each for each in rest if draw("labelled test", each.group) < self.test_share]
            rest = [each for each in rest if draw("labelled test", each.group) >= self.test_share]
        if not self.validation:
            train, validation = cut_validation(rest, self.validation_share)
        else:
            train, validation = rest, self._records(self.validation)
        return {"train": train, "validation": validation, "test": test}

    def fingerprint(self) -> str:
        """Digest of the files."""
        return digest_of_files(resolve(path) for path in (*self.paths, *self.validation, *self.test))

    def notes(self) -> list[str]:
        """File, line and fault of every record that is left out."""
        problems: list[str] = []
        if self.malformed == "leave_out":
            for path in (*self.paths, *self.validation, *self.test):
                for _ in read_rows(resolve(path), self._maker(), problems.append):
                    pass
        return problems

    def _told(self) -> Callable[[str], None] | None:
        return (lambda problem: None) if self.malformed == "leave_out" else None

    def _records(self, paths: Sequence[str]) -> list[Any]:
        records: list[Any] = []
        for path in paths:
            name = Path(path).name
            earlier: dict[int, int] = {}
            for line, fields in read_rows(resolve(path), self._maker(), self._told()):
                # One line may hold several records, and two files of one name may be read.
                earlier[line] = earlier.get(line, 0) + 1
                more = f".{earlier[line]}" if earlier[line] > 1 else ""
                group = question_of(fields["messages"])
                records.append(type(self).record(id=f"{name}#{line}{more}", group=group, **fields))
        return _with_own_ids(records)

    def _maker(self) -> Callable[[Row], list[dict[str, Any]]]:
        raise NotImplementedError


def _with_own_ids(records: Sequence[Any]) -> list[Any]:
    seen: set[str] = set()
    for record in records:
        if record.id in seen:
            raise RecipeError(f"two of the files have the same name and line ({record.id}): give each path once")
        seen.add(record.id)
    return list(records)


def first_key(row: Row, keys: Iterable[str]) -> str | None:
    """The first of some keys that a record has."""
    return next((key for key in keys if key in row), None)
