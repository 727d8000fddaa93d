"""The chosen blocks of a page as one readable text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from firstwords.data.page_blocks import CELL, HEADER_CELL, LIST_ITEM, PRE, ROW, TABLE_PARTS, PageBlocks

MAX_CLIMBED = 20  # elements between a block and the list item or cell that it is in


class _Places(NamedTuple):
    """The columns of a page that tell where blocks stand, as lists: reading single numbers of arrays is slow."""

    node: list[int]
    parent: list[int]
    tag: list[int]
    first: list[int]
    last: list[int]


def text_of(page: PageBlocks, keep: Sequence[bool]) -> str:
    """Blocks parted by a blank line; items of a list ("- ") and rows of a table (" | ") by a line end.

    Args:
        page: The blocks.
        keep: Of each block, whether it belongs to the text.
    """
    columns = (page.node, page.parent, page.tag, page.first, page.last)
    places = _Places(*(column.tolist() for column in columns))
    out: list[str] = []
    data_rows: dict[int, bool] = {}
    before: tuple[int, int, int] | None = None
    for block, is_kept in enumerate(keep):
        if not is_kept:
            continue
        text = page.text(block)
        row, item, group = place = _place(places, block, data_rows)
        starts_item = item >= 0 and (before is None or before[1] != item)
        if before is not None:
            same_row = row >= 0 and before[0] == row
            out.append(" | " if same_row else "\n" if group >= 0 and before[2] == group else "\n\n")
        # A row is one line, also where a cell has several.
        told = " ".join(text.split()) if row >= 0 else text
        out.append(f"- {told}" if starts_item else told)
        before = place
    return "".join(out)


def _place(page: _Places, block: int, data_rows: dict[int, bool]) -> tuple[int, int, int]:
    """The table row, the list item and the table or list that a block is in; -1 where it is in none.

    A table that is there for the layout has cells of several blocks: it counts as none.
    """
    at = page.node[block]
    for _ in range(MAX_CLIMBED):
        if at < 0:
            break
        tag = page.tag[at]
        if tag in (CELL, HEADER_CELL):
            row = page.parent[at]
            if row not in data_rows:
                data_rows[row] = _is_data(page, row)
            return (row, -1, _table(page, row)) if data_rows[row] else (-1, -1, -1)
        if tag == PRE:
            break
        if tag == LIST_ITEM:
            return -1, at, page.parent[at]
        at = page.parent[at]
    return -1, -1, -1


def _is_data(page: _Places, row: int) -> bool:
    """Whether no cell of a row has more than one block."""
    if row < 0 or page.tag[row] != ROW:
        return False
    at, end = row + 1, page.last[row]
    while at < len(page.parent) and page.first[at] < end:
        if page.parent[at] == row and page.last[at] - page.first[at] > 1:
            return False
        at += 1
    return True


def _table(page: _Places, row: int) -> int:
    """The table around a row, without the parts (`tbody`) between."""
    at = page.parent[row]
    while at >= 0 and page.tag[at] in TABLE_PARTS:
        at = page.parent[at]
    return at
