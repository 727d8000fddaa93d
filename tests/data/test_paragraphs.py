import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.paragraphs import long_paragraphs, paragraph_hash, paragraph_spans, split_units, without

TEXTS = st.text(st.sampled_from("ab c.\n\n\t"), max_size=60)


def test_blank_lines_part_paragraphs_and_indentation_stays() -> None:
    text = "\n\nfirst line\nsecond\n \t\n\n    indented\n\nlast\n"
    assert [text[start:end] for start, end in paragraph_spans(text)] == ["first line\nsecond", "    indented", "last\n"]


@given(TEXTS)
def test_paragraphs_hold_everything_but_blank_lines(text: str) -> None:
    spans = list(paragraph_spans(text))
    assert "\n".join(text[start:end] for start, end in spans).split() == text.split()
    assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))
    assert all("\n\n" not in text[start:end].strip("\n") for start, end in spans)


def test_case_and_white_space_do_not_count() -> None:
    assert paragraph_hash("Return the\n  VALUE") == paragraph_hash("return the value")
    assert paragraph_hash("return the value") != paragraph_hash("return the value.")


def test_short_paragraphs_have_no_names() -> None:
    assert [(start, end) for start, end, _ in long_paragraphs("a b\n\na b c\n\nd", 3)] == [(5, 10)]


def test_without_leaves_the_others_as_they_stand() -> None:
    text = "one\n\n  two\n\nthree\n\n\nfour"
    spans = list(paragraph_spans(text))
    assert without(text, []) == text
    assert without(text, [spans[1]]) == "one\n\nthree\n\n\nfour"
    assert without(text, [spans[0]]) == "  two\n\nthree\n\n\nfour"
    assert without(text, [spans[2], spans[3]]) == "one\n\n  two"
    assert without(text, spans) == ""


@given(st.lists(st.text(st.sampled_from("abAB c.\n\n\tÄä中"), max_size=40), min_size=1, max_size=4), st.integers(1, 3))
def test_compiled_paragraphs_are_those_of_plain_python(texts: list[str], least: int) -> None:
    found = split_units(pa.array(texts), "paragraphs", least)
    expected = [each for text in texts for each in long_paragraphs(text, least)]
    assert list(zip(found.starts.tolist(), found.ends.tolist(), strict=True)) == [each[:2] for each in expected]
    assert np.diff(found.offsets).tolist() == [len(list(long_paragraphs(text, least))) for text in texts]
    assert same(found.hashes.tolist()) == same([each[2] for each in expected])


@given(st.lists(st.text(st.sampled_from("abAB \n\t"), max_size=30), min_size=1, max_size=4), st.integers(1, 3))
def test_compiled_lines_are_those_of_plain_python(texts: list[str], least: int) -> None:
    found = split_units(pa.array(texts), "lines", least)
    expected = []
    for text in texts:
        start = 0
        for line in text.split("\n"):
            if len(line.split()) >= least:
                expected.append((start, start + len(line), " ".join(line.lower().split())))
            start += len(line) + 1
    assert list(zip(found.starts.tolist(), found.ends.tolist(), strict=True)) == [each[:2] for each in expected]
    assert same(found.hashes.tolist()) == same([each[2] for each in expected])


def same(names: list) -> list[int]:
    """For each name where it stood first."""
    return [names.index(name) for name in names]


def test_a_line_goes_with_its_line_feed_and_paragraphs_stay_apart() -> None:
    text = "one\n\ntwo\nthree\n\nfour"
    at = text.index("two")
    assert without(text, [(at, at + 3)]) == "one\n\nthree\n\nfour"
    at = text.index("three")
    assert without(text, [(at, at + 5)]) == "one\n\ntwo\n\nfour"


def test_a_sentence_goes_with_the_space_behind_it() -> None:
    text = "First. Second one. Third.\nFourth. Fifth."
    for part, left in (
        ("First.", "Second one. Third.\nFourth. Fifth."),
        ("Second one.", "First. Third.\nFourth. Fifth."),
        ("Third.", "First. Second one.\nFourth. Fifth."),
        ("Fourth.", "First. Second one. Third.\nFifth."),
        ("Third.\nFourth.", "First. Second one. Fifth."),
    ):
        start = text.index(part)
        assert without(text, [(start, start + len(part))]) == left
