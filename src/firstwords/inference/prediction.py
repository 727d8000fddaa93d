"""Labels, entities and hidden words of raw texts, as training and evaluation read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from firstwords.inference.generate import num_forgotten
from firstwords.model.batch import Batch
from firstwords.model.pooling import mean_of_documents
from firstwords.model.tag_decoding import allowed_transitions, decode_tags
from firstwords.model.transformer import Model
from firstwords.tokenizer.texts import encode_text
from firstwords.tokenizer.tokenizer import MASK, Tokenizer
from firstwords.tokenizer.words import encode_sentence, split_words

BATCH_TOKENS = 4096


class EntitySpan(NamedTuple):
    """An entity of a text: `text[start:end]` is a `label`."""

    label: str
    start: int
    end: int


def label_probabilities(model: Model, tokenizer: Tokenizer, texts: Sequence[str]) -> np.ndarray:
    """(E, K) probability of every class for every text; long texts are read in parts whose scores are averaged."""
    encoded = [encode_text(tokenizer, text, model.config.context) for text in texts]
    rows = []
    for some in _batches([len(each.input_ids) for each in encoded]):
        bounds = [encoded[number].bounds for number in some]
        batch, counts = _join([encoded[number].input_ids for number in some], bounds)
        with torch.inference_mode():
            scores = mean_of_documents(model(batch.to(_device(model))).float().cpu(), counts)
        rows.append(torch.softmax(scores.double(), dim=1).numpy())
    return np.concatenate(rows) if rows else np.zeros((0, len(model.head.names)))


def tags(model: Model, tokenizer: Tokenizer, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """A tag for every word: the best sequence in which no entity begins in its middle.

    Args:
        model: With a head for tokens.
        tokenizer: The model's.
        sentences: Words, none of them empty; a sentence may have none.
    """
    names = model.head.names
    allowed = allowed_transitions(names)
    found: list[list[str]] = [[] for _ in sentences]
    filled = [number for number, words in enumerate(sentences) if words]
    encoded = {number: encode_sentence(tokenizer, sentences[number], model.config.context) for number in filled}
    for some in _batches([len(encoded[number].input_ids) for number in filled]):
        members = [filled[place] for place in some]
        inputs = [encoded[number].input_ids for number in members]
        batch, _ = _join(inputs, [encoded[number].bounds for number in members])
        starts = np.cumsum([0] + [len(each) for each in inputs])
        places = [encoded[number].places + start for number, start in zip(members, starts, strict=False)]
        device = _device(model)
        with torch.inference_mode():
            select = torch.from_numpy(np.concatenate(places)).to(device)
            scores = model(batch.to(device), select=select).float().cpu().numpy()
        ends = np.cumsum([len(each) for each in places])
        for number, part in zip(members, np.split(scores, ends[:-1]), strict=True):
            found[number] = [names[tag] for tag in decode_tags(part, allowed)]
    return found


def entities(model: Model, tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[EntitySpan]]:
    """Entities of raw texts with their places in characters."""
    spans = [split_words(text) for text in texts]
    tagged = tags(model, tokenizer, [[span.word for span in each] for each in spans])
    found = []
    for words, labels in zip(spans, tagged, strict=True):
        each: list[EntitySpan] = []
        for word, tag in zip(words, labels, strict=True):
            prefix, _, label = tag.partition("-")
            if prefix == "I":  # the decoder lets it follow only its own entity
                each[-1] = each[-1]._replace(end=word.end)
            elif prefix == "B":
                each.append(EntitySpan(label, word.start, word.end))
        found.append(each)
    return found


def fill_masks(model: Model, tokenizer: Tokenizer, text: str) -> str:
    """A text with every `<|mask|>` replaced by the likeliest token, the surest one first.

    Each filled token is seen when the next is chosen. A text longer than the context loses its front.
    """
    ids: list[int] = []
    for number, piece in enumerate(text.split(MASK)):
        ids += [tokenizer.mask] * (number > 0) + tokenizer.encode(piece)
    ids = ids[num_forgotten(len(ids), model.config.context) :]
    special = [tokenizer.end_of_text, tokenizer.pad, tokenizer.mask]
    while tokenizer.mask in ids:
        places = [place for place, token in enumerate(ids) if token == tokenizer.mask]
        device = _device(model)
        with torch.inference_mode():
            logits = model(Batch.of([ids]).to(device), select=torch.tensor(places, device=device)).double()
        logits[:, special] = -torch.inf
        best, tokens = torch.log_softmax(logits, dim=1).max(dim=1)
        surest = int(best.argmax())
        ids[places[surest]] = int(tokens[surest])
    return tokenizer.decode(ids)


def _device(model: Model) -> torch.device:
    return model.backbone.embed_tokens.weight.device


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Numbers of texts that go through the model together, in order."""
    batches: list[list[int]] = []
    size = 0
    for number, length in enumerate(lengths):
        if not batches or size + length > BATCH_TOKENS:
            batches.append([])
            size = 0
        batches[-1].append(number)
        size += length
    return batches


def _join(inputs: Sequence[np.ndarray], bounds: Sequence[np.ndarray]) -> tuple[Batch, torch.Tensor]:
    """Several encoded texts as one batch, and (E + 1,) bounds of the texts in documents."""
    lengths = np.concatenate([np.diff(each) for each in bounds])
    counts = torch.tensor([0] + [len(each) - 1 for each in bounds]).cumsum(0)
    batch = Batch(
        input_ids=torch.from_numpy(np.concatenate(inputs).astype(np.int64)),
        bounds=torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)])),
        labels=None,
        max_length=int(lengths.max()),
    )
    return batch, counts
