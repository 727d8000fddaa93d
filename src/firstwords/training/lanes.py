"""A micro-batch on several cores: each core takes whole rows through the whole model.

The usual way splits every operation over the cores, which then wait for each other a thousand times a step; what is
too small to split stays on one. Here they meet once, when their gradients are added, in the order of the lanes, so that
the sum is the same every time (docs/decisions/031-rows-side-by-side.md).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import torch
from torch import Tensor, nn

from firstwords.model.rows import load_kernels
from firstwords.model.transformer import Model
from firstwords.training.loader import MicroBatch

# With more threads the copies of the gradients would cost more than the waiting; not measured above two cores.
MOST_LANES = 4


def num_lanes(model: nn.Module, *, compiled: bool = False) -> int:
    """Into how many lanes a model's micro-batches are split here.

    One where rows may not go apart: on a GPU, where modules draw from torch's own generator (adopted models), where the
    model is compiled, computes its blocks twice, or its parameters are shared among ranks.
    """
    threads = torch.get_num_threads()
    plain = isinstance(model, Model) and not compiled and all(_is_plain(p) for p in model.parameters())
    # A forward pass that was put into a module belongs to that module; a copy of it would still call the first one.
    plain = plain and not any("forward" in vars(module) for module in model.modules())
    return threads if plain and threads <= MOST_LANES else 1


def _is_plain(parameter: nn.Parameter) -> bool:
    return type(parameter) is nn.Parameter and parameter.device.type == "cpu"


def split(micro: MicroBatch, number: int) -> list[MicroBatch]:
    """Parts of about equally many tokens: the longest row first, each to the part that has the fewest.

    Args:
        micro: At least one example.
        number: The most parts; never more than there are examples.
    """
    members: list[list[int]] = [[] for _ in range(min(number, len(micro.examples)))]
    tokens = [0] * len(members)
    for position in sorted(range(len(micro.examples)), key=lambda i: -len(micro.examples[i])):
        lightest = tokens.index(min(tokens))
        members[lightest].append(position)
        tokens[lightest] += len(micro.examples[position])
    draws = micro.draws
    return [
        replace(
            micro,
            examples=[micro.examples[i] for i in sorted(part)],
            draws=replace(draws, keys=tuple(draws.keys[i] for i in sorted(part))),
        )
        for part in members
    ]


class Lanes:
    """Copies of a model that share its weights and have gradients of their own, each with a thread.

    Args:
        model: Takes the first part; its gradients become the sum.
        number: Of lanes.
    """

    def __init__(self, model: nn.Module, number: int) -> None:
        self._threads = torch.get_num_threads()
        if number > 1:
            load_kernels()
        self._parameters = list(model.parameters())
        self.models = [model, *(self._twin(model) for _ in range(number - 1))]
        self._pool = ThreadPoolExecutor(max(1, number - 1), initializer=torch.set_num_threads, initargs=(1,))

    def _twin(self, model: nn.Module) -> nn.Module:
        shared = {id(p): nn.Parameter(p.detach(), requires_grad=p.requires_grad) for p in self._parameters}
        return copy.deepcopy(model, dict(shared))

    def run(self, function: Callable[[nn.Module, MicroBatch], Tensor], micro: MicroBatch) -> Tensor:
        """The sum of what a function gives for the parts of a micro-batch; it adds to its model's gradients.

        Args:
            function: Called in several threads at once.
            micro: Split among the lanes.
        """
        parts = split(micro, len(self.models))
        if len(parts) == 1:
            return function(self.models[0], micro)
        torch.set_num_threads(1)
        try:
            others = [
                self._pool.submit(function, model, part)
                for model, part in zip(self.models[1:], parts[1:], strict=False)
            ]
            sums = [function(self.models[0], parts[0])]
            sums += [other.result() for other in others]
        finally:
            torch.set_num_threads(self._threads)
        for twin in self.models[1:]:
            self._add(list(twin.parameters()))
        return torch.stack(sums).sum(0)

    def _add(self, theirs: list[nn.Parameter]) -> None:
        """Add the gradients of a lane to those of the first, and clear them."""
        both = []
        for mine, other in zip(self._parameters, theirs, strict=True):
            if mine.grad is None:
                mine.grad = other.grad
            elif other.grad is not None and other.grad.is_sparse:
                mine.grad = mine.grad + other.grad
            elif other.grad is not None:
                both.append((mine.grad, other.grad))
            other.grad = None
        if both:
            torch._foreach_add_([mine for mine, _ in both], [other for _, other in both])

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
