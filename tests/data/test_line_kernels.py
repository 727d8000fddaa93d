"""The pass over lines against a plain statement of what it measures."""

import runpy
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firstwords.data import line_kernels as k
from firstwords.data.line_measures import NAVIGATION, POLICY, measure_lines

SAID = runpy.run_path(str(Path(__file__).parent / "line_reference.py"))
REAL = runpy.run_path(str(Path(__file__).parent / "real_texts.py"))
ALPHABET = "abAB1_ .,?!#-'\")\n\n\t\u00a0\u2003…•é\u0301ÉßЖ中。カ{}[]”»“\U0001f600"
WORDS = st.sampled_from(
    ["javascript", "JavaScript", "use cookies", "terms of\tuse", "3 likes", "...", "U.S.", "J. B. x"]
)
TEXTS = st.lists(st.one_of(st.text(st.sampled_from(ALPHABET), max_size=30), WORDS), max_size=6).map(" ".join)


def check(texts: list[str]) -> None:
    measures = measure_lines(pa.array(texts, pa.string()))
    for row, (text, (first, last)) in enumerate(zip(texts, pairwise(measures.offsets), strict=True)):
        expected = SAID["lines_of"](text)
        lines = measures.lines[first:last]
        assert len(lines) == len(expected)
        raw = text.encode()
        for found, line in zip(lines, expected, strict=True):
            assert SAID["collapse"](raw[found[k.START] : found[k.END]].decode()) == line.text
            assert found[k.BLANK_BEFORE] == line.blank_before
            assert found[k.LENGTH] == len(line.text)
            assert found[k.TOKENS] == len(line.tokens)
            assert found[k.LONGEST] == max(len(token) for token in line.tokens)
            assert chr(found[k.LAST]) == line.text[-1]
            assert found[k.DOTS] == len(line.text) - len(line.text.rstrip("."))
            assert found[k.CAPITALS] == line.capitals
            assert found[k.DIGITS] == line.numbers
            assert found[k.LETTERS] == line.lettered
            assert found[k.SENTENCES] == SAID["num_sentences"](line.text), line.text
        for group in (["javascript"], POLICY, NAVIGATION):
            assert measures.with_phrase(group)[first:last].tolist() == [line.has(*group) for line in expected]
        assert measures.counts[row].tolist() == [text.count("\n"), SAID["num_signs"](text), text.count("{")]


@given(st.lists(TEXTS, max_size=4))
@example(["", "\n", "a", "\n\na \n b\n", "He (it). “Yes.” No... no.. J. B. x? e\u0301. 語。次。"])
@example(["uses  cookies\nUse cookie\nspread more javascriptjavascript", "terms of\nuse", "1st 2 _3 x4 ４"])
@settings(max_examples=150)
def test_lines_are_measured_as_stated(texts: list[str]) -> None:
    check(texts)


@REAL["needs_data"]
def test_real_lines_are_measured_as_stated() -> None:
    check(REAL["real_texts"](8))
