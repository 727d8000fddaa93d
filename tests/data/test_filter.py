import numpy as np
import pyarrow as pa

from firstwords.data.filter import first_failing, struct_of


def test_the_first_failing_rule_is_named_and_bounds_are_included() -> None:
    scores = struct_of(words=np.array([5, 50, 49, 200]), ratio=np.array([0.5, 0.5, 0.6, 0.1]))
    rules = {"words": (50, 200), "ratio": (None, 0.5)}
    decided = first_failing(scores, rules)
    assert pa.types.is_dictionary(decided.type)
    assert decided.to_pylist() == ["words", None, "words", None]
    assert first_failing(scores, {"ratio": (0.2, 0.5), "words": (50, None)}).to_pylist() == [
        "words",
        None,
        "ratio",
        "ratio",
    ]


def test_a_null_score_fails_nothing() -> None:
    scores = struct_of(words=pa.array([None, 5], pa.int64())).take(pa.array([0, 1, None]))
    assert first_failing(scores, {"words": (50, None)}).to_pylist() == [None, "words", None]


def test_no_rows_and_no_rules() -> None:
    scores = struct_of(words=np.array([], np.int64))
    assert first_failing(scores, {"words": (1, None)}).to_pylist() == []
    assert first_failing(struct_of(words=np.array([1])), {}).to_pylist() == [None]
