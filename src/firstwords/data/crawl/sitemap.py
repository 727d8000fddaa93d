"""Sitemaps: lists of a site's pages, and lists of such lists; XML, RSS, Atom or plain lines, gzip or not.

By the protocol at sitemaps.org: at most 50,000 addresses and 50 MiB a file. The XML is read with expat, document type
declarations refused, so that nothing unfolds; what was read before damage counts.
"""

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from firstwords.data.crawl.fetch import FetchFailed, expand
from firstwords.data.crawl.url import canonical_url

MAX_ADDRESSES = 50_000
MAX_BYTES = 50 * 2**20
MAX_TEXT = 4096  # characters of one element


@dataclass
class Sitemap:
    """What a sitemap lists.

    Attributes:
        pages: Canonical address and `lastmod` (empty if not given), each address once, in their order.
        sitemaps: Addresses of further sitemaps.
        problem: What kept the rest from being read; empty if nothing did.
    """

    pages: list[tuple[str, str]] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)
    problem: str = ""


def read_sitemap(body: bytes, url: str, max_bytes: int = MAX_BYTES) -> Sitemap:
    """The addresses of a sitemap; never raises.

    Args:
        body: As served, perhaps a gzip file.
        url: Its address, for relative ones (which the protocol forbids and sites write).
        max_bytes: After decompression.
    """
    if body[:2] == b"\x1f\x8b":
        try:
            body = expand(body, max_bytes)
        except FetchFailed as error:
            return Sitemap(problem=str(error))
    if len(body) > max_bytes:
        return Sitemap(problem=f"more than {max_bytes} bytes")
    start = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    return _of_xml(body, url) if start.startswith(b"<") else _of_lines(body, url)


def _of_lines(body: bytes, url: str) -> Sitemap:
    found = _Found(url)
    try:
        for line in body.decode("utf-8", "replace").removeprefix("\ufeff").splitlines():
            # A relative address would be any word of a page that is no sitemap.
            if line.strip().startswith(("http://", "https://")):
                found.add(line, "")
    except _Stop as error:
        found.sitemap.problem = str(error)
    return found.done()


def _of_xml(body: bytes, url: str) -> Sitemap:
    found = _Found(url)
    handler = _Handler(found)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(body.lstrip(b"\xef\xbb\xbf \t\r\n"), True)
    except (expat.ExpatError, _Stop) as error:
        found.sitemap.problem = str(error)
    return found.done()


class _Stop(Exception):
    """Enough was read."""


def _refuse(*_: Any) -> None:
    raise _Stop("a document type declaration, which no sitemap has")


class _Found:
    """Addresses, each once and at most so many."""

    def __init__(self, url: str) -> None:
        self.sitemap = Sitemap()
        self._url = url
        self._pages: dict[str, str] = {}
        self._sitemaps: dict[str, None] = {}

    def add(self, address: str, modified: str, *, is_sitemap: bool = False) -> None:
        url = canonical_url(address, self._url)
        if url is None:
            return
        if len(self._pages) + len(self._sitemaps) >= MAX_ADDRESSES:
            raise _Stop(f"more than {MAX_ADDRESSES} addresses")
        if is_sitemap:
            self._sitemaps[url] = None
        else:
            self._pages.setdefault(url, modified.strip()[:40])

    def done(self) -> Sitemap:
        self.sitemap.pages = list(self._pages.items())
        self.sitemap.sitemaps = list(self._sitemaps)
        return self.sitemap


class _Handler:
    def __init__(self, found: _Found) -> None:
        self._found = found
        self._path: list[str] = []
        self._pieces: list[str] = []
        self._held = 0
        self._address = self._modified = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2].lower()
        self._path.append(local)
        if len(self._path) > 64:
            raise _Stop("elements deeper than 64")
        self._pieces, self._held = [], 0
        if local in ("url", "sitemap", "item", "entry"):
            self._address = self._modified = ""
        elif local == "link" and self._parent() == "entry" and attributes.get("rel", "alternate") == "alternate":
            self._address = self._address or attributes.get("href", "")

    def text(self, data: str) -> None:
        self._held += len(data)
        if self._held <= MAX_TEXT:
            self._pieces.append(data)

    def end(self, name: str) -> None:
        local, parent = self._path[-1], self._parent()
        value = "".join(self._pieces).strip() if self._held <= MAX_TEXT else ""
        if (local == "loc" and parent in ("url", "sitemap")) or (local == "link" and parent == "item"):
            self._address = self._address or value
        elif local in ("lastmod", "updated") and parent in ("url", "sitemap", "entry"):
            self._modified = value
        elif local in ("url", "sitemap", "item", "entry") and self._address:
            self._found.add(self._address, self._modified, is_sitemap=local == "sitemap")
            self._address = ""
        self._path.pop()
        self._pieces, self._held = [], 0

    def _parent(self) -> str:
        return self._path[-2] if len(self._path) > 1 else ""
