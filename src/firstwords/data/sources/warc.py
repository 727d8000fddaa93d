"""Web archives: WARC, WET and ARC files, damaged ones too."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstwords.data.document import Rejection, document_id
from firstwords.data.source import LocalSource, Record, Shard, files_below, shards_of
from firstwords.recipe import Size, SourcePath

SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".warc.lz4", ".wet", ".wet.gz", ".arc", ".arc.gz")


@dataclass(frozen=True, kw_only=True)
class Warc(LocalSource):
    """Reads the pages of web archives.

    Attributes:
        path: A file, a folder, a pattern, or an address of one.
        max_record: Largest page that is read, decoded.
        keep_truncated: Also pages that the crawler says it cut off.
        licence: Said of every page, where the archive says nothing.
    """

    path: SourcePath
    max_record: Size = 20 * 2**20
    keep_truncated: bool = False
    licence: str | None = None

    def shards(self) -> list[Shard]:
        """One shard a file: archives are large and read from beginning to end."""
        return shards_of(files_below(self.path, SUFFIXES), max_files=1)

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The pages of one archive."""
        yield from read_pages(
            path, name, max_record=self.max_record, keep_truncated=self.keep_truncated, licence=self.licence
        )


def read_pages(
    path: Path, name: str, *, max_record: int, keep_truncated: bool = False, licence: str | None = None
) -> Iterator[Record | Rejection]:
    """The pages of an archive as records: responses with status 200, resources, and text that was converted.

    Requests, revisits and the like hold no page and are passed over; everything else that gives none is told.

    Args:
        path: The archive.
        name: Its name for the origins of damage.
        max_record: Largest decoded body, in bytes.
        keep_truncated: Also pages marked as cut off.
        licence: Of pages about which the archive says nothing.
    """
    from firstwords.data.warc import MAX_RECORD, Damage, read_archive

    page = _Pages(max_record, keep_truncated, licence)
    # A page's metadata record follows it, so every page waits for the record behind it.
    held: Record | Rejection | None = None
    held_id = ""
    for raw in read_archive(path, max_record=max(MAX_RECORD, 2 * max_record)):
        if isinstance(raw, Damage):
            found: Record | Rejection | None = Rejection(
                id=document_id(f"{name}#{raw.offset}"), url=raw.url, reason=raw.reason, detail=raw.detail, size=raw.size
            )
        elif raw.fields.get("warc-type") == "metadata":
            if isinstance(held, Record) and raw.fields.get("warc-concurrent-to") == held_id:
                held = _with_fields(held, raw.block)
            continue
        else:
            found = page(raw)
        if found is None:
            continue
        if held is not None:
            yield held
        held, held_id = found, "" if isinstance(raw, Damage) else raw.fields.get("warc-record-id", "")
    if held is not None:
        yield held


@dataclass(frozen=True)
class _Pages:
    max_record: int
    keep_truncated: bool
    licence: str | None

    def __call__(self, raw: Any) -> Record | Rejection | None:
        from firstwords.data.http_message import BadMessage, Message, parse_response

        kind = raw.fields.get("warc-type", "").lower()
        if kind not in ("response", "resource", "conversion"):
            return None
        url = raw.fields.get("warc-target-uri", "").strip().strip("<>") or None
        date = raw.fields.get("warc-date")
        origin = f"{url} {date}"
        media_type, charset = content_type(raw.fields.get("content-type", ""))

        def rejected(reason: Any, detail: str) -> Rejection:
            return Rejection(id=document_id(origin), url=url, reason=reason, detail=detail, size=len(raw.block))

        if url is not None and url.startswith(("dns:", "whois:", "metadata:", "urn:")):
            return None
        if url is None:
            return rejected("malformed", "a page without an address")
        if (cut := raw.fields.get("warc-truncated")) and not self.keep_truncated:
            return rejected("truncated", f"cut off by the crawler: {cut}")
        message = Message(200, (), raw.block)
        if media_type == "application/http" or raw.block[:5] == b"HTTP/":
            try:
                message = parse_response(raw.block, self.max_record)
            except BadMessage as error:
                return rejected(error.reason, error.detail)
            media_type, charset = content_type(message.header("content-type") or "")
        if message.status != 200:
            return rejected("unsupported", f"status {message.status}")
        if len(message.body) > self.max_record:
            return rejected("too_large", f"{len(message.body)} bytes, at most {self.max_record} are read")
        return Record(
            origin=origin,
            body=message.body,
            url=url,
            media_type=media_type or None,
            charset=charset or None,
            date=date,
            licence=self.licence,
            metadata=signals_of_headers(message.headers),
        )


def content_type(header: str) -> tuple[str, str]:
    """Media type and charset of a Content-Type header, both lower case and empty where not given."""
    media_type, _, parameters = header.partition(";")
    charset = ""
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset" and not charset:
            charset = value.strip().strip("\"'").lower()
    return media_type.strip().lower(), charset


def signals_of_headers(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """What a server says about the use of its page: `robots`, `tdm_reservation`, `content_usage`."""
    names = {"x-robots-tag": "robots", "tdm-reservation": "tdm_reservation", "content-usage": "content_usage"}
    found: dict[str, list[str]] = {}
    for name, value in headers:
        if name in names:
            found.setdefault(names[name], []).append(value.lower())
    return {name: ", ".join(values) for name, values in found.items()}


def _with_fields(record: Record, block: bytes) -> Record:
    """A page together with what the crawler wrote about it."""
    from dataclasses import replace

    fields: dict[str, str] = {}
    for line in block.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip():
            fields[name.strip().lower()] = value.strip()
    licence = fields.pop("licence", None) or record.licence
    return replace(record, licence=licence, metadata=record.metadata | fields)
