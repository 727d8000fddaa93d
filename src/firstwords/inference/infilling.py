"""Putting likely words where a text has hidden ones."""

from __future__ import annotations

import torch

from firstwords.inference.generate import num_forgotten
from firstwords.model.batch import Batch
from firstwords.model.transformer import Model
from firstwords.tokenizer.tokenizer import MASK, Tokenizer


@torch.inference_mode()
def fill_masks(model: Model, tokenizer: Tokenizer, text: str) -> str:
    """The text with every `<|mask|>` replaced by the likeliest token, the surest one first.

    Each filled token is seen when the next is chosen; special tokens are never chosen. A text longer than the context
    loses its front.

    Args:
        model: A masked language model in evaluation mode.
        tokenizer: The model's.
        text: Without any mask it comes back as it is (but for a lost front).
    """
    ids: list[int] = []
    for number, piece in enumerate(text.split(MASK)):
        ids += [tokenizer.mask] * (number > 0) + tokenizer.encode(piece)
    ids = ids[num_forgotten(len(ids), model.config.context) :]
    special = [tokenizer.end_of_text, tokenizer.pad, tokenizer.mask]
    device = model.backbone.embed_tokens.weight.device
    while tokenizer.mask in ids:
        places = [place for place, token in enumerate(ids) if token == tokenizer.mask]
        logits = model(Batch.of([ids]).to(device), select=torch.tensor(places, device=device)).double()
        logits[:, special] = -torch.inf
        # A model may have more rows than its tokenizer has entries (padded vocabularies).
        logits[:, tokenizer.vocab_size :] = -torch.inf
        best, tokens = torch.log_softmax(logits, dim=1).max(dim=1)
        surest = int(best.argmax())
        ids[places[surest]] = int(tokens[surest])
    return tokenizer.decode(ids)
