"""How likely several continuations of one context are, with what they have in common computed once.

The answers to a question share its text. Here a question is one document: the shared tokens, then what is left of each
answer, side by side. Every tail sees the shared tokens and itself, and stands at the positions it would have alone. So
a question with four answers costs its text once, not four times, and the head is applied where an answer is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from firstwords.inference import scoring
from firstwords.model.attention import dot_product_attention
from firstwords.model.batch import Batch
from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model

# Tokens that go through the model at once, padding of attention included.
BATCH_TOKENS = 4096
# Numbers in one piece of logits: 16 MiB of float32 (as `model.cross_entropy`).
LOGIT_NUMBERS = 4 * 2**20


class Sequences(NamedTuple):
    """The answers to one question.

    Attributes:
        tokens: Context and continuation of each.
        num_given: For each, the tokens of the context: at least 1, fewer than all.
    """

    tokens: tuple[tuple[int, ...], ...]
    num_given: tuple[int, ...]


class Judged(NamedTuple):
    """A continuation's log-likelihood in nats, its tokens, and whether each of them was the likeliest there."""

    log_likelihood: float
    num_tokens: int
    is_greedy: bool


@torch.inference_mode()
def judge_choices(
    model: Model,
    questions: Sequence[Sequences],
    *,
    batch_tokens: int = BATCH_TOKENS,
    progress: Callable[[int, int], None] | None = None,
) -> list[list[Judged]]:
    """The continuations of every question.

    A text longer than the model's context loses tokens at its front, as few as possible; a continuation that alone is
    longer is judged in overlapping windows (`inference.scoring`).

    Args:
        model: Causal, in evaluation mode.
        questions: Their order does not touch the result but for rounding.
        batch_tokens: That go through the model at once.
        progress: Told judged questions so far and in all.
    """
    assert isinstance(model.head, LanguageModelHead) and model.config.causal
    context = model.config.context
    results: list[list[Judged | None]] = [[None] * len(question.tokens) for question in questions]
    parts: list[_Part] = []
    for number, question in enumerate(questions):
        parts += _parts(number, question, context, results, model)
    parts.sort(key=lambda part: -len(part.tokens))
    done = 0
    for batch in _batches(parts, batch_tokens):
        _judge(model, batch, results)
        done += len({part.question for part in batch})
        if progress is not None:
            progress(min(done, len(questions)), len(questions))
    return [[each for each in question if each is not None] for question in results]


@dataclass(frozen=True)
class _Part:
    """Sequences that go through the model as one document.

    Attributes:
        question: Its number.
        answers: Numbers of the sequences in it; equal ones have one tail.
        tokens: Shared tokens, then the tails.
        tails: For each tail (start, end) in `tokens`.
        shared: Tokens that all share.
        asked: For each answer the places in `tokens` whose predictions count, and what stands there in truth.
    """

    question: int
    answers: tuple[int, ...]
    tokens: list[int]
    tails: list[tuple[int, int]]
    shared: int
    asked: list[tuple[list[int], list[int]]]


def _parts(
    number: int, question: Sequences, context: int, results: list[list[Judged | None]], model: Model
) -> list[_Part]:
    """A question as one part; where something has to be forgotten, each answer as its own."""
    longest = max(map(len, question.tokens))
    if longest - 1 <= context:
        return [_part(number, range(len(question.tokens)), question.tokens, question.num_given)]
    found = []
    for answer, (tokens, given) in enumerate(zip(question.tokens, question.num_given, strict=True)):
        forgotten = max(0, len(tokens) - 1 - context)
        if forgotten >= given:
            results[number][answer] = _windowed(model, tokens, given)
        else:
            found.append(_part(number, [answer], [tokens[forgotten:]], [given - forgotten]))
    return found


def _windowed(model: Model, tokens: Sequence[int], given: int) -> Judged:
    (nats,) = scoring.token_log_likelihoods(model, [list(tokens)], num_given=given)
    # Whether each token is the likeliest is not asked of texts that long.
    return Judged(float(nats.sum()), len(nats), False)


def _part(number: int, answers: Sequence[int], sequences: Sequence[Sequence[int]], given: Sequence[int]) -> _Part:
    shared = min(len(tokens) for tokens in sequences) - 1
    for one, other in pairwise(sequences):
        same = next((i for i in range(shared) if one[i] != other[i]), shared)
        shared = min(shared, same)
    tokens, tails = list(sequences[0][:shared]), []
    places: dict[tuple[int, ...], int] = {}
    asked = []
    for sequence, num_given in zip(sequences, given, strict=True):
        tail = tuple(sequence[shared:-1])  # the last token is predicted, never read
        if tail not in places:
            places[tail] = len(tokens)
            tails.append((len(tokens), len(tokens) + len(tail)))
            tokens += tail
        start = places[tail] - shared
        rows = [place if place < shared else start + place for place in range(num_given - 1, len(sequence) - 1)]
        asked.append((rows, list(sequence[num_given:])))
    return _Part(number, tuple(answers), tokens, tails, shared, asked)


def _batches(parts: Sequence[_Part], batch_tokens: int) -> list[list[_Part]]:
    """Parts of like length together; they come the longest first."""
    batches: list[list[_Part]] = []
    for part in parts:
        if not batches or (len(batches[-1]) + 1) * len(batches[-1][0].tokens) > batch_tokens:
            batches.append([])
        batches[-1].append(part)
    return batches


def _judge(model: Model, parts: list[_Part], results: list[list[Judged | None]]) -> None:
    device = model.backbone.embed_tokens.weight.device
    batch = Batch.of([part.tokens for part in parts]).to(device)
    hidden = model.backbone(batch, cache=SideBySide(parts))
    bounds = batch.bounds.tolist()
    rows: list[int] = []
    targets: list[int] = []
    for part, begin in zip(parts, bounds, strict=False):
        for places, truth in part.asked:
            rows += [begin + place for place in places]
            targets += truth
    head = model.head
    assert isinstance(head, LanguageModelHead)
    chosen = hidden.index_select(0, torch.tensor(rows, device=device))
    nats, greedy = judged_tokens(head.lm_head.weight, chosen, torch.tensor(targets, device=device))
    taken = 0
    for part in parts:
        for answer, (places, _) in zip(part.answers, part.asked, strict=True):
            cut = slice(taken, taken + len(places))
            results[part.question][answer] = Judged(float(nats[cut].sum()), len(places), bool(greedy[cut].all()))
            taken += len(places)


def judged_tokens(weight: Tensor, hidden: Tensor, targets: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """(M,) float64 log-likelihood of each target, and (M,) whether it is the likeliest.

    Args:
        weight: (vocabulary, width) of a language-model head.
        hidden: (M, width)
        targets: (M,)
    """
    nats, greedy = [], []
    rows = max(16, LOGIT_NUMBERS // weight.shape[0])
    for begin in range(0, len(hidden), rows):
        logits = torch.mm(hidden[begin : begin + rows], weight.T).float()
        target = targets[begin : begin + rows]
        chosen = logits.gather(1, target[:, None]).flatten()
        nats.append(chosen - torch.logsumexp(logits, 1))
        greedy.append(logits.argmax(1) == target)
    return torch.cat(nats).double().cpu().numpy(), torch.cat(greedy).cpu().numpy()


class SideBySide:
    """Attention of documents whose tails do not see each other; stands where a key-value cache does.

    Args:
        parts: In the order of the batch's documents.
    """

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._parts = parts

    def begin(self, batch: Batch) -> Tensor:
        """Positions of the tokens, (N,): every tail goes on from the shared ones."""
        device = batch.input_ids.device
        longest = max(len(part.tokens) for part in self._parts)
        positions, slots = [], []
        tail = np.zeros((len(self._parts), longest), dtype=np.int64)  # 0 = shared, then the number of the tail
        for number, part in enumerate(self._parts):
            place = np.arange(len(part.tokens))
            for which, (start, end) in enumerate(part.tails, start=1):
                tail[number, start:end] = which
                place[start:end] = part.shared + np.arange(end - start)
            positions.append(place)
            slots.append(number * longest + np.arange(len(part.tokens)))
        self._slots = torch.from_numpy(np.concatenate(slots)).to(device)
        self._shape = tail.shape
        self._mask: Tensor | None = None
        if (tail > 1).any():
            groups = torch.from_numpy(tail).to(device)
            causal = torch.ones(longest, longest, dtype=torch.bool, device=device).tril()
            own = (groups[:, :, None] == groups[:, None, :]) | (groups == 0)[:, None, :]
            self._mask = (own & causal)[:, None]  # (D, 1, T, T)
        return torch.from_numpy(np.concatenate(positions)).to(device)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(N, H, S), (N, K, S), (N, K, S) to (N, H * S), as `Segments.attend`."""
        documents, slots = self._shape

        def grid(x: Tensor) -> Tensor:
            padded = x.new_zeros(documents * slots, *x.shape[1:])
            padded[self._slots] = x
            return padded.unflatten(0, (documents, slots)).transpose(1, 2)  # (D, H, T, S)

        mixed = dot_product_attention(grid(query), grid(key), grid(value), causal=self._mask is None, mask=self._mask)
        return mixed.flatten(0, 1).index_select(0, self._slots)
