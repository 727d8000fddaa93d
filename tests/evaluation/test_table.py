import pytest

from firstwords.evaluation.table import figure_text, result_lines, score_text


def entry(value, low, high, **baseline):
    return {"value": value, "low": low, "high": high, "baseline": baseline}


TASKS = [
    {
        "name": "language",
        "results": {
            "bits_per_byte": entry(1.6234, 1.5801, 1.6612, **{"xz": 2.41, "5-gram": 1.6, "interpolation": 1.45}),
            "perplexity": entry(19.312, 17.9, 21.04, **{"5-gram": 18.5, "interpolation": 15.2}),
        },
        "metrics": {
            "bits_per_byte": {"label": "{} bits/byte", "is_detail": False},
            "perplexity": {"label": "perplexity {}", "is_detail": False},
        },
    },
    {
        "name": "entities",
        "results": {"entity_f1": entry(0.71, 0.66, 0.76, dictionary=0.43), "entity_f1 (x)": entry(0.5, None, None)},
        "metrics": {
            "entity_f1": {"label": "F1 {}", "is_detail": False},
            "entity_f1 (x)": {"label": "F1 x {}", "is_detail": True},
        },
    },
]


def test_braces_in_a_label_are_text() -> None:
    entry = {"value": 0.5, "low": None, "high": None}
    assert score_text("F1 {x} {}", entry) == "F1 {x} 0.500"


def test_the_table_of_a_run():
    lines = result_lines(TASKS)
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("evaluate  language  1.623 bits/byte [1.580, 1.661]")
    assert not any(line.endswith(" ") for line in lines)
    # Details are for results.json.
    assert "F1 x" not in "\n".join(lines)
    # Scores begin in one column, and so do baselines.
    assert {lines[0].index("1.623"), lines[-1].index("F1")} == {20}
    assert lines[0].index("xz") == lines[-1].index("dictionary")


def test_an_unknown_interval_is_not_printed():
    assert score_text("F1 {}", entry(0.5, None, None)) == "F1 0.500"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.7123, "0.712"), (1.6, "1.600"), (19.312, "19.3"), (143.22, "143"), (15210.4, "15,210"), (-2.5, "-2.500")],
)
def test_figures_have_at_least_three_digits(value, text):
    assert figure_text(value) == text


def test_no_tasks_give_no_lines():
    assert result_lines([]) == []
