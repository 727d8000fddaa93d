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
