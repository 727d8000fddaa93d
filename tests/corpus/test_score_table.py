import io
import json

import pytest

from firstwords.corpus import score_table
from firstwords.corpus.scores import Scores
from firstwords.errors import RecipeError
from firstwords.overview import find_artifact


@pytest.fixture(scope="module")
def scores(tiny) -> Scores:
    return Scores(find_artifact("tiny/clean", tiny))


def test_every_line_fits_80_columns_and_marks_the_threshold(scores: Scores) -> None:
    bins = score_table.bins_for(80)
    lines = list(score_table.table([scores.distribution(r, bins) for r in scores.rules.values()], score_table.DRAWN))
    assert max(map(len, lines)) <= 80
    words = next(line for line in lines if line.startswith("  words "))
    assert "50 ... 100,000" in words
    assert "│" in words


def test_plain_terminals_get_ascii(scores: Scores) -> None:
    rule = scores.rules["gopher_quality.words"]
    change = scores.change(rule, (70, None))
    lines = list(score_table.details(scores.distribution(rule), [change], score_table.PLAIN))
    assert "\n".join(lines).isascii()
    assert max(map(len, lines)) <= 80
    assert "keeps at least 70" in lines[-1]


def test_signs_follow_what_a_stream_can_hold() -> None:
    assert score_table.signs_for(io.TextIOWrapper(io.BytesIO(), "ascii")) is score_table.PLAIN
    assert score_table.signs_for(io.TextIOWrapper(io.BytesIO(), "utf-8")) is score_table.DRAWN
    assert score_table.signs_for(io.TextIOWrapper(io.BytesIO(), "utf-8"), "dumb") is score_table.PLAIN


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("70", (50, 100), (70.0, 100)),
        ("0.2", (None, 0.1), (None, 0.2)),
        ("10:20", None, (10.0, 20.0)),
        (":1,000", (3, 4), (None, 1000.0)),
        ("5:", (None, 4), (5.0, None)),
    ],
)
def test_bounds_are_read(text: str, now, expected) -> None:
    assert score_table.read_bounds(text, now) == expected


@pytest.mark.parametrize(("text", "now"), [("many", (1, 2)), (":", (1, 2)), ("nan", (1, 2)), ("7", None)])
def test_bounds_that_say_nothing_are_refused(text: str, now) -> None:
    with pytest.raises(RecipeError, match="--at"):
        score_table.read_bounds(text, now)


def test_json_holds_all_digits_and_the_bounds(scores: Scores) -> None:
    rule = scores.rules["language.language"]
    found = [(scores.distribution(rule), [scores.change(rule, (0.5, None))])]
    told = json.loads(json.dumps(score_table.as_json(found, scores), allow_nan=False))
    entry = told["scores"][0]
    assert (entry["rule"], entry["low"], entry["high"]) == ("language.language", 0.35, None)
    assert entry["at"][0]["bounds"] == [0.5, None]


def test_figures_are_short() -> None:
    assert score_table.figure(22018.0) == "22,018"
    assert score_table.figure(0.123456) == "0.123"
    assert score_table.exact_figure(0.35) == "0.35"
    assert score_table.told_bounds((None, 0.1)) == "at most 0.1"
