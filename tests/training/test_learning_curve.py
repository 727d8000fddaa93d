import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.training.history import History
from firstwords.training.learning_curve import MARK, chart, curve


def test_a_falling_loss_falls_from_left_to_right():
    xs = [1000 * n for n in range(1, 401)]
    lines = list(chart(xs, [2 + 3 * math.exp(-x / 1e5) for x in xs], [(4e5, 2.1)]))
    plot = [line[12:] for line in lines[:-2]]
    tops = [next(row for row, line in enumerate(plot) if line[column : column + 1].strip()) for column in (0, 20, 60)]
    assert tops == sorted(tops) and tops[0] < tops[2]
    assert plot[-1].endswith(MARK) or plot[-2].endswith(MARK)
    assert "400,000 tokens" in lines[-1]
    assert all("\x1b" not in line for line in lines)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=300))
def test_every_curve_fits_a_terminal(ys):
    lines = list(chart(range(1, len(ys) + 1), ys))
    assert len(lines) == 16
    assert max(map(len, lines)) <= 80
    assert any("\u2801" <= sign <= "\u28ff" for line in lines for sign in line)


def test_what_is_not_finite_is_left_out():
    assert len(list(chart([1, 2, 3], [1.0, math.nan, math.inf]))) == 16
    assert list(chart([1], [math.nan])) == ["nothing to show"]


def test_the_curve_of_an_artifact_is_in_bits_per_byte(tmp_path):
    from pyarrow import parquet

    records = [{"step": n, "tokens": 10 * n, "loss": 4.0 / n} for n in range(1, 9)]
    records[-1] |= {"validation_loss": 0.6, "bits_per_byte": 0.3}
    parquet.write_table(History(records).curve(), tmp_path / "curve.parquet")
    lines = list(curve(tmp_path))
    assert lines[0] == "bits per byte"
    assert "training 0.250" in lines[-1] and "held out 0.300" in lines[-1]
    with pytest.raises(FileNotFoundError):
        list(curve(tmp_path / "none"))
