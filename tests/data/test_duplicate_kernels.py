import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import duplicate_kernels
from firstwords.data.description import text_digests
from firstwords.data.features import Features
from firstwords.data.substrings import window_hashes

TEXTS = st.lists(st.text(st.sampled_from("abAB äÄ中\n\t. "), max_size=12), min_size=1, max_size=6)


@given(TEXTS)
def test_digests_are_equal_when_texts_are_in_lower_case_with_white_space_collapsed(texts: list[str]) -> None:
    digests = [tuple(each) for each in text_digests(pa.array(texts)).tolist()]
    plain = [" ".join(text.lower().split()) for text in texts]
    for one, two in itertools.combinations(range(len(texts)), 2):
        assert (digests[one] == digests[two]) == (plain[one] == plain[two])
        assert (digests[one][0] == digests[two][0]) == (digests[one][1] == digests[two][1])


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=12), min_size=1, max_size=4), st.integers(1, 5))
def test_windows_are_equal_when_their_words_are(documents: list[list[str]], size: int) -> None:
    offsets, hashes = window_hashes(Features(pa.array([" ".join(each) for each in documents])).words, size)
    windows = [tuple(each[at : at + size]) for each in documents for at in range(len(each) - size + 1)]
    assert np.diff(offsets).tolist() == [max(0, len(each) - size + 1) for each in documents]
    names = dict(zip(hashes.tolist(), windows, strict=True))
    assert [names[each] for each in hashes.tolist()] == windows
    assert len(names) == len(set(windows))


@given(st.lists(st.lists(st.integers(0, 5), max_size=12), min_size=1, max_size=4), st.integers(1, 5))
def test_the_lowest_of_neighbours_is_the_earliest_of_equal_ones(documents: list[list[int]], size: int) -> None:
    offsets = np.cumsum([0, *map(len, documents)])
    low_offsets = np.cumsum([0, *(max(0, len(each) - size + 1) for each in documents)])
    places = np.empty(low_offsets[-1], np.int64)
    values = np.array(list(itertools.chain(*documents)), np.uint64)
    duplicate_kernels.lowest_places(values, offsets, size, low_offsets, places)
    expected = [
        int(start) + min(range(at, at + size), key=lambda place: (each[place], place))
        for each, start in zip(documents, offsets, strict=False)
        for at in range(len(each) - size + 1)
    ]
    assert places.tolist() == expected
