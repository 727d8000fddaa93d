# ruff: noqa: PLR1714  (numba compiles a chain of comparisons; membership in a set it does not)
# mypy: disable-error-code="no-untyped-def"
"""The tags of a page that tell facts about it, and its title, without its text: for extractors that build a tree of
their own. Import this module only where it is used.
"""

from __future__ import annotations

import html

import numpy as np

from firstwords.data.html_tokens import (
    CLOSED,
    HAS_FACTS,
    NAME_TO,
    comment_end,
    equals,
    is_letter,
    raw_end,
    read_tag,
)
from firstwords.data.kernels import compiled

MAX_TOLD = 4096
"""Tags that are kept: no real page has as many that tell something."""


def told_tags(page: str) -> tuple[list[str], str]:
    """The tags that may tell facts about a page, as they are written, and its title, white space collapsed.

    Args:
        page: The decoded page; anything at all is accepted.

    Returns:
        Tags and title as `page_blocks.PageBlocks` has them, but for titles in what a page hides.
    """
    source = page.encode("utf-8", "replace")
    told, title = np.empty((MAX_TOLD, 2), np.int64), np.full(2, -1, np.int64)
    count = find_told(np.frombuffer(source, np.uint8), told, title)
    start, end = title.tolist()
    said = html.unescape(source[start:end].decode()) if start >= 0 else ""
    return [source[at:behind].decode() for at, behind in told[:count].tolist()], " ".join(said.split())


@compiled
def _is_raw(data, name, name_to):
    """Whether what an element holds is no markup."""
    length = name_to - name
    if length == 5:
        return equals(data, name, name_to, b"style")
    if length == 6:
        return equals(data, name, name_to, b"script") or equals(data, name, name_to, b"iframe")
    if length == 7:
        return equals(data, name, name_to, b"noembed")
    if length == 8:
        return equals(data, name, name_to, b"textarea") or equals(data, name, name_to, b"noframes")
    return False


@compiled
def find_told(data, told, title):
    """Where tags stand that may tell facts; returns how many.

    Args:
        data: (bytes,) uint8, the page in UTF-8.
        told: (tags, 2) int64, filled as far as it goes.
        title: (2,) int64, filled with where the first title outside of a drawing stands; left as it is without one.
    """
    found = np.empty(10, np.int64)
    count = 0
    in_drawing = False
    at, end = 0, len(data)
    while at < end:
        while at < end and data[at] != 60:
            at += 1
        if at + 1 >= end:
            break
        following = data[at + 1]
        is_end = following == 47
        name = at + 1 + is_end
        if name >= end or not is_letter(data[name]):
            at = comment_end(data, at, end) if is_end or following == 33 or following == 63 else at + 1
            continue
        behind = read_tag(data, name, end, found)
        if behind < 0:
            break
        name_to = found[NAME_TO]
        length = name_to - name
        is_svg = length == 3 and equals(data, name, name_to, b"svg")
        if is_end:
            in_drawing = in_drawing and not is_svg
            at = behind
            continue
        if is_svg and not found[CLOSED]:
            in_drawing = True
        tells = found[HAS_FACTS] == 1 or (
            length == 4
            and (
                equals(data, name, name_to, b"meta")
                or equals(data, name, name_to, b"html")
                or equals(data, name, name_to, b"base")
            )
        )
        if tells and count < len(told):
            told[count, 0], told[count, 1] = at, behind
            count += 1
        at = behind
        if length == 5 and not in_drawing and equals(data, name, name_to, b"title"):
            at = raw_end(data, behind, end, name, name_to)
            if title[0] < 0:
                title[0], title[1] = behind, at
        elif _is_raw(data, name, name_to):
            at = raw_end(data, behind, end, name, name_to)
    return count
