"""Keys and values of the tokens that a model has read, so that each new token costs one row instead of a whole text."""

from __future__ import annotations

from copy import copy

import torch
from torch import Tensor

from firstwords.model.attention import dot_product_attention
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig


class KeyValueCache:
    """Keys and values of several documents at once; each may have its own length.

    It stands in for `Segments`: `model(batch, cache=cache)` with only the new tokens of every document.

    Args:
        config: Of a causal model.
        num_documents: D.
        capacity: Tokens of the longest document to make room for; grows when it is exceeded.
        dtype: Of keys and values.
        device: Where they are kept.
    """

    def __init__(
        self,
        config: ModelConfig,
        num_documents: int,
        capacity: int = 64,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        if not config.causal:
            raise ValueError("a bidirectional model has no cache: every new token changes all earlier states")
        shape = (num_documents, config.num_kv_heads, max(1, capacity), config.head_size)
        self._keys = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.num_layers)]
        self._values = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(config.num_layers)]
        self.lengths = [0] * num_documents
        """Tokens that are kept of each document."""

    def begin(self, batch: Batch) -> Tensor:
        """Make room for the new tokens of every document.

        Args:
            batch: As many documents as the cache has; none may be empty.

        Returns:
            (N,) positions of the new tokens in their documents.
        """
        assert batch.num_documents == len(self.lengths), "a batch must bring new tokens for every document"
        device = batch.input_ids.device
        new = batch.known_bounds.diff().tolist()
        past = torch.tensor(self.lengths, device=device)
        self._num_new = max(new)
        self._common_past = self.lengths[0] if self._num_new == 1 and len(set(self.lengths)) == 1 else None
        if self._num_new == 1:
            self._documents, self._positions = torch.arange(len(new), device=device), past
        else:
            self._documents, self._places = batch.documents, batch.positions
            self._positions = past[self._documents] + self._places
        self.lengths = [old + added for old, added in zip(self.lengths, new, strict=True)]
        self._span = max(self.lengths)
        self._grow(self._span)
        # One new token each behind equally long pasts: every kept key is visible, and no mask is cheaper.
        self._mask: Tensor | None = None
        if self._num_new > 1 or len(set(self.lengths)) > 1:
            last_visible = past[:, None] + torch.arange(self._num_new, device=device)  # (D, T)
            keys = torch.arange(self._span, device=device)
            self._mask = (keys <= last_visible[:, :, None])[:, None]  # (D, 1, T, U)
        return self._positions

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Attention of new tokens to everything before them in their document, themselves included.

        Args:
            layer: Whose keys and values.
            query: (N, H, S)
            key: (N, K, S)
            value: (N, K, S)

        Returns:
            (N, H * S)
        """
        keys, values = self._keys[layer], self._values[layer]
        if self._common_past is None:
            keys[self._documents, :, self._positions] = key
            values[self._documents, :, self._positions] = value
        else:  # a plain copy, where an indexed one would be made number by number
            keys[:, :, self._common_past] = key
            values[:, :, self._common_past] = value
        if self._num_new == 1:
            grid = query.unsqueeze(1)  # (D, 1, H, S)
        else:
            grid = query.new_zeros(len(self.lengths), self._num_new, *query.shape[1:])
            grid[self._documents, self._places] = query
        mixed = dot_product_attention(
            grid.transpose(1, 2),
            keys[:, :, : self._span],
            values[:, :, : self._span],
            causal=False,
            mask=self._mask,
        )  # (D, T, H * S)
        return mixed.squeeze(1) if self._num_new == 1 else mixed[self._documents, self._places]

    def keep(self, documents: list[int]) -> None:
        """Forget all documents but these, which are numbered anew in the given order."""
        chosen = torch.tensor(documents, device=self._keys[0].device)
        self._keys = [keys.index_select(0, chosen) for keys in self._keys]
        self._values = [values.index_select(0, chosen) for values in self._values]
        self.lengths = [self.lengths[document] for document in documents]

    def copies(self, number: int, room: int) -> KeyValueCache:
        """A cache of so many documents that all begin with the only one of this, with room for further tokens."""
        assert len(self.lengths) == 1
        other = copy(self)
        length = self.lengths[0]
        other._keys, other._values = (
            [_with_room(each[:, :, :length], number, room) for each in kept] for kept in (self._keys, self._values)
        )
        other.lengths = [length] * number
        return other

    def _grow(self, needed: int) -> None:
        capacity = self._keys[0].shape[2]
        if needed <= capacity:
            return
        added = max(needed, 2 * capacity) - capacity
        for kept in (self._keys, self._values):
            for layer, old in enumerate(kept):
                room = old.new_zeros(*old.shape[:2], added, old.shape[3])
                kept[layer] = torch.cat([old, room], dim=2)


def _with_room(kept: Tensor, number: int, room: int) -> Tensor:
    """(1, K, L, S) to (number, K, L + room, S), zeros behind."""
    _, heads, length, size = kept.shape
    found = kept.new_zeros(number, heads, length + room, size)
    found[:, :, :length] = kept
    return found
