import pytest
import torch

from firstwords.model.added_rows import add_tokens
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead
from firstwords.model.hugging_face import load_folder, save_folder
from firstwords.model.transformer import Model


@pytest.mark.parametrize("tied", [False, True])
def test_new_tokens_are_average_and_apart_and_old_ones_are_as_before(tmp_path, tied):
    config = ModelConfig.from_depth(
        1, layout="qwen3", vocab_size=40, width=32, num_heads=2, context=16, tie_embeddings=tied
    )
    model = Model(config, LanguageModelHead(config), seed=1).eval()
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
    model = Model(config, LanguageModelHead(config))
    add_tokens(model, [])
    assert model.config is config
