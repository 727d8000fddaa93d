"""Scores in a terminal: a line for every rule, or one rule in full, readable without colour."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

from firstwords.corpus.histogram import Histogram
from firstwords.corpus.scores import Change, Distribution, Rule, Scores
from firstwords.data.filter import Bounds
from firstwords.errors import RecipeError

BLOCKS = " ▁▂▃▄▅▆▇█"
PLAIN_BLOCKS = " .:-=+*#@"
NAME_WIDTH = 22
NARROWEST_PICTURE = 12
WIDEST_PICTURE = 40
BAR_WIDTH = 40


@dataclasses.dataclass(frozen=True)
class Signs:
    """What bars are drawn with."""

    blocks: str
    """From nothing to full height."""
    kept: str
    dropped: str
    mark: str


DRAWN = Signs(BLOCKS, "█", "░", "│")
PLAIN = Signs(PLAIN_BLOCKS, "#", ".", "|")


def signs_for(stream: TextIO, term: str = "") -> Signs:
    """Block characters where a stream's encoding has them and the terminal is able to draw, else ASCII."""
    try:
        (BLOCKS + DRAWN.dropped + DRAWN.mark).encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN
    return PLAIN if term in ("dumb", "linux") else DRAWN


def figure(value: float | None) -> str:
    """A score for people: whole numbers with separators, others with three digits."""
    if value is None:
        return "-"
    if value == round(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def exact_figure(value: float) -> str:
    """A bound for people: as in `figure`, but with all digits that it has."""
    return f"{int(value):,}" if value == round(value) and abs(value) < 1e15 else repr(float(value))


def told_bounds(bounds: Bounds | None) -> str:
    """For example `50 to 100,000`, `at least 0.35`, `at most 0.1`."""
    if bounds is None:
        return "not known"
    low, high = bounds
    if low is not None and high is not None:
        return f"{exact_figure(low)} to {exact_figure(high)}"
    if low is not None:
        return f"at least {exact_figure(low)}"
    return f"at most {exact_figure(high)}" if high is not None else "anything"


def read_bounds(text: str, now: Bounds | None) -> Bounds:
    """New bounds of a rule: `50` in place of the bound it has (the lower of two), or `LOW:HIGH`, `LOW:`, `:HIGH`.

    Raises:
        RecipeError: If it is none of these, or the rule's own bounds are not known.
    """
    low, colon, high = text.partition(":")
    try:
        numbers = [float(part.replace(",", "").replace("_", "")) if part.strip() else None for part in (low, high)]
    except ValueError:
        raise RecipeError(f"--at {text}: write a number, or LOW:HIGH, LOW: or :HIGH") from None
    if numbers == [None, None] or any(math.isnan(number) for number in numbers if number is not None):
        raise RecipeError(f"--at {text}: write a number, or LOW:HIGH, LOW: or :HIGH")
    if colon:
        return numbers[0], numbers[1]
    if now is None or now == (None, None):
        raise RecipeError(f"--at {text}: the rule has no bound to replace; write {text}: for a lower or :{text}")
    return (numbers[0], now[1]) if now[0] is not None else (None, numbers[0])


def bins_for(width: int) -> int:
    """How many bins a line of `table` has room for, beside the marks of two thresholds and a bin for zero."""
    return min(WIDEST_PICTURE, max(NARROWEST_PICTURE, width - NAME_WIDTH - 45)) - 3


def table(found: Sequence[Distribution], signs: Signs) -> Iterator[str]:
    """One line for every score, in the order of the steps."""
    step = ""
    head = f"{'':<{NAME_WIDTH}} {'keeps':<14} {'drops':>6}"
    yield f"{head} {'5%':>6} {'50%':>6} {'95%':>6}  distribution"
    for each in found:
        if each.rule.step != step:
            step = each.rule.step
            yield step
        numbers = " ".join(f"{_short(each.quantiles.get(share)):>6}" for share in ("0.05", "0.5", "0.95"))
        share = f"{100 * each.dropped / each.documents:.1f}%" if each.dropped else "-"
        name = f"  {each.rule.name}"
        if len(name) > NAME_WIDTH:
            yield name
            name = ""
        drawn = sparkline(each.histogram, signs)
        yield f"{name:<{NAME_WIDTH}} {_compact(each.rule.bounds):<14} {share:>6} {numbers}  {drawn}".rstrip()


def sparkline(shown: Histogram, signs: Signs) -> str:
    """The bins as one line of blocks; a bin that holds anything is seen, and thresholds stand between bins."""
    most = max([1, *shown.totals])
    drawn = []
    for index, number in enumerate(shown.totals):
        if index in shown.marks:
            drawn.append(signs.mark)
        drawn.append(signs.blocks[-(-number * (len(signs.blocks) - 1) // most)])
    return "".join(drawn)


def details(each: Distribution, changes: Sequence[Change], signs: Signs, width: int = 80) -> Iterator[str]:
    """One score in full: bounds, quantiles, a bar for every bin, and what other bounds would do."""
    rule, total = each.rule, max(1, each.documents)
    yield f"{rule.full_name}   keeps {told_bounds(rule.bounds)}"
    yield (
        f"{each.scored:,} of {each.documents:,} documents scored   dropped by it {each.dropped:,} "
        f"({100 * each.dropped / total:.1f}%)   outside its bounds {each.failing:,}"
    )
    if each.quantiles:
        names = {"0": "least", "0.5": "median", "1": "most"}
        told = [(names.get(share, f"{100 * float(share):g}%"), value) for share, value in each.quantiles.items()]
        yield ""
        yield " ".join(f"{name:>8}" for name, _ in told).rstrip()
        yield " ".join(f"{_short(value):>8}" for _, value in told).rstrip()
        yield ""
        yield from bars(each.histogram, signs, width)
    if changes:
        yield ""
        yield from told_changes(each, changes)


def bars(shown: Histogram, signs: Signs, width: int = 80) -> Iterator[str]:
    """A line for every bin: kept and dropped documents, and a rule where a threshold lies."""
    kept, dropped = shown.counts["kept"], shown.counts["dropped"]
    most, room = max(1, *shown.totals), max(10, min(BAR_WIDTH, width - 42))
    yield f"{'from':>9} {'below':>9}  {'kept':>9} {'dropped':>9}"
    for index, (k, d) in enumerate(zip(kept, dropped, strict=True)):
        if index in shown.marks:
            yield f"{'':>9} {'':>9}  {'threshold':-^19}  {'-' * room}"
        low, high = shown.edges[index], shown.edges[index + 1]
        long_bar, short_bar = -(-k * room // most), -(-d * room // most)
        bar = (signs.kept * long_bar + signs.dropped * short_bar)[:room]
        yield f"{_short(low):>9} {_short(high):>9}  {k:>9,} {d:>9,}  {bar}".rstrip()
    yield f"{'':>9} {'':>9}  {signs.kept} kept at the end of the stage, {signs.dropped} dropped by any rule"


def told_changes(each: Distribution, changes: Sequence[Change]) -> Iterator[str]:
    """What other bounds would do, each in a line of its own."""
    yield "With other bounds, by the stored scores (nothing is scored again):"
    for change in changes:
        parts = [f"{change.failing:,} fail it ({100 * change.failing / max(1, each.scored):.1f}%)"]
        parts.append(f"{change.goes:,} more would go" if change.goes else "none more would go")
        if change.returns:
            parts.append(f"{change.returns:,} would pass this filter")
        yield f"  keeps {told_bounds(change.bounds):<18} {', '.join(parts)}"
        if change.unknown:
            yield f"    of these {change.unknown:,} were not scored by later filters, which may drop them still"
            yield "    (score_all = true in [clean] scores them all)"


def as_json(found: Iterable[tuple[Distribution, Sequence[Change]]], scores: Scores) -> dict[str, Any]:
    """Everything `table` and `details` tell, with all digits."""
    entries = []
    for each, changes in found:
        entry = dataclasses.asdict(each)
        rule: Rule = each.rule
        low, high = rule.bounds or (None, None)
        entry |= {"rule": rule.full_name, "low": low, "high": high, "bounds_known": rule.bounds is not None}
        entry["at"] = [dataclasses.asdict(c) | {"bounds": list(c.bounds)} for c in changes]
        entries.append(entry)
    return {"artifact": str(scores.artifact.folder), "notes": scores.notes, "scores": entries}


def _compact(bounds: Bounds | None) -> str:
    if bounds is None:
        return "?"
    low, high = bounds
    if low is not None and high is not None:
        return f"{exact_figure(low)} ... {exact_figure(high)}"
    if low is not None:
        return f">= {exact_figure(low)}"
    return f"<= {exact_figure(high)}" if high is not None else "-"


def _short(value: float | None) -> str:
    """A figure in at most six characters."""
    text = figure(value)
    if len(text) <= 6 or value is None:
        return text
    for size, sign in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{sign}"
    return f"{value:.2g}"
