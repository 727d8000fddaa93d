"""Continuing texts, several at once, token by token."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
import torch

from firstwords.inference.kv_cache import KeyValueCache
from firstwords.inference.sampling import GREEDY, Sampling, choose
from firstwords.model.batch import Batch
from firstwords.model.transformer import Model

Ended = Callable[[Sequence[int]], bool]
"""Whether a continuation, given all its tokens, ends with the last of them."""


def generate(
    model: Model,
    prompts: Sequence[Sequence[int]],
    *,
    max_tokens: int,
    sampling: Sampling = GREEDY,
    seed: int = 0,
    stop: Collection[int] = (),
    ended: Ended | None = None,
    use_cache: bool = True,
) -> list[list[int]]:
    """Continuations of prompts.

    A prompt's continuation does not depend on the other prompts but for rounding. Text beyond the model's context is
    forgotten from the front, half a context at a time.

    Args:
        model: A causal language model in evaluation mode.
        prompts: Token ids; none may be empty.
        max_tokens: Longest continuation.
        sampling: How tokens are chosen.
        seed: Of the draws. A prompt's stream of draws depends on the seed and its tokens, not on its neighbours or
            place; of equal prompts each has its own.
        stop: Ids that end a continuation; the id itself is not part of it.
        ended: Tells of other ends; the token that brings one about is part of the continuation.
        use_cache: Whether keys and values are kept (the other way exists to check this one).

    Returns:
        New token ids of every prompt.
    """
    continuations: list[list[int]] = [[] for _ in prompts]
    for step in _steps(model, prompts, max_tokens, sampling, seed, stop, ended, use_cache):
        for prompt, token in step.items():
            continuations[prompt].append(token)
    return continuations


def stream(
    model: Model,
    prompt: Sequence[int],
    *,
    max_tokens: int,
    sampling: Sampling = GREEDY,
    seed: int = 0,
    stop: Collection[int] = (),
    ended: Ended | None = None,
) -> Iterator[int]:
    """The tokens of `generate` for one prompt, each as soon as it is chosen."""
    for step in _steps(model, [prompt], max_tokens, sampling, seed, stop, ended, use_cache=True):
        yield from step.values()


def num_forgotten(length: int, context: int) -> int:
    """Tokens at the front of a text that the model no longer sees.

    Args:
        length: Tokens of the text.
        context: Tokens that the model can see at once.
    """
    if length <= context:
        return 0
    stride = max(1, context // 2)
    return -(-(length - context) // stride) * stride


def _steps(
    model: Model,
    prompts: Sequence[Sequence[int]],
    max_tokens: int,
    sampling: Sampling,
    seed: int,
    stop: Collection[int],
    ended: Ended | None,
    use_cache: bool,
) -> Iterator[dict[int, int]]:
    """Every step: prompt number to new token, for the prompts that have not ended."""
    if not all(len(prompt) for prompt in prompts):
        raise ValueError("a prompt needs at least one token; begin a text with end-of-text")
    texts = {number: list(prompt) for number, prompt in enumerate(prompts)}
    lengths = {number: len(text) for number, text in texts.items()}
    draws = _streams(seed, prompts)
    reader = _Reader(model, use_cache)
    for _ in range(max_tokens):
        if not texts:
            return
        logits = reader.read(texts)
        uniform = np.array([draws[number].random() for number in texts])
        chosen = dict(zip(texts, choose(logits, sampling, uniform, list(texts.values())), strict=True))
        step = {number: token for number, token in chosen.items() if token not in stop}
        for number, token in step.items():
            texts[number].append(token)
        texts = {
            number: texts[number] for number in step if ended is None or not ended(texts[number][lengths[number] :])
        }
        yield step


def _streams(seed: int, prompts: Sequence[Sequence[int]]) -> dict[int, np.random.Generator]:
    """Random numbers for each prompt, by what it says; equal prompts are told apart by their order."""
    streams, earlier = {}, Counter[bytes]()
    for number, prompt in enumerate(prompts):
        digest = hashlib.sha256(np.asarray(prompt, dtype="<i8").tobytes()).digest()[:16]
        # The lowest word counts the draws.
        counter = [0, earlier[digest], *np.frombuffer(digest, dtype="<u8").tolist()]
        streams[number] = np.random.Generator(np.random.Philox(key=seed, counter=counter))
        earlier[digest] += 1
    return streams


class _Reader:
    """Gives the logits behind each of several growing texts, reading only what is new."""

    def __init__(self, model: Model, use_cache: bool) -> None:
        self._model = model
        self._use_cache = use_cache
        self._cache: KeyValueCache | None = None
        self._numbers: list[int] = []
        self._forgotten: list[int] = []

    @torch.inference_mode()
    def read(self, texts: dict[int, list[int]]) -> torch.Tensor:
        """(D, vocabulary) logits of the next tokens.

        Args:
            texts: All tokens so far by number. Between calls texts grow, or leave.
        """
        context = self._model.config.context
        forgotten = [num_forgotten(len(text), context) for text in texts.values()]
        self._follow(list(texts), forgotten)
        seen = [0] * len(texts) if self._cache is None else self._cache.lengths
        new = [text[cut + start :] for text, cut, start in zip(texts.values(), forgotten, seen, strict=True)]
        weight = self._model.backbone.embed_tokens.weight
        if self._cache is None and self._use_cache:
            self._cache = KeyValueCache(
                self._model.config, len(texts), 2 * max(map(len, new)), weight.dtype, weight.device
            )
        batch = Batch.of(new).to(weight.device)
        logits: torch.Tensor = self._model(batch, select=batch.bounds[1:] - 1, cache=self._cache)
        return logits

    def _follow(self, numbers: list[int], forgotten: list[int]) -> None:
        """Drop what is cached of texts that ended; drop everything where the front of a text was forgotten."""
        if self._cache is not None:
            places = [self._numbers.index(number) for number in numbers]
            if [self._forgotten[place] for place in places] != forgotten:
                self._cache = None
            elif numbers != self._numbers:
                self._cache.keep(places)
        self._numbers, self._forgotten = numbers, forgotten
