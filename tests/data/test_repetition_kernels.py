import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data import repetition_kernels as kernels
from firstwords.data.features import Features
from firstwords.data.repetition import count_repeated_lines, count_repeated_ngrams

TEXTS = st.lists(st.text(alphabet="ab \n", max_size=400), min_size=1, max_size=6)


@given(TEXTS)
@settings(max_examples=80, deadline=None)
def test_a_document_counts_the_same_alone_and_beside_longer_ones(texts: list[str]) -> None:
    beside = Features(pa.array([*texts, "a b\n" * 500]))
    frequent, repeated = count_repeated_ngrams(beside.words)
    lines = count_repeated_lines(beside.lines)
    for row, text in enumerate(texts):
        alone = Features(pa.array([text]))
        for whole, part in zip((frequent, repeated), count_repeated_ngrams(alone.words), strict=True):
            assert whole[row].tolist() == part[0].tolist()
        assert lines[row].tolist() == count_repeated_lines(alone.lines)[0].tolist()


@given(TEXTS, st.integers(2, 10), st.integers(2, 10))
@settings(max_examples=80, deadline=None)
def test_sizes_that_are_not_asked_for_stay_zero_and_the_others_as_they_are(texts, one, other) -> None:
    words = Features(pa.array(texts)).words
    smallest, largest = sorted((one, other))
    found = []
    for bounds in ((2, 10), (smallest, largest)):
        room = 1 << (2 * len(words.hashes) + 16).bit_length()
        keys, stamps, sums = np.zeros(room, np.uint64), np.zeros(room, np.int64), np.zeros(room, np.int64)
        most, repeated = np.zeros((len(texts), 3), np.int64), np.zeros((len(texts), 6), np.int64)
        shift = np.uint64(64 - room.bit_length() + 1)
        arrays = (words.hashes, words.starts, words.lengths, words.offsets)
        kernels.repeated_ngrams(*arrays, *bounds, keys, stamps, sums, shift, most, repeated)
        found.append(np.hstack([most, repeated]))
    asked = np.isin(np.arange(2, 11), np.arange(smallest, largest + 1))
    assert (found[1] == np.where(asked, found[0], 0)).all()
