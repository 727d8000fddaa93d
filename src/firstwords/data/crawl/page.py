"""What a web page says about itself and where it leads: title, links, licence, wishes about its use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from firstwords.data.crawl.url import canonical_url
from firstwords.data.source import Record

MAX_LINKS = 2000
_LICENCES = re.compile(r"https?://creativecommons\.org/(?:licenses|publicdomain)/[a-z0-9./+-]+", re.IGNORECASE)
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


def record_facts(tree: Any, record: Record) -> tuple[PageFacts, dict[str, str]]:
    """The facts of a record's page, and what they add to its metadata: wishes about its use, language, author."""
    facts = page_facts(tree, record.url)
    own = {name: value for name, value in record.metadata.items() if name in facts.signals}
    said = {"html_language": facts.language, "author": facts.author}
    return facts, joined_signals(own, facts.signals) | {name: value for name, value in said.items() if value}


def page_facts(tree: Any, url: str | None, *, with_links: bool = False) -> PageFacts:
    """Read the facts of a parsed page.

    Args:
        tree: A `resiliparse.parse.html.HTMLTree`.
        url: The page's address, for relative links.
        with_links: Also gather the links.
    """
    facts = PageFacts(title=" ".join((tree.title or "").split()) or None)
    root = tree.document.query_selector("html")
    facts.language = (root.getattr("lang") or "").strip().lower()[:35] or None if root is not None else None
    robots: list[str] = []
    for meta in _elements(tree, "meta[content]"):
        name = (meta.getattr("name") or meta.getattr("property") or meta.getattr("http-equiv") or "").strip().lower()
        content = " ".join((meta.getattr("content") or "").split())
        if name in ("robots", "x-robots-tag", "firstwords"):
            robots += [each.strip() for each in content.lower().split(",") if _DIRECTIVE.fullmatch(each.strip())]
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
    if robots:
        facts.signals["robots"] = ", ".join(dict.fromkeys(robots))
    base = _base(tree, url)
    for element in _elements(tree, "[rel][href]"):
        rel = (element.getattr("rel") or "").lower().split()
        if "license" in rel:
            facts.licence = _licence(element.getattr("href") or "", base)
        elif "canonical" in rel:
            facts.canonical = canonical_url(element.getattr("href") or "", base)
    if facts.licence is None:
        facts.licence = _linked_licence(tree)
    if with_links and not {"nofollow", "none"} & set(robots):
        facts.links = _links(tree, base)
    return facts


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


def _licence(href: str, base: str | None) -> str | None:
    return canonical_url(href, base) or href.strip()[:200] or None


def _linked_licence(tree: Any) -> str | None:
    """A Creative Commons licence that the page links to; such links are rarely about anything else."""
    for element in _elements(tree, "a[href*='creativecommons.org/']"):
        found = _LICENCES.match(element.getattr("href") or "")
        if found:
            return found[0].lower()
    return None
