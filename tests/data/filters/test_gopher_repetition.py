import random

import pyarrow as pa
import pytest

from firstwords.data.features import Features
from firstwords.data.filters.gopher_repetition import GopherRepetition


def judge(text: str, **fields) -> tuple[dict, str | None]:
    batch = pa.record_batch({"text": [text]})
    step = GopherRepetition(**fields)
    scores = step.score(batch, Features(batch["text"]))
    return scores.to_pylist()[0], step.reject(scores).to_pylist()[0]


def words(number: int, seed: int = 0) -> list[str]:
    """Different words of eight letters."""
    draw = random.Random(seed)
    return ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=8)) for _ in range(number)]


def test_a_text_that_says_nothing_twice_scores_zero() -> None:
    scores, rule = judge(" ".join(words(200)))
    assert rule is None
    assert set(scores.values()) == {0.0}


def test_repeated_lines_and_paragraphs_and_their_characters() -> None:
    unique = "\n\n".join(" ".join(words(10, seed)) for seed in range(6))
    short = unique + "\n\nmenu" * 5
    scores, rule = judge(short)
    assert rule == "lines"
    assert scores["lines"] == scores["paragraphs"] == pytest.approx(4 / 11)
    assert scores["line_characters"] == pytest.approx(16 / (6 * 89 + 20))
    long = unique + "\n\n" + "\n\n".join([" ".join(words(30, 9))] * 2)
    assert judge(long, max_repeated_paragraph_characters=1.0)[1] == "line_characters"
    assert judge(long, max_repeated_line_characters=1.0)[1] == "paragraph_characters"
    assert judge(short, max_repeated_lines=1.0)[1] == "paragraphs"


def test_one_frequent_bigram() -> None:
    others = words(60)
    text = " ".join(f"{other} buy now" for other in others)
    scores, rule = judge(text)
    assert rule == "2_grams"
    assert scores["2_grams"] == pytest.approx(60 * 7 / len(text))
    assert scores["3_grams"] == 0.0


def test_repeated_long_runs_count_second_occurrences_once() -> None:
    run = " ".join(words(12, 5))
    text = " ".join([run, *words(20, 6), run, *words(20, 7)])
    scores, rule = judge(text)
    assert rule == "5_grams"
    # Runs of 5 that begin at words 1 and 6 of the second occurrence: two times five words, and what parts them.
    assert scores["5_grams"] == pytest.approx((2 * 44) / len(text))
    assert scores["10_grams"] == pytest.approx(89 / len(text))


def test_thresholds_are_fields() -> None:
    run = " ".join(words(12, 5))
    text = " ".join([run, *words(20, 6), run, *words(20, 7)])
    lenient = {"max_repeated_ngrams": (1.0,) * 6}
    assert judge(text, **lenient)[1] is None
    assert judge(text, max_repeated_ngrams=(1, 1, 1, 1, 1, 0.05))[1] == "10_grams"


def test_overlapping_occurrences_do_not_exceed_the_text() -> None:
    assert judge("ha " * 50)[0]["2_grams"] == 1.0


def test_the_other_reading_takes_marks_for_words_and_lone_ngrams_for_frequent() -> None:
    quoted = "\n".join(f"> > {word}" for word in words(12))
    assert judge(quoted)[0]["2_grams"] == 0.0
    scores, rule = judge(quoted, marks_are_words=True)
    assert rule == "2_grams"
    assert scores["2_grams"] == pytest.approx(12 * len("> >") / len(quoted))
    lone = "three short words"
    assert judge(lone, marks_are_words=True)[0]["2_grams"] == pytest.approx(len("three short") / len(lone))
    cased = "the big cat runs far today THE BIG CAT RUNS FAR TODAY"
    assert judge(cased)[0]["5_grams"] > 0.0 == judge(cased, marks_are_words=True)[0]["5_grams"]
