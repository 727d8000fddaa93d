"""The circuit finds the example most like the question and repeats its name before anything was learnt."""

import numpy as np
import pytest
import torch

from firstwords.errors import RecipeError
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead
from firstwords.model.recall import arrange_for_recall, check_recall
from firstwords.model.transformer import Model

VOCABULARY = 300
LEAD = [1, 2, 3, 4, 5]
END = 6
FITS = {"width": 128, "num_heads": 2, "tie_embeddings": True, "rope_base": 1e6, "context": 256}


def sizes(**changed) -> ModelConfig:
    return ModelConfig.from_depth(2, layout="qwen3", vocab_size=VOCABULARY, **(FITS | changed))


def model(seed: int = 0) -> Model:
    config = sizes()
    made = Model(config, LanguageModelHead(config), seed=seed).eval()
    arrange_for_recall(made, seed)
    return made


def prompt(generator, num_ways: int = 4) -> tuple[list[int], list[int], int]:
    """Texts of seven words with a name each, then one of the texts again; the names, and which is right."""
    words = generator.permutation(np.arange(10, VOCABULARY))
    texts = [words[8 * way : 8 * way + 7].tolist() for way in range(num_ways)]
    names = [int(words[-1 - way]) for way in range(num_ways)]
    asked = int(generator.integers(num_ways))
    ids = [token for text, name in zip(texts, names, strict=True) for token in [*text, *LEAD, name, END]]
    return [*ids, *generator.permutation(texts[asked]).tolist(), *LEAD], names, asked


def share_right(made: Model, number: int = 60) -> float:
    generator = np.random.default_rng(5)
    right = 0
    for _ in range(number):
        ids, names, asked = prompt(generator)
        batch = Batch(torch.tensor(ids), torch.tensor([0, len(ids)]), None, len(ids))
        with torch.no_grad():
            scores = made(batch, select=torch.tensor([len(ids) - 1]))[0, names]
        right += int(scores.argmax()) == asked
    return right / number


def test_the_example_with_the_same_words_is_found_before_any_training() -> None:
    # Chance is a quarter; the order of the words is another, so that copying what followed them would not do.
    assert share_right(model()) > 0.8


def test_the_usual_weights_find_nothing() -> None:
    config = sizes()
    assert share_right(Model(config, LanguageModelHead(config), seed=0).eval()) < 0.45


def test_the_weights_are_a_function_of_the_seed_alone() -> None:
    first, again, other = model(3).state_dict(), model(3).state_dict(), model(4).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["backbone.embed_tokens.weight"], other["backbone.embed_tokens.weight"])


def test_every_matrix_of_the_circuit_can_learn() -> None:
    made = model().train()
    ids, names, asked = prompt(np.random.default_rng(1))
    batch = Batch(torch.tensor(ids), torch.tensor([0, len(ids)]), None, len(ids))
    made(batch, select=torch.tensor([len(ids) - 1]), targets=torch.tensor([names[asked]])).backward()
    still = [name for name, p in made.named_parameters() if "self_attn" in name and not p.grad.abs().sum() > 0]
    assert not still


@pytest.mark.parametrize(
    "changed", [{"num_heads": 4}, {"tie_embeddings": False}, {"rope_base": 1e4}, {"num_layers": 1}, {"width": 32}]
)
def test_sizes_without_room_for_it_are_refused(changed) -> None:
    with pytest.raises(RecipeError, match='begin = "recall" needs'):
        check_recall(sizes(**changed))
