"""Rows with named columns as records: what JSON Lines, CSV, Parquet and Arrow files have in common."""

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from firstwords.data.document import Reason, Rejection, document_id
from firstwords.data.source import LocalSource, Record
from firstwords.errors import RecipeError
from firstwords.find import nearest

SHOWN_COLUMNS = 30


@dataclass(frozen=True, kw_only=True)
class Rows(LocalSource):
    """Base of the sources of rows.

    Attributes:
        text: The column that holds the text, or several that are joined with a blank line between them.
        id, url, title, date, language, licence: The columns that hold these; dots lead into objects (`meta.url`). An
            empty name is not read.
        metadata: Further columns that are kept, as text or as JSON.
    """

    text: str | tuple[str, ...] = "text"
    id: str = ""
    url: str = "url"
    title: str = "title"
    date: str = "date"
    language: str = "language"
    licence: str = "license"
    metadata: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.text or "" in self.texts:
            raise ValueError("text: name the column that holds the text")

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns of the text."""
        return (self.text,) if isinstance(self.text, str) else tuple(self.text)

    def roots(self, columns: list[str]) -> list[str]:
        """Those of a file's columns that are read, in the file's order."""
        wanted = {*self.texts, *self.metadata, self.id, self.url, self.title, self.date, self.language, self.licence}
        wanted |= {name.partition(".")[0] for name in wanted}
        return [column for column in columns if column in wanted]

    def require(self, columns: list[str], name: str) -> None:
        """Refuse a file without the columns that were named.

        Raises:
            RecipeError: Telling the field, the nearest name and the columns there are. The columns that documents
                usually have (`url`, `title` ...) may be absent.
        """
        asked = [("text", each) for each in self.texts] + [("metadata", each) for each in self.metadata]
        asked += [("id", self.id)] if self.id else []
        usual = {field.name: field.default for field in fields(self)}
        for field in ("url", "title", "date", "language", "licence"):
            if getattr(self, field) not in ("", usual[field]):
                asked.append((field, getattr(self, field)))
        for field, column in asked:
            if column not in columns and column.partition(".")[0] not in columns:
                told = ", ".join(columns[:SHOWN_COLUMNS]) + (" ..." if len(columns) > SHOWN_COLUMNS else "")
                raise RecipeError(
                    f"{field}: no column '{column}' in {name}.{nearest(column, columns)} Columns: {told or 'none'}"
                )

    def record(self, row: Mapping[str, Any], origin: str, size: int) -> Record | Rejection:
        """The record of one row.

        Args:
            row: Column to value; a text may be bytes.
            origin: File and position; the position is replaced by the row's own id if it has one.
            size: Bytes of the row, told where it is rejected.
        """
        body = self._body(row)
        if body is None:
            return rejected(origin, "malformed", f"no text under {' and '.join(map(repr, self.texts))}", size)
        own = string(row, self.id)
        return Record(
            origin=f"{origin.rpartition('#')[0]}#{own}" if own else origin,
            body=body,
            media_type="text/plain",
            charset="utf-8",
            url=string(row, self.url),
            title=string(row, self.title),
            date=string(row, self.date),
            language=string(row, self.language),
            licence=string(row, self.licence),
            metadata={key: value for key in self.metadata if (value := string(row, key)) is not None},
        )

    def _body(self, row: Mapping[str, Any]) -> bytes | None:
        """The text in UTF-8, None where there is none. Of several columns those without text are left out."""
        found = [value for key in self.texts if isinstance(value := value_of(row, key), str | bytes)]
        if not found:
            return None
        parts = [each if isinstance(each, bytes) else characters(each).encode() for each in found]
        return parts[0] if len(self.texts) == 1 else b"\n\n".join(part for part in parts if part)


def rejected(origin: str, reason: Reason, detail: str, size: int) -> Rejection:
    """A row that becomes no record."""
    return Rejection(id=document_id(origin), url=None, reason=reason, detail=detail[:500], size=size)


def value_of(row: Mapping[str, Any], key: str) -> Any:
    """The value of a column, or of a path into one; None if it is not there."""
    if key in row:
        return row[key]
    value: Any = row
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def string(row: Mapping[str, Any], key: str) -> str | None:
    """A value as text: texts as they are, times in ISO 8601, everything else as JSON; None if absent or empty."""
    value = value_of(row, key) if key else None
    if value is None or value == "":
        return None
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return characters(text)


def characters(text: str) -> str:
    """Without halves of surrogate pairs, which JSON may hold and which are no characters."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
