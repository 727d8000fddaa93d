from firstwords.metrics.metrics.chosen_log_probability import ChosenLogProbability


def test_the_mean_over_answers():
    assert ChosenLogProbability().value({"chosen": [-1.0, -4.0, -4.0]}) == -3.0
    interval = ChosenLogProbability().interval({"chosen": [-1.0, -4.0, -4.0]}, None)
    assert interval.low < -3.0 < interval.high <= 0
