import pytest

from firstwords.errors import RecipeError
from firstwords.model.sizes import ModelSizes
from firstwords.recipe import build


def test_only_what_is_set_is_given():
    sizes = build(ModelSizes, {"depth": 6, "context": "1k", "tie_embeddings": False})
    assert sizes.depth == 6
    assert sizes.given() == {"context": 1000, "tie_embeddings": False}


@pytest.mark.parametrize("wrong", [{"depth": 0}, {"widht": 64}, {"layout": "gpt2"}, {"context": 2}])
def test_wrong_sizes_are_refused(wrong):
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        build(ModelSizes, wrong)


def test_a_preset_gives_all_sizes_and_a_hand_overrules_it():
    config, reasons = ModelSizes(preset="124M", context=512).derive(2, layout="llama", vocab_size=1000)
    by_name = {each.name: each for each in reasons}
    assert (config.num_layers, config.width, config.vocab_size, config.context) == (12, 768, 1000, 512)
    assert by_name["width"].reason.startswith("preset 124M")
    assert by_name["context"].reason == "set by hand"


def test_one_dial_at_most():
    with pytest.raises(RecipeError, match="only one of depth, preset, parameters"):
        build(ModelSizes, {"depth": 2, "parameters": "1M"})
    with pytest.raises(RecipeError, match="Nearest: 70M or 124M"):
        build(ModelSizes, {"preset": "100M"})
    assert build(ModelSizes, {"parameters": "124M"}).is_fixed
    assert not ModelSizes(width=64).is_fixed
