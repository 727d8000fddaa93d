"""A spike is far above what came before, and judged the same after a restart."""

import math

import numpy as np
import pytest

from firstwords.training.spikes import FEWEST, MOST_IN_A_ROW, SpikeJudge


def judge_after(losses, policy="skip", deviations=10.0):
    made = SpikeJudge(policy, deviations)
    assert not any(made.is_spike(loss) for loss in losses)
    return made


def noisy(number, level=3.0, noise=0.05):
    return (level + noise * np.random.default_rng(0).standard_normal(number)).tolist()


def test_usual_noise_is_no_spike_and_a_jump_is():
    made = judge_after(noisy(300))
    assert made.is_spike(4.5)
    assert not made.is_spike(3.1)


def test_a_falling_loss_is_never_one():
    judge_after(np.linspace(7, 2, 200).tolist())


def test_what_is_not_finite_is_one_at_once():
    assert SpikeJudge("skip", 10.0).is_spike(math.nan)
    assert SpikeJudge("roll_back", 10.0).is_spike(math.inf)


def test_nothing_is_a_spike_where_batches_are_kept_or_too_few_were_seen():
    assert not judge_after(noisy(100), "keep").is_spike(math.inf)
    assert not judge_after(noisy(FEWEST - 1)).is_spike(100.0)


def test_losses_that_are_all_alike_may_rise_a_little():
    made = judge_after([2.0] * 40)
    assert not made.is_spike(2.01)
    assert made.is_spike(2.5)


def test_a_level_that_stays_is_taken_over_and_endless_spikes_are_noticed():
    made = judge_after(noisy(64))
    spikes = [made.is_spike(loss) for loss in noisy(64, level=6.0)]
    assert spikes[0]
    assert not spikes[-1]
    hopeless = judge_after(noisy(64))
    for _ in range(MOST_IN_A_ROW):
        assert not hopeless.exhausted
        hopeless.is_spike(math.nan)
    assert hopeless.exhausted


def test_state_continues_exactly():
    losses = [*noisy(80), 9.0, *noisy(30, level=3.4), 8.0, *noisy(30)]
    straight = SpikeJudge("skip", 3.0)
    expected = [straight.is_spike(loss) for loss in losses]
    first, second = SpikeJudge("skip", 3.0), SpikeJudge("skip", 3.0)
    found = [first.is_spike(loss) for loss in losses[:85]]
    second.load_state(first.state())
    assert found + [second.is_spike(loss) for loss in losses[85:]] == expected
    assert any(expected)


@pytest.mark.parametrize(("policy", "wanted"), [("keep", []), ("skip", []), ("roll_back", [0, 20, 40])])
def test_weights_are_kept_only_to_go_back_to(policy, wanted):
    assert [step for step in range(50) if SpikeJudge(policy, 10.0).wants_snapshot(step)] == wanted
