"""A web page cut into blocks: the paragraphs, headings, list items and table cells of its text, with where they stand.

One pass over the bytes by a compiled kernel (`html_kernels`); no tree is built. A page is told as columns: one row for
each block, and one row for each block-level element ("node") around them, parents before children.
"""

from __future__ import annotations

import html.entities
from collections import deque
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from firstwords.data import html_kernels as kernels

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

# Their content is no markup.
_RAW = frozenset(("script", "style", "textarea", "title", "iframe", "noframes", "noembed"))
_VOID = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
    "basefont", "bgsound", "frame", "keygen",
))  # fmt: skip
# What ends an open paragraph; what a search for an element to close does not leave.
_ENDS_P = frozenset((
    "address", "article", "aside", "blockquote", "center", "details", "dialog", "dir", "div", "dl", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "main",
    "menu", "nav", "ol", "p", "pre", "search", "section", "summary", "table", "ul", "listing", "xmp", "li", "dd", "dt",
))  # fmt: skip
_SCOPES = frozenset(("applet", "caption", "html", "table", "td", "th", "marquee", "object", "template"))
_ROOTS = frozenset(("table", "html", "template"))
_IN_HEAD = frozenset(("base", "link", "meta", "title", "script", "style", "noscript", "template", "html", "bgsound"))
_TOLD = frozenset(("html", "base", "meta"))

# Parts of class and id names, in English and in the languages whose sites name them otherwise, by what they tell.
# The elements of HTML that tell the same are entered as `<tag>`.
_WORDS = (
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
NUM_SIGNS = len(_WORDS)


@dataclass(frozen=True)
class Signs:
    """What parts of class, id and role tell.

    Attributes:
        words: The parts, a bit for each group. A blank stands at both ends of an attribute and between its names, `#`
            and a blank before an id, `=` and a blank before a role; an element is told as `<tag>`, one that is hidden
            by an attribute as `<hidden>`, one that an attribute puts beside the text as `<beside>`.
        aside: Bits; inline elements that show one are left out with all that they hold.
        joins: Whether an underscore counts as a hyphen.
    """

    words: tuple[tuple[str, ...], ...]
    aside: int = 0
    joins: bool = False


_SIGNS = Signs(_WORDS)


@dataclass(frozen=True)
class PageBlocks:
    """The columns of a page; all arrays are int64.

    Attributes:
        said, start, end: What all blocks say, in UTF-8, and where each block's begins and ends there (lists).
        node: Of each block, the innermost block-level element around it, -1 if there is none.
        characters, link_characters, num_links: Of each block; blanks do not count.
        inline_signs: Bits of the signs on inline elements inside each block.
        parent, tag, signs, first, last: Of each node: its parent (-1 for the root), its tag's number, its own bits of
            signs, and the blocks [first, last) that it spans.
        name: Of each node, a number that nodes of equal tag and class share.
        title: The page's title element, white space collapsed.
        depth: The most block-level elements inside one another.
        told: The tags that tell facts about the page, as they are written (`page_facts`).
    """

    said: bytes
    start: list[int]
    end: list[int]
    node: Any
    characters: Any
    link_characters: Any
    num_links: Any
    inline_signs: Any
    parent: Any
    tag: Any
    signs: Any
    first: Any
    last: Any
    name: Any
    title: str
    depth: int
    told: list[str]

    @cached_property
    def texts(self) -> list[str]:
        """What each block says: white space collapsed, `<br>` as line end; kept as it is inside `pre`."""
        return [self.said[start:end].decode() for start, end in zip(self.start, self.end, strict=True)]

    def text(self, block: int) -> str:
        """What one block says."""
        return self.said[self.start[block] : self.end[block]].decode()


def page_blocks(page: str | bytes, signs: Signs = _SIGNS) -> PageBlocks:
    """Cut a page into blocks.

    Args:
        page: The decoded page, or its UTF-8; anything at all is accepted.
        signs: What the names of elements tell.
    """
    source = page if isinstance(page, bytes) else page.encode("utf-8", "replace")
    data = np.frombuffer(source, np.uint8)
    num_tags = np.count_nonzero(data == ord("<")) + 2
    out = np.empty(3 * len(source) + 64, np.uint8)
    state = np.zeros(kernels.NUM_STATES, np.int64)
    blocks = np.empty((num_tags, kernels.NUM_BLOCK_COLUMNS), np.int64)
    nodes = np.empty((num_tags, 6), np.int64)
    told, stack = np.empty((num_tags, 2), np.int64), np.empty((num_tags, 3), np.int64)
    tags, automaton, references = _tables(signs)
    is_open = np.zeros(len(tags[2]), np.int64)
    kernels.cut(data, tags, automaton, references, signs.aside, state, stack, is_open, out, blocks, nodes, told)
    blocks = np.ascontiguousarray(blocks[: state[kernels.NUM_BLOCKS]].T)
    nodes = np.ascontiguousarray(nodes[: state[kernels.NUM_NODES]].T)
    title = source[state[kernels.TITLE_FROM] : state[kernels.TITLE_TO]] if state[kernels.TITLE_FROM] >= 0 else b""
    return PageBlocks(
        said=out[: state[kernels.POSITION]].tobytes(),
        start=blocks[kernels.BLOCK_FROM].tolist(),
        end=blocks[kernels.BLOCK_TO].tolist(),
        node=blocks[kernels.BLOCK_NODE],
        characters=blocks[kernels.BLOCK_CHARACTERS],
        link_characters=blocks[kernels.BLOCK_LINKED],
        num_links=blocks[kernels.BLOCK_LINKS],
        inline_signs=blocks[kernels.BLOCK_SIGNS],
        parent=nodes[kernels.PARENT],
        tag=nodes[kernels.TAG],
        signs=nodes[kernels.NODE_SIGNS],
        first=nodes[kernels.FIRST],
        last=nodes[kernels.LAST],
        name=nodes[kernels.NAME],
        title=" ".join(html.unescape(title.decode()).split()),
        depth=int(state[kernels.DEEPEST]),
        told=[source[start:end].decode() for start, end in told[: state[kernels.NUM_TOLD]].tolist()],
    )


# --- Tables for the kernel


@cache
def _tables(signs: Signs) -> tuple[Any, Any, Any]:
    """What `html_kernels.cut` asks for: tags, the automaton of class names, named characters."""
    column, move, tells = _automaton(signs)
    return _tags(column, move, tells), (column, move, tells), _references()


def _tags(column: Any, move: Any, tells: Any) -> tuple[Any, ...]:
    every = dict.fromkeys((*kernels.FIRST_TAGS, *_BLOCK_TAGS, *sorted(_SKIPPED | _RAW | _VOID | _SCOPES), "a", "time"))
    places = {tag: place for place, tag in enumerate(every)}
    keys, values = _hash_table({_hash(tag.encode()): place for tag, place in places.items()})
    numbers = np.array([TAG_NUMBERS.get(tag, -1) for tag in every] + [-1], np.int64)  # the last is any other tag
    properties = np.array([_properties(tag) for tag in every] + [0], np.int64)
    signs = [_shown(f"<{tag}>", column, move, tells) for tag in every] + [0]
    # Of elements that an attribute puts beside the text, and of hidden ones.
    signs += [_shown(word, column, move, tells) for word in ("<beside>", "<hidden>")]
    return keys, values, numbers, properties, np.array(signs, np.int64)


def _properties(tag: str) -> int:
    is_block = tag in TAG_NUMBERS and tag not in _SKIPPED
    has = {
        kernels.BLOCK: is_block,
        kernels.SKIPPED: tag in _SKIPPED,
        kernels.VOID: tag in _VOID,
        kernels.RAW: tag in _RAW,
        kernels.ENDS_P: tag in _ENDS_P,
        kernels.PRESERVED: tag in _PRESERVED,
        kernels.HEADING: tag in ("h1", "h2", "h3", "h4", "h5", "h6"),
        kernels.SCOPE: tag in _SCOPES,
        kernels.LINK: tag == "a",
        kernels.BREAK: tag == "br",
        kernels.IN_HEAD: tag in _IN_HEAD,
        kernels.DOCUMENT: tag in ("html", "body"),
        kernels.TOLD: tag in _TOLD,
        # The standard calls these special; they bound what an item of a list closes.
        kernels.SPECIAL: is_block and tag not in ("p", "div", "address"),
        kernels.ROOTS: tag in _ROOTS,
    }
    return sum(bit for bit, holds in has.items() if holds)


def _hash(name: bytes) -> int:
    """FNV-1a, as the kernel hashes."""
    value = 0xCBF29CE484222325
    for byte in name:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def _hash_table(entries: dict[int, int]) -> tuple[Any, Any]:
    size = 4 * len(entries) + 1
    keys, values = [0] * size, [0] * size
    for key, value in entries.items():
        at = key % size
        while keys[at]:
            at = (at + 1) % size
        keys[at], values[at] = key, value
    return np.array(keys, np.uint64), np.array(values, np.int64)


def _references() -> tuple[Any, Any, Any]:
    named = {_hash(name.encode()): ord(text) for name, text in html.entities.html5.items() if len(text) == 1}
    latin = [ord(bytes([byte]).decode("cp1252", "replace")) for byte in range(0x80, 0xA0)]
    # Five bytes have no character there: browsers keep their numbers.
    latin = [0x80 + place if character == 0xFFFD else character for place, character in enumerate(latin)]
    return *_hash_table(named), np.array(latin, np.int64)


def _shown(text: str, column: Any, move: Any, tells: Any) -> int:
    state = bits = 0
    for byte in text.encode():
        state = int(move[state, column[byte]])
        bits |= int(tells[state])
    return bits


def _automaton(signs: Signs) -> tuple[Any, Any, Any]:
    """Aho and Corasick's automaton over words: of each byte its column (upper case as lower case), the
    moves (states, columns) and the bits that each state tells.
    """
    words: dict[str, int] = {}
    for number, sign in enumerate(signs.words):
        for word in sign:
            words[word] = words.get(word, 0) | 1 << number
    letters = sorted({letter for word in words for letter in word})
    places = {letter: place + 1 for place, letter in enumerate(letters)}  # column 0: every other byte
    column = np.zeros(256, np.int64)
    for letter, place in places.items():
        column[ord(letter)] = column[ord(letter.upper())] = place
    if signs.joins:
        column[ord("_")] = column[ord("-")]
    rows, tells = [[0] * (len(letters) + 1)], [0]
    for word, bits in words.items():
        state = 0
        for letter in word:
            if not rows[state][places[letter]]:
                rows[state][places[letter]] = len(rows)
                rows.append([0] * (len(letters) + 1))
                tells.append(0)
            state = rows[state][places[letter]]
        tells[state] |= bits
    fails = [0] * len(rows)
    waiting = deque(state for state in rows[0] if state)
    while waiting:
        state = waiting.popleft()
        tells[state] |= tells[fails[state]]
        for place, following in enumerate(rows[state]):
            if following:
                fails[following] = rows[fails[state]][place]
                waiting.append(following)
            else:
                rows[state][place] = rows[fails[state]][place]
    return column, np.array(rows, np.int16), np.array(tells, np.int64)
