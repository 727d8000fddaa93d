import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.features import Features
from firstwords.data.line_measures import PHRASES, bits, keep_lines, measure_lines, terminal_marks

TEXTS = st.text(st.sampled_from("ab \n\n\té."), max_size=25)


def test_phrases_have_one_bit_each() -> None:
    assert [int(bits([phrase])) for phrase in PHRASES] == [1 << place for place in range(len(PHRASES))]
    assert len(PHRASES) < 32
    measures = measure_lines(pa.array([f"x{phrase.upper()}y" for phrase in PHRASES]))
    for place, phrase in enumerate(PHRASES):
        assert measures.with_phrase([phrase])[place]


def test_end_marks_are_punctuation_of_many_scripts() -> None:
    marks = terminal_marks()
    assert set(".?!。！？।؟") <= set(marks)
    # Cn: those newer than this Python's tables.
    assert {unicodedata.category(each) for each in marks} - {"Cn"} == {"Po"}


def kept(text: str, keep: list[bool]) -> str:
    """The lines that stay, trimmed, a blank one between two where there was any between them."""
    if all(keep):
        return text
    out, blank, number = [], False, 0
    for line in text.split("\n"):
        if not line.strip():
            blank = True
            continue
        if keep[number]:
            out += [""] if out and blank else []
            out.append(line.strip())
            blank = False
        number += 1
    return "\n".join(out)


@given(st.lists(st.tuples(TEXTS, st.lists(st.booleans(), min_size=26, max_size=26)), max_size=4))
@settings(max_examples=150)
def test_lines_are_taken_out_as_stated(rows: list[tuple[str, list[bool]]]) -> None:
    texts = pa.array([text for text, _ in rows], pa.string())
    measures = measure_lines(texts)
    sizes = np.diff(measures.offsets)
    chosen = [choice[:size] for (_, choice), size in zip(rows, sizes, strict=True)]
    keep = np.array([each for choice in chosen for each in choice], bool)
    expected = [kept(text, choice) for (text, _), choice in zip(rows, chosen, strict=True)]
    assert keep_lines(texts, measures, keep).to_pylist() == expected


def test_slices_of_a_batch_give_the_same() -> None:
    texts = pa.array(["one\ntwo", "three\nfour", "five"])
    measures = measure_lines(texts.slice(1))
    keep = np.array([False, True, True])
    assert keep_lines(texts.slice(1), measures, keep).to_pylist() == ["four", "five"]


@pytest.mark.parametrize("name", ["line_measures", "marked_words"])
def test_features_follow_changed_and_selected_rows(name: str) -> None:
    before = Features(pa.array(["One. Two\nx", "Three!", "Four, five"]))
    _ = getattr(before, name)
    texts = pa.array(["One. Two\nx", "Changed?\n\nNow.", "Four, five"])
    after = before.replaced(texts, np.array([False, True, False])).select(np.array([2, 1]))
    assert name in after.__dict__
    fresh = getattr(Features(texts.take(pa.array([2, 1]))), name)
    for mine, right in zip(vars(getattr(after, name)).values(), vars(fresh).values(), strict=True):
        assert np.array_equal(mine, right)
