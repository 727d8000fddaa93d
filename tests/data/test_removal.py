import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.features import Features
from firstwords.data.removal import joined, to_edges, word_spans

TEXT = 'One two. "Three four?" Five six\nseven eight.\n\nNine ten eleven.'


@given(st.text(st.sampled_from("abÄ9_ \n\t.中😀"), max_size=40))
def test_words_are_found_in_the_text_as_it_is(text: str) -> None:
    words = Features(pa.array([text])).words
    firsts, lasts = word_spans(text, words.starts, words.lengths)
    found = [text[first:last] for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)]
    assert [len(each) for each in found] == words.lengths.tolist()
    assert all(not any(sign in each for sign in " \n\t.😀") for each in found)
    assert "".join(found) == "".join(each for each in text if each not in " \n\t.😀")


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("One two", "One two."),
        ('two. "Three four', '"Three four?"'),
        ("two", None),
        ("Three four", '"Three four?"'),
        ('two. "Three four?" Five', '"Three four?"'),
        ('four?" Five six', "Five six"),
        ("six\nseven eight", "seven eight."),
        ("Five six\nseven eight.\n\nNine", "Five six\nseven eight."),
        ("Nine ten", None),
        ("eight.\n\nNine ten eleven", "Nine ten eleven."),
        (TEXT[:-1], TEXT),
    ],
)
def test_only_whole_sentences_and_lines_go(part: str, expected: str | None) -> None:
    start = TEXT.index(part)
    edges = to_edges(TEXT, start, start + len(part))
    assert (edges and TEXT[slice(*edges)]) == expected


def test_scripts_without_spaces_have_sentences_too() -> None:
    text = "你好世界。今天很好。再见"
    edges = to_edges(text, 3, 10)
    assert edges and text[slice(*edges)] == "今天很好。"


@given(st.text(st.sampled_from('ab. \n"?'), max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_what_goes_lies_inside_but_for_signs_at_its_ends(text: str, start: int, end: int) -> None:
    if not start < end <= len(text) or not text[start].isalnum() or not text[end - 1].isalnum():
        return
    edges = to_edges(text, start, end)
    if edges:
        assert not any(each.isalnum() for each in text[edges[0] : start] + text[end : edges[1]])


def test_spans_that_meet_are_joined() -> None:
    assert joined([(5, 7), (0, 2), (2, 3), (6, 9)]) == [(0, 3), (5, 9)]
    assert joined([]) == []
