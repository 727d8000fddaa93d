"""Displacements of embeddings: their size by document, where they begin, how they climb, how they reach the model.

Sizes are shares of the length of a document's embeddings, so that one default fits models whose embeddings differ in
scale by a hundred; a published absolute size is divided by that length (about 7 for a sentence of 30 sub-words in
BERT-base, whose embeddings have a length of 1.4 each).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from firstwords.model.batch import Batch
    from firstwords.training.batch import Draws


class Displaced:
    """A model whose tokens enter with something added to their embeddings; in all else it is the model.

    Args:
        model: With a `backbone.embed`.
        offset: (N, width) of the batch that it will be called with.
    """

    def __init__(self, model: Any, offset: Tensor) -> None:
        self._model = model
        self._offset = offset

    def __call__(self, batch: Batch, embeddings: Tensor | None = None, **rest: Any) -> Tensor:
        """As the model's."""
        entering = embed(self._model, batch) if embeddings is None else embeddings
        result: Tensor = self._model(batch, embeddings=entering + self._offset, **rest)
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


class Remembering:
    """A model that answers a question it was asked before from memory, so that loss and distribution share one pass.

    Targets are not remembered: with them the model gives a loss in place of scores.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._answers: list[tuple[Batch, dict[str, Any], Tensor]] = []

    def __call__(self, batch: Batch, **rest: Any) -> Tensor:
        """As the model's."""
        for known, how, answer in self._answers:
            if known is batch and _equal(how, rest):
                return answer
        fresh: Tensor = self._model(batch, **rest)
        if "targets" not in rest:
            self._answers.append((batch, rest, fresh))
        return fresh

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


def _equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(one[key], other[key]) if isinstance(one[key], Tensor) else one[key] is other[key] for key in one
    )


def embed(model: Any, batch: Batch) -> Tensor:
    """(N, width) embeddings of a batch's tokens, with a graph to the table."""
    if isinstance(model, Displaced | Remembering):
        return embed(model._model, batch)
    result: Tensor = model.backbone.embed(batch.input_ids)
    return result


def lengths(values: Tensor, batch: Batch) -> Tensor:
    """(N, 1): the Euclidean length of all numbers of a token's document."""
    squares = values.detach().square().sum(1)
    sums = squares.new_zeros(batch.num_documents).index_add(0, batch.documents, squares)
    return sums.sqrt()[batch.documents, None]


def sizes(model: Any, batch: Batch) -> Tensor:
    """(N, 1): the length of the embeddings of a token's document, what all displacements are a share of."""
    with torch.no_grad():
        return lengths(embed(model, batch), batch)


def random_start(model: Any, batch: Batch, draws: Draws, share: float, purpose: str = "displacement") -> Tensor:
    """(N, width) numbers drawn evenly from -1 to 1, times a share of the size by the square root of their number.

    So their length is at most that share of the size, whatever the length of the document (Zhu et al. 2020).
    """
    size = sizes(model, batch)
    width = model.config.width
    count = batch.lengths[batch.documents, None] * width
    return share * size / count.sqrt() * draw(batch, draws, width, size, purpose, gaussian=False)


def random_direction(model: Any, batch: Batch, draws: Draws, share: float, purpose: str = "displacement") -> Tensor:
    """(N, width) in a random direction, its length in every document exactly a share of the size."""
    size = sizes(model, batch)
    return direction(draw(batch, draws, model.config.width, size, purpose, gaussian=True), batch) * size * share


def draw(batch: Batch, draws: Draws, width: int, like: Tensor, purpose: str, *, gaussian: bool) -> Tensor:
    """(N, width) random numbers, those of an example keyed by (seed, epoch, row), whatever stands beside it."""
    bounds = (batch.bounds if batch.examples is None else batch.bounds[batch.examples]).tolist()
    assert len(bounds) - 1 == len(draws.keys), "the batch does not say which tokens belong to which example"
    parts = []
    for index, (start, end) in enumerate(itertools.pairwise(bounds)):
        generator = draws.generator(index, purpose)
        shape = (end - start, width)
        parts.append(generator.standard_normal(shape, np.float32) if gaussian else generator.random(shape, np.float32))
    numbers = torch.from_numpy(np.concatenate(parts)).to(like.device, like.dtype)
    return numbers if gaussian else 2 * numbers - 1


def direction(values: Tensor, batch: Batch) -> Tensor:
    """The same with a length of 1 in every document; 0 where all numbers of a document are 0."""
    length = lengths(values, batch)
    return torch.where(length > 0, values / length.clamp_min(torch.finfo(values.dtype).tiny), 0.0)


def within(offset: Tensor, batch: Batch, radius: Tensor) -> Tensor:
    """The displacement, shortened in every document that is further than a radius, (N, 1), from home."""
    length = lengths(offset, batch)
    return offset * (radius / length.clamp_min(torch.finfo(offset.dtype).tiny)).clamp_max(1.0)


def uphill(loss: Callable[[Tensor], Tensor], offset: Tensor) -> Tensor:
    """(N, width): the gradient of a summed loss with respect to a displacement; no parameter gets any."""
    moved = offset.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(moved), moved)
    return gradient
