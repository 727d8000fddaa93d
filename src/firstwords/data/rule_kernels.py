# mypy: disable-error-code="no-untyped-def"
"""The rules of `page_rules` over the elements of a page, compiled by numba.

Import this module only where it is used.
"""

from __future__ import annotations

from firstwords.data.kernels import compiled

# Bits of signs, in the order of `page_rules.SIGNS`; the rest are elements that a rule names.
HIDDEN, AWAY, DEEP, BOX, WANTED, ROOT, TOP, FOOTER, LIST, ARTICLE, DIV, NAMED = (1 << bit for bit in range(12))
DEEP_FROM = 3  # levels below the body: nearer ones hold the whole page, whatever their name
MAX_CLIMBED = 256  # elements: no real page is deeper, hostile ones are
LIST_FROM = 4  # a list nearer to the body is a menu


@compiled
def _is_links(node, first, last, sums, thousandths, most):
    """Whether more of an element's characters than a share are links, if it has at most so many (0: any number)."""
    characters = sums[last[node], 0] - sums[first[node], 0]
    linked = sums[last[node], 1] - sums[first[node], 1]
    return (most == 0 or characters <= most) and linked * 1000 > thousandths * characters


@compiled
def _is_most(node, first, last, sums):
    """Whether an element holds more than half of the page's text that is no link."""
    inside = sums[last[node]] - sums[first[node]]
    total = sums[len(sums) - 1]
    return 2 * (inside[0] - inside[1]) > total[0] - total[1]


@compiled
def _ends_page(node, parent, signs, last):
    """Whether nothing follows an element in the part of the body that it is in."""
    outer = node
    for _ in range(MAX_CLIMBED):
        if parent[outer] < 0 or signs[parent[outer]] & TOP:
            break
        outer = parent[outer]
    return last[node] == last[outer]


@compiled
def _is_away(node, depth, parent, signs, first, last, sums):
    """Whether an element is no part of the main text."""
    shown = signs[node]
    if shown & TOP:
        return False
    if shown & (HIDDEN | AWAY):
        return True
    if shown & FOOTER and (
        depth < DEEP_FROM or _is_links(node, first, last, sums, 200, 0) or _ends_page(node, parent, signs, last)
    ):
        return True
    if shown & LIST and (depth < LIST_FROM or _is_links(node, first, last, sums, 200, 0)):
        return True
    if shown & (DEEP | BOX) and _is_most(node, first, last, sums):
        return False
    if depth < DEEP_FROM:
        return shown & BOX != 0 and not shown & WANTED
    if shown & ARTICLE and _is_links(node, first, last, sums, 200, 500):
        return True
    if shown & DEEP:
        return True
    if shown & WANTED:
        return False
    if shown & BOX:
        return True
    if not shown & DIV:
        return False
    if shown & NAMED:
        return _is_links(node, first, last, sums, 600, 1500)
    return depth > 5 and _is_links(node, first, last, sums, 600, 800)


@compiled
def choose(parent, signs, first, last, sums, depth, kept, keep):
    """Choose the blocks that are main text.

    Args:
        parent, signs, first, last: (N,) int64 of `PageBlocks`, signs by `page_rules.SIGNS`.
        sums: (B + 1, 2) int64, running sums of the blocks' characters and link characters.
        depth: (N,) int64, filled: levels below the body.
        kept: (N,) bool, filled: whether the element is part of the main text.
        keep: (B,) bool, true; what elements leave out is set false.
    """
    root, roots = -1, 0
    for node in range(len(parent)):
        if signs[node] & ROOT and last[node] > first[node]:
            root = node
            roots += 1
    if roots != 1:
        root = -1
    else:
        keep[: first[root]] = False
        keep[last[root] :] = False
    for node in range(len(parent)):
        above = parent[node]
        depth[node] = 0 if signs[node] & TOP and above <= 0 else (depth[above] + 1 if above >= 0 else 1)
        # What is around the one element that says to be the text does not count.
        around = root >= 0 and node < root
        kept[node] = around or (
            (above < 0 or kept[above]) and not _is_away(node, depth[node], parent, signs, first, last, sums)
        )
        if not kept[node] and (above < 0 or kept[above]):
            keep[first[node] : last[node]] = False
