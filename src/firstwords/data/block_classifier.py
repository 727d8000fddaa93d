"""Which blocks of a page are its main text: boosted trees over `block_features`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from firstwords.data.block_features import NUM_FEATURES, block_features
from firstwords.data.block_kernels import sum_of_trees
from firstwords.data.page_blocks import TAG_NUMBERS, PageBlocks

ONE = 1 << 16
"""What 1.0 is in a margin (log odds)."""
_AROUND = frozenset(TAG_NUMBERS[tag] for tag in ("nav", "header", "footer", "aside", "ul", "ol", "menu", "form"))
"""Elements around what is rarely main text."""
_STEP, _STEPS = ONE // 64, 1024  # of the table from margins to probabilities


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


@dataclass(frozen=True)
class Decision:
    """What the trees say about a page.

    Attributes:
        keep: Of each block, whether it is main text.
        doubt: Characters that are expected to be decided wrongly, by the trees' own probabilities, as a share of those
            that are kept, in thousandths.
    """

    keep: list[bool]
    doubt: int


def main_blocks(page: PageBlocks, threshold: float = 0.5, trees: Trees | None = None) -> Decision:
    """Which blocks of a page have a probability of being main text above `threshold`.

    Where no block's is, but one alone is neither a link nor part of a menu, list, header or footer, it is that: the
    trees learnt from articles and doubt a paragraph that stands alone.

    Args:
        page: The blocks.
        threshold: Between 0 and 1.
        trees: The shipped ones if not given.
    """
    found = decision(page, (trees or shipped_trees()).margins(block_features(page)), threshold)
    return found if any(found.keep) else replace(found, keep=_lone_block(page))


def _lone_block(page: PageBlocks) -> list[bool]:
    """The only block that is neither mostly links nor part of a list, menu, header or footer, if there is just one."""
    plain = [
        2 * int(linked) <= len(text) and not _is_around(page, int(node))
        for text, linked, node in zip(page.texts, page.link_characters, page.node, strict=True)
    ]
    return plain if sum(plain) == 1 else [False] * len(plain)


def _is_around(page: PageBlocks, node: int) -> bool:
    while node >= 0:
        if int(page.tag[node]) in _AROUND:
            return True
        node = int(page.parent[node])
    return False


def decision(page: PageBlocks, margins: Any, threshold: float = 0.5) -> Decision:
    """The decision that the margins of a page's blocks give."""
    keep = margins > round(math.log(threshold / (1.0 - threshold)) * ONE)
    characters = np.array([len(text) for text in page.texts], np.int64)
    wrong = _wrong()[np.minimum(np.abs(margins) // _STEP, _STEPS - 1)]
    expected = int((wrong * characters).sum()) * 1000 // ONE
    return Decision(keep.tolist(), expected // max(1, int(characters[keep].sum())))


@cache
def _wrong() -> Any:
    """The probability of the less likely answer by margin, in steps and units of integers."""
    return np.array([round(ONE / (1 + math.exp((step + 0.5) * _STEP / ONE))) for step in range(_STEPS)], np.int64)


@cache
def shipped_trees() -> Trees:
    """The trees that come with the package; `weights/blocks.md` is their card."""
    with files("firstwords.data").joinpath("weights/blocks.npz").open("rb") as file, np.load(file) as weights:
        trees = Trees(*(weights[name] for name in ("roots", "feature", "number", "right")))
    assert int(trees.feature.max()) < NUM_FEATURES
    return trees
