"""HTML as a tree that escapes whatever it is given.

There is no way to put in markup as a string: text and attribute values are escaped when they are written, names come
from closed lists, and addresses may only lead into the page. So what a document says can never become part of the page
that tells of it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from typing import Union

VOID = frozenset({"br", "hr", "meta", "wbr"})
_NAMES = """a article b bdi body caption code dd details div dl dt figcaption figure footer h1 h2 h3 head header html li
main nav ol p pre section small span strong summary table tbody td th thead title tr ul
svg g rect line polygon polyline circle text desc"""
ELEMENTS = VOID | frozenset(_NAMES.split())
_ATTRIBUTES = """aria-hidden aria-label aria-labelledby charset class colspan content dir height href http-equiv id lang
name open role scope tabindex width viewBox preserveAspectRatio x y x1 x2 y1 y2 cx cy r rx points text-anchor"""
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
# Not allowed in HTML, or able to change how what follows is read.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_REPLACED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})

Child = Union["Element", str, int, None, Iterable["Child"]]


class Element:
    """An element with its attributes and children; `tag` makes one."""

    __slots__ = ("attributes", "children", "name")

    def __init__(self, name: str, attributes: dict[str, str], children: list[Element | str]) -> None:
        self.name, self.attributes, self.children = name, attributes, children

    def __str__(self) -> str:
        return "".join(self._parts())

    def _parts(self) -> Iterable[str]:
        attributes = "".join(f' {name}="{escaped(value)}"' for name, value in self.attributes.items())
        yield f"<{self.name}{attributes}>"
        for child in self.children:
            if isinstance(child, Element):
                yield from child._parts()
            else:
                yield escaped(child)
        if self.name not in VOID:
            yield f"</{self.name}>"


def escaped(text: str) -> str:
    """Text that is only text, wherever in a page it stands; characters that HTML forbids are replaced."""
    return _FORBIDDEN.sub("\ufffd", text).translate(_REPLACED)


def tag(name: str, /, *children: Child, **attributes: str | int | float | bool | None) -> Element:
    """An element.

    Args:
        name: One of `ELEMENTS`.
        children: Elements, text and numbers, or iterables of these; None is nothing.
        attributes: `class_` is written as `class`, `aria_label` as `aria-label`. True is an attribute without a value,
            None and False leave it out.

    Raises:
        ValueError: For a name that is not in the lists, or an address that leaves the page.
    """
    if name not in ELEMENTS:
        raise ValueError(f"<{name}> is not an element of our pages")
    found: dict[str, str] = {}
    for key, value in attributes.items():
        written = key.rstrip("_").replace("_", "-")
        if written not in ATTRIBUTES:
            raise ValueError(f"'{written}' is not an attribute of our pages")
        if written == "href" and not str(value).startswith("#"):
            raise ValueError(f"{value}: a link of a report leads into the report")
        if value is not None and value is not False:
            found[written] = "" if value is True else f"{value:g}" if isinstance(value, float) else str(value)
    return Element(name, found, list(_flat(children)))


def _flat(children: Iterable[Child]) -> Iterable[Element | str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Element | str):
            yield child
        elif isinstance(child, int):
            yield str(child)
        else:
            yield from _flat(child)


def foreign(text: str, limit: int | None = None) -> Element:
    """Text from a document: signs in it that turn the direction of reading end with it."""
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    return tag("bdi", text)


def document(title: str, style: str, *body: Child) -> str:
    """A whole page that loads nothing and runs nothing.

    Args:
        title: Of the window.
        style: Our own style sheet, allowed by its digest.
        body: What the page shows.
    """
    assert "<" not in style, "a style sheet needs no '<', and must not end its element"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
    )
    # The style sheet is the one string that is written as it is.
    start = str(head).removesuffix("</head>") + f"<style>{style}</style></head>"
    return f'<!doctype html>\n<html lang="en">{start}\n{tag("body", *body)}</html>\n'
