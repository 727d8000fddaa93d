"""Labels for whole texts and tags for words, by a model with the fitting head.

Fine-tuning measures itself with `best_tags` and `mean_of_documents`, `LanguageModel.predict` and evaluation call the
functions built on them: a checkpoint gives one answer, whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from firstwords.data.words import split_words
from firstwords.errors import RecipeError
from firstwords.metrics.entities import find_entities
from firstwords.model.batch import Batch
from firstwords.model.pooling import mean_of_documents
from firstwords.model.tag_decoding import allowed_transitions, best_path, decode_tags
from firstwords.tokenizer.texts import encode_pair, encode_text
from firstwords.tokenizer.words import encode_sentence

if TYPE_CHECKING:
    from firstwords.model.transformer import Model
    from firstwords.tokenizer.tokenizer import Tokenizer

# Tokens that go through the model at once: bounds memory, and fills the matrix products well before this.
MICRO_TOKENS = 8192


class TextEntity(NamedTuple):
    """An entity of a text: `text[start:end]` is a `type`."""

    type: str
    text: str
    start: int
    end: int


class LabelledTexts(NamedTuple):
    """What a classifier says about texts.

    Attributes:
        labels: (E) the best label of each.
        log_probabilities: (E, K) float64 of every label, in nats; labels in the order of the model's `head.names`.
        sets: The labels of each text, where it may have several; then `labels` shows them joined.
    """

    labels: list[str]
    log_probabilities: np.ndarray
    sets: list[tuple[str, ...]] | None = None


def tag_sentences(
    model: Model, tokenizer: Tokenizer, sentences: Sequence[Sequence[str]], micro_tokens: int = MICRO_TOKENS
) -> list[list[str]]:
    """A tag for every word of every sentence, whatever its length; never an entity that begins in its middle.

    Args:
        model: With a token head.
        tokenizer: Of the same folder.
        sentences: Words, none empty; a sentence without words has no tags.
        micro_tokens: The most tokens that go through the model at once.

    Raises:
        RecipeError: If the model has another head.
        ValueError: If a word is empty.
    """
    _need_head(model, "tokens", "tag words")
    names = model.head.names
    allowed = allowed_transitions(names)
    context = model.config.context
    tags: list[list[str]] = [[] for _ in sentences]
    asked = [index for index, words in enumerate(sentences) if words]
    encoded = {index: encode_sentence(tokenizer, sentences[index], context) for index in asked}
    pieces = [_Piece(index, encoded[index].input_ids, encoded[index].bounds) for index in asked]
    for group in _groups(pieces, micro_tokens):
        batch, starts = _join(group)
        batch = batch.to(next(model.parameters()).device)
        places = [encoded[piece.index].places + start for piece, start in zip(group, starts[:-1], strict=True)]
        found = best_tags(model, batch, places, allowed)
        for piece, numbers in zip(group, found, strict=True):
            tags[piece.index] = [names[number] for number in numbers]
    return tags


def tag_log_probabilities(
    model: Model, tokenizer: Tokenizer, sentences: Sequence[Sequence[str]], micro_tokens: int = MICRO_TOKENS
) -> list[np.ndarray]:
    """(W, K) log-probability, in nats, of each tag for every word of every sentence, each word by itself.

    Args:
        model: As in `tag_sentences`, and so are the others.
        tokenizer: Of the same folder.
        sentences: Words, none empty.
        micro_tokens: The most tokens that go through the model at once.

    Raises:
        RecipeError: If the model has another head.
        ValueError: If a word is empty.
    """
    _need_head(model, "tokens", "tag words")
    found = [np.zeros((0, len(model.head.names))) for _ in sentences]
    asked = [index for index, words in enumerate(sentences) if words]
    encoded = {index: encode_sentence(tokenizer, sentences[index], model.config.context) for index in asked}
    pieces = [_Piece(index, encoded[index].input_ids, encoded[index].bounds) for index in asked]
    for group in _groups(pieces, micro_tokens):
        batch, starts = _join(group)
        batch = batch.to(next(model.parameters()).device)
        places = [encoded[piece.index].places + start for piece, start in zip(group, starts[:-1], strict=True)]
        select = torch.from_numpy(np.concatenate(places)).to(batch.input_ids.device)
        with torch.no_grad():
            scores = model(batch, select=select).double().log_softmax(dim=1).cpu().numpy()
        ends = np.cumsum([len(each) for each in places])[:-1]
        for piece, rows in zip(group, np.split(scores, ends), strict=True):
            found[piece.index] = rows
    return found


def best_tags(model: Model, batch: Batch, places: Sequence[np.ndarray], allowed: np.ndarray) -> list[np.ndarray]:
    """The best valid tag numbers of sentences.

    Args:
        model: With a token head.
        batch: The sentences.
        places: For each sentence the tokens at which the tags of its words are read, in the order of the words.
        allowed: Of `model.tag_decoding.allowed_transitions`.
    """
    select = torch.from_numpy(np.concatenate(list(places))).to(batch.input_ids.device)
    with torch.no_grad():
        scores = model(batch, select=select).float().cpu().numpy()  # (M, K)
    ends = np.cumsum([len(each) for each in places])[:-1]
    crf = model.head.crf
    if crf is not None:
        transitions = crf.search_scores()
        return [best_path(each, transitions) for each in np.split(scores, ends)]
    return [decode_tags(each, allowed) for each in np.split(scores, ends)]


def label_texts(
    model: Model, tokenizer: Tokenizer, texts: Sequence[str | tuple[str, str]], micro_tokens: int = MICRO_TOKENS
) -> LabelledTexts:
    """The best label of every text, and how sure the model is.

    Args:
        model: With a sequence head.
        tokenizer: Of the same folder.
        texts: Of any length, or pairs of texts; see `tokenizer.texts`.
        micro_tokens: The most tokens that go through the model at once.

    Raises:
        RecipeError: If the model has another head.
    """
    _need_head(model, "sequence", "label texts")
    names = model.head.names
    found = np.zeros((len(texts), len(names)))
    pieces = [_text_piece(index, tokenizer, text, model.config.context) for index, text in enumerate(texts)]
    threshold = model.head.threshold
    for group in _groups(pieces, micro_tokens):
        batch, _ = _join(group)
        batch = batch.to(next(model.parameters()).device)
        with torch.no_grad():
            scores = mean_of_documents(model(batch).float(), batch.examples)
        each = scores.double()
        logarithms = each.log_softmax(dim=1) if threshold is None else torch.nn.functional.logsigmoid(each)
        found[[piece.index for piece in group]] = logarithms.cpu().numpy()
    if threshold is not None:
        sets = [tuple(sorted(names[n] for n in np.flatnonzero(row >= np.log(threshold)))) for row in found]
        return LabelledTexts([" + ".join(each) for each in sets], found, sets)
    return LabelledTexts([names[number] for number in found.argmax(axis=1)], found)


def find_text_entities(
    model: Model, tokenizer: Tokenizer, texts: Sequence[str], micro_tokens: int = MICRO_TOKENS
) -> list[list[TextEntity]]:
    """The entities of running texts, in order, with their places in characters.

    Raises:
        RecipeError: If the model has no token head.
    """
    words = [split_words(text) for text in texts]
    tags = tag_sentences(model, tokenizer, [[span.word for span in spans] for spans in words], micro_tokens)
    entities = []
    for text, spans, text_tags in zip(texts, words, tags, strict=True):
        places = [(each.type, spans[each.start].start, spans[each.end - 1].end) for each in find_entities(text_tags)]
        entities.append([TextEntity(kind, text[start:end], start, end) for kind, start, end in places])
    return entities


@dataclass(frozen=True)
class _Piece:
    """One text on its way through the model."""

    index: int
    input_ids: np.ndarray
    bounds: np.ndarray
    token_types: np.ndarray | None = None


def _text_piece(index: int, tokenizer: Tokenizer, text: str | tuple[str, str], context: int) -> _Piece:
    if isinstance(text, str):
        encoded = encode_text(tokenizer, text, context)
        return _Piece(index, encoded.input_ids, encoded.bounds)
    pair = encode_pair(tokenizer, *text, context)
    return _Piece(index, pair.input_ids, pair.bounds, pair.token_types)


def _groups(pieces: Sequence[_Piece], micro_tokens: int) -> Iterator[list[_Piece]]:
    """Texts of similar length together, the longest first, as many as fit."""
    group: list[_Piece] = []
    filled = 0
    for piece in sorted(pieces, key=lambda piece: (-len(piece.input_ids), piece.index)):
        if group and filled + len(piece.input_ids) > micro_tokens:
            yield group
            group, filled = [], 0
        group.append(piece)
        filled += len(piece.input_ids)
    if group:
        yield group


def _join(group: Sequence[_Piece]) -> tuple[Batch, np.ndarray]:
    """Texts as one batch, and the token at which each begins, (E + 1,)."""
    starts = np.cumsum([0] + [len(piece.input_ids) for piece in group])
    inner = [piece.bounds[:-1] + start for piece, start in zip(group, starts[:-1], strict=True)]
    bounds = np.concatenate([*inner, starts[-1:]])
    counts = np.cumsum([0] + [len(piece.bounds) - 1 for piece in group])
    batch = Batch(
        input_ids=torch.from_numpy(np.concatenate([piece.input_ids for piece in group]).astype(np.int64)),
        bounds=torch.from_numpy(bounds.astype(np.int64)),
        labels=None,
        max_length=int(np.diff(bounds).max()),
        token_types=_token_types(group),
    )
    return replace(batch, examples=torch.from_numpy(counts)), starts


def _token_types(group: Sequence[_Piece]) -> torch.Tensor | None:
    if all(piece.token_types is None for piece in group):
        return None
    types = [np.zeros(len(p.input_ids), np.int64) if p.token_types is None else p.token_types for p in group]
    return torch.from_numpy(np.concatenate(types))


def _need_head(model: Model, kind: str, what: str) -> None:
    if model.head.kind != kind:
        raise RecipeError(f"this model cannot {what}: its head is for {model.head.kind}, not for {kind}")
