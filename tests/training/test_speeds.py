import pytest

from firstwords.model.config import ModelConfig
from firstwords.training.sizing import Speed
from firstwords.training.speeds import Speeds


def config(width=128, depth=2):
    return ModelConfig.from_depth(depth, layout="qwen3", vocab_size=512, width=width, context=64)


def machine(asked, seconds_per_token=1e-5, half=1.0):
    def measure(config, seconds, precision="float32"):
        asked.append((config.width, precision))
        return Speed(seconds_per_token / (half if precision == "bfloat16" else 1), 1e-3)

    return measure


def test_what_was_measured_is_not_measured_again_and_gives_estimates():
    asked = []
    speeds = Speeds(machine(asked), 1.0, 60.0)
    assert speeds.try_out(config())
    assert not speeds.try_out(config())
    assert asked == [(128, "float32")]
    assert speeds.speed(config()) == Speed(1e-5, 1e-3)
    assert speeds.speed(config(256)).seconds_per_token > 2e-5


def test_measured_again_the_faster_parts_count():
    found = [Speed(9e-3, 1e-3), Speed(1e-5, 2e-3)]
    speeds = Speeds(lambda *_: found.pop(0), 1.0, 60.0)
    speeds.try_out(config())
    speeds.measure_again(config())
    assert speeds.speed(config()) == Speed(1e-5, 1e-3) and not found


def test_measured_again_are_the_others_where_one_was_only_estimated():
    asked, seconds = [], [9.0, 1e-5, 2e-5]

    def measure(config, *_):
        asked.append(config.width)
        return Speed(seconds.pop(0), 1e-3)

    speeds = Speeds(measure, 1.0, 60.0)
    speeds.try_out(config())
    assert not speeds.try_out(config(256), is_set=True)
    speeds.measure_again(config(256))
    assert asked == [128, 128, 256] and speeds.speed(config(256)) == Speed(2e-5, 1e-3)


def test_without_time_only_what_is_set_is_measured():
    asked = []
    speeds = Speeds(machine(asked), 1.0, 1e-9)
    assert speeds.try_out(config())  # the first one always
    assert not speeds.try_out(config(256))
    assert speeds.try_out(config(256), is_set=True)


def test_a_rehearsal_replaces_what_was_measured():
    speeds = Speeds(machine([]), 1.0, 60.0)
    speeds.try_out(config())
    assert not speeds.is_rehearsed(config())
    speeds.learn(config(), Speed(3e-5, 1e-3, rehearsed=True))
    assert speeds.is_rehearsed(config())
    assert speeds.speed(config()).seconds_per_token == 3e-5
    (told,) = speeds.report()["measured"]
    assert told["rehearsed"] and told["seconds_per_token"] == 3e-5


@pytest.mark.parametrize(("gain", "taken"), [(1.3, "bfloat16"), (1.05, "float32")])
def test_rehearsals_decide_the_precision(gain, taken):
    asked = []
    speeds = Speeds(machine(asked), 1.0, 60.0)
    speeds.try_out(config())
    found = {"float32": Speed(2e-5, 1e-3, rehearsed=True), "bfloat16": Speed(2e-5 / gain, 1e-3, rehearsed=True)}
    chosen, reason = speeds.in_half_precision(config(), found.__getitem__)
    assert asked == [(128, "float32")]  # nothing beside the rehearsals
    assert chosen.precision == reason.value == taken
    assert "rehearsed" in reason.reason
    assert chosen.is_rehearsed(config())
    assert chosen.speed(config()) == found[taken]
