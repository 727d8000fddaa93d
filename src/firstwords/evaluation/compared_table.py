"""Comparisons as text: for each task and metric the first run, then every other with its difference and a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from firstwords.evaluation.compare import Comparison, Row
from firstwords.evaluation.table import WIDTH, figure_text
from firstwords.metrics.power import ALARM

NAME = 20  # columns of a task's name, and of a metric's


def comparison_lines(comparisons: Sequence[Comparison], width: int = WIDTH) -> Iterator[str]:
    """Lines of at most `width` columns, folders' names aside.

    Args:
        comparisons: Of one reference with each of several runs, as `compare.compare_all` gives them.
        width: At least 80.
    """
    letters = [letter_of(number) for number in range(len(comparisons) + 1)]
    yield f"{letters[0]}  {comparisons[0].first}"
    for letter, comparison in zip(letters[1:], comparisons, strict=True):
        yield f"{letter}  {comparison.second}"
    found: dict[tuple[str, str], list[tuple[str, Row]]] = {}
    for letter, comparison in zip(letters[1:], comparisons, strict=True):
        for row in comparison.rows:
            found.setdefault((row.task, row.metric), []).append((letter, row))
    for (task, _), rows in found.items():
        yield ""
        head, before = f"{_cut(task, NAME)}  {_cut(rows[0][1].label, NAME)}", None
        for letter, row in rows:
            # The reference has another figure beside a run that shares only some of its items.
            if row.first != before:
                yield f"{head:<{2 * NAME + 4}}{letters[0]} {figure_text(row.first)}".rstrip()
            yield f"  {letter} {figure_text(row.second):<8}{told(row)}"
            yield f"    {_cut(f'{items_told(row)}; {shown_told(row)}', width - 4)}"
            head, before = "", row.first
    yield ""
    yield f"Verdicts at {ALARM:.0%}, corrected for {sum(len(c.rows) for c in comparisons)} comparisons (Holm)."
    for letter, comparison in zip(letters[1:], comparisons, strict=True):
        yield from (f"{letter}: left out: {reason}" for reason in comparison.left_out)


def letter_of(number: int) -> str:
    """`a` to `z`, then `a1` and so on."""
    return "abcdefghijklmnopqrstuvwxyz"[number % 26] + (str(number // 26) if number >= 26 else "")


def told(row: Row) -> str:
    """Difference, interval, p-value and verdict."""
    bounds = "" if row.low is None or row.high is None else f" [{signed(row.low)}, {signed(row.high)}]"
    p_value = "<0.001" if row.p_value < 0.001 else f"{row.p_value:.3f}"
    return f"{signed(row.difference) + bounds:<28} p {p_value:<7} {verdict(row)}"


def verdict(row: Row) -> str:
    """What the second run is beside the first."""
    return {"second": "better", "first": "worse"}.get(row.better, "no difference shown")


def items_told(row: Row) -> str:
    """How many items and units were compared, and how."""
    return f"{row.items:,} items in {row.units:,} units, {row.method}"


def shown_told(row: Row) -> str:
    """The effect size (Cohen's d), and the smallest difference that the items could show."""
    if row.smallest_difference is None:
        return "too few units to show any difference"
    effect = "" if row.effect_size is None else f"d {row.effect_size:+.2f}, "
    return f"{effect}would show {figure_text(row.smallest_difference)}"


def signed(value: float) -> str:
    """A figure with its sign."""
    return ("-" if value < 0 else "+") + figure_text(abs(value))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
