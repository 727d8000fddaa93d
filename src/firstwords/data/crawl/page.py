"""What a web page says about itself and where it leads: title, links, licence, wishes about its use."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from firstwords.data.crawl.url import canonical_url
from firstwords.data.source import Record

MAX_LINKS = 2000
_LICENCES = re.compile(r"https?://creativecommons\.org/(?:licenses|publicdomain)/[a-z0-9./+-]+", re.IGNORECASE)
# An attribute as the standard reads it: a name, and a value in quotes, in apostrophes, or up to a blank.
_ATTRIBUTE = re.compile(r"""([^\s/>][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?""")
# Parts of all names that `_Reading.meta` knows.
_META_NAMES = (
    "robots",
    "firstwords",
    "tdm-reservation",
    "date",
    "published_time",
    "author",
    "creator",
    "rights",
    "license",
)
_DIRECTIVE = re.compile(r"[a-z][a-z0-9:_ -]{1,60}")


@dataclass
class PageFacts:
    """Facts of one page.

    Attributes:
        links: Canonical addresses, each once, in their order; empty where the page asks not to follow.
        signals: `robots` (noindex, noai ...), `tdm_reservation`, `content_usage`: only those that are there.
    """

    title: str | None = None
    language: str | None = None
    licence: str | None = None
    date: str | None = None
    author: str | None = None
    canonical: str | None = None
    links: list[str] = field(default_factory=list)
    signals: dict[str, str] = field(default_factory=dict)


def joined_signals(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    """The signals of two places (headers and page, crawler and page): all directives of both, each once."""
    found = first | second
    for name in first.keys() & second.keys():
        directives = [each.strip() for each in f"{first[name]}, {second[name]}".split(",")]
        found[name] = ", ".join(dict.fromkeys(each for each in directives if each))
    return found


def record_facts(facts: PageFacts, record: Record) -> dict[str, str]:
    """What the facts of a record's page add to its metadata: wishes about its use, language, author."""
    own = {name: value for name, value in record.metadata.items() if name in facts.signals}
    said = {"html_language": facts.language, "author": facts.author}
    return joined_signals(own, facts.signals) | {name: value for name, value in said.items() if value}


def page_facts(tree: Any, url: str | None, *, with_links: bool = False) -> PageFacts:
    """Read the facts of a parsed page.

    Args:
        tree: A `resiliparse.parse.html.HTMLTree`.
        url: The page's address, for relative links.
        with_links: Also gather the links.
    """
    root = tree.document.query_selector("html")
    reading = _Reading(tree.title, root.getattr("lang") if root is not None else None, _base(tree, url))
    for meta in _elements(tree, "meta[content]"):
        reading.meta(meta.getattr)
    for element in _elements(tree, "[rel][href]"):
        reading.relation(element.getattr("rel") or "", element.getattr("href") or "")
    if reading.facts.licence is None:
        for element in _elements(tree, "a[href*='creativecommons.org/']"):
            reading.link(element.getattr("href") or "")
    facts = reading.facts
    if with_links and not {"nofollow", "none"} & set(reading.robots):
        facts.links = _links(tree, reading.base)
    return facts


def told_facts(tags: Sequence[str], title: str, url: str | None) -> PageFacts:
    """Read the facts of a page from the tags that may tell some, without a tree.

    Args:
        tags: As `page_blocks.PageBlocks.told` gives them.
        title: Of the page.
        url: The page's address, for relative links.

    Returns:
        Neither links nor the canonical address: no document keeps them.
    """
    told = [_attributes(tag) for tag in tags if _may_tell(tag)]
    # A second `html` tag adds the attributes that the first has not.
    language = next((each["lang"] for name, each in told if name == "html" and "lang" in each), None)
    reading = _Reading(title, language, url)
    for name, attributes in told:
        if name == "meta" and "content" in attributes:
            reading.meta(attributes.get)
        elif "license" in attributes.get("rel", "").lower().split() and "href" in attributes:
            bases = (each["href"] for name, each in told if name == "base" and "href" in each)
            reading.base = canonical_url(next(bases, ""), url) or url
            reading.relation("license", attributes["href"])
    for name, attributes in told:
        if name == "a" and "href" in attributes:
            reading.link(attributes["href"])
    return reading.facts


def _may_tell(tag: str) -> bool:
    """Whether a tag has to be read: most `meta` tags are for networks and search engines, most `link` tags too."""
    lower = tag.lower()
    if "&" in tag:
        return True
    if lower.startswith("<meta"):
        return any(name in lower for name in _META_NAMES)
    return not lower.startswith("<link") or "license" in lower


def _attributes(tag: str) -> tuple[str, dict[str, str]]:
    """The name of a tag and its attributes, the first of each name."""
    matches: Iterator[re.Match[str]] = _ATTRIBUTE.finditer(tag, 1)
    name = next(matches)[1].lower()
    found: dict[str, str] = {}
    for match in matches:
        found.setdefault(match[1].lower(), html.unescape(match[2] or match[3] or match[4] or ""))
    return name, found


class _Reading:
    """Facts while a page is read: what each element adds."""

    def __init__(self, title: str | None, language: str | None, base: str | None) -> None:
        self.facts = PageFacts(title=" ".join((title or "").split()) or None)
        self.facts.language = (language or "").strip().lower()[:35] or None
        self.base = base
        self.robots: list[str] = []

    def meta(self, get: Any) -> None:
        """A `meta` element with content; `get` gives its attributes."""
        facts = self.facts
        name = (get("name") or get("property") or get("http-equiv") or "").strip().lower()
        content = " ".join((get("content") or "").split())
        if name in ("robots", "x-robots-tag", "firstwords"):
            self.robots += [each.strip() for each in content.lower().split(",") if _DIRECTIVE.fullmatch(each.strip())]
            if self.robots:
                facts.signals["robots"] = ", ".join(dict.fromkeys(self.robots))
        elif name == "tdm-reservation":
            facts.signals["tdm_reservation"] = content[:20]
        elif name in ("article:published_time", "datepublished", "date", "dc.date", "dcterms.date"):
            found = re.match(r"\d{4}-\d{2}-\d{2}", content)
            facts.date = facts.date or (found[0] if found else None)
        elif name in ("author", "article:author", "dc.creator", "dcterms.creator") and not facts.author:
            # Networks ask for the address of a profile there.
            facts.author = None if "://" in content else content[:200] or None
        elif name in ("dc.rights", "dcterms.license", "license", "dcterms.rights") and facts.licence is None:
            facts.licence = content[:200] or None

    def relation(self, rel: str, href: str) -> None:
        """An element that says how an address is related to the page."""
        relations = rel.lower().split()
        if "license" in relations:
            self.facts.licence = canonical_url(href, self.base) or href.strip()[:200] or None
        elif "canonical" in relations:
            self.facts.canonical = canonical_url(href, self.base)

    def link(self, href: str) -> None:
        """A link to Creative Commons where no other licence is told; such links are rarely about anything else."""
        found = _LICENCES.match(href)
        if found and self.facts.licence is None:
            self.facts.licence = found[0].lower()


def _elements(tree: Any, selector: str) -> list[Any]:
    """The elements as a list: going through the library's own list takes time in the square of its length."""
    return tree.document.query_selector_all(selector)[:]


def _base(tree: Any, url: str | None) -> str | None:
    # A base counts in the head only, and the head is small.
    element = tree.head.query_selector("base[href]") if tree.head is not None else None
    base = canonical_url(element.getattr("href") or "", url) if element is not None else None
    return base or url


def _links(tree: Any, base: str | None) -> list[str]:
    found: dict[str, None] = {}
    for element in _elements(tree, "a[href], area[href]"):
        if "nofollow" in (element.getattr("rel") or "").lower().split():
            continue
        address = canonical_url(element.getattr("href") or "", base)
        if address is not None:
            found[address] = None
        if len(found) >= MAX_LINKS:
            break
    return list(found)
