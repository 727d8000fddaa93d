"""Tables that scroll by themselves on narrow screens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from firstwords.web.html import Child, Element, tag


def table(title: str | None, heads: Sequence[str], rows: Iterable[Iterable[Element]]) -> Element:
    """A table.

    Args:
        title: Its caption.
        heads: Of the columns; none for a table without. Those of columns of numbers are set to the right.
        rows: Cells made with `tag("td", ...)`, the first of each with `tag("th", ..., scope="row")`.
    """
    body = [list(cells) for cells in rows]
    numbers = {place for place, each in enumerate(body[0] if body else []) if each.attributes.get("class") == "number"}
    head = [tag("th", name, scope="col", class_="number" if n in numbers else None) for n, name in enumerate(heads)]
    wide = len(heads) > 3
    return tag(
        "div",
        tag(
            "table",
            tag("caption", title) if title else None,
            tag("thead", tag("tr", head)) if head else None,
            tag("tbody", [tag("tr", cells) for cells in body]),
        ),
        class_="scroll rules" if wide else "scroll",
        tabindex=0 if wide else None,
        role="region" if wide else None,
        aria_label=(title or "Stages") if wide else None,
    )


def cell(content: Child, is_number: bool = False) -> Element:
    """A cell of a row."""
    return tag("td", content, class_="number" if is_number else None)


def head_cell(content: Child) -> Element:
    """The cell that names a row."""
    return tag("th", content, scope="row")


def folded(title: Child, content: Child) -> Element:
    """Content that is shown when its title is opened."""
    return tag("details", tag("summary", title), content)
