"""What a document is, how it is named, and why a record may not become one.

A document is one readable text with its provenance. The Arrow schema `DOCUMENT` is what every stage between
extraction and tokenization reads and writes.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    import pyarrow

    # Made on first use below: the catalogues import this module, and `firstwords plan` must not pay for loading Arrow.
    DOCUMENT: pyarrow.Schema
    REJECTED: pyarrow.Schema

Reason = Literal[
    "undecodable",  # no charset gives readable text
    "not_html",  # bytes that are neither a page nor text, whatever the server said
    "empty",  # nothing readable on the page
    "too_large",  # above the size limit
    "timeout",  # the parser did not come back
    "crashed",  # the parser took its process down
    "memory",  # the parser hit the memory limit
    "truncated",  # the record ends before the length it announces, or its source says so
    "malformed",  # the container (WARC record, JSON line) cannot be parsed
    "unsupported",  # a media type, protocol or status that no extractor reads
    "redirect",  # a page that only leads to another one
    "duplicate_url",  # an earlier record of the same shard has the same address
]
REASONS: tuple[str, ...] = get_args(Reason)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One readable text and where it comes from.

    `id` is stable: it is computed from the origin (address or file and position), never from a row number.
    `metadata` holds strings only; lists in it are JSON.
    """

    id: str
    text: str
    source: str | None = None
    url: str | None = None
    title: str | None = None
    date: str | None = None
    language: str | None = None
    licence: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """One record that did not become a document: a row in `rejected/`. `size` is in bytes of the raw record."""

    id: str
    url: str | None
    reason: Reason
    detail: str
    size: int


def document_id(origin: str) -> str:
    """Stable name of a document: 16 hexadecimal digits of BLAKE2b over its origin.

    Args:
        origin: What identifies the record wherever it is read: its address and date, or its file and position.
    """
    return hashlib.blake2b(origin.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@functools.cache
def _schemas() -> dict[str, Any]:
    import pyarrow as pa

    text = pa.string()
    # Keys are written in sorted order, so equal metadata gives equal bytes.
    metadata = pa.map_(text, text)
    document = [pa.field("id", text, nullable=False), pa.field("text", text, nullable=False)]
    document += [pa.field(name, text) for name in ("source", "url", "title", "date", "language", "licence")]
    rejected = [pa.field("id", text, nullable=False), pa.field("url", text)]
    rejected += [pa.field(name, text, nullable=False) for name in ("reason", "detail")]
    return {
        "DOCUMENT": pa.schema([*document, pa.field("metadata", metadata)]),
        "REJECTED": pa.schema([*rejected, pa.field("size", pa.int64(), nullable=False)]),
    }


def __getattr__(name: str) -> Any:
    if name in ("DOCUMENT", "REJECTED"):
        return _schemas()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
