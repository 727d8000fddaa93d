"""Batches of labelled texts: examples joined without padding, with words hidden at random while training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from firstwords.errors import RecipeError
from firstwords.training.batch import Draws, Example, flat_batch

if TYPE_CHECKING:
    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig


# A tenth of the words: enough that no single one can be relied on, little enough that a sentence stays readable.
DEFAULT_HIDDEN_SHARE = 0.1


def hide(input_ids: Sequence[np.ndarray], draws: Draws, config: ModelConfig, share: float | None) -> list[np.ndarray]:
    """Token ids of examples, of which a share is replaced by the mask token while training.

    A model that cannot rely on any single word learns to use the others. A masked language model knows the mask token
    from pre-training.

    Args:
        input_ids: Of each example.
        draws: While evaluating nothing is hidden.
        config: Of the model; knows the mask token.
        share: Of the sub-words; None = `DEFAULT_HIDDEN_SHARE` where the model has a mask token, else nothing.

    Raises:
        RecipeError: If a share is asked for and the model has no mask token.
    """
    if share and config.mask_id is None:
        raise RecipeError("hidden_share needs a base with a mask token (a masked language model): set hidden_share = 0")
    if share is None:
        share = 0.0 if config.mask_id is None else DEFAULT_HIDDEN_SHARE
    if share == 0 or draws.evaluating:
        return list(input_ids)
    return [
        np.where(draws.generator(index, "hide").random(len(ids)) < share, np.int32(config.mask_id or 0), ids)
        for index, ids in enumerate(input_ids)
    ]


def join(examples: Sequence[Example], input_ids: Sequence[np.ndarray], labels: np.ndarray) -> Batch:
    """Examples as one batch that knows which documents are pieces of one example.

    Args:
        examples: At least one.
        input_ids: Their (changed) token ids.
        labels: (N,) one a token, or (E,) one an example.
    """
    import torch

    batch = flat_batch(examples, input_ids=np.concatenate(list(input_ids)), labels=labels)
    counts = [0] + [len(example.document_bounds) - 1 for example in examples]
    return replace(batch, examples=torch.from_numpy(np.cumsum(counts)))
