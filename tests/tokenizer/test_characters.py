"""The classes of characters are those of the library that saved tokenizers run on."""

import random

import numpy as np
import pytest
from tokenizers import Regex, pre_tokenizers

from firstwords.tokenizer.characters import LETTER, LINE_END, NUMBER, OTHER, SPACE, character_classes

POINTS = [*range(0xD800), *range(0xE000, 0x110000)]


def of_class(pattern, points):
    """Which code points a pattern of the library matches."""
    cut = pre_tokenizers.Split(Regex(pattern), behavior="removed")
    matched = []
    for start in range(0, len(points), 512):
        some = points[start : start + 512]
        left = {i for _, (a, b) in cut.pre_tokenize_str("".join(map(chr, some))) for i in range(a, b)}
        matched += [i not in left for i in range(len(some))]
    return np.array(matched)


def check(points):
    classes = character_classes()[points]
    assert (of_class(r"\p{L}", points) == (classes == LETTER)).all()
    assert (of_class(r"\p{N}", points) == (classes == NUMBER)).all()
    assert (of_class(r"\s", points) == ((classes == SPACE) | (classes == LINE_END))).all()
    assert (of_class(r"[^\s\p{L}\p{N}]", points) == (classes == OTHER)).all()


def test_classes_change_where_the_library_says_so():
    classes = character_classes()
    borders = np.flatnonzero(np.diff(classes.astype(int)))
    near = {int(b) + step for b in borders for step in (0, 1)} | set(random.Random(0).sample(POINTS, 5000))
    check(sorted(near - set(range(0xD800, 0xE000))))
    assert [character_classes()[ord(sign)] for sign in "\r\n "] == [LINE_END, LINE_END, SPACE]


@pytest.mark.slow
def test_every_code_point_is_as_the_library_says():
    check(POINTS)
