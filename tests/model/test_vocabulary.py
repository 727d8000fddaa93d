"""New entries begin as the mean of their pieces, and nothing else of the model changes."""

import pytest
import torch

from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model
from firstwords.model.vocabulary import extended


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("reserve", [0, 5])
def test_new_rows_are_means_and_the_rest_stays(tied, reserve):
    config = ModelConfig.from_depth(
        1, layout="llama", vocab_size=20 + reserve, width=16, num_heads=2, context=8, tie_embeddings=tied
    )
    model = Model(config, make_head("language_model", config), seed=1)
    pieces = [(1, 2), (3, 4, 5), (1, 1)]
    new = extended(model, 20, pieces)
    assert new.config.vocab_size == max(20 + reserve, 23)
    old, made = dict(model.named_parameters()), dict(new.named_parameters())
    assert set(old) == set(made)
    for name, parameter in old.items():
        if "embed_tokens" in name or "lm_head" in name:
            assert torch.equal(made[name][:20], parameter[:20])
            for number, ids in enumerate(pieces):
                assert torch.allclose(made[name][20 + number], parameter[list(ids)].mean(0))
        else:
            assert torch.equal(made[name], parameter)
