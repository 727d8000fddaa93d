"""Plots of a run as inline SVG: learning curves, scores with their intervals, the graph of artifacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from firstwords.web.html import Child, Element, tag

WIDTH, HEIGHT = 360.0, 200.0
LEFT, RIGHT, TOP, BOTTOM = 42.0, 350.0, 12.0, 172.0
NUM_COLOURS = 6
# What lies above this share of all points is cut off, or the first steps would flatten the rest.
HIGHEST_SHARE = 0.97
ROW = 26.0
BOX, GAP = 102.0, 22.0

Points = Sequence[tuple[float, float]]


def curves(lines: Mapping[str, Points], marks: Mapping[str, Points], label: str) -> Element:
    """Lines over a common axis from 0, and points on them.

    Args:
        lines: Name to points with rising x; they take colours in this order.
        marks: Points by the names of the lines, in their colours.
        label: What the plot shows, in words.
    """
    values = sorted(y for points in [*lines.values(), *marks.values()] for _, y in points)
    widest = max((x for points in [*lines.values(), *marks.values()] for x, _ in points), default=0.0)
    if not values or not widest:
        return tag("p", "nothing was measured", class_="faint")
    low = values[0]
    high = max([values[int((len(values) - 1) * HIGHEST_SHARE)], *(y for points in marks.values() for _, y in points)])
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5

    def place(x: float, y: float) -> tuple[float, float]:
        share = (min(high, max(low, y)) - low) / (high - low)
        return round(LEFT + (RIGHT - LEFT) * x / widest, 1), round(BOTTOM - (BOTTOM - TOP) * share, 1)

    drawn: list[Child] = []
    for number in range(4):
        y = BOTTOM - (BOTTOM - TOP) * number / 3
        drawn.append(tag("line", class_="axis", x1=LEFT, x2=RIGHT, y1=round(y, 1), y2=round(y, 1)))
        text = f"{low + (high - low) * number / 3:.3g}"
        drawn.append(tag("text", text, x=LEFT - 5, y=round(y + 3.5, 1), class_="tick", text_anchor="end"))
    names = list(dict.fromkeys([*lines, *marks]))
    for name in names:
        colour = f"series-{names.index(name) % NUM_COLOURS}"
        points = " ".join(f"{x:g},{y:g}" for x, y in (place(*point) for point in lines.get(name, ())))
        drawn.append(tag("polyline", class_=f"line {colour}", points=points) if points else None)
        spots = (place(*point) for point in marks.get(name, ()))
        drawn += [tag("circle", class_=f"spot {colour}", cx=x, cy=y, r=3.0) for x, y in spots]
    drawn.append(tag("text", "0", x=LEFT, y=BOTTOM + 15, class_="tick", text_anchor="start"))
    end = f"{widest:,.0f} tokens"
    drawn.append(tag("text", end, x=RIGHT, y=BOTTOM + 15, class_="tick", text_anchor="end"))
    view = f"0 0 {WIDTH:g} {HEIGHT:g}"
    return tag("svg", tag("desc", label), drawn, class_="chart", viewBox=view, role="img", aria_label=label)


def whisker(
    value: float, low: float | None, high: float | None, beside: Sequence[float], span: tuple[float, float], label: str
) -> Element:
    """A dot with its interval on a scale, and ticks for other figures; as wide as its cell.

    Args:
        value: Where the dot stands.
        low: Lower bound, or None.
        high: Upper bound.
        beside: Figures of baselines.
        span: Ends of the scale.
        label: The same in words.
    """
    first, last = span

    def place(number: float) -> float:
        return round(100 * min(1.0, max(0.0, (number - first) / (last - first))), 2) if last > first else 50.0

    drawn: list[Child] = [tag("rect", class_="scale", x=0.0, y=9.5, width=100.0, height=1.0)]
    drawn += [tag("rect", class_="other", x=min(99.3, place(each)), y=3.0, width=0.7, height=14.0) for each in beside]
    if low is not None and high is not None:
        width = max(0.4, place(high) - place(low))
        drawn.append(tag("rect", class_="range", x=place(low), y=8.0, width=round(width, 2), height=4.0))
    drawn.append(tag("rect", class_="dot", x=max(0.0, round(place(value) - 0.7, 2)), y=4.0, width=1.4, height=12.0))
    view = {"viewBox": "0 0 100 20", "preserveAspectRatio": "none"}
    return tag("svg", drawn, class_="whisker", role="img", aria_label=label, **view)


def graph(nodes: Sequence[tuple[str, str]], edges: Sequence[tuple[str, str]], label: str) -> Element:
    """Artifacts as boxes from left to right, each behind its inputs.

    Args:
        nodes: Key and text, inputs before what is made of them.
        edges: Keys from an input to what is made of it.
        label: What the graph shows, in words.
    """
    column: dict[str, int] = {}
    for key, _ in nodes:
        column[key] = 1 + max((column[start] for start, end in edges if end == key and start in column), default=-1)
    rows: dict[int, int] = {}
    place: dict[str, tuple[float, float]] = {}
    for key, _ in nodes:
        row = rows.setdefault(column[key], 0)
        rows[column[key]] += 1
        place[key] = (column[key] * (BOX + GAP), row * 2 * ROW)
    drawn: list[Child] = []
    for start, end in edges:
        if start in place and end in place:
            x, y = place[start]
            u, v = place[end]
            middle, y, v = u - GAP / 2, y + ROW / 2, v + ROW / 2
            points = f"{x + BOX:g},{y:g} {middle:g},{y:g} {middle:g},{v:g} {u:g},{v:g}"
            drawn.append(tag("polyline", class_="edge", points=points))
    for key, text in nodes:
        x, y = place[key]
        shown = text if len(text) <= 17 else text[:16] + "…"
        drawn.append(tag("rect", class_="node", x=x, y=y, width=BOX, height=ROW, rx=4.0))
        drawn.append(tag("text", shown, x=x + BOX / 2, y=y + ROW / 2 + 4, class_="name", text_anchor="middle"))
    wide = (max(column.values(), default=0) + 1) * (BOX + GAP) - GAP
    tall = max(rows.values(), default=1) * 2 * ROW - ROW
    view = f"-1 -1 {wide + 2:g} {tall + 2:g}"
    return tag("svg", tag("desc", label), drawn, class_="graph", viewBox=view, role="img", aria_label=label)
