"""A model that transformers computes answers as the same weights do here."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from firstwords.errors import RecipeError
from firstwords.inference.foreign import load_checkpoint
from firstwords.inference.language_model import LanguageModel
from firstwords.inference.sampling import GREEDY, Sampling
from firstwords.inference.transformers_model import TransformersModel
from firstwords.model.hugging_face import save_folder

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))
transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("causal")
    place = TINY["causal_model"](folder).path("model")
    ours = LanguageModel.load(place)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in ours.model.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    save_folder(folder / "noisy", ours.model, tokenizer_folder=folder / "tokenizer")
    return ours, TransformersModel.load(folder / "noisy")


QUESTIONS = [
    [("the list of", " names"), ("the list of", " values of json")],
    [("", "an error")],
    [("the list of names returns " * 9, "a new value")],
]


def test_answers_are_judged_alike(both):
    ours, theirs = (model.judge_choices(QUESTIONS) for model in both)
    for mine, other in zip(ours, theirs, strict=True):
        assert [a.log_likelihood for a in mine] == pytest.approx([a.log_likelihood for a in other], abs=1e-4)
        assert [(a.num_tokens, a.is_greedy) for a in mine] == [(a.num_tokens, a.is_greedy) for a in other]


@pytest.mark.parametrize("stride", [None, 5, 32])
def test_tokens_are_judged_alike_in_windows(both, stride):
    documents = [both[0].tokenizer.encode(text) for text in TINY["sentences"](1, 6)] + [list(range(3, 120))]
    ours, theirs = (model.token_log_likelihoods(documents, stride=stride) for model in both)
    for mine, other in zip(ours, theirs, strict=True):
        assert np.allclose(mine, other, atol=1e-4)


def test_both_write_the_same(both):
    prompts = ["the list of", "json and"]
    ours, theirs = (model.generate_batch(prompts, 8, GREEDY) for model in both)
    assert ours == theirs
    with pytest.raises(RecipeError, match="greedily"):
        both[1].generate_batch(prompts, 8, Sampling())


def test_a_layout_of_ours_is_ours_and_another_goes_to_transformers(tmp_path):
    assert load_checkpoint(TINY["causal_model"](tmp_path / "a").path("model"))[1] == "firstwords"
    config = transformers.GPT2Config(vocab_size=320, n_positions=32, n_embd=16, n_layer=1, n_head=2)
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path / "gpt2")
    TINY["tokenizer"]().save(tmp_path / "gpt2")
    model, who = load_checkpoint(tmp_path / "gpt2")
    assert who == "transformers" and model.context == 32
    assert np.isfinite(model.log_likelihood("the list", " of names"))


def test_code_in_a_folder_is_not_run(tmp_path):
    TINY["tokenizer"]().save(tmp_path / "x")
    (tmp_path / "x" / "config.json").write_text(
        '{"model_type": "evil", "auto_map": {"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.M"}}'
    )
    (tmp_path / "x" / "evil.py").write_text("raise SystemExit('run')")
    with pytest.raises(RecipeError, match="As a model of transformers"):
        load_checkpoint(tmp_path / "x")
