"""Folders of saved web pages: every file is one page, its address from a list, the page itself or its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firstwords.data.compressed import DAMAGE, opened, suffixes_of
from firstwords.data.document import Reason, Rejection, document_id
from firstwords.data.source import LocalSource, Record, Shard, files_below, shards_of
from firstwords.recipe import InputPath, Size, SourcePath, resolve


@dataclass(frozen=True, kw_only=True)
class HtmlFiles(LocalSource):
    """Reads `.html`, `.htm` and `.xhtml` files, plain or compressed.

    A page's address is the first that is there of: the list `addresses`; `<link rel=canonical>` or a browser's note
    "saved from url" in the page; `prefix` and the file's place below `path`.

    Attributes:
        path: A file, a folder, a pattern, or an address of one.
        addresses: A file that tells the pages' addresses: JSON (file to address, file to `{"url": ...}`, or address to
            `{"file": ...}`) or lines of file, tab, address. Files are named by their place below `path`, their name, or
            their name without its end.
        prefix: What comes before a file's place to make its address, for example `https://example.org/`.
        own_address: Look for the address in the page.
        charset: If it is known of all; otherwise it is found out.
        language, licence: Said of every page.
        max_file: Larger pages are rejected.
    """

    path: SourcePath
    addresses: InputPath | None = None
    prefix: str = ""
    own_address: bool = True
    charset: str | None = None
    language: str | None = None
    licence: str | None = None
    max_file: Size = 20 * 2**20

    def __post_init__(self) -> None:
        from firstwords.data.crawl.url import canonical_url

        if self.prefix and canonical_url(self.prefix) is None:
            raise ValueError(f"prefix: '{self.prefix}' is not an http or https address")

    def shards(self) -> list[Shard]:
        """Neighbouring files together."""
        return shards_of(files_below(self.path, suffixes_of("html", "htm", "xhtml", "xht")))

    def companions(self) -> tuple[str, ...]:
        """The list of addresses."""
        return (self.addresses,) if self.addresses else ()

    def check(self, path: Path, name: str) -> None:
        """The list of addresses must be one."""
        self._listed(name)

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The file as one record."""
        try:
            with opened(path) as file:
                body = file.read(self.max_file + 1)
        except DAMAGE as error:
            yield self._rejected(name, "truncated", f"{type(error).__name__}: {error}", path.stat().st_size)
            return
        if len(body) > self.max_file:
            yield self._rejected(name, "too_large", f"more than {self.max_file} bytes", path.stat().st_size)
            return
        place = _below(self.path, name)
        is_xhtml = ".xht" in Path(name).name.lower()
        yield Record(
            origin=name,
            body=body,
            url=self._address(name, place, body),
            media_type="application/xhtml+xml" if is_xhtml else "text/html",
            charset=self.charset,
            language=self.language,
            licence=self.licence,
            metadata={"file": name},
        )

    def _rejected(self, name: str, reason: Reason, detail: str, size: int) -> Rejection:
        return Rejection(id=document_id(name), url=None, reason=reason, detail=detail, size=size)

    def _address(self, name: str, place: str, body: bytes) -> str | None:
        from urllib.parse import quote

        from firstwords.data.crawl.url import canonical_url
        from firstwords.data.page_address import own_address

        found = self._listed(name)
        if found is None and self.own_address:
            found = own_address(body)
        if found is None and self.prefix:
            found = canonical_url(self.prefix.rstrip("/") + "/" + quote(place))
        return found

    def _listed(self, name: str) -> str | None:
        from firstwords.data.page_address import listed_addresses

        if self.addresses is None:
            return None
        listed = listed_addresses(resolve(self.addresses), self.addresses)
        place = _below(self.path, name)
        last = place.rpartition("/")[2]
        stem = last
        for end in sorted(suffixes_of("html", "htm", "xhtml", "xht"), key=len, reverse=True):
            if last.lower().endswith(end):
                stem = last[: -len(end)]
                break
        return next((listed[each] for each in (place, last, stem) if each in listed), None)


def _below(path: str, name: str) -> str:
    """A file's place below what the recipe names: below the folder, or below a pattern's part without wildcards."""
    parts = path.split("/")
    first = next((i for i, part in enumerate(parts) if any(sign in part for sign in "*?[")), len(parts))
    base = "/".join(parts[:first]).rstrip("/")
    if name == path:
        return name.rpartition("/")[2]
    return name.removeprefix(base).lstrip("/") if base else name
