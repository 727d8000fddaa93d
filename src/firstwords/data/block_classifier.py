"""Which blocks of a page are its main text: boosted trees over `block_features`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from firstwords.data.block_features import NUM_FEATURES, block_features, kept_blocks, quick_lines
from firstwords.data.block_kernels import sum_of_trees
from firstwords.data.page_blocks import PageBlocks

ONE = 1 << 16
"""What 1.0 is in a margin (log odds)."""
MAX_DEPTH = 400
"""On deeper pages the quick rules are not asked: they climb from every element to the root."""


@dataclass(frozen=True)
class Trees:
    """Binary trees in one list of nodes, each tree in preorder: the left child of a node is the next one.

    Attributes:
        roots: (T,) int32, the first node of each tree.
        feature: (nodes,) int16, the column that a node asks for; -1 at a leaf.
        number: (nodes,) int32: go left where the feature is at most this; at a leaf what is added to the margin.
        right: (nodes,) int32, the other child.
    """

    roots: Any
    feature: Any
    number: Any
    right: Any

    def margins(self, features: Any) -> Any:
        """Log odds of each row of features, (B,) int64 in units of 1 / `ONE`."""
        margins = np.zeros(len(features), np.int64)
        sum_of_trees(features, self.roots, self.feature, self.number, self.right, margins)
        return margins


def main_blocks(page: PageBlocks, tree: Any, threshold: float = 0.5, trees: Trees | None = None) -> list[bool]:
    """Of each block, whether its probability of being main text is above `threshold`.

    Where no block's is, but the quick rules of `fast` keep a single one, it is that: the trees learnt from articles and
    doubt a paragraph that stands alone.

    Args:
        page: The blocks.
        tree: The same page as a `resiliparse.parse.html.HTMLTree`.
        threshold: Between 0 and 1.
        trees: The shipped ones if not given.
    """
    kept = quick_lines(tree) if page.depth <= MAX_DEPTH else set()
    margins = (trees or shipped_trees()).margins(block_features(page, kept))
    chosen = margins > round(math.log(threshold / (1.0 - threshold)) * ONE)
    if not chosen.any() and sum(lone := kept_blocks(page, kept)) == 1:
        return lone
    return chosen.tolist()


@cache
def shipped_trees() -> Trees:
    """The trees that come with the package; `weights/blocks.md` is their card."""
    with files("firstwords.data").joinpath("weights/blocks.npz").open("rb") as file, np.load(file) as weights:
        trees = Trees(*(weights[name] for name in ("roots", "feature", "number", "right")))
    assert int(trees.feature.max()) < NUM_FEATURES
    return trees
