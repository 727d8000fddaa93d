"""MediaWiki's XML export: pages one by one, memory bounded by the largest page, damage passed over.

The XML is read with expat, without document type declarations and so without entities of its own. After markup that
is not well-formed, reading goes on with the next page.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import Any
from xml.parsers import expat

from firstwords.data.compressed import DAMAGE
from firstwords.data.document import Reason

BLOCK = 256 * 1024
_PAGE = b"<page>"
_TEXTS = frozenset(
    {"title", "ns", "id", "timestamp", "text", "model", "base", "dbname", "sitename", "parentid", "comment", "username"}
)


@dataclass
class Page:
    """One page with its last revision.

    Attributes:
        text: None if it is larger than the limit; `size` says how large.
        language: Of the wiki, for example `en`.
        base: Address of the wiki's main page.
        redirect: Title of the page it leads to.
        model: Of its content: `wikitext`, `css`, `json` ...
    """

    title: str = ""
    namespace: int = 0
    id: str = ""
    revision: str = ""
    timestamp: str = ""
    model: str = "wikitext"
    redirect: str | None = None
    text: str | None = ""
    size: int = 0
    language: str | None = None
    base: str = ""


@dataclass(frozen=True)
class Damage:
    """Where the file could not be read: `truncated` at its end, `malformed` with more pages behind it."""

    reason: Reason
    detail: str
    number: int


@dataclass
class _Wiki:
    language: str | None = None
    base: str = ""


@dataclass
class _Handler:
    """Makes pages of expat's events."""

    wiki: _Wiki
    max_page: int
    pages: list[Page] = field(default_factory=list)
    _path: list[str] = field(default_factory=list)
    _page: Page | None = None
    _pieces: list[str] = field(default_factory=list)
    _held: int = 0

    def parser(self) -> Any:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.buffer_size = 64 * 1024
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = _refuse
        return parser

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._pieces, self._held = [], 0
        if len(self._path) > 64:
            raise _Malformed("elements deeper than 64")
        if name == "mediawiki":
            self.wiki.language = attributes.get("xml:lang") or self.wiki.language
        elif name == "page":
            self._page = Page(language=self.wiki.language, base=self.wiki.base)
        elif name == "redirect" and self._page is not None:
            self._page.redirect = attributes.get("title", "")

    def _text(self, data: str) -> None:
        self._held += len(data)
        if self._held <= self.max_page and self._path and self._path[-1] in _TEXTS:
            self._pieces.append(data)

    def _end(self, name: str) -> None:
        self._path.pop()
        parent = self._path[-1] if self._path else ""
        value = "".join(self._pieces)
        page = self._page
        if parent == "siteinfo" and name == "base":
            self.wiki.base = value.strip()
        elif page is None:
            pass
        elif name == "page":
            self.pages.append(page)
            self._page = None
        elif parent == "page":
            self._of_page(page, name, value.strip())
        elif parent == "revision":
            self._of_revision(page, name, value)
        self._pieces, self._held = [], 0

    def _of_page(self, page: Page, name: str, value: str) -> None:
        if name == "title":
            page.title = value
        elif name == "ns":
            try:
                page.namespace = int(value)
            except ValueError:
                raise _Malformed(f"namespace '{value[:40]}'") from None
        elif name == "id":
            page.id = value

    def _of_revision(self, page: Page, name: str, value: str) -> None:
        """The last revision wins: an export of the history lists them from old to new."""
        if name == "id":
            page.revision = value.strip()
        elif name == "timestamp":
            page.timestamp = value.strip()
        elif name == "model":
            page.model = value.strip()
        elif name == "text":
            page.text, page.size = (value if self._held <= self.max_page else None), self._held


class _Malformed(Exception):
    """The XML is no export."""


def _refuse(*_: Any) -> None:
    raise _Malformed("a document type declaration, which no export has")


def read_pages(file: BufferedIOBase, max_page: int) -> Iterator[Page | Damage]:
    """The pages of an export, in their order.

    Args:
        file: The XML, not compressed.
        max_page: Characters of a page's text that are held; of a longer one only its size is given.
    """
    wiki, number, block = _Wiki(), 0, b""
    root = b""  # given to the parsers after the first, which begin in the middle of the file
    while True:
        handler = _Handler(wiki, max_page)
        parser = handler.parser()
        parser.Parse(root, False)
        done, problem = len(root), ""  # bytes that the parser was given before the block
        while not problem:
            try:
                block = block or file.read1(BLOCK)
            except DAMAGE as error:
                yield Damage("truncated", f"{type(error).__name__}: {error}", number + 1)
                return
            ended = not block
            try:
                parser.Parse(block, ended)
            except (expat.ExpatError, _Malformed) as error:
                problem = str(error)
            for page in handler.pages:
                number += 1
                yield page
            handler.pages.clear()
            if ended:
                if problem:
                    yield Damage("truncated", f"the file ends before its end tag: {problem}", number + 1)
                return
            if not problem:
                done += len(block)
                block = b""
        number += 1
        yield Damage("malformed", problem, number)
        block = _next_page(file, block[max(0, parser.CurrentByteIndex - done) :])
        if not block:
            return
        root = b"<mediawiki>"


def _next_page(file: BufferedIOBase, block: bytes) -> bytes:
    """The file's bytes from the next page on, as far as they are read; empty if there is none."""
    while (place := block.find(_PAGE)) < 0:
        try:
            more = file.read1(BLOCK)
        except DAMAGE:
            return b""
        if not more:
            return b""
        block = block[-len(_PAGE) :] + more
    return block[place:]
