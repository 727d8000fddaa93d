"""What a plan takes from a base, what a recipe may still choose, and that the rates rise again."""

import pytest

from firstwords.errors import RecipeError
from firstwords.model.config import ModelConfig
from firstwords.model.sizes import ModelSizes
from firstwords.training import continuation, sizing
from firstwords.training.sizing import Corpus

BASE = ModelConfig.from_depth(
    3, layout="llama", vocab_size=500, context=4096, width=96, num_heads=4, norm_epsilon=1e-5, eos_id=3, bos_id=2,
    rope_scaling={"kind": "llama3", "factor": 8.0},
)  # fmt: skip


def test_sizes_are_the_bases_and_the_context_is_a_new_models():
    sizes = continuation.sizes_of(BASE, ModelSizes())
    assert (sizes.depth, sizes.layout, sizes.width, sizes.mlp_width) == (3, "llama", 96, BASE.mlp_width)
    assert sizes.context == 256
    assert continuation.sizes_of(BASE, ModelSizes(context=4096, width=96)).context == 4096


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"width": 128}, "model.width = 128, but the base has 96"),
        ({"depth": 4}, "model.depth = 4, but the base has 3"),
        ({"layout": "qwen3"}, "model.layout = qwen3"),
        ({"context": 8192}, "longer than the base's 4,096"),
    ],
)
def test_a_recipe_cannot_contradict_the_base(wanted, message):
    with pytest.raises(RecipeError, match=message):
        continuation.sizes_of(BASE, ModelSizes(**wanted))


def test_the_vocabulary_may_have_more_entries_than_the_tokenizer():
    corpus = Corpus(vocab_size=480, end_of_text=3, pad=3, mask=None, train_tokens=10, validation_tokens=1)
    assert continuation.corpus_for(BASE, corpus).vocab_size == 500
    with pytest.raises(RecipeError, match="501 entries, the base only 500"):
        continuation.corpus_for(BASE, Corpus(**(vars(corpus) | {"vocab_size": 501})))


def test_rates_rise_again_to_a_share_of_a_new_models():
    usual = {each.name: each.value for each in sizing.rates(BASE, 1, 1)}
    settings = continuation.rewarmed(BASE, {"head_rate": 0.5})
    assert settings["head_rate"] == 0.5
    for name in ("matrix_rate", "embedding_rate"):
        assert settings[name] == pytest.approx(continuation.RATE_SHARES[name] * usual[name], rel=0.05)
        assert settings[name] < 0.5 * usual[name]
    assert 0 < settings["warmup_share"] < 0.5


def test_a_plan_says_where_its_numbers_come_from():
    names = ("width", "context", "matrix_rate", "head_rate", "warmup_share", "tokens")
    plan = {"model": {"context": 256}, "reasons": [{"name": n, "value": 1, "reason": "set by hand"} for n in names]}
    continuation.complete(plan, BASE, {"head_rate": 0.5}, ModelSizes())
    assert ModelConfig(**(plan["model"] | {"context": 4096})) == BASE
    told = {each["name"]: each["reason"] for each in plan["reasons"]}
    assert told["width"] == "the base's"
    assert told["head_rate"] == told["tokens"] == "set by hand"
    assert "new model" in told["matrix_rate"]
    assert "warmed up again" in told["warmup_share"]
