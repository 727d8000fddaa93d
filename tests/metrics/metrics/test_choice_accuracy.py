import pytest

from firstwords.metrics.metrics.choice_accuracy import ChoiceAccuracy

ITEMS = {
    "gold": [1],
    "log_likelihoods": [[-4.0, -6.0]],
    "log_likelihoods_alone": [[-1.0, -5.0]],
    "characters": [[4, 4]],
    "bytes": [[4, 8]],
    "tokens": [[1, 2]],
}


@pytest.mark.parametrize(
    ("per", "name", "value"),
    [
        ("none", "choice_accuracy", 0),
        ("characters", "choice_accuracy_norm", 0),
        ("bytes", "choice_accuracy_bytes", 1),
        ("tokens", "choice_accuracy_tokens", 1),
        ("without_question", "choice_accuracy_pmi", 1),
    ],
)
def test_what_lengths_and_the_answer_alone_change(per, name, value):
    assert ChoiceAccuracy(per=per).value(ITEMS) == value
    assert ChoiceAccuracy(per=per).name == name


def test_ties_share_the_point_and_what_is_no_number_is_refused():
    assert ChoiceAccuracy().value({"gold": [0, 0], "log_likelihoods": [[-1.0, -1.0, -2.0], [-1.0, -2.0]]}) == 0.75
    with pytest.raises(ValueError, match="item 0: .*not a number"):
        ChoiceAccuracy().value({"gold": [0], "log_likelihoods": [[-1.0, float("nan")]]})
