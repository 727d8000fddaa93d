"""A web page cut into blocks: the paragraphs, headings, list items and table cells of its text, with where they stand.

One pass over the events of libxml2's parser; no tree is built. A page is told as columns: one row for each block, and
one row for each block-level element ("node") around them, parents before children.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from functools import cache
from typing import Any

# Elements that begin a block of their own. Their order is the number that the classifier sees.
_BLOCK_TAGS = (
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th", "dt", "dd", "pre", "blockquote", "figcaption", "caption",
    "div", "section", "article", "main", "body", "html", "header", "footer", "nav", "aside", "ul", "ol", "dl", "table",
    "tbody", "thead", "tfoot", "tr", "form", "fieldset", "figure", "details", "summary", "address", "center", "hgroup",
    "legend", "menu", "dialog", "dir", "search", "hr", "head", "title", "label", "option", "listing", "xmp",
)  # fmt: skip
TAG_NUMBERS = {tag: number for number, tag in enumerate(_BLOCK_TAGS)}
LIST_ITEM, CELL, HEADER_CELL, ROW, PRE = (TAG_NUMBERS[tag] for tag in ("li", "td", "th", "tr", "pre"))
TABLE_PARTS = frozenset(TAG_NUMBERS[tag] for tag in ("tbody", "thead", "tfoot"))
_PRESERVED = frozenset(("pre", "listing", "xmp"))
# What holds no readable text, or text that is no part of any page.
_SKIPPED = frozenset((
    "script", "style", "noscript", "template", "iframe", "object", "embed", "audio", "video", "canvas", "svg",
    "select", "textarea", "datalist", "map", "applet", "noframes", "title", "button",
))  # fmt: skip

# Parts of class and id names, in English and in the languages whose sites name them otherwise, by what they tell.
# The elements of HTML that tell the same are entered as `<tag>`.
_SIGNS = (
    ("<article>", "article", "post", "entry", "story", "beitrag", "artikel", "articulo", "blog"),
    ("<main>", "main", "primary"),
    ("content", "inhalt", "contenido", "contenu", "body", "text", "prose", "richtext", "wysiwyg"),
    ("<nav>", "nav", "menu", "breadcrumb"),
    ("<header>", "header", "masthead", "topbar", "kopf"),
    ("<footer>", "footer", "foot", "bottom", "fuss", "colophon"),
    ("<aside>", "sidebar", "aside", "widget", "rail", "column", "secondary", "seite"),
    ("comment", "kommentar", "respond", "reply", "disqus", "discussion", "comentario"),
    ("share", "social", "sharing", "teilen", "facebook", "twitter", "whatsapp", "follow"),
    ("related", "recommend", "similar", "also", "mehr", "more", "popular", "latest", "trending", "readnext"),
    ("advert", "banner", "sponsor", "promo", "anzeige", "werbung", "publicidad", "adv", "-ad", "ad-", "ads"),
    ("title", "headline", "heading", "titel", "titulo"),
    ("author", "autor", "byline", "profile", "avatar", "bio", "vcard"),
    ("meta", "date", "time", "datum", "published", "info", "posted"),
    ("<figure>", "<figcaption>", "caption", "image", "photo", "gallery", "bild", "img", "picture", "media", "slider"),
    ("tag", "categor", "topic", "kategorie", "keyword", "label", "schlag"),
    ("cookie", "consent", "gdpr", "privacy", "modal", "popup", "overlay", "dialog", "lightbox"),
    ("login", "signin", "signup", "subscri", "newsletter", "paywall", "register", "account", "abo", "member"),
    ("<form>", "search", "suche", "form", "input"),
    ("teaser", "preview", "card", "grid", "listing", "tile", "carousel", "feed", "archive", "loop"),
    ("pagin", "pager", "prev", "next", "page-nav", "pagenav", "weiter"),
    ("hidden", "hide", "sr-only", "collapse", "invisible", "screen-reader", "skip", "print"),
    ("copyright", "legal", "imprint", "impressum", "disclaimer", "licen", "terms"),
    ("product", "price", "shop", "cart", "preis", "warenkorb", "buy", "rating", "vote", "poll"),
    ("toc", "index", "glossary", "reference", "footnote", "source", "quelle", "bibliog"),
    ("intro", "lead", "summary", "excerpt", "abstract", "standfirst", "dek", "vorspann", "lede"),
    ("<blockquote>", "quote", "zitat", "quotation"),
    ("<table>", "table", "tabelle"),
    ("<ul>", "<ol>", "<dl>", "list", "liste"),
    ("<details>", "accordion", "toggle", "tab-", "tabs", "panel", "faq"),
    ("logo", "brand", "site-title", "sitename", "tagline"),
    ("tool", "util", "button", "btn", "icon", "action", "link"),
)  # fmt: skip
NUM_SIGNS = len(_SIGNS)
MAX_REMEMBERED = 20_000
MAX_NAME = 300  # characters of a class attribute: longer ones are generated


@dataclass
class PageBlocks:
    """The columns of a page.

    Attributes:
        texts: What each block says: white space collapsed, `<br>` as line end; kept as it is inside `pre`.
        node: Of each block, the innermost block-level element around it.
        link_characters, num_links: Of each block.
        inline_signs: Bits of `_SIGNS` on inline elements inside each block.
        parent, tag, signs, first, last: Of each node: its parent (-1 for the root), its tag's number, its own bits of
            `_SIGNS`, and the blocks [first, last) that it spans.
        name: Of each node, a number that nodes of equal tag, class and id share.
        title: The page's title element, white space collapsed.
        depth: The most block-level elements inside one another.
    """

    texts: list[str] = field(default_factory=list)
    node: array[int] = field(default_factory=lambda: array("q"))
    link_characters: array[int] = field(default_factory=lambda: array("q"))
    num_links: array[int] = field(default_factory=lambda: array("q"))
    inline_signs: array[int] = field(default_factory=lambda: array("q"))
    parent: array[int] = field(default_factory=lambda: array("q"))
    tag: array[int] = field(default_factory=lambda: array("q"))
    signs: array[int] = field(default_factory=lambda: array("q"))
    first: array[int] = field(default_factory=lambda: array("q"))
    last: array[int] = field(default_factory=lambda: array("q"))
    name: array[int] = field(default_factory=lambda: array("q"))
    title: str = ""
    depth: int = 0


def page_blocks(html: str) -> PageBlocks:
    """Cut a page into blocks.

    Args:
        html: The decoded page; anything at all is accepted.
    """
    from lxml import etree

    parser = etree.HTMLParser(target=_Target(), encoding="utf-8", huge_tree=True, remove_comments=True)
    try:
        parser.feed(html.encode("utf-8", "replace"))
        found = parser.close()
    except etree.XMLSyntaxError:  # nothing that could be a page
        return PageBlocks()
    assert isinstance(found, PageBlocks)
    return found


class _Target:
    """Receives the parser's events. Every element's end is told, also where the page leaves it out."""

    def __init__(self) -> None:
        self._page = PageBlocks()
        self._open = -1  # the innermost block-level element
        self._depth = 0
        self._skipped = 0  # depth inside elements without readable text
        self._title: list[str] = []
        self._in_title = False
        self._in_link = 0
        self._preserved = 0
        self._parts: list[str] = []
        self._lines: list[str] = []
        self._link_characters = self._num_links = self._signs = 0
        self._names: dict[tuple[str, str], int] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._skipped:
            self._skipped += 1
        elif tag in TAG_NUMBERS and tag not in _SKIPPED:
            self._end_block()
            self._begin_node(tag, attributes)
        elif tag == "br":
            self._end_line()
        elif tag == "a":
            self._in_link += 1
            self._num_links += 1
        elif tag in _SKIPPED:
            self._skipped = 1
            self._in_title = tag == "title" and not self._title
        elif "class" in attributes:
            self._signs |= _signs_of("", attributes["class"])

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
            self._in_title = False
        elif tag in TAG_NUMBERS:
            self._end_block()
            page = self._page
            if self._open >= 0:
                page.last[self._open] = len(page.texts)
                self._open = page.parent[self._open]
                self._depth -= 1
            self._preserved -= tag in _PRESERVED
        elif tag == "a":
            self._in_link -= 1

    def data(self, text: str) -> None:
        if self._skipped:
            if self._in_title:
                self._title.append(text)
            return
        self._parts.append(text)
        if self._in_link:
            self._link_characters += len(text.strip())

    def close(self) -> PageBlocks:
        self._end_block()
        self._page.title = " ".join("".join(self._title).split())
        return self._page

    def _begin_node(self, tag: str, attributes: dict[str, str]) -> None:
        page = self._page
        classes = attributes.get("class", "")
        name = ""
        if attributes:
            style = attributes.get("style", "").replace(" ", "")
            hidden = "hidden" if "hidden" in attributes or "display:none" in style else ""
            name = f"{classes} {attributes.get('id', '')} {attributes.get('role', '')} {hidden}"
        page.parent.append(self._open)
        page.tag.append(TAG_NUMBERS[tag])
        page.signs.append(_signs_of(tag, name))
        page.first.append(len(page.texts))
        page.last.append(len(page.texts))
        page.name.append(self._names.setdefault((tag, classes), len(self._names)))
        self._open = len(page.parent) - 1
        self._depth += 1
        page.depth = max(page.depth, self._depth)
        self._preserved += tag in _PRESERVED

    def _end_line(self) -> None:
        """At `<br>`: one ends a line, two a block."""
        if self._preserved:
            self._parts.append("\n")
            return
        line = " ".join("".join(self._parts).split())
        self._parts.clear()
        if line:
            self._lines.append(line)
        elif self._lines:
            self._end_block()

    def _end_block(self) -> None:
        if not self._parts and not self._lines:
            self._link_characters = self._num_links = self._signs = 0
            return
        text = "".join(self._parts)
        text = _preserved(text) if self._preserved else " ".join(text.split())
        if self._lines:
            text = "\n".join([*self._lines, text] if text else self._lines)
        self._parts.clear()
        self._lines.clear()
        if text:
            page = self._page
            page.texts.append(text)
            page.node.append(self._open)
            page.link_characters.append(self._link_characters)
            page.num_links.append(self._num_links)
            page.inline_signs.append(self._signs)
            self._link_characters = self._num_links = self._signs = 0


def _preserved(text: str) -> str:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return "\n".join(lines).strip("\n")


_remembered: dict[tuple[str, str], int] = {}


def _signs_of(tag: str, name: str) -> int:
    """Bits of `_SIGNS` that an element shows."""
    key = (tag, name)
    bits = _remembered.get(key)
    if bits is None:
        automaton = _automaton()
        bits = 0
        for _, found in automaton.iter(f"<{tag}> {name[:MAX_NAME]}".lower()):
            bits |= found
        if len(_remembered) >= MAX_REMEMBERED:
            _remembered.clear()
        _remembered[key] = bits
    return bits


@cache
def _automaton() -> Any:
    import ahocorasick

    found = ahocorasick.Automaton()
    values: dict[str, int] = {}
    for number, words in enumerate(_SIGNS):
        for word in words:
            values[word] = values.get(word, 0) | 1 << number
    for word, bits in values.items():
        found.add_word(word, bits)
    found.make_automaton()
    return found
