"""From a raw record to a document: the contract, and the function that needs no recipe."""

from abc import abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal

from firstwords.data.document import Document, Reason, Rejection, document_id
from firstwords.data.source import Record
from firstwords.recipe import Component, kind_of

if TYPE_CHECKING:
    from firstwords.data.charset import Decoded


@dataclass(frozen=True, kw_only=True)
class Extractor(Component):
    """Base of all extractors. A pure function of the record: same record, same document."""

    isolated: ClassVar[bool] = True
    """Whether it runs in a child process that may hang or die: True for everything that calls a parser in C."""

    preloads: ClassVar[tuple[str, ...]] = ()
    """Modules that it needs and that take long to import, for pools whose workers can share them."""

    @abstractmethod
    def extract(self, record: Record) -> Document | Rejection:
        """The document, or why there is none."""

    def name(self) -> str:
        """Name and version as they are kept with every document."""
        versions = [f"{library} {_version(library)}" for library in self.libraries]
        return " ".join([f"{kind_of(type(self))} {self.version}", *(f"({each})" for each in versions)])


def rejected(record: Record, reason: Reason, detail: str) -> Rejection:
    """A record that becomes no document."""
    return Rejection(
        id=document_id(record.origin), url=record.url, reason=reason, detail=detail[:500], size=len(record.body)
    )


def decoded_or_rejected(record: Record, *, is_html: bool = True) -> "Decoded | Rejection":
    """The record's text, or why it is none: binary data, or no charset that gives text.

    Args:
        record: Of a page or a text.
        is_html: Whether a declaration of the charset inside it may be looked for.
    """
    from firstwords.data.charset import decode, looks_binary

    if looks_binary(record.body):
        return rejected(record, "not_html", f"binary data announced as {record.media_type}")
    decoded = decode(record.body, record.charset, is_html=is_html)
    return decoded or rejected(record, "undecodable", f"charset {record.charset or 'not announced'}")


def document(
    record: Record,
    text: str,
    extractor: Extractor,
    decoded: "Decoded | None" = None,
    *,
    title: str | None = None,
    date: str | None = None,
    language: str | None = None,
    licence: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Document:
    """A document from a record and what an extractor found in it.

    Args:
        record: Whose provenance is carried over.
        text: The extracted text.
        extractor: Whose name is kept.
        decoded: Whose charset and rule are kept.
        title, date, language, licence: Fill what the record does not say.
        metadata: Added to the record's own.
    """
    merged = record.metadata | (metadata or {}) | {"extractor": extractor.name()}
    if decoded is not None:
        merged |= {"charset": decoded.charset, "charset_rule": decoded.rule}
    return Document(
        id=document_id(record.origin),
        text=_characters(text),
        url=_or_none(record.url),
        title=_or_none(record.title or title),
        date=_or_none(record.date or date),
        language=_or_none(record.language or language),
        licence=_or_none(record.licence or licence),
        metadata={_characters(key): _characters(merged[key]) for key in sorted(merged)},
    )


def _or_none(text: str | None) -> str | None:
    return None if text is None else _characters(text)


def _characters(text: str) -> str:
    """The text without halves of surrogate pairs, which some parsers let through and no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def extract(html: bytes, url: str | None = None, mode: Literal["fast", "balanced", "best"] = "fast") -> Document:
    """The readable text of one web page, without navigation, advertisements and scripts.

    Args:
        html: The page's bytes, as served.
        url: Its address, kept with the document and used for its id.
        mode: `fast` (rules over names and links), `balanced` (our classifier of blocks, nearly as fast) or `best` (the
            same, and trafilatura where it is in doubt, a quarter of the speed).

    Returns:
        The document; its text is empty if the page holds none.

    Raises:
        ValueError: If the bytes are no page (binary, no known charset), or there is no such mode.
    """
    from firstwords.find import find

    if mode not in ("fast", "balanced", "best"):
        raise ValueError(f"extract: no mode '{mode}'. Modes: 'fast', 'balanced', 'best'")
    if not isinstance(html, bytes):
        raise TypeError(
            f"extract: html is {type(html).__name__}, but the charset is found from bytes: pass what was served"
        )
    extractor = find("data.extractors", mode)()
    assert isinstance(extractor, Extractor)
    origin = url if url is not None else "blake2b:" + document_id(html.decode("latin-1"))
    record = Record(origin=origin, body=html, url=url, media_type="text/html")
    result = extractor.extract(record)
    if isinstance(result, Document):
        return result
    if result.reason == "empty":
        return document(record, "", extractor)
    raise ValueError(f"extract: {result.reason}: {result.detail}")


def read_first_page(extractor: Extractor) -> None:
    """Load all that an extractor needs by letting it read a page; what goes wrong is told when it reads others."""
    page = b"<html><head><title>t</title></head><body><p>A first page loads everything.</p></body></html>"
    with suppress(Exception):
        extractor.extract(Record(origin="first", body=page, media_type="text/html"))


@cache
def _version(library: str) -> str:
    # Kept: finding it reads the distribution's files, ten times the cost of a short document.
    import importlib.metadata

    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
