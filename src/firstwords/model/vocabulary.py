"""A model with more entries in its vocabulary, which begin as what they are made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch

from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model


def extended_config(config: ModelConfig, vocab_size: int) -> ModelConfig:
    """The sizes of a model with at least so many entries; rows that a base keeps in reserve are used first."""
    return dataclasses.replace(config, vocab_size=max(config.vocab_size, vocab_size))


@torch.no_grad()
def extended(model: Model, first: int, pieces: Sequence[Sequence[int]]) -> Model:
    """A copy of a language model whose new entries begin as the mean of their old pieces, on both sides.

    Args:
        model: With a language-model head.
        first: Id of the first new entry.
        pieces: Of each new entry, the ids it takes the place of.

    Source: Hewitt 2021 (Initializing new word embeddings): a mean keeps the new entries from being likelier than all
    others, as small random rows would make them.
    """
    config = extended_config(model.config, first + len(pieces))
    new = Model(config, make_head("language_model", config), seed=0)
    old = dict(model.named_parameters())
    for name, parameter in new.named_parameters():
        if parameter.shape == old[name].shape:
            parameter.copy_(old[name])
        else:
            parameter[: len(old[name])] = old[name]
        if name.endswith(("embed_tokens.weight", "lm_head.weight")):
            for number, ids in enumerate(pieces):
                parameter[first + number] = old[name][list(ids)].mean(0)
    return new.eval()
