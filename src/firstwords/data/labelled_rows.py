"""Which columns of a table are the text, its pair and its labels: what all tables of labelled texts have in common."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from firstwords.data.dataset import Dataset, TextRecord
from firstwords.data.labelled_files import LabelledPath, place_of
from firstwords.data.table_rows import Row, json_of, require_columns
from firstwords.errors import RecipeError

Column = str | int
_YES, _NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no", ""})


@dataclass(frozen=True, kw_only=True)
class LabelledRows(Dataset):
    """Base of the data sets of labelled texts in tables."""

    record: ClassVar[type] = TextRecord

    text: Column | tuple[Column, ...] = "text"
    """The column (the key) of the text; of several, the texts are put one below the other. A number is a position,
    counted from 0, in a table that does not name its columns."""
    pair: Column | None = None
    """The column of a second text, where the label is about two."""
    label: Column | tuple[Column, ...] = "label"
    """The column of the label; numbers are labels too, and a list holds all labels of its text. Several columns are one
    label each, which a text has (1, true, yes) or has not (0, false, no)."""
    separator: str | None = None
    """What stands between the labels in one cell, where a text may have several: then an empty cell is none."""
    labels: dict[str, str] | tuple[str, ...] | LabelledPath = field(default_factory=dict)
    """Names in place of labels as they stand, such as `{ "0" = "hate" }`, or a list of labels, or a JSON file with
    either (`domains.json#travel`); then rows of other labels are left out."""
    group: Column = ""
    """A column that names the unit a text was drawn from (a site, a book): a unit is in one part only. Without one each
    text is its own unit."""

    def __post_init__(self) -> None:
        if self.separator is not None and not isinstance(self.label, str | int):
            raise ValueError("separator: labels stand in columns of their own or in one cell, not both")
        if self.separator == "":
            raise ValueError("separator: name what stands between two labels, for example ','")

    @property
    def label_file(self) -> str | None:
        """The file that names the labels, if one does; it belongs to the fingerprint."""
        return self.labels if isinstance(self.labels, str) else None

    def kept_labels(self) -> dict[str, str]:
        """Labels as they stand, and their names; empty where all are kept.

        Raises:
            RecipeError: If the file holds neither an object of names nor a list of labels.
        """
        found: Any = self.labels
        if isinstance(found, str):
            place = place_of(found)
            found = json_of(place)
            values = list(found.values()) if isinstance(found, dict) else found
            if not isinstance(values, list) or not values or not all(isinstance(each, str) for each in values):
                raise RecipeError(f"{place}: holds neither an object of names nor a list of labels")
        return dict(found) if isinstance(found, Mapping) else {each: each for each in found}

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns of the text."""
        return tuple(map(str, self.text)) if isinstance(self.text, tuple) else (str(self.text),)

    @property
    def label_columns(self) -> tuple[str, ...]:
        """The columns of the labels."""
        return tuple(map(str, self.label)) if isinstance(self.label, tuple) else (str(self.label),)

    @property
    def has_header(self) -> bool:
        """Whether columns are named: they are not where any of them is given by its position."""
        several = (self.text, self.label)
        given = [c for each in several for c in (each if isinstance(each, tuple) else (each,))]
        return not any(isinstance(each, int) for each in [*given, self.pair, self.group])

    def records(
        self, rows: Iterable[Row], name: str, names: Mapping[str, Sequence[str]] | None = None, label: str | None = None
    ) -> Iterator[TextRecord]:
        """The records of rows; those whose label is not among `labels` are left out.

        Args:
            rows: Of one table.
            name: Of the table, for the records' ids.
            names: Column to the names of its numbers, where a table numbers its labels (Hugging Face's `ClassLabel`).
            label: Of all rows, where the table has no column for it.

        Raises:
            RecipeError: If a row is malformed; the message names its place.
        """
        several: bool | None = None
        kept = self.kept_labels()
        for row in rows:
            wanted = [*self.texts, *([str(self.pair)] if self.pair is not None else [])]
            wanted += [str(self.group)] if self.group != "" else []
            optional = self.separator is not None
            require_columns(row, wanted + ([] if label is not None or optional else list(self.label_columns)))
            text = "\n".join(_text(row, column) for column in self.texts)
            pair = None if self.pair is None else _text(row, str(self.pair))
            unit = str(row.values[str(self.group)]) if self.group != "" else text + (f"\n{pair}" if pair else "")
            found = [label] if label is not None else self._labels(row, names or {})
            is_several = not isinstance(found, list)
            if several is not None and several != is_several:
                raise RecipeError(
                    f"{row.where}: has {'a list of labels' if is_several else 'one label'}, rows before not"
                )
            several = is_several
            if kept:
                found = type(found)(kept[each] for each in found if each in kept)
            identity = f"{name}#{row.name}"
            if is_several:
                yield TextRecord.several(identity, unit, text, found, pair)
            elif found:
                yield TextRecord(identity, unit, text, found[0], pair)

    def _labels(self, row: Row, names: Mapping[str, Sequence[str]]) -> list[str] | tuple[str, ...]:
        """One label as a list, any number of them as a tuple."""
        if isinstance(self.label, tuple):
            return tuple(column for column in self.label_columns if _is_set(row, column))
        column = self.label_columns[0]
        value = row.values.get(column)
        if isinstance(value, list):
            return tuple(_name(row, column, each, names) for each in value)
        if self.separator is not None:
            require_columns(Row({column: "" if value is None else value}, row.where, row.name), [column])
            return tuple(each.strip() for each in str(value or "").split(self.separator) if each.strip())
        return [_name(row, column, value, names)]


def _text(row: Row, column: str) -> str:
    value = row.values[column]
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    if not isinstance(value, str):
        raise RecipeError(f"{row.where}: '{column}' holds {type(value).__name__}, not a text")
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _name(row: Row, column: str, value: Any, names: Mapping[str, Sequence[str]]) -> str:
    """A label as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and column in names:
        if not 0 <= value < len(names[column]):
            raise RecipeError(f"{row.where}: '{column}' is {value}, but only 0 to {len(names[column]) - 1} have names")
        return names[column][value]
    if isinstance(value, str | int | float) and str(value).strip():
        return str(value).strip()
    raise RecipeError(f"{row.where}: '{column}' is {value!r:.40}: a label is a text or a number")


def _is_set(row: Row, column: str) -> bool:
    value = str(row.values[column]).strip().lower()
    if value not in _YES | _NO:
        raise RecipeError(f"{row.where}: '{column}' is {value!r:.40}, but a column of a label holds 0 or 1")
    return value in _YES
