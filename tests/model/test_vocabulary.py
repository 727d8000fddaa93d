"""New entries begin at a mean of old ones, and nothing else of the model changes."""

import pytest
import torch

from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.hugging_face import load_folder, save_folder
from firstwords.model.transformer import Model
from firstwords.model.vocabulary import add_merged, add_tokens


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("reserve", [0, 5])
def test_new_rows_are_means_and_the_rest_stays(tied, reserve):
    config = ModelConfig.from_depth(
        1, layout="llama", vocab_size=20 + reserve, width=16, num_heads=2, context=8, tie_embeddings=tied
    )
    model = Model(config, make_head("language_model", config), seed=1)
    pieces = [(1, 2), (3, 4, 5), (1, 1)]
    old = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    add_merged(model, 20, pieces)
    assert model.config.vocab_size == max(20 + reserve, 23)
    made = dict(model.named_parameters())
    assert set(old) == set(made)
    for name, parameter in old.items():
        if "embed_tokens" in name or "lm_head" in name:
            assert torch.equal(made[name][:20], parameter[:20])
            for number, ids in enumerate(pieces):
                assert torch.allclose(made[name][20 + number], parameter[list(ids)].mean(0))
        else:
            assert torch.equal(made[name], parameter)


@pytest.mark.parametrize("tied", [False, True])
def test_new_tokens_are_average_and_apart_and_old_ones_are_as_before(tmp_path, tied):
    config = ModelConfig.from_depth(
        1, layout="qwen3", vocab_size=40, width=32, num_heads=2, context=16, tie_embeddings=tied
    )
    model = Model(config, make_head("language_model", config), seed=1).eval()
    batch = Batch.of([[1, 2, 3]])
    before, rows = model(batch).detach(), model.backbone.embed_tokens.weight.detach().clone()
    add_tokens(model, [39, 40, 41])
    after = model(batch)
    assert after.shape == (3, 42) and model.config.vocab_size == 42
    assert torch.equal(after[:, :39], before[:, :39])
    new = model.backbone.embed_tokens.weight[39:]
    mean = rows[:39].mean(0)
    assert (new - mean).norm(dim=1).max() < 0.2 * rows.norm(dim=1).mean()
    assert (new[0] - new[1]).norm() > 0
    assert (model.head.lm_head.weight is model.backbone.embed_tokens.weight) == tied
    save_folder(tmp_path / "m", model)
    assert torch.equal(load_folder(tmp_path / "m")[0](batch), after)


def test_nothing_changes_without_tokens():
    config = ModelConfig.from_depth(1, layout="qwen3", vocab_size=40, width=32, num_heads=2, context=16)
    model = Model(config, make_head("language_model", config))
    add_tokens(model, [])
    add_merged(model, 40, [])
    assert model.config is config
