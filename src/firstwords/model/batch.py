"""The one shape in which text reaches a model: documents one after another, without padding.

A padded batch of documents of mixed lengths is up to half padding, which every layer then computes for nothing. Here
all layers but attention work on the tokens as they lie, (N, width), and attention alone looks at the bounds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


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
    """

    input_ids: Tensor
    bounds: Tensor
    labels: Tensor | None
    max_length: int
    examples: Tensor | None = None
    num_causal: int | None = None
    token_types: Tensor | None = None

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
    def documents(self) -> Tensor:
        """(N,) the document in which each token stands."""
        numbers = torch.arange(self.num_documents, device=self.bounds.device)
        return torch.repeat_interleave(numbers, self.lengths, output_size=self.num_tokens)

    @property
    def positions(self) -> Tensor:
        """(N,) place of each token in its document, from 0."""
        starts = torch.repeat_interleave(self.bounds[:-1], self.lengths, output_size=self.num_tokens)
        return torch.arange(self.num_tokens, device=self.bounds.device) - starts

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device."""
        labels = None if self.labels is None else self.labels.to(device, non_blocking=True)
        return replace(
            self,
            input_ids=self.input_ids.to(device, non_blocking=True),
            bounds=self.bounds.to(device, non_blocking=True),
            labels=labels,
            examples=None if self.examples is None else self.examples.to(device, non_blocking=True),
            token_types=None if self.token_types is None else self.token_types.to(device, non_blocking=True),
        )

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
