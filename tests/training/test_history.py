"""The record of a run: its latest values, and its columns where only some steps were measured."""

from firstwords.training.history import History

RECORDS = [
    {"step": 1, "tokens": 10, "loss": 3.0},
    {"step": 2, "tokens": 20, "loss": 2.5, "validation_loss": 2.75, "accuracy": 0.5},
    {"step": 3, "tokens": 30, "loss": 2.25},
]


def test_the_latest_value_is_the_last_that_was_measured():
    history = History(RECORDS)
    assert history.latest("loss") == 2.25
    assert history.latest("validation_loss") == 2.75
    assert history.latest("bits_per_byte") is None


def test_the_curve_has_a_row_a_step_and_nulls_where_nothing_was_measured():
    curve = History(RECORDS).curve()
    assert curve["step"].to_pylist() == [1, 2, 3]
    assert curve["validation_loss"].to_pylist() == [None, 2.75, None]
    assert curve["accuracy"].to_pylist() == [None, 0.5, None]
    assert str(curve.schema.field("tokens").type) == "int64"


def test_samples_are_taken_out_of_the_lines_of_a_journal():
    history = History.of([{"step": 2, "tokens": 20, "loss": 1.0, "samples": [{"text": "a"}]}])
    assert history.records == [{"step": 2, "tokens": 20, "loss": 1.0}]
    assert history.samples == [{"step": 2, "tokens": 20, "text": "a"}]
