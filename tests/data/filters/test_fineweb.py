import runpy
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.characters import IDEOGRAPH, LETTER, NUMBER
from firstwords.data.features import Features
from firstwords.data.filters.fineweb import FineWeb
from firstwords.data.line_measures import terminal_marks

SAID = runpy.run_path(str(Path(__file__).parents[1] / "line_reference.py"))
REAL = runpy.run_path(str(Path(__file__).parents[1] / "real_texts.py"))
LINE = "The {} of these lines is long enough to be more than thirty characters.\n"


def judged(texts: list[str], **fields) -> list[tuple[dict, str | None]]:
    batch = pa.record_batch({"text": pa.array(texts, pa.string())})
    step = FineWeb(**fields)
    scores = step.score(batch, Features(batch["text"]))
    return list(zip(scores.to_pylist(), step.reject(scores).to_pylist(), strict=True))


def num_words(text: str) -> int:
    """Runs of letters and digits; a Chinese character is a word of its own."""
    number, flags = 0, SAID["word_flags"](text)
    for at, character in enumerate(text):
        kind = SAID["kind_of"](character)
        if kind == IDEOGRAPH:
            number += 1
        elif kind in (LETTER, NUMBER):
            before = [SAID["kind_of"](c) for c in text[:at][-1:]]
            number += at == 0 or not flags[at - 1] or before == [IDEOGRAPH]
    return number


def said(text: str) -> tuple[dict, str | None]:
    """The rules in ordinary Python."""
    lines = [line.text for line in SAID["lines_of"](text)]
    seen: set[str] = set()
    again = 0
    for line in lines:
        again += len(line) * (line in seen)
        seen.add(line)
    scores = {
        "end_marks": sum(line[-1] in terminal_marks() for line in lines) / max(1, len(lines)),
        "short_lines": sum(len(line) <= 30 for line in lines) / max(1, len(lines)),
        "repeated_characters": again / max(1, sum(map(len, lines))),
        "new_lines": text.count("\n") / max(1, num_words(text) + SAID["num_signs"](text)),
    }
    rules = [
        ("end_marks", scores["end_marks"] < 0.12),
        ("short_lines", scores["short_lines"] > 0.67),
        ("repeated_characters", scores["repeated_characters"] > 0.1),
        ("new_lines", scores["new_lines"] > 0.3),
    ]
    return scores, next((rule for rule, failed in rules if failed), None)


def test_each_rule_drops_what_it_is_for() -> None:
    good = "".join(LINE.format(n) for n in ("first", "second", "third", "fourth"))
    texts = {
        good: None,
        "": "end_marks",
        good.replace(".", ""): "end_marks",
        good + "a.\nb.\nc.\n" * 3: "short_lines",
        good + LINE.format("first"): "repeated_characters",
        "".join(f"{line}\n" for line in good.split("\n")) + "\n" * 40: "new_lines",
    }
    assert [rule for _, rule in judged(list(texts))] == list(texts.values())


def test_the_code_s_stricter_threshold_is_a_field() -> None:
    text = "".join(LINE.format(n) for n in range(20)) + LINE.format(3)
    assert judged([text])[0][1] is None
    assert judged([text], max_repeated_characters=0.01)[0][1] == "repeated_characters"
    assert judged([text])[0][0]["repeated_characters"] == pytest.approx(1 / 21, rel=0.05)


@given(st.lists(st.text(st.sampled_from("ab. ?!\n\n中é_-。"), max_size=50), max_size=4))
@settings(max_examples=60)
def test_it_equals_its_statement(texts: list[str]) -> None:
    assert judged(texts) == [said(text) for text in texts]


@REAL["needs_data"]
def test_it_equals_its_statement_on_real_texts() -> None:
    texts = REAL["real_texts"](10)
    assert judged(texts) == [said(text) for text in texts]
