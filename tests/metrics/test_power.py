import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.metrics.power import independent_discordance, items_for_shares, paired_strength, unpaired_strength
from firstwords.metrics.statistics import mcnemar


def share(sums):
    return sums[..., 0] / sums[..., 1]


def table(values):
    return np.stack([values, np.ones(len(values))], axis=1)


def two_systems(draws, items, first, second, discordant):
    only_first = (discordant + first - second) / 2
    both = first - only_first
    kind = draws.choice(4, items, p=[both, only_first, discordant - only_first, 1 - both - discordant])
    return (kind == 0) | (kind == 1), (kind == 0) | (kind == 2)


def test_of_a_mean_it_is_the_t_statistic_of_the_differences():
    draws = np.random.default_rng(0)
    first, second = draws.normal(1, 1, 200), draws.normal(0.8, 1, 200)
    found = paired_strength(table(first), table(second), share)
    differences = first - second
    assert found.standard_error == pytest.approx(differences.std(ddof=1) / math.sqrt(200))
    assert found.effect_size == pytest.approx(differences.mean() / differences.std(ddof=1))
    # (1.96 + 0.84) standard errors.
    assert found.smallest_difference == pytest.approx(2.8016 * found.standard_error, rel=1e-4)
    assert found.units_for(found.smallest_difference) in (200, 201)
    with pytest.raises(ValueError, match="needs a difference"):
        found.units_for(0)


def test_different_items_have_the_errors_of_both():
    draws = np.random.default_rng(1)
    first, second = draws.normal(1, 1, 300), draws.normal(0.8, 2, 200)
    found = unpaired_strength(table(first), table(second), share)
    deviations = first.std(ddof=1), second.std(ddof=1)
    assert found.standard_error == pytest.approx(math.hypot(deviations[0] / 300**0.5, deviations[1] / 200**0.5))
    assert found.effect_size == pytest.approx((first.mean() - second.mean()) / (math.hypot(*deviations) / 2**0.5))
    assert found.num_units == 200
    lonely = unpaired_strength(table(first), table(second), share, (None, [0] * 200))
    assert lonely.num_units == 1 and math.isnan(lonely.smallest_difference)


def test_units_are_groups_and_one_has_no_strength():
    rows = table(np.arange(20.0))
    assert paired_strength(rows, rows[::-1], share, groups=[n // 4 for n in range(20)]).num_units == 5
    assert math.isnan(paired_strength(rows, rows, share, groups=[0] * 20).standard_error)
    assert math.isnan(paired_strength(rows, rows, share).effect_size)
    with pytest.raises(ValueError, match="same items"):
        paired_strength(rows, rows[:3], share)


def test_the_planned_number_by_the_formula():
    # Connor 1987: (1.95996 sqrt(0.2) + 0.84162 sqrt(0.2 - 0.01))^2 / 0.01 = 154.6.
    assert items_for_shares(0.1, 0.2) == 155
    assert independent_discordance(0.7, 0.72) == pytest.approx(0.7 * 0.28 + 0.72 * 0.3)
    for wrong in ((0.0, 0.2), (0.3, 0.2), (0.1, 1.2)):
        with pytest.raises(ValueError, match="cannot come from"):
            items_for_shares(*wrong)


@given(st.floats(0.01, 0.3), st.floats(0.3, 1))
def test_smaller_differences_and_fewer_shared_mistakes_need_more(difference, discordant):
    assert items_for_shares(difference, discordant) <= items_for_shares(difference / 2, discordant)
    assert items_for_shares(difference, discordant) >= items_for_shares(difference, 0.3)


def test_the_planned_number_finds_the_difference_in_four_of_five_trials():
    items = items_for_shares(0.06, 0.3)
    found = 0
    for trial in range(400):
        first, second = two_systems(np.random.default_rng(trial), items, 0.66, 0.72, 0.3)
        found += mcnemar(first, second) < 0.05
    # 0.8 of 400 trials, give or take three standard errors (0.02 each).
    assert 0.74 <= found / 400 <= 0.86
