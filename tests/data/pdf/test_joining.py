import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.pdf.joining import Joiner, plain_letters


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("a con-", "sectetuer word", "a consectetuer word"),
        ("a line", "goes on", "a line goes on"),
        ("years 1990-", "95 and", "years 1990-95 and"),
        ("the Anglo-", "Saxon", "the Anglo-Saxon"),
        ("he said--", "but", "he said--but"),
        ("he said\u2014", "but", "he said\u2014but"),
        ("a list -", "of", "a list - of"),
        ("\u5929\u5730", "\u7384\u9ec4", "\u5929\u5730\u7384\u9ec4"),
        ("a jack-in-the-", "box", "a jack-in-the-box"),
        ("", "x", " x"),
    ],
)
def test_two_lines(before, after, joined) -> None:
    assert "".join(Joiner([before, after]).joined(before, after)) == joined


def test_the_documents_own_words_decide_about_a_hyphen() -> None:
    lines = ["the self-taught man", "a self-", "taught man", "infor-", "mation is information"]
    joiner = Joiner(lines)
    assert "".join(joiner.joined("a self-", "taught man")) == "a self-taught man"
    assert "".join(joiner.joined("infor-", "mation is")) == "information is"
    # Both halves are words of the document and the whole is not: it was a compound.
    assert "".join(Joiner(["cherry and tart", "cherry-", "tart"]).joined("cherry-", "tart")) == "cherry-tart"


def test_halves_of_words_are_no_witnesses() -> None:
    lines = ["at www.a.com is com-", "fortable and inter-", "ested com-", "fortable"]
    assert "".join(Joiner(lines).joined(lines[0], lines[1])) == "at www.a.com is comfortable and inter-"


def test_where_no_word_is_cut_hyphens_stay() -> None:
    lines = ["a well-known man", "is well-", "known and ice-", "cold"]
    assert "".join(Joiner(lines).joined("known and ice-", "cold")) == "known and ice-cold"


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("\ufb01nd an o\ufb03ce", "find an office"),
        ("soft\u00adhyphen at end\u00ad", "softhyphen at end-"),
        ("  two \u00a0 spaces ", "two spaces"),
        ("1.2 Spaces . . . . . . . . 6", "1.2 Spaces 6"),
        ("Chapter.......... 12", "Chapter 12"),
        ("and so on . . . , he said", "and so on . . . , he said"),
        ("\ufefb\ufeb3", "\u0644\u0627\u0633"),
        ("x\u00b2", "x\u00b2"),
        ("well\u2011known com\u2010", "well-known com-"),
    ],
)
def test_letters_as_they_are_written(line, plain) -> None:
    assert plain_letters(line) == plain


@given(st.lists(st.text("ab-\u2014. \u5929A1", max_size=12), min_size=2, max_size=6))
def test_joining_loses_nothing_but_a_hyphen(lines) -> None:
    lines = [plain_letters(line) for line in lines]
    joiner = Joiner(lines)
    for before, after in itertools.pairwise(lines):
        joined = "".join(joiner.joined(before, after))
        assert joined in (before + after, f"{before} {after}", before[:-1] + after)
        assert joined != before[:-1] + after or before.endswith("-") or before[:-1] == before
