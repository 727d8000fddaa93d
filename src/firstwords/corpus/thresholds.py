"""The bounds of a filter's rules, found by asking the filter.

A filter says its thresholds twice already: as fields, in words, and in `reject`, for good. A third place could differ
from what was decided, so the bounds are searched: one score of a document that passes is changed until `reject` names a
rule. The search ends at two neighbouring floating-point numbers, so the bound is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from firstwords.data.filter import Bounds, Filter

PROBES = 256
INTEGER_LIMIT = 2**53  # beyond, a filter that computes with floats cannot tell neighbours apart


class NothingPasses(Exception):
    """No row passes the filter, so there is nothing to vary."""


def bounds_of(step: Filter, scores: pa.StructArray) -> dict[str, Bounds]:
    """Lowest and highest accepted value of every numeric score, in the order of the fields.

    A score that never leads to a rejection has (None, None). Where the bound of one score depends on another, it is the
    bound beside the scores of the first document that passes.

    Args:
        step: The filter.
        scores: What it gave; at least one row must pass.

    Raises:
        NothingPasses: If no row does.
    """
    passing = _first_passing(step, scores)
    found: dict[str, Bounds] = {}
    for field in scores.type:
        value = passing[field.name]
        if not (pa.types.is_integer(field.type) or pa.types.is_floating(field.type)) or value is None:
            continue
        keeps = _question(step, scores.type, passing, field.name)
        whole = pa.types.is_integer(field.type)
        low, high = (_edge(keeps, value, end, whole) for end in _ends(field.type))
        found[field.name] = (low, high)
    return found


def passes(bounds: Bounds, values: np.ndarray) -> np.ndarray:
    """Which values a rule accepts; one that is missing (NaN) fails nothing."""
    low, high = bounds
    failing = np.zeros(len(values), bool)
    if low is not None:
        failing |= values < low
    if high is not None:
        failing |= values > high
    return ~failing


def _first_passing(step: Filter, scores: pa.StructArray) -> dict[str, Any]:
    scored = scores.filter(scores.is_valid())
    rules = step.reject(scored)
    passing = np.flatnonzero(rules.is_null().to_numpy(zero_copy_only=False))
    if not len(passing):
        raise NothingPasses
    return scored[int(passing[0])].as_py()


def _question(
    step: Filter, kind: pa.StructType, passing: dict[str, Any], name: str
) -> Callable[[list[Any]], np.ndarray]:
    """Which values of one score are kept, the other scores being those of a document that passes."""

    def keeps(values: list[Any]) -> np.ndarray:
        columns = [
            pa.array(values if field.name == name else [passing[field.name]] * len(values), field.type)
            for field in kind
        ]
        rules = step.reject(pa.StructArray.from_arrays(columns, fields=list(kind)))
        return rules.is_null().to_numpy(zero_copy_only=False)

    return keeps


def _ends(kind: pa.DataType) -> tuple[float, float]:
    """The least and the greatest value of a type, as far as a filter can tell neighbours apart."""
    if pa.types.is_floating(kind):
        greatest = float(np.finfo(kind.to_pandas_dtype()).max)
        return -greatest, greatest
    limits = np.iinfo(kind.to_pandas_dtype())
    return max(-INTEGER_LIMIT, int(limits.min)), min(INTEGER_LIMIT, int(limits.max))


def _edge(keeps: Callable[[list[Any]], np.ndarray], inside: float, end: float, whole: bool) -> float | None:
    """The last value that is kept on the way from `inside` to an end, or None when all are."""
    if keeps([end])[0]:
        return None
    kept, dropped = _position(inside, whole), _position(end, whole)
    while abs(dropped - kept) > 1:
        steps = sorted({kept + (dropped - kept) * n // PROBES for n in range(PROBES + 1)} - {kept, dropped})
        steps = steps if kept < dropped else steps[::-1]
        answers = keeps([_value(position, whole) for position in steps])
        first = int(np.argmin(answers)) if not answers.all() else len(steps)
        kept, dropped = (
            steps[first - 1] if first else kept,
            steps[first] if first < len(steps) else dropped,
        )
    return _value(kept, whole)


def _position(value: float, whole: bool) -> int:
    """The number of a float among all floats in their order; of an integer itself."""
    if whole:
        return int(value)
    bits = int(np.float64(value).view(np.int64))
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def _value(position: int, whole: bool) -> float:
    if whole:
        return position
    magnitude = float(np.int64(abs(position)).view(np.float64))
    return magnitude if position >= 0 else -magnitude
