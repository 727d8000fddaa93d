import itertools

from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.paragraphs import long_paragraphs, paragraph_hash, paragraph_spans, without

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
