import json

import pytest

from firstwords import forecast as forecasts
from firstwords.errors import RecipeError
from firstwords.forecast import as_json, cluster_of, count, forecast, lines
from firstwords.graph import Graph, Plan
from firstwords.recipe_file import read_recipe

RECIPE = """
[collect]
sources = [{ kind = "python_documentation" }]
[pretrain.fixed]
objective = { kind = "causal_lm" }
model = { preset = "124M" }
[pretrain.timed]
objective = { kind = "masked_lm" }
budget = "5min"
"""


@pytest.fixture
def made(tmp_path):
    (tmp_path / "r.toml").write_text(RECIPE)

    def make(*overrides):
        return Plan(Graph(read_recipe(tmp_path / "r.toml", overrides), None), tmp_path / "artifacts")

    return make


def test_every_training_is_told_before_anything_runs(made):
    fixed, timed = forecast(made())
    assert fixed.plan["cost"]["parameters"] == 123_552_768
    assert "a vocabulary of 50,257" in fixed.assumed
    assert timed.plan["cost"]["seconds"] <= 301
    assert timed.plan["model"]["layout"] == "eurobert"


def test_a_gpu_that_is_here_is_asked(made, monkeypatch):
    from firstwords.training import probe

    forecasts.this_machine.cache_clear()
    slow = forecast(made())[1].plan
    monkeypatch.setattr(forecasts, "has_driver", lambda: True)
    monkeypatch.setattr(forecasts, "best_device", lambda: "cuda")
    monkeypatch.setattr(forecasts, "free_memory_bytes", lambda device: 80 * 2**30)
    monkeypatch.setattr(probe, "matrix_peak", lambda device, precision: 8e14)
    forecasts.this_machine.cache_clear()
    _, fast = forecast(made())
    assert "30% of this GPU's 800 TFLOP/s in matrix products, until it is measured" in fast.assumed
    assert fast.plan["cost"]["flops"] > 50 * slow["cost"]["flops"]
    forecasts.this_machine.cache_clear()


def test_a_plan_for_cards_needs_none(made):
    cluster = cluster_of(8, "h100")
    steps, trainings = made().steps(), forecast(made(), cluster)
    fixed = next(each for each in as_json(steps, trainings, cluster) if each["name"] == "pretrain.fixed")
    found = json.loads(json.dumps(fixed))["training"]
    assert found["cluster"]["num_gpus"] == 8 and found["card"]["name"] == "h100"
    assert found["cluster"]["gpu_hours"] == pytest.approx(8 * found["cluster"]["seconds"] / 3600)
    # A budget of time on eight such cards is worth a far larger model than here.
    assert trainings[1].cluster.seconds < 330
    assert trainings[1].plan["cost"]["parameters"] > 5e7


@pytest.mark.parametrize("cards", [(1, None), (8, "h100"), (4, "rtx4090"), (1, "l4")])
def test_lines_fit_a_terminal(made, cards):
    cluster = cluster_of(*cards)
    for training in forecast(made("pretrain.fixed.model.preset=8B"), cluster):
        text = list(lines(training, cluster))
        assert max(map(len, text)) <= 80, text
        assert text[0].startswith(training.name)


def test_what_does_not_fit_is_told_and_the_rest_goes_on(made):
    big, timed = forecast(made("pretrain.fixed.model.preset=8B"), cluster_of(1, "l4"))
    assert "such cards would do" in big.problem
    assert "such cards would do" in " ".join(" ".join(lines(big)).split())
    assert big.as_dict()["problem"] and not timed.problem


def test_cards_may_be_given_by_hand():
    own = cluster_of(2, None, 0.5, 100e12, "48GiB")
    assert (own.card.flops, own.card.memory_bytes, own.peak_share) == (100e12, 48 * 2**30, 0.5)
    assert cluster_of(1, "h100", flops=500e12).card.flops == 500e12
    assert cluster_of(1, None) is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((0, "h100"), "--gpus 0"),
        ((2, None), "needs --gpu"),
        ((2, "h102"), "no card 'h102'"),
        ((2, "h100", 1.5), "--peak-share 1.5"),
        ((2, "h100", None, None, "48"), None),
        ((2, "h100", None, None, "4x"), "is not a size"),
        ((2, "h100", None, -1.0), "--gpu-flops"),
    ],
)
def test_impossible_cards_are_refused(given, message):
    if message is None:
        assert cluster_of(*given).card.memory_bytes == 48
        return
    with pytest.raises(RecipeError, match=message):
        cluster_of(*given)


def test_numbers_are_for_people():
    assert [count(each) for each in (812, 3_100_000, 8.03e9, 1.5e13)] == ["812", "3.1M", "8.0B", "15.0T"]
