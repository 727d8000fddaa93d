import numpy as np
import pyarrow as pa

from firstwords.data.features import hash_words
from firstwords.data.marked_kernels import HAS_LETTER, HAS_WORD_CHARACTER
from firstwords.data.marked_words import split_marked


def test_marks_are_words_and_case_counts() -> None:
    marked = split_marked(pa.array(["The cat, the 2nd.", ""]))
    assert marked.num_words.tolist() == [6, 0]
    assert marked.lengths.tolist() == [3, 3, 1, 3, 3, 1]
    assert marked.count_flag(HAS_WORD_CHARACTER).tolist() == [4, 0]
    assert marked.count_flag(HAS_LETTER).tolist() == [4, 0]
    assert (marked.hashes == hash_words(["the"])[0]).tolist() == [False, False, False, True, False, False]


def test_rows_are_selected_and_appended() -> None:
    first, second = split_marked(pa.array(["a b", "c."])), split_marked(pa.array(["d, e"]))
    both = split_marked(pa.array(["c.", "d, e"]))
    joined = first.append(second).select(np.array([1, 2]))
    assert all(np.array_equal(a, b) for a, b in zip(vars(joined).values(), vars(both).values(), strict=True))
