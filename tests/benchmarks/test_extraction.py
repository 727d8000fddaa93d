"""The sets' own rules, on texts whose score can be worked out by hand."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def extraction(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.data.extraction")


@pytest.fixture
def page(extraction):
    return lambda **fields: extraction.WebPage(key="k", url="http://www.a.co.uk/x", html=b"", **fields)


def test_runs_of_four_words_are_counted_as_multisets(extraction, page) -> None:
    gold = page(article="a b c d e, a b c d")
    # Gold: abcd bcde cdea deab eabc abcd.
    assert extraction.article_row(gold, "a b c d e a b c d") == (1.0, 1.0)
    assert extraction.article_row(gold, "A b c d") == (0.0, 0.0)
    assert extraction.article_row(gold, "a-b-c-d x") == (0.5, 1 / 6)
    assert extraction.article_row(gold, "") == (0.0, 0.0) and extraction.article_row(page(article=""), "") == (1.0, 1.0)


def test_segments_count_when_found_verbatim(extraction, page) -> None:
    gold = page(wanted=("one two", "three"), unwanted=("menu", "imprint"))
    assert extraction.segment_row(gold, "one two menu") == (1, 1, 1)
    assert extraction.segment_row(gold, "one\ntwo") == (0, 2, 0)


def test_scores_and_intervals(extraction) -> None:
    assert extraction.article_score([(1.0, 0.5), (0.5, 0.5)])["f1"] == pytest.approx(0.6)
    assert extraction.segment_score([(3, 1, 0), (0, 0, 1)]) == {"precision": 0.75, "recall": 0.75, "f1": 0.75}
    rows = [(1.0, 1.0)] * 9 + [(0.0, 0.0)]
    low, high = extraction.interval([*"abcdefghij"], rows, extraction.article_score, 200)
    assert low < 0.9 < high == 1.0
    # One domain is drawn as one: then every draw is the same.
    assert extraction.interval(["a"] * 10, rows, extraction.article_score, 200) == (0.9, 0.9)


def test_domains(page, extraction) -> None:
    assert page().domain == "a.co.uk"
    archived = extraction.WebPage(key="k", url="https://web.archive.org/web/2012/http://b.example.org/", html=b"")
    assert archived.domain == "example.org"
