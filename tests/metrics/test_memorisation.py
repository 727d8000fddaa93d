import math
import random

import numpy as np
import pytest

from firstwords.metrics.memorisation import CHANCE, exposure, skew_normal_share

SPACE = 10**6


def test_a_secret_in_the_middle_has_one_bit_and_the_worst_has_none() -> None:
    others = np.arange(999.0)
    assert exposure(499.5, others, SPACE) == pytest.approx(math.log2(1000 / 501))
    assert exposure(5000.0, others, SPACE) == 0


def test_secrets_that_were_never_seen_have_chance_on_average() -> None:
    draws = np.random.default_rng(0)
    found = [exposure(secret, draws.normal(size=999), SPACE) for secret in draws.normal(size=2000)]
    # Standard deviation of -log2 U is 1.44 bits: the mean of 2,000 is within 0.1 bits in 998 of 1,000 cases.
    assert abs(np.mean(found) - CHANCE) < 0.1


def test_a_rank_beyond_the_samples_is_extrapolated_and_never_beyond_the_space() -> None:
    others = np.random.default_rng(1).normal(size=999)
    # -4 standard deviations: 1 of 31,574.
    assert exposure(-4.0, others, SPACE) == pytest.approx(14.9, abs=1.0)
    assert exposure(-40.0, others, SPACE) == pytest.approx(math.log2(SPACE))
    assert exposure(-4.0, others, SPACE) > math.log2(1000)


@pytest.mark.parametrize("shape", [-4.0, -1.0, 0.0, 2.0])
def test_shares_of_a_skew_normal_are_found_from_its_samples(shape: float) -> None:
    draws = np.random.default_rng(2).normal(size=(2, 200_000))
    delta = shape / math.sqrt(1 + shape**2)
    samples = delta * np.abs(draws[0]) + math.sqrt(1 - delta**2) * draws[1]
    for share in (0.001, 0.1, 0.5, 0.9):
        assert skew_normal_share(np.quantile(samples, share), samples) == pytest.approx(share, rel=0.25)


def test_equal_samples_and_bad_ones() -> None:
    same = np.zeros(100)
    assert skew_normal_share(-1.0, same) == 0 and skew_normal_share(0.0, same) == 1
    for others in ([1.0] * 99, [math.nan] * 200):
        with pytest.raises(ValueError, match="100 alternatives"):
            exposure(0.0, others, SPACE)


def test_more_alternatives_do_not_move_an_exposure() -> None:
    draws = random.Random(3)
    few, many = ([draws.gauss(0, 1) for _ in range(n)] for n in (500, 20_000))
    assert exposure(-2.0, few, SPACE) == pytest.approx(exposure(-2.0, many, SPACE), abs=0.8)
