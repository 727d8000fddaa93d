"""Charts as inline SVG, each with a text that says the same."""

from __future__ import annotations

from collections.abc import Sequence

from firstwords.corpus.histogram import Histogram
from firstwords.corpus.score_table import exact_figure, figure, told_bounds
from firstwords.data.filter import Bounds
from firstwords.web.html import Child, Element, tag

WIDTH, HEIGHT = 320.0, 132.0
BASE, TOP = 108.0, 20.0  # where bars stand, and the highest ends
GAP = 1.5
LABEL_CHARACTERS = 5.6  # width of a character of an axis label, about


def bar(shares: Sequence[tuple[str, float]], label: str) -> Element:
    """A flat bar as wide as its cell: class and share (0 to 1) of each stretch, from the left."""
    drawn, start = [], 0.0
    for kind, share in shares:
        # Something that is there is seen, however little it is.
        width = max(0.6, 100 * share) if share > 0 else 0.0
        drawn.append(tag("rect", class_=kind, x=round(start, 3), y=0.0, width=round(width, 3), height=10.0))
        start += width
    return tag(
        "svg",
        drawn,
        class_="bar",
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )


def river(before: float, after: float, label: str) -> Element:
    """A stretch of a stream that narrows from one share of its full width to another, and what leaves it."""
    a, b = 100 * before, max(100 * after, 0.4 if after else 0.0)
    stream = f"0,0 {a:.3f},0 {a:.3f},8 {b:.3f},52 {b:.3f},100 0,100"
    leaving = f"{a:.3f},8 {a:.3f},52 {b:.3f},52"
    return tag(
        "svg",
        tag("polygon", class_="kept", points=stream),
        tag("polygon", class_="dropped", points=leaving) if a > b else None,
        class_="river",
        viewBox="0 0 100 100",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )


def chart(shown: Histogram, bounds: Bounds, name: str, unit: str = "documents") -> Element:
    """A histogram with its thresholds; bins are drawn equally wide, whatever their edges."""
    totals = shown.totals
    if not totals:
        return tag("p", "no values", class_="faint")
    most, step = max(1, *totals), WIDTH / len(totals)
    drawn: list[Child] = []
    for index in range(len(totals)):
        height = 0.0
        for kind in ("kept", "dropped"):
            number = shown.counts.get(kind, [0] * len(totals))[index]
            size = max(1.5, (BASE - TOP) * number / most) if number else 0.0
            if size:
                x, y = round(index * step + GAP / 2, 2), round(BASE - height - size, 2)
                drawn.append(tag("rect", class_=kind, x=x, y=y, width=round(step - GAP, 2), height=round(size, 2)))
            height += size
    drawn.append(tag("line", class_="axis", x1=0.0, x2=WIDTH, y1=BASE, y2=BASE))
    labels = [(0.0, figure(shown.edges[0])), (WIDTH, figure(shown.edges[-1]))]
    for mark in shown.marks:
        x = round(mark * step, 2)
        drawn.append(tag("line", class_="mark", x1=x, x2=x, y1=8.0, y2=BASE + 5))
        # The edge of an upper bound lies just behind it; the label is the bound.
        bound = next(b for b in bounds if b is not None and abs(b - shown.edges[mark]) <= 1e-9 * max(1.0, abs(b)))
        drawn.append(_label(x, exact_figure(bound), 6.0, "bound"))
    drawn += [_label(x, text, BASE + 16, "tick") for x, text in labels]
    return tag(
        "svg",
        tag("desc", described(shown, bounds, name, unit)),
        drawn,
        class_="chart",
        viewBox=f"0 -8 {WIDTH:g} {HEIGHT + 8:g}",
        role="img",
        aria_label=described(shown, bounds, name, unit),
    )


def described(shown: Histogram, bounds: Bounds, name: str, unit: str = "documents") -> str:
    """What a chart shows, in words."""
    totals = shown.totals
    if not totals:
        return f"{name}: no values."
    fullest = totals.index(max(totals))
    low, high = figure(shown.edges[fullest]), figure(shown.edges[fullest + 1])
    text = f"{name}: {sum(totals):,} {unit} from {figure(shown.edges[0])} to {figure(shown.edges[-1])}, "
    text += f"most ({totals[fullest]:,}) between {low} and {high}."
    return text if bounds == (None, None) else f"{text} Accepted: {told_bounds(bounds)}."


def _label(x: float, text: str, y: float, kind: str) -> Element:
    half = len(text) * LABEL_CHARACTERS / 2
    anchor = "start" if x - half < 0 else "end" if x + half > WIDTH else "middle"
    return tag("text", text, x=x, y=y, class_=kind, text_anchor=anchor)
