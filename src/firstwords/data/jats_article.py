"""The text of a journal article in JATS, as a reader would read it aloud, and what its front matter says.

Source: ANSI/NISO Z39.96 (JATS) and the older NLM Journal Archiving DTD, whose names are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Literal

from firstwords.data.hardened_xml import HREF, XML_LANGUAGE, all_named, child, local_name, words_of

Citations = Literal["words", "all", "none"]
ARTICLES = frozenset({"article", "sub-article", "response"})
MAX_FORMULA = 60  # characters: a longer formula in a line is no word of its sentence
_BLOCKS = frozenset({
    "p", "sec", "title", "list", "list-item", "def-list", "def-item", "disp-quote", "verse-group", "verse-line",
    "boxed-text", "statement", "speech", "fig", "fig-group", "table-wrap", "table-wrap-group", "caption", "label",
    "app", "body", "abstract", "floats-group", "preformat", "code", "term", "def", "attrib", "subtitle", "ref-list",
    "fn-group", "table-wrap-foot", "supplementary-material", "table", "disp-formula", "disp-formula-group",
})  # fmt: skip
_LEFT_OUT = frozenset({
    "ref-list", "fn", "fn-group", "table-wrap-foot", "graphic", "media", "supplementary-material", "object-id",
    "alt-text", "long-desc", "tex-math", "inline-graphic", "email", "sec-meta", "permissions", "table", "array",
    "chem-struct", "disp-formula", "disp-formula-group", "index-term",
})  # fmt: skip
_NO_REFERENCE = frozenset({"fn", "table-fn", "corresp", "aff", "author-notes"})
_WORDS = re.compile(r"[^\W\d_]{2}")
# Where a citation was: no XML can hold this character.
_DROPPED = "\0"
# A row of citations; with its brackets; behind the last separator of a list.
_ROW = re.compile(r"\0(?:[\s,;–—()\[\]-]*\0)+")
_EMPTY = re.compile(r"\s*(?:\[\s*\0\s*\]|\(\s*\0\s*\)|(?:[,;]\s*)?\0(?=\s*[\])])|\0)")
_LICENCE = re.compile(r"https?://creativecommons\.org/(?:licenses|publicdomain)/[a-z0-9./+-]*[a-z0-9]", re.IGNORECASE)
_DATES = ("epub", "ppub", "collection", "pub")


@dataclass
class Front:
    """What an article says about itself. `date` is as full as it is given: `2011`, `2011-08` or `2011-08-02`."""

    title: str | None = None
    date: str | None = None
    language: str | None = None
    licence: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


def read_front(article: Any) -> Front:
    """Title, date, licence and the like of an article."""
    meta = next(iter(all_named(article, "article-meta")), None)
    language = (article.get(XML_LANGUAGE) or "").strip().lower()
    front = Front(language=language if re.fullmatch(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", language) else None)
    journal = next(iter(all_named(article, "journal-title")), None)
    values = {"journal": words_of(journal)}
    if meta is not None:
        titles = all_named(meta, "article-title")
        front.title = _flat(titles[0])[:1000] or None if titles else None
        front.date = _date(all_named(meta, "pub-date"))
        front.licence = _licence(meta)
        for each in all_named(meta, "article-id"):
            kind = each.get("pub-id-type") or ""
            if kind in ("doi", "pmid", "pmc", "pmcid"):
                values.setdefault(kind, words_of(each)[:200])
        values["author"] = "; ".join(_names(meta))
        categories = child(meta, "article-categories")
        subjects = all_named(categories, "subject") if categories is not None else []
        values["subject"] = "; ".join(dict.fromkeys(words_of(each)[:100] for each in subjects))
        values["keywords"] = "; ".join(words_of(each)[:100] for each in all_named(meta, "kwd"))
    values["article_type"] = article.get("article-type") or ""
    front.metadata = {name: value[:2000] for name, value in values.items() if value}
    return front


def _names(meta: Any) -> list[str]:
    found = []
    for contributor in all_named(meta, "contrib")[:50]:
        if contributor.get("contrib-type", "author") != "author":
            continue
        name = [words_of(each) for part in ("given-names", "surname") for each in all_named(contributor, part)[:1]]
        collective = [words_of(each) for each in all_named(contributor, "collab", "string-name")[:1]]
        if whole := " ".join(name or collective):
            found.append(whole[:200])
    return found


def _date(dates: list[Any]) -> str | None:
    def order(each: Any) -> int:
        kind = each.get("pub-type") or each.get("date-type") or ""
        return _DATES.index(kind) if kind in _DATES else len(_DATES)

    for each in sorted(dates, key=order):
        parts = [words_of(child(each, name)) for name in ("year", "month", "day")]
        if not re.fullmatch(r"\d{4}", parts[0]):
            continue
        date = parts[0]
        for part, most in ((parts[1], 12), (parts[2], 31)):
            if not re.fullmatch(r"\d{1,2}", part) or not 1 <= int(part) <= most:
                break
            date += f"-{int(part):02d}"
        return date
    return None


def _licence(meta: Any) -> str | None:
    """The address of the licence if one is given, otherwise what is said of it."""
    for licence in all_named(meta, "license"):
        said = words_of(licence)
        own = (licence.get(HREF) or "").strip()
        linked = [each.get(HREF) or "" for each in all_named(licence, "ext-link", "uri")]
        for link in (own, *linked, said):
            if found := _LICENCE.search(link):
                return found[0].lower()
        if own or said:
            return (own or said)[:200]
    statement = next(iter(all_named(meta, "copyright-statement")), None)
    return words_of(statement)[:200] or None


@dataclass(frozen=True)
class ArticleText:
    """Reads the text of an article.

    Args:
        citations: `words` keeps those that are words of the sentence ("Hites 2004") and drops numbers; `all`; `none`.
        tables: Also the cells of tables, a line a row.
    """

    citations: Citations = "words"
    tables: bool = False

    def blocks(self, article: Any) -> Iterator[str]:
        """Title, abstracts, body and captions, a block for each heading, paragraph and list."""
        meta = next(iter(all_named(article, "article-meta")), None)
        if meta is not None:
            yield from (self._line(each) for each in all_named(meta, "article-title")[:1])
            for abstract in all_named(meta, "abstract"):
                if abstract.get("abstract-type") not in ("graphical", "teaser"):
                    yield from self._children(abstract)
        for part in article:
            if local_name(part) in ("body", "floats-group"):
                yield from self._children(part)
            elif local_name(part) == "back":
                for app in all_named(part, "app"):
                    yield from self._children(app)

    def _children(self, element: Any) -> Iterator[str]:
        """The blocks in an element: runs of text and inline elements are one block each."""
        inline = [_characters(element.text)]
        label = ""
        for each in element:
            name = local_name(each)
            if name in _BLOCKS or name in ARTICLES:
                yield _tidy("".join(inline))
                inline = [_characters(each.tail)]
                if name == "label":
                    label = self._line(each)
                    continue
                for block in self._block(each, name):
                    # "Table 1" and its caption, "2." and the section's heading: one line.
                    if block:
                        yield f"{label} {block}".strip()
                        label = ""
            else:
                inline += [self._inline(each, name), _characters(each.tail)]
        yield _tidy("".join(inline))

    def _block(self, element: Any, name: str) -> Iterator[str]:
        if name == "table" and self.tables:
            yield from self._table(element)
        elif name in _LEFT_OUT or name in ARTICLES:
            return
        elif name in ("title", "term", "verse-line", "subtitle"):
            yield self._line(element)
        elif name in ("list", "def-list", "verse-group", "statement"):
            yield "\n".join(self._items(element))
        else:
            yield from self._children(element)

    def _items(self, element: Any) -> Iterator[str]:
        for each in element:
            name = local_name(each)
            if name == "list-item":
                marked = child(each, "label") is not None or element.get("list-type") == "simple"
                said = " ".join(block for block in self._children(each) if block)
                yield said if marked or not said else f"- {said}"
            elif name == "def-item":
                parts = [" ".join(block for block in self._children(part) if block) for part in each]
                yield ": ".join(part for part in parts if part)
            elif name in _BLOCKS:
                yield from (block for block in self._block(each, name) if block)

    def _table(self, element: Any) -> Iterator[str]:
        rows = [
            [self._line(cell) for cell in row if local_name(cell) in ("td", "th")] for row in all_named(element, "tr")
        ]
        yield "\n".join(" | ".join(cells) for cells in rows if any(cells))

    def _line(self, element: Any) -> str:
        """All of an element in one line."""
        return _tidy(self._inside(element))

    def _inside(self, element: Any) -> str:
        parts = [_characters(element.text)]
        for each in element:
            name = local_name(each)
            if name in _BLOCKS and name not in _LEFT_OUT:
                parts.append(f" {self._inside(each)} ")
            else:
                parts.append(self._inline(each, name))
            parts.append(_characters(each.tail))
        return "".join(parts)

    def _inline(self, element: Any, name: str) -> str:
        if not name:
            # The place of an entity that nobody may define.
            return _characters(unescape(element.text or "")) if "&" in (element.text or "") else ""
        if name in _LEFT_OUT:
            return ""
        if name == "xref":
            return self._reference(element)
        if name in ("math", "inline-formula"):
            return self._formula(element)
        if name == "break":
            return " "
        if name == "alternatives":
            return self._formula(element)
        said = self._inside(element)
        # Raised commas between raised numbers go with them.
        return _DROPPED if name == "sup" and _DROPPED in said and not re.search(r"\w", said) else said

    def _reference(self, element: Any) -> str:
        said, kind = self._inside(element), element.get("ref-type")
        if kind in _NO_REFERENCE:
            return ""
        if kind != "bibr" or self.citations == "all":
            return said
        return said if self.citations == "words" and _WORDS.search(said) else _DROPPED

    def _formula(self, element: Any) -> str:
        """A formula that is a word of its sentence, from MathML without its markup or from plain characters."""
        math = next(iter(all_named(element, "math")), None)
        if math is not None:
            said = "".join(words_of(each) for each in all_named(math, "mi", "mn", "mo", "mtext", "ms"))
        else:
            said = self._inside(element) if local_name(element) == "inline-formula" else ""
        return said if len(said) <= MAX_FORMULA else ""


def _flat(element: Any) -> str:
    return ArticleText(citations="none")._line(element)


def _characters(text: str | None) -> str:
    return re.sub(r"\s+", " ", text) if text else ""


def _tidy(text: str) -> str:
    """One line without what dropped numbers leave behind."""
    if _DROPPED in text:
        text = _EMPTY.sub("", _ROW.sub(_DROPPED, text))
    text = " ".join(text.split())
    return re.sub(r" +(?=[.,;:](?:\s|$))", "", text)
