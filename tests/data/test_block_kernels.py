"""The kernels against the same thing in ordinary Python."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import block_kernels as kernels
from firstwords.data.characters import SPACE, tables


def counts_of(text: str, title: str = "") -> np.ndarray:
    classes, lower = tables()
    counts = np.zeros((1, kernels.NUM_COUNTS), np.int64)
    known = np.zeros(len(title) + 1, np.uint64)
    known = known[: kernels.hash_words(points(title), lower, known)]
    kernels.count_characters(points(text), np.array([0, len(text)]), known, classes, lower, counts)
    return counts[0]


def points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def test_what_is_counted() -> None:
    counts = counts_of("Ein Haus, das 12 Türen hat.\nÖ | x", "das ÖFFENTLICHE haus, Ö")
    told = {
        "CHARACTERS": 25, "WORDS": 9, "LETTERS": 20, "UPPER": 4, "DIGITS": 2, "COMMAS": 1, "ENDS": 1,
        "LOWER_WORDS": 3, "MARKS": 1, "LINES": 2, "IN_TITLE": 3,
    }  # fmt: skip
    assert {name: counts[getattr(kernels, name)] for name in told} == told


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"])))
def test_words_and_characters_as_python_counts_them(text) -> None:
    counts = counts_of(text)
    spaced = "".join(" " if is_space(each) else "x" for each in text)
    assert counts[kernels.CHARACTERS] == spaced.count("x")
    assert counts[kernels.WORDS] == len(spaced.split())
    assert counts[kernels.LINES] == 1 + text.count("\n")
    assert counts[kernels.DIGITS] + counts[kernels.LETTERS] <= counts[kernels.CHARACTERS]


def is_space(character: str) -> bool:
    return ord(character) < 65536 and tables()[0][ord(character)] == SPACE


@given(st.integers(0, 2**32), st.integers(1, 5))
def test_trees_are_walked_as_told(seed, depth) -> None:
    draw = np.random.default_rng(seed)
    feature, number, right, roots = [], [], [], []

    def grow(left: int) -> None:
        at = len(feature)
        is_leaf = left == 0 or draw.random() < 0.3
        feature.append(-1 if is_leaf else int(draw.integers(4)))
        number.append(int(draw.integers(-9, 9)))
        right.append(0)
        if not is_leaf:
            grow(left - 1)
            right[at] = len(feature)
            grow(left - 1)

    for _ in range(3):
        roots.append(len(feature))
        grow(depth)
    features = draw.integers(-9, 9, (20, 4)).astype(np.int32)

    def walk(at: int, row) -> int:
        if feature[at] < 0:
            return number[at]
        return walk(at + 1 if row[feature[at]] <= number[at] else right[at], row)

    margins = np.zeros(20, np.int64)
    arrays = (np.array(roots, np.int32), np.array(feature, np.int16), np.array(number, np.int32))
    kernels.sum_of_trees(features, *arrays, np.array(right, np.int32), margins)
    assert margins.tolist() == [sum(walk(root, row) for root in roots) for row in features]
