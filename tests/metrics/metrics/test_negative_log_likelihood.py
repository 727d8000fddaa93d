import math

from firstwords.metrics.metrics.negative_log_likelihood import NegativeLogLikelihood


def test_the_mean_and_one_sure_mistake():
    assert NegativeLogLikelihood().value({"nats": [1.0, 3.0]}) == 2.0
    assert NegativeLogLikelihood().value({"nats": [1.0, math.inf]}) == math.inf
