"""Putting likely words where a text has hidden ones, or between a beginning and an end."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import torch

from firstwords.errors import RecipeError
from firstwords.inference.generate import generate, num_forgotten
from firstwords.inference.pseudo_likelihood import masked_batch
from firstwords.inference.sampling import GREEDY, Sampling
from firstwords.model.transformer import Model
from firstwords.tokenizer.tokenizer import MASK, Tokenizer


@torch.inference_mode()
def fill_masks(model: Model, tokenizer: Tokenizer, text: str) -> str:
    """The text with every `<|mask|>` replaced by the likeliest token, the surest one first.

    Each filled token is seen when the next is chosen; special tokens are never chosen. A text longer than the context
    loses its front. As in training, a text stands behind end-of-text.

    Args:
        model: A masked or hybrid language model in evaluation mode.
        tokenizer: The model's.
        text: Without any mask it comes back as it is (but for a lost front).
    """
    ids: list[int] = []
    for number, piece in enumerate(text.split(MASK)):
        ids += [tokenizer.mask] * (number > 0) + tokenizer.encode(piece)
    ids = [tokenizer.end_of_text, *ids[num_forgotten(len(ids), model.config.context - 1) :]]
    never = _special(tokenizer)
    while tokenizer.mask in ids:
        places = [place for place, token in enumerate(ids) if token == tokenizer.mask]
        batch, select = masked_batch(model, np.array(ids), np.array([0, len(ids)]), np.array(places))
        logits = model(batch, select=select).double()
        logits[:, never] = -torch.inf
        # A model may have more rows than its tokenizer has entries (padded vocabularies).
        logits[:, tokenizer.vocab_size :] = -torch.inf
        best, tokens = torch.log_softmax(logits, dim=1).max(dim=1)
        surest = int(best.argmax())
        ids[places[surest]] = int(tokens[surest])
    return tokenizer.decode(ids[1:])


def fill_between(
    model: Model,
    tokenizer: Tokenizer,
    before: str,
    after: str,
    *,
    max_tokens: int = 128,
    sampling: Sampling = GREEDY,
    seed: int = 0,
    suffix_first: bool = False,
) -> str:
    """What could stand between two pieces of text.

    Both should end and begin where a word does: training cuts between tokens.

    Args:
        model: A causal language model that was trained with `infilling_rate` above 0, in evaluation mode.
        tokenizer: The model's.
        before: The text in front; what the context cannot hold is left away from its beginning.
        after: The text behind; it may take half of what the context leaves, the rest of it is left away.
        max_tokens: Longest middle; it ends earlier where the model joins it to the text behind.
        sampling: How tokens are chosen.
        seed: Of the draws.
        suffix_first: Show the text behind first (SPM), then go on from the text in front.

    Raises:
        RecipeError: If the tokenizer has no tokens for it, or the context no room.
    """
    if tokenizer.infilling is None:
        raise RecipeError("this model did not learn to fill in the middle: its tokenizer has no special tokens for it")
    room = model.config.context - max_tokens - 4
    if room < 2:
        raise RecipeError(
            f"max_tokens {max_tokens} leaves no room for text in a context of {model.config.context} tokens"
        )
    prefix_mark, suffix_mark, middle_mark = (tokenizer.infilling + number for number in range(3))
    prefix, suffix = tokenizer.encode(before), tokenizer.encode(after)
    suffix = suffix[: max(room // 2, room - len(prefix))]
    prefix = prefix[max(0, len(prefix) - (room - len(suffix))) :]
    if suffix_first:
        shown = [prefix_mark, suffix_mark, *suffix, middle_mark, *prefix]
    else:
        shown = [prefix_mark, *prefix, suffix_mark, *suffix, middle_mark]
    stop = set(_special(tokenizer))
    (middle,) = generate(
        model, [[tokenizer.end_of_text, *shown]], max_tokens=max_tokens, sampling=sampling, seed=seed, stop=stop
    )
    return tokenizer.decode(middle)


def _special(tokenizer: Tokenizer) -> Collection[int]:
    marks = [] if tokenizer.infilling is None else [tokenizer.infilling + number for number in range(3)]
    return [tokenizer.end_of_text, tokenizer.pad, tokenizer.mask, *marks]
