"""The splitter that keeps marks against a plain statement of its rules."""

import runpy
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firstwords.data.characters import IDEOGRAPH, LETTER, MARK, NUMBER, SPACE
from firstwords.data.marked_kernels import HAS_LETTER, HAS_WORD_CHARACTER
from firstwords.data.marked_words import split_marked

SAID = runpy.run_path(str(Path(__file__).parent / "line_reference.py"))
REAL = runpy.run_path(str(Path(__file__).parent / "real_texts.py"))
kind_of = SAID["kind_of"]
CARRIES_ON = "-/@\\^|~"


def is_low(character: str) -> bool:
    return SAID["lower_of"](character) == character


def stands_alone(mark: str, before: str, after: str) -> bool:
    """A mark between two letters or digits that is a word of its own."""
    letters = kind_of(before) == LETTER, kind_of(after) == LETTER
    if mark == "-":
        return letters[0] == letters[1]
    if mark in ",–—":
        return all(letters)
    if mark == ".":
        return all(letters) and is_low(before) and not is_low(after)
    return mark in "/:<=>" and letters[1]


def words_of(text: str) -> list[str]:
    """Words and marks in order."""
    found: list[str] = []
    word = ""

    def close() -> None:
        nonlocal word
        if word:
            found.append(word)
        word = ""

    for at, mark in enumerate(text):
        before, after = text[at - 1] if at else " ", text[at + 1] if at + 1 < len(text) else " "
        dots = word.startswith(".")
        if kind_of(mark) == SPACE:
            close()
        elif kind_of(mark) in (LETTER, NUMBER, MARK, IDEOGRAPH):
            if dots:
                close()
            word += mark
        elif word and kind_of(before) in (LETTER, NUMBER) and kind_of(after) in (LETTER, NUMBER):
            if mark in "'’":
                close()
                word = mark
            elif stands_alone(mark, before, after):
                close()
                found.append(mark)
            else:
                word += mark
        elif mark == ".":
            if not dots and not (len(word) == 1 and kind_of(before) == LETTER):
                close()
            word += mark
        elif mark in CARRIES_ON:
            if dots:
                close()
            word += mark
        else:
            close()
            found.append(mark)
    close()
    return found


def check(texts: list[str]) -> None:
    marked = split_marked(pa.array(texts, pa.string()))
    numbers: dict[int, str] = {}
    for text, (first, last) in zip(texts, pairwise(marked.offsets), strict=True):
        expected = words_of(text)
        assert marked.lengths[first:last].tolist() == [len(word) for word in expected], expected
        for word, value, flags in zip(expected, marked.hashes[first:last], marked.flags[first:last], strict=True):
            assert numbers.setdefault(int(value), word) == word
            kinds = {kind_of(c) for c in word}
            assert bool(flags & HAS_LETTER) == bool(kinds & {LETTER, IDEOGRAPH})
            assert bool(flags & HAS_WORD_CHARACTER) == bool(kinds & {LETTER, NUMBER, MARK, IDEOGRAPH})
    assert len(set(numbers.values())) == len(numbers)


@given(st.lists(st.text(st.sampled_from("abAB12_ .,:-'’/@<=>(\"\n…é\u0301中\U0001f600–"), max_size=40), max_size=4))
@example(
    ["J. Smith's 3.14, well-known a@b.org... (e.g. this) end.Next 10:30 a/b 1/2 -5 .. x", "", "...a ..-b a,b 1,000"]
)
@settings(max_examples=200)
def test_words_and_marks_are_as_stated(texts: list[str]) -> None:
    check(texts)


@REAL["needs_data"]
def test_words_and_marks_of_real_texts_are_as_stated() -> None:
    check(REAL["real_texts"](16))
