import re
import runpy
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.line_measures import POLICY
from firstwords.data.transforms.c4_lines import C4Lines

SAID = runpy.run_path(str(Path(__file__).parents[1] / "line_reference.py"))
REAL = runpy.run_path(str(Path(__file__).parents[1] / "real_texts.py"))


def applied(texts: list[str], **fields) -> tuple[list[str], dict[str, list[int]]]:
    done = C4Lines(**fields).apply(pa.record_batch({"text": pa.array(texts, pa.string())}))
    return done.batch["text"].to_pylist(), {name: counts.tolist() for name, counts in done.counts.items()}


def stays(line) -> bool:
    """The line rules in ordinary Python."""
    return (
        line.text[-1] in ".!?\"'”’"
        and not line.text.endswith("...")
        and len(line.tokens) >= 3
        and max(map(len, line.tokens)) <= 1000
        and not line.has("javascript", *POLICY)
    )


def said(text: str) -> str:
    while re.search(r"\[(\d*|edit|citation needed)\]", text):
        text = re.sub(r"\[(\d*|edit|citation needed)\]", "", text)
    lines = SAID["lines_of"](text)
    if all(stays(line) for line in lines):
        return text
    out, blank = [], False
    for line in lines:
        blank = blank or line.blank_before
        if stays(line):
            out += [""] if out and blank else []
            out.append(line.text)
            blank = False
    return "\n".join(out)


def squeezed(texts: list[str]) -> list[str]:
    """White space inside lines is left as it is, and the statement collapses it."""
    return ["\n".join(SAID["collapse"](line) for line in text.split("\n")) for text in texts]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("This one stays.", True),
        ('"So does this one," he said to "her"', True),
        ("A line of a menu", False),
        ("And so on...", False),
        ("Two words.", False),
        ("Please enable JavaScript to see this.", False),
        ("This site uses cookies to track you.", False),
        (f"A {'long' * 251} word.", False),
    ],
)
def test_lines(line: str, kept: bool) -> None:
    texts, counts = applied([f"The first line.\n\n{line}\nThe last line."])
    assert texts == ["The first line.\n\n" + f"{line}\n" * kept + "The last line."]
    assert counts["lines"] == [int(not kept)]


def test_citations_go_and_are_counted() -> None:
    texts, counts = applied(["The cat[1] sat on[citation needed] the mat.[[2]]", "As [it] was."])
    assert texts == ["The cat sat on the mat.", "As [it] was."]
    assert counts == {"lines": [0, 0], "citations": [4, 0]}


def test_rules_can_be_switched_off() -> None:
    text = "menu\nwe use cookies[1]\njavascript\nand so..."
    off = {"end_marks": "", "min_words": 1, "javascript": False, "policy": False, "citations": False}
    assert applied([text], **off)[0] == [text]


PIECES = st.sampled_from(
    ["Use cookies ", "javascript", "[1]", "[edit]", "word ", ". ", "...", "\n", "\n\n", "! ", "a b c", "”"]
)


@given(st.lists(st.lists(PIECES, max_size=12).map("".join), max_size=4))
@settings(max_examples=100)
def test_it_equals_its_statement_and_a_second_pass_changes_nothing(texts: list[str]) -> None:
    once, _ = applied(texts)
    assert squeezed(once) == squeezed([said(text) for text in texts])
    assert applied(once)[0] == once


@REAL["needs_data"]
def test_it_equals_its_statement_on_real_texts() -> None:
    texts = REAL["real_texts"](20)
    assert squeezed(applied(texts)[0]) == squeezed([said(text) for text in texts])
