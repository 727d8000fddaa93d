"""What the classifier of `balanced` knows about each block of a page, as integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from firstwords.data.block_kernels import (
    LEVELS,
    LINK_CHARACTERS,
    NUM_COUNTS,
    NUM_LINKS,
    REPEATS,
    count_characters,
    fill_features,
    hash_words,
)
from firstwords.data.characters import tables
from firstwords.data.page_blocks import NUM_SIGNS, PageBlocks

NUM_FEATURES = NUM_COUNTS + 17 + 3 + NUM_SIGNS + 1 + 9 * LEVELS + 30 + 12 + 2


def block_features(page: PageBlocks) -> Any:
    """The features of every block, (B, NUM_FEATURES) int32.

    Args:
        page: The blocks.
    """
    num_blocks = len(page.texts)
    features = np.zeros((num_blocks, NUM_FEATURES), np.int32)
    if num_blocks == 0:
        return features
    classes, lower = tables()
    data, offsets = _characters(page.texts)
    title = np.empty(len(page.title) // 2 + 1, np.uint64)
    title = title[: hash_words(_characters([page.title])[0], lower, title)]
    counts = np.zeros((num_blocks, NUM_COUNTS), np.int64)
    count_characters(data, offsets, title, classes, lower, counts)
    given = np.zeros((num_blocks, 3), np.int64)
    given[:, LINK_CHARACTERS] = page.link_characters
    given[:, NUM_LINKS] = page.num_links
    given[:, REPEATS] = _repeats(page.texts)
    columns = (page.inline_signs, page.node)
    nodes = (page.parent, page.tag, page.signs, page.first, page.last)
    num_nodes = len(page.parent)
    filled = fill_features(
        counts, given, *columns, *nodes, _twins(page), np.zeros(num_nodes, np.int64),
        np.zeros((num_blocks + 1, 5), np.int64), features,
    )  # fmt: skip
    assert filled == NUM_FEATURES
    return features


def _characters(texts: list[str]) -> tuple[Any, Any]:
    """Code points of the texts and where each text ends."""
    data = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    return data, np.cumsum([0, *map(len, texts)])


def _repeats(texts: list[str]) -> list[int]:
    counts: dict[str, int] = {}
    for text in texts:
        counts[text] = counts.get(text, 0) + 1
    return [counts[text] for text in texts]


def _twins(page: PageBlocks) -> Any:
    """Of each node, how many siblings have its tag and class."""
    if not len(page.parent):
        return np.zeros(0, np.int64)
    # A number for each pair of parent and name; the multiplier is 2^64 divided by the golden ratio.
    key = (page.parent.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ page.name.astype(np.uint64)
    _, places, counts = np.unique(key, return_inverse=True, return_counts=True)
    return counts[places].astype(np.int64)
