import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.features import Features
from firstwords.data.minhash import MinHash, jaccard

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f"]), max_size=20).map(" ".join)


def words_of(*texts: str):
    return Features(pa.array(texts, pa.string())).words


def runs(text: str, size: int) -> set[tuple[str, ...]]:
    words = text.split()
    return {tuple(words[i : i + size]) for i in range(max(len(words) - size + 1, min(len(words), 1)))}


@given(TEXTS, TEXTS, st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_similarity_is_the_jaccard_similarity_of_word_runs(one: str, two: str, size: int) -> None:
    offsets, values = MinHash(shingle_words=size).shingle_sets(words_of(one, two))
    left, right = runs(one, size), runs(two, size)
    expected = len(left & right) / max(len(left | right), 1)
    assert jaccard(np.array([0]), np.array([1]), offsets, values)[0] == pytest.approx(expected)


def test_equal_texts_share_all_bands_and_unlike_texts_none() -> None:
    one, two, three = MinHash().band_keys(words_of("a b c d e f g", "A, b c (d) e f g!", "h i j k l m n"))
    assert (one == two).all()
    assert not (one == three).any()


def test_bands_of_one_row_agree_as_often_as_the_sets_do() -> None:
    draw = random.Random(0)
    minhash = MinHash(bands=256, rows=1)
    for share in (0.3, 0.6, 0.9):
        errors = []
        for _ in range(20):
            words = [f"w{draw.randrange(10**9)}" for _ in range(300)]
            cut = round(300 * share)
            offsets, values = minhash.shingle_sets(words_of(" ".join(words), " ".join(words[:cut])))
            exact = jaccard(np.array([0]), np.array([1]), offsets, values)[0]
            one, two = minhash.band_keys(words_of(" ".join(words), " ".join(words[:cut])))
            errors.append((one == two).mean() - exact)
        # 256 draws have a standard error of at most 0.031, the mean of 20 such of 0.007.
        assert abs(np.mean(errors)) < 0.02
        assert np.std(errors) < 0.06


def test_keys_depend_on_nothing_but_the_parameters() -> None:
    """Stored keys of a corpus must stay comparable: a change here needs a new version of the stage."""
    keys = MinHash(bands=3, rows=2, shingle_words=2).band_keys(words_of("the quick brown fox"))
    assert [f"{key:016x}" for key in keys[0]] == KEYS
    assert (
        keys[0] == MinHash(bands=5, rows=2, shingle_words=2).band_keys(words_of("the quick brown fox"))[0, :3]
    ).all()


KEYS = ["417a57afdec32c8d", "0725a65d50bcc612", "939352eb22b7477f"]
