from importlib.resources import files

import numpy as np
import pytest

from firstwords.data.block_classifier import ONE, Trees, main_blocks, shipped_trees
from firstwords.data.block_features import NUM_FEATURES
from firstwords.data.page_blocks import page_blocks

STUMP = Trees(
    np.array([0], "i4"), np.array([0, -1, -1], "i2"), np.array([5, -ONE, ONE], "i4"), np.array([2, 0, 0], "i4")
)
"""Says yes to blocks of more than five characters: column 0 counts them."""


def kept(html: str, threshold: float = 0.5) -> list[bool]:
    return main_blocks(page_blocks(html), threshold, STUMP).keep


def test_the_threshold_is_a_probability() -> None:
    html = "<p>short<p>longer than that"
    assert kept(html) == [False, True]
    # The trees say 0.269 and 0.731.
    assert kept(html, 0.26) == [True, True] and kept(html, 0.74) == [False, False]
    assert kept(html, 0.27) == kept(html, 0.73) == [False, True]


def test_a_paragraph_that_stands_alone_is_kept_whatever_the_trees_say() -> None:
    assert kept("<p>short") == [True] and kept("<p>short", 0.9) == [True]
    # A menu is none.
    assert kept("<nav><ul><li><a href=/a>Home</a></ul></nav>") == [False]


def test_no_blocks_no_decisions() -> None:
    assert kept("") == []


def test_doubt_is_the_expected_share_of_wrong_characters() -> None:
    def doubt(html: str) -> int:
        return main_blocks(page_blocks(html), 0.5, STUMP).doubt

    # Each block is wrong with 0.267, the middle of its step in the table. Kept are 12 characters of 12, 12 of 17, none.
    assert doubt("<p>twelve chars") == pytest.approx(267, abs=1)
    assert doubt("<p>twelve chars<p>short") == pytest.approx(267.4 * 17 / 12, abs=1)
    assert doubt("<p>short") > 1000 and doubt("") == 0


def test_the_shipped_trees_are_whole_and_small() -> None:
    trees = shipped_trees()
    assert trees is shipped_trees()
    inner = trees.feature >= 0
    nodes = np.arange(len(trees.feature))
    assert (trees.right[inner] > nodes[inner] + 1).all() and (trees.right < len(nodes)).all()
    assert (trees.feature < NUM_FEATURES).all() and len(trees.roots) >= 50
    weights = files("firstwords.data").joinpath("weights/blocks.npz").read_bytes()
    assert len(weights) < 2_000_000 and b"pickle" not in weights
    assert "cross-validated" in files("firstwords.data").joinpath("weights/blocks.md").read_text(encoding="utf-8")
