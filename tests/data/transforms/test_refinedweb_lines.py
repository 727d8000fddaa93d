import re
import runpy
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.line_measures import COUNTERS
from firstwords.data.transforms.refinedweb_lines import RefinedWebLines

SAID = runpy.run_path(str(Path(__file__).parents[1] / "line_reference.py"))
REAL = runpy.run_path(str(Path(__file__).parents[1] / "real_texts.py"))


def applied(texts: list[str], **fields) -> tuple[list[str], dict[str, list[int]]]:
    done = RefinedWebLines(**fields).apply(pa.record_batch({"text": pa.array(texts, pa.string())}))
    return done.batch["text"].to_pylist(), {name: counts.tolist() for name, counts in done.counts.items()}


def stays(line) -> bool:
    """The line rules in ordinary Python."""
    return (
        line.capitals <= 0.5 * len(line.text)
        and not (line.numbers and not line.lettered)
        and not (len(line.tokens) <= 3 and line.numbers and line.has(*COUNTERS))
        and len(line.tokens) > 1
    )


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("An ordinary line of text", "An ordinary line of text"),
        ("BREAKING NEWS TODAY now", None),
        ("12/05/2021 10:30", None),
        ("3 likes", None),
        ("1.2k Views", None),
        ("1,204 comments today", None),
        ("4 people liked what they had seen there", "4 people liked what they had seen there"),
        ("Home", None),
        ("Sign in to see more of this", "to see more of this"),
        ("Sign in", None),
        ("The cat sat on the mat. Read more...", "The cat sat on the mat"),
        ("Cart: 3 items in cart, go on", "Cart: , go on"),
        ("You can read more about this in the book", "You can read more about this in the book"),
        ("They had to log in to their machines before they could read more", None),
    ],
)
def test_lines(line: str, left: str | None) -> None:
    texts, _ = applied([f"The first line stays.\n{line}\nThe last line stays."])
    if left is None and len(line.split()) > 10:
        left = line  # too long for a button
    expected = ["The first line stays.", *([left] if left else []), "The last line stays."]
    assert texts == ["\n".join(expected)]


def test_rules_can_be_switched_off() -> None:
    text = "HOME\n12\n3 likes\nsign in please"
    off = {"max_capitals": 1.0, "numbers": False, "counters": False, "single_words": False, "short_line_words": 0}
    assert applied([text], **off) == ([text], {"lines": [0], "phrases": [0]})


PIECES = st.sampled_from(
    ["sign in ", "read more", "...", "3 likes", "CAPS ", "word ", "12 ", "\n", "\n\n", "items in cart"]
)


@given(st.lists(st.lists(PIECES, max_size=12).map("".join), max_size=4))
@settings(max_examples=100)
def test_a_second_pass_changes_nothing(texts: list[str]) -> None:
    once, _ = applied(texts)
    assert applied(once)[0] == once


@REAL["needs_data"]
def test_it_equals_its_statement_on_real_texts() -> None:
    texts = REAL["real_texts"](20)
    got, counts = applied(texts, short_line_words=0)
    for text, left, removed in zip(texts, got, counts["lines"], strict=True):
        lines = SAID["lines_of"](text)
        assert removed == sum(not stays(line) for line in lines)
        expected = [line.text for line in lines if stays(line)]
        assert [line.text for line in SAID["lines_of"](left)] == expected
        assert removed == 0 or not re.search(r"\n{3}", left)
