"""What the classifier of `balanced` knows about each block of a page, as integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from firstwords.data.block_kernels import (
    KEPT,
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

PREFIX = 40  # characters by which a line is recognized in another extraction
NUM_FEATURES = NUM_COUNTS + 19 + 3 + NUM_SIGNS + 1 + 10 * LEVELS + 36 + 16 + 2


def quick_lines(tree: Any) -> set[str]:
    """How the lines begin that the quick rules of `fast` keep: an opinion to start from.

    Args:
        tree: The page as a `resiliparse.parse.html.HTMLTree`.
    """
    from resiliparse.extract.html2text import extract_plain_text

    text = extract_plain_text(
        tree, preserve_formatting=True, main_content=True, alt_texts=False, noscript=False, list_bullets=False
    )
    return {" ".join(line.split())[:PREFIX] for line in text.split("\n")}


def block_features(page: PageBlocks, kept: set[str]) -> Any:
    """The features of every block, (B, NUM_FEATURES) int32.

    Args:
        page: The blocks.
        kept: What `quick_lines` gives of the same page.
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
    given = np.zeros((num_blocks, 4), np.int64)
    given[:, LINK_CHARACTERS] = page.link_characters
    given[:, NUM_LINKS] = page.num_links
    given[:, KEPT] = kept_blocks(page, kept)
    given[:, REPEATS] = _repeats(page.texts)
    columns = [np.array(each, np.int64) for each in (page.inline_signs, page.node)]
    nodes = [np.array(each, np.int64) for each in (page.parent, page.tag, page.signs, page.first, page.last)]
    num_nodes = len(page.parent)
    filled = fill_features(
        counts, given, *columns, *nodes, _twins(page), np.zeros(num_nodes, np.int64),
        np.zeros((num_blocks + 1, 6), np.int64), features,
    )  # fmt: skip
    assert filled == NUM_FEATURES
    return features


def kept_blocks(page: PageBlocks, kept: set[str]) -> list[bool]:
    """Of each block, whether `quick_lines` has its first line."""
    return [_beginning(text) in kept for text in page.texts]


def _beginning(text: str) -> str:
    return " ".join(text.partition("\n")[0].split())[:PREFIX]


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
    if not page.parent:
        return np.zeros(0, np.int64)
    key = np.array(page.parent, np.int64) * (len(page.parent) + 1) + np.array(page.name, np.int64)
    _, places, counts = np.unique(key, return_inverse=True, return_counts=True)
    return counts[places].astype(np.int64)
