from dataclasses import replace

from firstwords.evaluation.compare import Comparison, Row
from firstwords.evaluation.compared_table import comparison_lines, letter_of, verdict

ROW = Row(
    task="subjects",
    metric="accuracy",
    label="accuracy",
    first=0.8,
    second=0.85,
    difference=0.05,
    low=0.01,
    high=0.09,
    p_value=0.0004,
    method="paired bootstrap",
    items=12_400,
    units=1_250,
    better="second",
    effect_size=0.21,
    smallest_difference=0.057,
)


def test_every_run_has_a_line_with_interval_and_verdict_within_80_columns() -> None:
    long = replace(ROW, task="t" * 40, label="m" * 40, first=15_210.0, second=98_765.0, low=-15210.0, high=98765.0)
    comparisons = [
        Comparison("artifacts/a", "artifacts/b", (ROW, long)),
        Comparison("artifacts/a", "artifacts/c", (replace(ROW, better="neither", p_value=0.3),), ("x: only there",)),
    ]
    lines = list(comparison_lines(comparisons))
    assert lines[:3] == ["a  artifacts/a", "b  artifacts/b", "c  artifacts/c"]
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "b 0.850   +0.050 [+0.010, +0.090]      p <0.001  better" in text
    assert "c 0.850" in text and "no difference shown" in text
    assert "12,400 items in 1,250 units, paired bootstrap; d +0.21, would show 0.057" in text
    assert "corrected for 3 comparisons" in text
    assert lines[-1] == "c: left out: x: only there"


def test_verdicts_are_about_the_second_run() -> None:
    assert [verdict(replace(ROW, better=each)) for each in ("first", "second", "neither")] == [
        "worse",
        "better",
        "no difference shown",
    ]
    lonely = replace(ROW, effect_size=None, smallest_difference=None)
    assert "too few units" in "\n".join(comparison_lines([Comparison("a", "b", (lonely,))]))
    assert [letter_of(n) for n in (0, 25, 26)] == ["a", "z", "a1"]
