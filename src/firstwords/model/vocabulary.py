"""More entries in the vocabulary of a language model: new rows of the embedding and of the head.

A new row begins at a mean of old ones: one that is far from the others takes probability from all of them.

Source: Hewitt 2021 (Initializing new word embeddings for pretrained language models).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model

# Of the spread of each column around the mean: enough that new tokens are told apart from the first step on.
SPREAD = 0.1


@torch.no_grad()
def add_tokens(model: Model, tokens: Sequence[int], seed: int = 0) -> None:
    """Give tokens that stand for nothing yet rows at the mean of all others, with small differences.

    Args:
        model: A language model of ours, changed in place with its `config`; rows that it keeps in reserve are used
            first.
        tokens: Their ids.
        seed: Of the differences between them.
    """

    def near_the_mean(weight: Tensor, number: int) -> Tensor:
        old = torch.ones(weight.shape[0], dtype=torch.bool)
        old[[token for token in tokens if token < weight.shape[0]]] = False
        mean, deviation = weight[old].mean(0), weight[old].std(0)
        generator = torch.Generator().manual_seed(seed + number)
        draws = torch.randn(len(tokens), weight.shape[1], generator=generator).to(weight)
        return mean + SPREAD * deviation * draws

    if tokens:
        _set_rows(model, list(tokens), near_the_mean)


@torch.no_grad()
def add_merged(model: Model, first: int, pieces: Sequence[Sequence[int]]) -> None:
    """Give entries that are made of old ones rows at the mean of these, on both sides.

    Args:
        model: As for `add_tokens`.
        first: Id of the first new entry; the others follow.
        pieces: Of each new entry, the ids it takes the place of.
    """

    def means(weight: Tensor, number: int) -> Tensor:
        return torch.stack([weight[list(ids)].mean(0) for ids in pieces])

    if pieces:
        _set_rows(model, list(range(first, first + len(pieces))), means)


def _set_rows(model: Model, ids: list[int], made: Callable[[Tensor, int], Tensor]) -> None:
    """Set rows of the embedding and of the head; both grow where they must.

    Args:
        made: The rows from the old (V, width) weights and 0 for the embedding, 1 for a head of its own.
    """
    assert isinstance(model.head, LanguageModelHead)
    size = max(model.config.vocab_size, max(ids) + 1)
    embedding, head = model.backbone.embed_tokens, model.head.lm_head

    def changed(weight: Tensor, number: int) -> nn.Parameter:
        result = weight.new_zeros(size, weight.shape[1])
        result[: weight.shape[0]] = weight
        result[ids] = made(weight, number)
        return nn.Parameter(result)

    embedding.weight = changed(embedding.weight, 0)
    embedding.num_embeddings = size
    head.weight = embedding.weight if model.config.tie_embeddings else changed(head.weight, 1)
    head.out_features = size
    model.config = model.backbone.config = replace(model.config, vocab_size=size)
