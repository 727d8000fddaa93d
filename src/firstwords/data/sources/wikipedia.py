"""Dumps of Wikipedia and other MediaWikis: every article is one record of wikitext."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from firstwords.data.compressed import opened, suffixes_of
from firstwords.data.document import Reason, Rejection, document_id
from firstwords.data.source import LocalSource, Record, Shard, files_below, shards_of
from firstwords.recipe import Size, SourcePath

if TYPE_CHECKING:
    from firstwords.data.mediawiki import Page

SUFFIXES = suffixes_of("xml")
WIKIMEDIA = ("wikipedia", "wiktionary", "wikibooks", "wikiquote", "wikisource", "wikiversity", "wikivoyage")
BY_SA = "https://creativecommons.org/licenses/by-sa/{}/"
# Wikimedia's terms of use changed from version 3.0 to 4.0 of the licence on that day.
SINCE_4 = "2023-06-07"


@dataclass(frozen=True, kw_only=True)
class Wikipedia(LocalSource):
    """Reads `pages-articles` dumps, also multistream ones, as XML, `.bz2`, `.gz`, `.xz` or `.zst`.

    Redirects are rejected as `redirect`. Of a dump that is cut off or damaged everything readable is given, and the
    damage is told.

    Attributes:
        path: A file, a folder, a pattern, or an address of one.
        namespaces: Which pages are read: 0 articles, 1 their talk, 2 users ...; others are passed over.
        licence: Said of every page; empty: the licence of Wikimedia's wikis by the date of the page's revision, and
            none for other wikis.
        max_page: Pages with more characters of wikitext are rejected.
    """

    path: SourcePath
    namespaces: tuple[int, ...] = (0,)
    licence: str = ""
    max_page: Size = 16 * 2**20

    def shards(self) -> list[Shard]:
        """One shard a file: a dump comes in files of some hundred megabytes."""
        return shards_of(files_below(self.path, SUFFIXES), max_files=1)

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The articles of one dump."""
        from firstwords.data.mediawiki import Damage, read_pages

        with opened(path) as file:
            for page in read_pages(file, self.max_page):
                if isinstance(page, Damage):
                    origin = f"{name}#damage-{page.number}"
                    yield Rejection(id=document_id(origin), url=None, reason=page.reason, detail=page.detail, size=0)
                elif page.namespace in self.namespaces:
                    yield self._record(page, name)

    def _record(self, page: "Page", name: str) -> Record | Rejection:
        url = address_of(page)
        origin = f"{url} {page.revision}" if url else f"{name}#{page.id} {page.revision}"

        def rejected(reason: Reason, detail: str) -> Rejection:
            return Rejection(id=document_id(origin), url=url, reason=reason, detail=detail[:500], size=page.size)

        if page.redirect is not None:
            return rejected("redirect", f"to {page.redirect}")
        if page.text is None:
            return rejected("too_large", f"{page.size} characters, at most {self.max_page} are read")
        if page.model != "wikitext":
            return rejected("unsupported", f"content of the model {page.model}")
        return Record(
            origin=origin,
            body=page.text.encode(),
            url=url,
            media_type="text/x-wiki",
            charset="utf-8",
            title=page.title or None,
            date=page.timestamp or None,
            language=page.language,
            licence=self.licence or licence_of(page),
            metadata={"page": page.id, "revision": page.revision},
        )


def address_of(page: "Page") -> str | None:
    """Where the page can be read: its title in place of the main page's. None if the dump says no address."""
    head, slash, _ = page.base.rpartition("/")
    if not slash or not page.title:
        return None
    return head + "/" + quote(page.title.replace(" ", "_"), safe="/:@!$*(),;'~")


def licence_of(page: "Page") -> str | None:
    """What Wikimedia's terms of use said on the day of the revision; None for wikis of others."""
    host = page.base.partition("://")[2].partition("/")[0].split(".")
    if len(host) < 2 or host[-1] != "org" or host[-2] not in WIKIMEDIA:
        return None
    return BY_SA.format("4.0" if page.timestamp >= SINCE_4 else "3.0")
