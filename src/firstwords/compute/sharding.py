"""A model's parameters spread over the ranks, and the whole matrices that a rank updates for all.

FSDP2 cuts each parameter along its first dimension into one piece for each rank. Whoever updates number by number works
on the pieces. A matrix that must be seen whole (Muon) has an *owner*: the pieces of its gradient go to that rank, which
makes the same update as a single process would, and the pieces of the new matrix come back. So the work is done once,
not on every rank, and the optimizer knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, distributed, nn


def piece(num_rows: int, rank: int, num_ranks: int) -> slice:
    """The rows of a parameter that lie on a rank: equal pieces, the last ones shorter or empty (as `torch.chunk`)."""
    size = -(-num_rows // num_ranks)
    return slice(min(num_rows, rank * size), min(num_rows, (rank + 1) * size))


def owners(shapes: Mapping[str, tuple[int, ...]], num_ranks: int) -> dict[str, int]:
    """Which rank updates which matrix: the costliest first, each to the rank with the least to do so far."""
    loads = [0] * num_ranks
    found: dict[str, int] = {}
    for name in sorted(shapes, key=lambda each: (-_cost(shapes[each]), each)):
        owner = loads.index(min(loads))
        loads[owner] += _cost(shapes[name])
        found[name] = owner
    return {name: found[name] for name in shapes}


def _cost(shape: tuple[int, ...]) -> int:
    rows, columns = shape
    return rows * columns * min(rows, columns)


class Shards:
    """What a rank holds of a sharded model.

    Args:
        model: Sharded by `fully_shard` along the first dimension.
        skeleton: The same model without memory, as it was before.
        rank: Of this process.
        num_ranks: Over which it is sharded.
    """

    def __init__(self, model: nn.Module, skeleton: nn.Module, rank: int, num_ranks: int) -> None:
        self.rank = rank
        self.num_ranks = num_ranks
        self.skeleton = skeleton
        self.sharded: dict[str, Any] = dict(model.named_parameters())  # DTensors
        self.shares = {name: nn.Parameter(self.local(name), p.requires_grad) for name, p in self.sharded.items()}
        self.owner: dict[str, int] = {}

    def local(self, name: str) -> Tensor:
        """The rows of a parameter that lie on this rank; the same memory."""
        rows: Tensor = self.sharded[name].detach().to_local()
        return rows

    def own(self, whole: Collection[str]) -> dict[str, nn.Parameter]:
        """Give each of these matrices an owner; what this rank updates from now on."""
        self.owner = owners({name: tuple(self.sharded[name].shape) for name in whole}, self.num_ranks)
        for name, owner in self.owner.items():
            del self.shares[name]
            full = self.sharded[name].detach().full_tensor()
            if owner == self.rank:
                self.shares[name] = nn.Parameter(full.clone())
        return {name: self.shares[name] for name in self.sharded if name in self.shares}

    # --- gradients there, weights back ---

    def hand_over_gradients(self) -> None:
        """Every share gets its gradient: pieces as they lie here, whole matrices from all ranks."""
        for name, parameter in self.sharded.items():
            if name in self.shares and name not in self.owner:
                self.shares[name].grad = None if parameter.grad is None else parameter.grad.to_local()
        names = [name for name in self.owner if self.sharded[name].grad is not None]
        pieces = {name: self.sharded[name].grad.to_local() for name in names}
        sent = [[pieces[name] for name in names if self.owner[name] == to] for to in range(self.num_ranks)]
        mine = [name for name in names if self.owner[name] == self.rank]
        for name in mine:
            self.shares[name].grad = torch.empty_like(self.shares[name])
        wanted = [[self._rows(self._gradient(name), source) for name in mine] for source in range(self.num_ranks)]
        _exchange(sent, wanted)

    def take_back_weights(self) -> None:
        """Every rank gets its rows of the matrices that others updated."""
        names = list(self.owner)
        mine = [name for name in names if self.owner[name] == self.rank]
        sent = [[self._rows(self.shares[name].detach(), to) for name in mine] for to in range(self.num_ranks)]
        wanted = [
            [self.local(name) for name in names if self.owner[name] == source] for source in range(self.num_ranks)
        ]
        _exchange(sent, wanted)
        for parameter in self.shares.values():
            parameter.grad = None

    def _gradient(self, name: str) -> Tensor:
        gradient = self.shares[name].grad
        assert gradient is not None
        return gradient

    def _rows(self, whole: Tensor, rank: int) -> Tensor:
        return whole[piece(whole.shape[0], rank, self.num_ranks)]

    # --- through files ---

    def weights(self) -> dict[str, Tensor]:
        """The weights that this rank updates: rows, or whole matrices."""
        return {name: p.detach() for name, p in self.shares.items()}

    def joined(self, parts: list[dict[str, Tensor]], *, prefixed: bool) -> dict[str, Tensor]:
        """Whole tensors from the parts of all ranks.

        Args:
            parts: By rank; names of parameters, or `<what>.<parameter>`.
            prefixed: Which of the two.
        """
        names = dict.fromkeys(name for part in parts for name in part)
        result = {}
        for name in names:
            pieces = [part[name] for part in parts if name in part]
            parameter = name.partition(".")[2] if prefixed else name
            is_cut = parameter in self.sharded and parameter not in self.owner and pieces[0].ndim > 0
            result[name] = torch.cat(pieces) if is_cut else pieces[0]
        order = {name: place for place, name in enumerate(self.sharded)}
        return dict(sorted(result.items(), key=lambda each: order.get(each[0], -1)))

    def take(self, path: Path) -> None:
        """Take over whole weights from a file."""
        with safe_open(path, framework="pt") as file, torch.no_grad():
            stored = set(file.keys())
            for name in self.sharded:
                if name not in stored:
                    raise KeyError(name)
                rows = self._read(file, name, piece(file.get_slice(name).get_shape()[0], self.rank, self.num_ranks))
                self.local(name).copy_(rows)
                if self.owner.get(name) == self.rank:
                    self.shares[name].copy_(file.get_tensor(name))

    def state(self, path: Path) -> Mapping[str, Tensor]:
        """An optimizer's state in a file, cut to what this rank updates."""
        return _CutState(path, self)

    @staticmethod
    def _read(file: Any, name: str, rows: slice) -> Tensor:
        tensor: Tensor = file.get_slice(name)[rows.start : rows.stop]
        return tensor


class _CutState(Mapping[str, Tensor]):
    """Reads `<what>.<parameter>` whole where the parameter is updated whole or it is a single number, else its rows."""

    def __init__(self, path: Path, shards: Shards) -> None:
        self._path = path
        self._shards = shards
        with safe_open(path, framework="pt") as file:
            self._names = list(file.keys())

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._names:
            raise KeyError(name)
        parameter = name.partition(".")[2]
        with safe_open(self._path, framework="pt") as file:
            shape = file.get_slice(name).get_shape()
            if not shape or parameter in self._shards.owner or parameter not in self._shards.sharded:
                whole: Tensor = file.get_tensor(name)
                return whole
            return Shards._read(file, name, piece(shape[0], self._shards.rank, self._shards.num_ranks))


def _exchange(sent: list[list[Tensor]], wanted: list[list[Tensor]]) -> None:
    """Send lists of tensors to each rank and fill those that come from each, in one message between each two."""
    some = next((each for group in [*sent, *wanted] for each in group), None)
    sizes = [[sum(each.numel() for each in group) for group in groups] for groups in (sent, wanted)]
    assert some is not None or not any(map(sum, sizes))
    if some is None:
        some = torch.empty(0)
    flat = torch.cat([each.reshape(-1) for group in sent for each in group] or [some.new_empty(0)])
    received = some.new_empty(sum(sizes[1]))
    distributed.all_to_all_single(received, flat, sizes[1], sizes[0])
    targets = [each for group in wanted for each in group]
    for target, part in zip(targets, received.split([each.numel() for each in targets]), strict=True):
        target.copy_(part.view_as(target))
