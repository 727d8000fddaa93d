"""Which blocks of a page are main text, by rules over names of elements and shares of links.

The rules follow those of resiliparse (Bevendorff et al., Elastic ChatNoir, ECIR 2018; `extract_plain_text` with
`main_content`), in word lists of our own: elements that say what they are by tag, role, class or id are left out with
all that they hold, and so are those that are mostly links. Here they are asked of the elements that `page_blocks`
tells; no tree is built. Two rules are added: the name of a box does not count where it holds most of the page's text,
and what says to be the text must hold some.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np

from firstwords.data import rule_kernels as kernels
from firstwords.data.page_blocks import PageBlocks, Signs, page_blocks

_PARTS = ("l-", "m-", "wp-", "main-", "site-", "page-", "sub-", "article-", "global-", "sticky-", "full-")


def _join(*parts: Iterable[str]) -> list[str]:
    """Every way of taking one of each."""
    return ["".join(each) for each in product(*parts)]


def _spelt(words: Iterable[str]) -> tuple[str, ...]:
    """Words with every meaning of `~`: the end of a name, or a hyphen inside it."""
    return tuple(
        dict.fromkeys(
            each for word in words for each in _join(*((" ", "-") if letter == "~" else (letter,) for letter in word))
        )
    )


_WORDS = tuple(
    _spelt(words)
    for words in (
        # Hidden by an attribute, or by a class that style sheets commonly hide.
        [
            "<hidden>", "<beside>",
            *_join((" ",), ("", "is-", "visually-"), ("display-none", "hidden", "invisible", "collapsed"), (" ",)),
            " nocontent ", " expandable ",
        ],
        # Never part of the text, whatever element it is.
        [
            "<nav>", "<aside>", "<time>", "<label>", "<figure>", "<figcaption>",
            *_join(("logo",), (" ",)), " spinner~", " ad ", " ads~", " google-ad~", " google-ads~", " wide-ad~",
            " advert~", " advertise~", " advertisement~", " advertlink~", " sponsor~", " sponsored~", " promoted~",
            " paid~", " banner~", " widebanner~", " donate~",
            *_join((" ", " link-"), ("skip", "skip-to", "skiplink", "skip-link", "scrollup", "scroll-up", "permalink",
                                     "scroll-down", "next", "prev", "previous", "pagination"), (" ",)),
            " skip-to-content~", " skip-to-main-content~", " next-post~", " prev-post~", " previous-post~",
        ],
        # Not part of the text unless it is around all of it.
        [
            *_join(("~",), ("login", "log-in", "signin", "sign-in", "signup", "sign-up", "account"), ("~",)),
            *_join(("~user-",), ("info", "profile", "settings", "actions"), ("~",)),
            *_join((" ", "--", "mobile-", "desktop-", " l-", " m-", " c-"),
                   ("social", "socialmedia", "share", "sharedaddy", "sharing", "syndication", "newsletter", "follow",
                    "email", "like", "likes", "feedback", "engagement", "facebook", "twitter", "subscribe"),
                   ("~", "links~", "icons~", "buttons~", "button~", "btn~")),
        ],
        # Boxes around the text, by class, id or role.
        [
            *_join(("= ",), ("alert", "banner", "checkbox", "comment", "complementary", "contentinfo", "dialog", "img",
                            "menu", "menubar", "menuitem", "navigation", "presentation", "radio", "search",
                            "searchbox", "separator", "tab", "toolbar", "tooltip"), (" ",)),
            *_join(("# ",), ("", *_PARTS), ("head", "header", "foot", "footer", "right"), (" ",)),
            *_join((" ",), _PARTS, ("header",), (" ", "bar ", "wrap ", "-wrap ", "wrapper ", "-wrapper ")),
            *_join(("~",), ("", "global", "page", "site"), ("footer", "copyright", "cookie", "consent", "legal"),
                   ("~",)),
            *_join((" ",), ("", *_PARTS), ("nav", "menu", "dropdown", "drop-down", "breadcrumb", "bread-crumb")),
            *_join(("link", "links"), ("bar", "box", "list", "-list", "container", "section", "wrapper"), ("~",)),
            *_join(("~",), ("trends", "trending", "recommended", "featured", "popular", "editors-picks", "related",
                            "read-next"), ("~",)),
            *_join(("~",), ("related", "more", "other"), ("", "-"), ("links", "articles", "posts", "stories"), ("~",)),
            *_join(("~search",), (" ", "bar ", "-bar ", "box ", "-box ", "facility ")),
            *_join((" ",), ("", "l-", "wp-", "right-", "left-", "global-", "sticky-"),
                   ("sidebar", "sidebars", "side-bar", "sidebox", "side-box", "sticky-box"), ("~",)),
            *_join((" ",), ("", "wp-", "p-"), ("modal", "popup", "lightbox"), ("~", "window~", "box~")),
            "~gallery~", "~carousel~", " one-third~", " print-",
        ],
        # What says to hold the text is kept though its name says something else too.
        [
            *_join(("~",), ("article", "entry", "post", "story", "single-post", "content", "main-content", "body",
                            "text", "page"), ("~",)),
        ],
        # The text itself, if one element alone says so.
        [
            " article-body ", " articlebody ", " contentbody ", " article-text ", " main-content ", " postcontent ",
            " post-content ", " single-post ", "= main ",
        ],
        ["<html>", "<body>", "<main>", "<h1>"],
        ["<footer>"],
        ["<ul>"],
        ["<article>"],
        ["<div>"],
        [" "],  # whatever has a name
    )
)  # fmt: skip
SIGNS = Signs(_WORDS, aside=kernels.HIDDEN | kernels.AWAY | kernels.DEEP, joins=True)


def main_text_blocks(page: str | bytes, *, everything: bool = False) -> tuple[PageBlocks, list[bool]]:
    """A page cut into blocks, and of each whether it is main text.

    Args:
        page: The decoded page, or its UTF-8; anything at all is accepted.
        everything: All visible text counts.
    """
    if everything:
        cut = page_blocks(page)
        return cut, [True] * len(cut.node)
    cut = page_blocks(page, SIGNS)
    num_blocks, num_nodes = len(cut.node), len(cut.parent)
    sums = np.zeros((num_blocks + 1, 2), np.int64)
    np.cumsum(cut.characters, out=sums[1:, 0])
    np.cumsum(cut.link_characters, out=sums[1:, 1])
    keep = np.ones(num_blocks, np.bool_)
    depth, kept = np.empty(num_nodes, np.int64), np.empty(num_nodes, np.bool_)
    kernels.choose(cut.parent, cut.signs, cut.first, cut.last, sums, depth, kept, keep)
    return cut, keep.tolist()
