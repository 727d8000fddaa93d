import re

import pytest

from firstwords.errors import RecipeError
from firstwords.model.config import ModelConfig
from firstwords.model.config_file import to_values
from firstwords.model.cost import num_parameters
from firstwords.model.presets import PRESETS, preset


def config(name, layout):
    return ModelConfig(layout=layout, vocab_size=PRESETS[name].vocab_size, mask_id=2, **PRESETS[name].sizes())


@pytest.mark.parametrize("name", PRESETS)
def test_a_name_says_the_size(name):
    number, unit = re.fullmatch(r"(\d+)([MB])", name).groups()
    wanted = int(number) * {"M": 1e6, "B": 1e9}[unit]
    found = num_parameters(config(name, "qwen3"))
    # Rounded to what the name shows: half a unit of its last digit.
    assert abs(found - wanted) <= max(0.5 * {"M": 1e6, "B": 1e9}[unit], 0.02 * wanted)


@pytest.mark.parametrize("layout", ["qwen3", "llama", "eurobert"])
def test_sizes_are_those_of_transformers(layout):
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    kinds = {"qwen3": "Qwen3ForCausalLM", "llama": "LlamaForCausalLM", "eurobert": "EuroBertForMaskedLM"}
    for name in ("1M", "124M", "600M", "8B"):
        sizes = config(name, layout)
        theirs = transformers.AutoConfig.for_model(**to_values(sizes, "language_model", (), "float32"))
        with torch.device("meta"):
            model = getattr(transformers, kinds[layout])(theirs)
        assert sum(p.numel() for p in model.parameters()) == num_parameters(sizes)


@pytest.mark.parametrize(
    ("wrong", "near"), [("100M", "70M or 124M"), ("7b", "3B or 8B"), ("2M", "1M or 3M"), ("large", "no preset 'large'")]
)
def test_an_unknown_name_is_told_the_nearest(wrong, near):
    with pytest.raises(RecipeError, match=near):
        preset(wrong)
