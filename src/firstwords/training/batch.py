"""What the training loop feeds: one example, its random numbers, and the batch that the model takes.

Nothing here needs torch, so that objectives can be imported and checked without it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from firstwords.model.batch import Batch

__all__ = ["Batch", "Draws", "Example", "flat_batch", "keyed_generator"]

IGNORED = -100
"""Label of a token that is not predicted (the value torch's losses skip)."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row of training data: a packed row of several documents, or one labelled text.

    Attributes:
        input_ids: (T,) int32 token ids.
        labels: (T,) one a token with -100 = none, one integer for the whole text, or None where the objective makes
            them from the tokens (causal and masked language models).
        bounds: (D + 1,) int64: document d is `input_ids[bounds[d]:bounds[d + 1]]`; None = one document.
        row: Number of the row in its data set. With the seed and the epoch it decides every random draw.
        word_starts: (T,) bool, whether a word begins at each token; None where nobody asked.
        reference: (D,) log-likelihood in nats of each document's answer under the model that training begins with; None
            where nothing is compared with it.
        num_left_out: Parts of the record that are too long for the context and were left out.
        num_bytes: UTF-8 bytes of the text that the labels stand for, where somebody asks.
        frame: How many tokens before and behind the text of every document always stay (`Tokenizer.frame`).
    """

    input_ids: np.ndarray
    labels: np.ndarray | int | None = None
    bounds: np.ndarray | None = None
    row: int = 0
    word_starts: np.ndarray | None = None
    reference: np.ndarray | None = None
    num_left_out: int = 0
    num_bytes: int = 0
    frame: tuple[int, int] = (0, 0)

    def __len__(self) -> int:
        return len(self.input_ids)

    @property
    def document_bounds(self) -> np.ndarray:
        """(D + 1,) bounds also where the example is a single document."""
        return np.array([0, len(self.input_ids)], dtype=np.int64) if self.bounds is None else self.bounds


@dataclass(frozen=True)
class Draws:
    """The random numbers of one batch, a pure function of (seed, epoch, row, purpose).

    So a row is masked, perturbed or dropped in the same way on any number of ranks, in any micro-batch, and after a
    restart.

    Attributes:
        seed: The run's seed.
        keys: (epoch, row) of each example, in the order in which they stand in the batch.
        evaluating: Whether the loss is measured rather than minimised: no regularisation, the epoch does not matter.
        progress: Share of the updates that were made before this one, 0 to below 1, for what changes while training.
    """

    seed: int
    keys: tuple[tuple[int, int], ...]
    evaluating: bool = False
    progress: float = 0.0

    def generator(self, index: int, purpose: str) -> np.random.Generator:
        """Random numbers of the example at `index` in the batch, independent for every purpose."""
        epoch, row = self.keys[index]
        return keyed_generator(self.seed, 0 if self.evaluating else epoch + 1, row, purpose)


def keyed_generator(seed: int, epoch: int, row: int, purpose: str) -> np.random.Generator:
    """A counter-based generator whose stream depends on nothing but its arguments.

    Philox takes a key of two 64-bit words and starts at a counter of four; purpose and seed go into the key, epoch and
    row into the upper counter words, so that no two streams overlap before 2^128 draws.
    """
    key = np.array([seed & 0xFFFF_FFFF_FFFF_FFFF, zlib.crc32(purpose.encode())], dtype=np.uint64)
    counter = np.array([0, 0, epoch, row], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def flat_batch(
    examples: Sequence[Example],
    *,
    input_ids: np.ndarray | None = None,
    bounds: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> Batch:
    """Examples one after another, as the model takes them.

    Args:
        examples: At least one, none of them empty.
        input_ids: (N,) instead of the examples' own (masked tokens).
        bounds: (D + 1,) instead of the examples' own.
        labels: (N,) one a token, or one a document.
    """
    import torch

    from firstwords.model.batch import Batch

    if input_ids is None:
        input_ids = np.concatenate([example.input_ids for example in examples])
    if bounds is None:
        starts = np.cumsum([0] + [len(example) for example in examples])
        parts = [e.document_bounds[:-1] + start for e, start in zip(examples, starts[:-1], strict=True)]
        bounds = np.concatenate([*parts, starts[-1:]])
    return Batch(
        input_ids=torch.from_numpy(input_ids.astype(np.int64)),
        bounds=torch.from_numpy(bounds.astype(np.int64)),
        labels=None if labels is None else torch.from_numpy(labels.astype(np.int64)),
        max_length=int(np.diff(bounds).max()),
    )


def __getattr__(name: str) -> Any:
    # `Batch` holds tensors and lives with the model; it is offered here without loading torch before it is used.
    if name == "Batch":
        from firstwords.model.batch import Batch

        return Batch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
