import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.excision import cut_passages


def cut(text: str, *spans: tuple[int, int], margin: int = 0) -> str:
    return cut_passages(text, np.array(spans, np.int64).reshape(-1, 2), margin)


def test_words_go_with_what_stands_between_them() -> None:
    assert cut("One, two;  three\n\nfour (five) six.", (1, 3)) == "One,\n\nfour (five) six."
    assert cut("  One two\t\tthree", (0, 1)) == "two\t\tthree"
    assert cut("One two three.", (1, 3)) == "One"


def test_margins_and_overlapping_spans_are_one_passage() -> None:
    text = "a b c d e f g h"
    assert cut(text, (2, 4), (3, 5)) == "a b\n\nf g h"
    assert cut(text, (2, 3), (5, 6), margin=1) == "a\n\nh"
    assert cut(text, (0, 8), margin=5) == ""


@given(
    st.text(st.sampled_from("ab é中\n\t .,-\U0001f600"), max_size=60),
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), max_size=3),
)
def test_what_stays_is_exactly_the_other_words(text, spans) -> None:
    import pyarrow as pa

    from firstwords.data.features import split_words

    def words(each: str) -> list[int]:
        return split_words(pa.array([each], pa.string())).hashes.tolist()

    before = words(text)
    inside = [(first, min(first + size, len(before))) for first, size in spans if first < len(before)]
    gone = {number for first, last in inside for number in range(first, last)}
    assert words(cut(text, *inside)) == [word for number, word in enumerate(before) if number not in gone]
