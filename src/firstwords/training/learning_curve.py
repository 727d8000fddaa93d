"""The learning curve of a run in a terminal: dots of braille, no colours, at most 80 columns.

A braille sign holds two by four dots (Unicode 15, block 2800), so that a plot of 68 by 14 signs shows 136 by 56 points.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

EMPTY = 0x2800
# Bits of the dots of a sign, by row and column (ISO/TR 11548-1).
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
COLUMNS, ROWS = 68, 14
LABEL = 10
MARK = "o"
# What lies above this share of all points at the start is cut off, or one first step would flatten the rest.
HIGHEST_SHARE = 0.98


def curve(folder: Path) -> Iterator[str]:
    """The chart of a pre-training: training loss as dots, the held-out text's as `o`.

    Both in bits per byte where the artifact says how many bytes a token stands for, else in nats.

    Args:
        folder: Of the artifact.

    Raises:
        FileNotFoundError: If there is no curve.
    """
    from pyarrow import parquet

    table = parquet.read_table(folder / "curve.parquet").to_pydict()
    steps = range(len(table["tokens"]))
    learnt = [i for i in steps if table["loss"][i] is not None]  # before the first step there is only held-out text
    measured = [i for i in steps if table["validation_loss"][i] is not None]
    last = measured[-1] if measured else None
    has_bits = last is not None and table["bits_per_byte"][last] is not None
    scale = table["bits_per_byte"][last] / table["validation_loss"][last] if has_bits else 1.0
    tokens, losses = table["tokens"], [table["loss"][i] * scale for i in learnt]
    held_out = [(tokens[i], table["validation_loss"][i] * scale) for i in measured]
    yield "bits per byte" if has_bits else "loss (nats)"
    yield from chart([tokens[i] for i in learnt], losses, held_out)
    ending = f"training {_smooth(losses)[-1]:.3f}"
    if held_out:
        best = min(value for _, value in held_out)
        ending += f"   {MARK} held out {held_out[-1][1]:.3f}, lowest {best:.3f}"
    yield f"{'':<{LABEL}} {ending}"
    for name in table:
        if name.endswith("_bits_per_byte") and (told := [each for each in table[name] if each is not None]):
            yield f"{'':<{LABEL}} {name.removesuffix('_bits_per_byte')} {told[0]:.3f} -> {told[-1]:.3f} bits per byte"


def chart(
    xs: Sequence[float],
    ys: Sequence[float],
    marks: Sequence[tuple[float, float]] = (),
    columns: int = COLUMNS,
    rows: int = ROWS,
) -> Iterator[str]:
    """A plot in text.

    Args:
        xs: Rising, from above 0; the axis begins at 0.
        ys: Of the dots, which are smoothed.
        marks: Points shown by a letter, over the dots.
        columns: Signs across.
        rows: Signs down.
    """
    smooth = _smooth(ys)
    values = sorted([y for y in smooth if math.isfinite(y)] + [y for _, y in marks])
    if not values:
        yield "nothing to show"
        return
    low, high = values[0], values[min(len(values) - 1, int(len(values) * HIGHEST_SHARE))]
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    widest = max([*xs, *(x for x, _ in marks)])
    grid = [[EMPTY] * columns for _ in range(rows)]

    def place(x: float, y: float, across: int, down: int) -> tuple[int, int]:
        share = (min(high, max(low, y)) - low) / (high - low)
        return min(across - 1, int(x / widest * across)), min(down - 1, int((1 - share) * down))

    before: tuple[int, int] | None = None
    for x, y in zip(xs, smooth, strict=True):
        if not math.isfinite(y):
            continue
        point = place(x, y, 2 * columns, 4 * rows)
        for column, row in _line(before or point, point):
            grid[row // 4][column // 2] |= DOTS[row % 4][column % 2]
        before = point
    signs = [[chr(each) if each != EMPTY else " " for each in line] for line in grid]
    for x, y in marks:
        column, row = place(x, y, columns, rows)
        signs[row][column] = MARK
    for number, line in enumerate(signs):
        named = number in (0, rows // 2, rows - 1)
        value = high - (high - low) * (number + 0.5) / rows
        label = f"{value:>{LABEL}.3f}" if named else " " * LABEL
        yield f"{label} \u2502{''.join(line)}".rstrip()
    yield " " * LABEL + " \u2514" + "\u2500" * columns
    end = f"{widest:,.0f} tokens"
    yield f"{'':<{LABEL}}  0{end:>{columns - 1}}"


def _smooth(ys: Sequence[float]) -> list[float]:
    """A running mean over the last fiftieth of the points, so that noise does not hide the course."""
    window = max(1, len(ys) // 50)
    means, recent = [], 0.0
    for number, y in enumerate(ys):
        recent += y
        if number >= window:
            recent -= ys[number - window]
        means.append(recent / min(number + 1, window))
    return means


def _line(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """All dots between two, the ends included."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    for number in range(steps + 1):
        share = number / steps
        yield round(start[0] + share * (end[0] - start[0])), round(start[1] + share * (end[1] - start[1]))
