"""Room for more tokens in a language model: new rows of the embedding and of the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model

# Of the spread of each column around the mean: enough that new tokens are told apart from the first step on.
SPREAD = 0.1


@torch.no_grad()
def add_tokens(model: Model, tokens: Sequence[int], seed: int = 0) -> None:
    """Give tokens new rows, at the mean of all others: a prediction that is as likely as the average token's.

    Hewitt 2021 ("Initializing new word embeddings for pretrained language models"): rows far from the others take
    probability from all of them.

    Args:
        model: A language model of ours, changed in place with its `config`; its vocabulary grows where it must.
        tokens: Their ids.
        seed: Of the small differences between them.
    """
    assert isinstance(model.head, LanguageModelHead)
    if not tokens:
        return
    size = max(model.config.vocab_size, max(tokens) + 1)
    embedding, head = model.backbone.embed_tokens, model.head.lm_head
    embedding.weight = nn.Parameter(_with_rows(embedding.weight, tokens, size, seed))
    embedding.num_embeddings = size
    if model.config.tie_embeddings:
        head.weight = embedding.weight
    else:
        head.weight = nn.Parameter(_with_rows(head.weight, tokens, size, seed + 1))
    head.out_features = size
    model.config = model.backbone.config = replace(model.config, vocab_size=size)


def _with_rows(weight: Tensor, tokens: Sequence[int], size: int, seed: int) -> Tensor:
    old = torch.ones(weight.shape[0], dtype=torch.bool)
    old[[token for token in tokens if token < weight.shape[0]]] = False
    mean, deviation = weight[old].mean(0), weight[old].std(0)
    generator = torch.Generator().manual_seed(seed)
    draws = torch.randn(len(tokens), weight.shape[1], generator=generator).to(weight)
    result = weight.new_zeros(size, weight.shape[1])
    result[: weight.shape[0]] = weight
    result[list(tokens)] = mean + SPREAD * deviation * draws
    return result
