"""The one shape in which text reaches a model: documents one after another, without padding.

A padded batch of documents of mixed lengths is up to half padding, which every layer then computes for nothing. Here
all layers but attention work on the tokens as they lie, (N, width), and attention alone looks at the bounds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

# Label of a token that is not predicted.
_IGNORED = -100


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents one after another.

    Attributes:
        input_ids: (N,) int64, the tokens of all documents, no padding.
        bounds: (D + 1,) int64; document d is `input_ids[bounds[d]:bounds[d + 1]]`. Attention never crosses a bound and
            positions restart at each.
        labels: (N,) with -100 = none, or (E,), one label an example; None where nothing is to be learnt.
        max_length: Tokens of the longest document.
        examples: (E + 1,) int64 where a long text was cut into several documents: example e is documents
            `examples[e]` to `examples[e + 1]`; None = every document is an example. The model does not look at it.
        num_causal: So many documents at the front are read causally, all behind them in both directions; None = all as
            the model's layout says. For models that learnt both.
        token_types: (N,) int64, in which text of a pair each token stands, for models that tell them apart (BERT);
            None = all in the first.
        host_bounds: `bounds` once more in ordinary memory, where they lie on a GPU: reading those waits for it.
        labelled: (M,) the tokens that have a label, found before the batch went to a GPU; None = not looked for.
    """

    input_ids: Tensor
    bounds: Tensor
    labels: Tensor | None
    max_length: int
    examples: Tensor | None = None
    num_causal: int | None = None
    token_types: Tensor | None = None
    host_bounds: Tensor | None = None
    labelled: Tensor | None = None

    @property
    def num_tokens(self) -> int:
        """N."""
        return self.input_ids.shape[0]

    @property
    def num_documents(self) -> int:
        """D."""
        return self.bounds.shape[0] - 1

    @property
    def lengths(self) -> Tensor:
        """(D,) tokens of each document."""
        return self.bounds[1:] - self.bounds[:-1]

    @property
    def known_bounds(self) -> Tensor:
        """(D + 1,) the bounds where they can be read without waiting."""
        return self.bounds if self.host_bounds is None else self.host_bounds

    @property
    def labelled_tokens(self) -> Tensor:
        """(M,) the tokens that have a label of their own."""
        assert self.labels is not None
        return (self.labels != _IGNORED).nonzero().squeeze(1) if self.labelled is None else self.labelled

    @property
    def documents(self) -> Tensor:
        """(N,) the document in which each token stands."""
        numbers = torch.arange(self.num_documents, device=self.bounds.device)
        return torch.repeat_interleave(numbers, self.lengths, output_size=self.num_tokens)

    @property
    def positions(self) -> Tensor:
        """(N,) place of each token in its document, from 0."""
        starts = torch.repeat_interleave(self.bounds[:-1], self.lengths, output_size=self.num_tokens)
        return torch.arange(self.num_tokens, device=self.bounds.device) - starts

    def only(self, at: Tensor) -> Batch:
        """(M,) tokens of it, each a document of its own: what a head sees that reads these alone."""
        bounds = torch.arange(len(at) + 1, device=at.device)
        own = torch.arange(len(at) + 1) if self.host_bounds is not None else None
        return replace(
            self,
            input_ids=self.input_ids[at],
            bounds=bounds,
            max_length=1,
            token_types=None,
            host_bounds=own,
            labelled=None,
        )

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device; the processor does not wait until it is there."""
        values: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        tensors: dict[str, Any] = {name: each for name, each in values.items() if isinstance(each, Tensor)}
        if torch.device(device).type != "cpu" and self.host_bounds is None:
            tensors |= {"host_bounds": self.bounds}
            if self.labels is not None and self.labels.shape == self.input_ids.shape:
                tensors |= {"labelled": self.labelled_tokens}
        placed: dict[str, Any] = {
            name: each if name == "host_bounds" else _sent(each, device) for name, each in tensors.items()
        }
        return replace(self, **placed)

    @classmethod
    def of(cls, documents: list[list[int]], labels: Tensor | None = None, num_causal: int | None = None) -> Batch:
        """A batch of token lists.

        Args:
            documents: Token ids; none may be empty.
            labels: As in the attribute.
            num_causal: As in the attribute.

        Raises:
            ValueError: If there is no document, or an empty one.
        """
        if not documents or not all(documents):
            raise ValueError("a batch needs at least one document, and every document at least one token")
        lengths = torch.tensor([0] + [len(document) for document in documents])
        input_ids = torch.tensor([token for document in documents for token in document])
        return cls(
            input_ids=input_ids,
            bounds=torch.cumsum(lengths, 0),
            labels=labels,
            max_length=int(lengths.max()),
            num_causal=num_causal,
        )


def _sent(tensor: Tensor, device: torch.device | str) -> Tensor:
    # Only from pinned memory does a copy run beside what the GPU does.
    from_host = tensor.device.type == "cpu" and torch.device(device).type == "cuda"
    return (tensor.pin_memory() if from_host else tensor).to(device, non_blocking=True)
