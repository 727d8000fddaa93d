import json
import runpy
from pathlib import Path

import pytest
import torch

from firstwords.errors import RecipeError
from firstwords.model.batch import Batch
from firstwords.model.hugging_face import load_folder
from firstwords.recipe import build
from firstwords.training.adapters.lora import Lora

TINY = runpy.run_path(str(Path(__file__).parents[2] / "evaluation" / "tiny_artifacts.py"))


@pytest.fixture
def model(tmp_path):
    return load_folder(TINY["causal_model"](tmp_path / "m").path("model"))[0]


@pytest.mark.parametrize("fields", [{}, {"dora": True}, {"rank_stabilised": True, "rank": 2, "targets": ["q_proj"]}])
def test_it_is_added_saved_and_merged(tmp_path, model, fields):
    adapter = build(Lora, fields)
    number, which = adapter.add(model, 0, train_head=False)
    assert number == sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert which.startswith("DoRA" if fields.get("dora") else "LoRA")
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.05)
    batch = Batch.of([[1, 2, 3]])
    before = model(batch)
    adapter.save(model, tmp_path / "adapter", "pretrain.causal")
    values = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert (values["r"], values["lora_alpha"]) == (adapter.rank, 2 * adapter.rank)
    assert (values["task_type"], values["base_model_name_or_path"]) == ("CAUSAL_LM", "pretrain.causal")
    adapter.merge(model)
    assert torch.allclose(model(batch), before, atol=1e-5)


def test_mistakes_are_told(model):
    with pytest.raises(RecipeError, match="rank"):
        build(Lora, {"rank": 0})
    with pytest.raises(RecipeError, match="adapter.targets: no linear layer is called 'query'"):
        Lora(targets=("query",)).add(model, 0, train_head=False)
