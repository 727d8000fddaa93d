"""What an EPUB book says about itself: its chapters in reading order, and its metadata.

Source: EPUB 3.3 (W3C) and, for old books, OPF 2.0.1 (IDPF).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from firstwords.data.bounded_archive import BadArchive, BoundedArchive
from firstwords.data.hardened_xml import all_named, child, local_name, parse_xml, words_of

CONTENT = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})
# Fonts may be obfuscated in any book; every other algorithm means that the text is locked.
_FONT_ALGORITHMS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?(?!\d)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_LICENCE = re.compile(r"https?://creativecommons\.org/(?:licenses|publicdomain)/[a-z0-9./+-]*[a-z0-9]", re.IGNORECASE)


@dataclass
class Book:
    """A book's own account of itself.

    Attributes:
        chapters: Names of the members to be read, in order.
        missing: What the reading order names and the archive does not hold, or holds in a form that is no text.
        language: Lower case, as the book writes it.
        date: Of publication, as far as it is given: `1813`, `1813-01` or `1813-01-28`.
    """

    chapters: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    title: str | None = None
    creators: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    publisher: str | None = None
    identifier: str | None = None
    language: str | None = None
    date: str | None = None
    licence: str | None = None


def read_book(archive: BoundedArchive) -> Book:
    """The book in an archive.

    Raises:
        BadArchive: If it is no book, or its text is encrypted.
    """
    package_name = _package_name(archive)
    package = parse_xml(archive.read(package_name))
    manifest = None if package is None else child(package, "manifest")
    spine = None if package is None else child(package, "spine")
    if package is None or manifest is None or spine is None:
        raise BadArchive("malformed", f"'{package_name[:200]}' has no manifest or no reading order")
    book = Book()
    _read_metadata(book, child(package, "metadata"))
    _read_order(book, archive, package, posixpath.dirname(package_name))
    locked = _locked(archive) & set(book.chapters)
    if locked:
        raise BadArchive("unsupported", f"encrypted (DRM): {len(locked)} of {len(book.chapters)} chapters")
    return book


def _package_name(archive: BoundedArchive) -> str:
    container = "META-INF/container.xml"
    root = parse_xml(archive.read(container)) if container in archive else None
    for each in all_named(root, "rootfile") if root is not None else ():
        name = inside(each.get("full-path") or "", "")
        if name in archive:
            return name
    # Some packers leave the container out; a single package is the book all the same.
    packages = [name for name in archive.names() if name.lower().endswith(".opf")]
    if len(packages) != 1:
        raise BadArchive("malformed", f"no EPUB: {len(packages)} packages and no container that names one")
    return packages[0]


def inside(reference: str, folder: str) -> str:
    """The member that a reference means, seen from a folder of the archive; empty if it leads outside."""
    path = unquote(reference.partition("#")[0].partition("?")[0])
    if not path or path.startswith("/") or "\\" in path or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path):
        return ""
    name = posixpath.normpath(posixpath.join(folder, path))
    return "" if name.startswith(("..", "/")) or name == "." else name


def _read_order(book: Book, archive: BoundedArchive, package: Any, folder: str) -> None:
    """Fill `chapters` and `missing`: what is not linear and what leads to other pages is left out."""
    items = {item.get("id"): item for item in all_named(package, "item")}
    navigation = {
        inside(each.get("href") or "", folder) for each in all_named(package, "reference") if each.get("type") == "toc"
    }
    for reference in all_named(package, "itemref"):
        item = items.get(reference.get("idref"))
        if (reference.get("linear") or "yes").strip().lower() == "no":
            continue
        href = "" if item is None else item.get("href") or ""
        name = inside(href, folder)
        if item is not None and ("nav" in (item.get("properties") or "").split() or name in navigation):
            continue
        media_type = "" if item is None else (item.get("media-type") or "").strip().lower()
        if item is None or name not in archive or media_type not in CONTENT:
            book.missing.append((href or reference.get("idref") or "?")[:200])
        elif name not in book.chapters:
            book.chapters.append(name)


def _read_metadata(book: Book, metadata: Any | None) -> None:
    if metadata is None:
        return
    values: dict[str, list[Any]] = {}
    for each in metadata.iter():
        if words_of(each):
            values.setdefault(local_name(each), []).append(each)
    book.title = _main_title(values.get("title", []), values.get("meta", []))
    book.creators = [words_of(each)[:200] for each in values.get("creator", [])][:20]
    book.subjects = [words_of(each)[:200] for each in values.get("subject", [])][:50]
    book.publisher = _first(values, "publisher")
    book.identifier = _first(values, "identifier")
    language = _first(values, "language") or ""
    book.language = language.lower() if _LANGUAGE.fullmatch(language) else None
    dates = sorted(values.get("date", []), key=lambda each: _event(each) != "publication")
    found = next((match for each in dates if (match := _DATE.match(words_of(each)))), None)
    book.date = found[0] if found else None
    rights = _first(values, "rights", 2000) or ""
    licence = _LICENCE.search(rights)
    book.licence = (licence[0].lower() if licence else rights[:200]) or None


def _first(values: dict[str, list[Any]], name: str, length: int = 200) -> str | None:
    return words_of(values[name][0])[:length] if name in values else None


def _event(element: Any) -> str:
    """What a date is of, in old books."""
    return next((str(value) for key, value in element.attrib.items() if key.rpartition("}")[2] == "event"), "")


def _main_title(titles: list[Any], refinements: list[Any]) -> str | None:
    """The title that is called the main one, otherwise the first."""
    main = {
        (each.get("refines") or "").removeprefix("#")
        for each in refinements
        if each.get("property") == "title-type" and words_of(each) == "main"
    }
    chosen = next((each for each in titles if each.get("id") in main), titles[0] if titles else None)
    return words_of(chosen)[:500] or None


def _locked(archive: BoundedArchive) -> set[str]:
    """Members that are encrypted by something else than the obfuscation of fonts."""
    name = "META-INF/encryption.xml"
    root = parse_xml(archive.read(name)) if name in archive else None
    found = set()
    for data in all_named(root, "EncryptedData") if root is not None else ():
        methods = [each.get("Algorithm") or "" for each in all_named(data, "EncryptionMethod")]
        if not any(method in _FONT_ALGORITHMS for method in methods):
            found |= {inside(each.get("URI") or "", "") for each in all_named(data, "CipherReference")}
    return found
