# mypy: disable-error-code="no-untyped-def"
"""Gradient-boosted trees for yes or no, over integer features: small, and the same bits on every machine.

Second-order boosting of the logistic loss with histograms (Chen & Guestrin 2016; Ke et al. 2017), trees grown level by
level. Gradients, margins and leaves are fixed-point integers, so no sum depends on its order; gains are float64 from
exact integers.
"""

import math
from dataclasses import dataclass

import numpy as np

from firstwords.data.block_classifier import ONE, Trees
from firstwords.data.kernels import compiled, mix

_STEP = 7  # bits of a margin that the table of the logistic function does not see
_REACH = 8 * ONE
_TABLE = np.array(
    [round(ONE / (1.0 + math.exp(-(i * (1 << _STEP) - _REACH) / ONE))) for i in range(2 * _REACH >> _STEP)], np.int64
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Of the boosting.

    Attributes:
        rows, columns: Share of the examples and of the features that each tree sees.
        smoothing: Added to the sum of second derivatives of a leaf; above 0, since a leaf may be empty.
        min_weight: Least sum of second derivatives on each side of a split.
    """

    num_trees: int = 150
    depth: int = 6
    rate: float = 0.12
    rows: float = 0.4
    columns: float = 0.3
    smoothing: float = 5.0
    min_weight: float = 5.0
    num_bins: int = 64
    seed: int = 0


def train(features, labels, weights, settings: Settings) -> Trees:
    """The trees that tell the examples with label 1 from the others.

    Args:
        features: (N, F) int32.
        labels: (N,) bool.
        weights: (N,) float64.
    """
    edges = [_edges(features[:, column], settings.num_bins) for column in range(features.shape[1])]
    binned = np.stack([np.searchsorted(e, features[:, c], side="left") for c, e in enumerate(edges)]).astype(np.uint8)
    weights = np.round(weights * 256).astype(np.int64)
    labels = labels.astype(np.int64)
    margins = np.zeros(len(labels), np.int64)
    trees, size = [], (2 << settings.depth) - 1
    for number in range(settings.num_trees):
        chosen = _drawn(features.shape[1], settings.columns, settings.seed * 100_003 + number)
        tree = [np.full(size, -1, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int64)]
        _grow(
            binned, labels, weights, margins, chosen, _TABLE, settings.depth, settings.rate,
            settings.smoothing * 256, settings.min_weight * 256, round(settings.rows * 1024),
            settings.seed * 100_003 + number, *tree,
        )  # fmt: skip
        trees.append(tree)
    return _packed(trees, edges)


def _edges(column, num_bins: int):
    """Upper bounds of the bins but the last: about equally full, one for each value where there are few."""
    values, counts = np.unique(column, return_counts=True)
    if len(values) <= num_bins:
        return values[:-1]
    places = np.searchsorted(np.cumsum(counts), len(column) * np.arange(1, num_bins) // num_bins)
    return np.unique(values[np.minimum(places, len(values) - 2)])


def _drawn(num_columns: int, share: float, seed: int):
    keys = np.array([mix(np.uint64(seed * 1009 + each + 1)) for each in range(num_columns)])
    return np.sort(np.argsort(keys, kind="stable")[: max(1, round(share * num_columns))])


@compiled
def _grow(
    binned,
    labels,
    weights,
    margins,
    chosen,
    table,
    depth,
    rate,
    smoothing,
    min_weight,
    rows,
    seed,
    feature,
    bound,
    value,
):
    """Grow one tree (children of `n` are `2n + 1` and `2n + 2`) and add it to the margins of all examples."""
    seen = np.empty(len(labels), np.int64)
    num_seen = 0
    for row in range(len(labels)):
        if mix(np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(row)) % np.uint64(1024) < np.uint64(rows):
            seen[num_seen] = row
            num_seen += 1
    node = np.zeros(num_seen, np.int64)
    first = np.zeros(num_seen, np.int64)
    second = np.zeros(num_seen, np.int64)
    for place in range(num_seen):
        row = seen[place]
        likely = table[min(max(margins[row] + (8 << 16), 0) >> 7, len(table) - 1)]
        first[place] = (likely - (labels[row] << 16)) * weights[row]
        second[place] = (likely * ((1 << 16) - likely) >> 16) * weights[row]
    # A node's sums lie together, one more node than there are for examples whose leaf is done.
    histogram = np.zeros(((1 << depth) + 1) * 512, np.int64)
    begins = np.zeros(num_seen, np.int64)
    for level in range(depth + 1):
        begin, width = (1 << level) - 1, 1 << level
        totals = np.zeros((width + 1, 2), np.int64)
        for place in range(num_seen):
            each = node[place] - begin if node[place] >= begin else width
            begins[place] = each * 512
            totals[each, 0] += first[place]
            totals[each, 1] += second[place]
        best = np.zeros(width)
        if level < depth:
            for column in chosen:
                histogram[: (width + 1) * 512] = 0
                bins = binned[column]
                top = 0
                for place in range(num_seen):
                    bin_ = np.int64(bins[seen[place]])
                    at = begins[place] + 2 * bin_
                    histogram[at] += first[place]
                    histogram[at + 1] += second[place]
                    top = max(top, bin_)
                _split(histogram, totals, column, top, smoothing, min_weight, best, feature[begin:], bound[begin:])
        for each in range(width):
            step = -rate * np.float64(totals[each, 0]) / (np.float64(totals[each, 1]) + smoothing * 65536.0)
            value[begin + each] = np.int64(np.rint(step * 65536.0))
        for place in range(num_seen):
            at = node[place]
            if at >= begin and feature[at] >= 0:
                node[place] = 2 * at + (1 if binned[feature[at], seen[place]] <= bound[at] else 2)
    for row in range(len(labels)):
        at = 0
        while feature[at] >= 0:
            at = 2 * at + (1 if binned[feature[at], row] <= bound[at] else 2)
        margins[row] += value[at]


@compiled
def _split(histogram, totals, column, top, smoothing, min_weight, best, feature, bound):
    """Split those nodes of a level by a column for which that gains more than any column before."""
    for each in range(len(best)):
        sum_first, sum_second = np.int64(0), np.int64(0)
        whole = _gain(totals[each, 0], totals[each, 1], smoothing)
        for split in range(top):
            sum_first += histogram[each * 512 + 2 * split]
            sum_second += histogram[each * 512 + 2 * split + 1]
            other = totals[each, 1] - sum_second
            if sum_second < min_weight * 65536 or other < min_weight * 65536:
                continue
            gain = _gain(sum_first, sum_second, smoothing) - whole
            gain += _gain(totals[each, 0] - sum_first, other, smoothing)
            # Not for a difference that rounding could make.
            if gain > best[each] * 1.000000001 + 1.0:
                best[each] = gain
                feature[each] = column
                bound[each] = split


@compiled
def _gain(first, second, smoothing):
    return np.float64(first) / 65536.0 * (np.float64(first) / (np.float64(second) + smoothing * 65536.0))


def _packed(trees, edges) -> Trees:
    """All trees in one list of nodes, unused ones left out, bins as values of their features."""
    features: list[int] = []
    numbers: list[int] = []
    rights: list[int] = []
    roots = []

    def add(tree, at: int) -> None:
        feature, bound, value = (int(part[at]) for part in tree)
        number = len(features)
        features.append(feature)
        numbers.append(value if feature < 0 else int(edges[feature][bound]))
        rights.append(0)
        if feature >= 0:
            add(tree, 2 * at + 1)
            rights[number] = len(features)
            add(tree, 2 * at + 2)

    for tree in trees:
        roots.append(len(features))
        add(tree, 0)
    return Trees(*(np.array(c, t) for c, t in ((roots, "i4"), (features, "i2"), (numbers, "i4"), (rights, "i4"))))
