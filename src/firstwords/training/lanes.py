"""A micro-batch on several cores: each core takes whole rows through the whole model.

The usual way splits every operation over the cores, which then wait for each other a thousand times a step; what is
too small to split stays on one. Here they meet once, when their gradients are added, in the order of the lanes, so that
the sum is the same every time (docs/decisions/031-rows-side-by-side.md). All lanes but the first are processes
(`lane_process`).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

import torch
from torch import Tensor, nn

from firstwords.machine import count_beside
from firstwords.model.rows import load_kernels
from firstwords.model.transformer import Model
from firstwords.training.footprint import peak_bytes, restart_peak
from firstwords.training.lane_process import Function, LaneProcess, can_fork, share_weights
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


class LaneThread:
    """A lane in a thread of this process, where none can be forked; as `LaneProcess`.

    Args:
        model: A copy of it is made, which shares its weights.
        functions: That the lane can be asked for.
    """

    def __init__(self, model: nn.Module, functions: Mapping[str, Function]) -> None:
        shared = {id(p): nn.Parameter(p.detach(), requires_grad=p.requires_grad) for p in model.parameters()}
        self.model = copy.deepcopy(model, dict(shared))
        self._functions = functions
        self._pool = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))
        self._asked: Future[Tensor] | None = None

    def begin(self, function: str, training: bool, part: MicroBatch) -> None:
        """As `LaneProcess.begin`."""
        self.model.train(training)
        self._asked = self._pool.submit(self._functions[function], self.model, part)

    def wait(self) -> None:
        """As `LaneProcess.wait`."""
        assert self._asked is not None
        wait([self._asked])

    def result(self) -> tuple[Tensor, list[Tensor | None]]:
        """As `LaneProcess.result`."""
        assert self._asked is not None
        gradients = [parameter.grad for parameter in self.model.parameters()]
        self.model.zero_grad(set_to_none=True)
        return self._asked.result(), gradients

    def peak_bytes(self, *, restart: bool = False, give_back: bool = False) -> int:
        """Nothing: it is in this process."""
        return 0

    def close(self) -> int:
        """End the thread; as `LaneProcess.close`."""
        self._pool.shutdown()
        return 0


class Lanes:
    """A model and copies of it that share its weights and have gradients of their own, each with a core.

    Args:
        model: Takes the first part; its gradients become the sum. Its weights may move to other memory: an optimizer
            is made afterwards.
        number: Of lanes.
        functions: What `run` can be asked for, by name. Called at once in several processes, or in threads where none
            can be forked; the model that each is given is in training or evaluation as the first is.
    """

    def __init__(self, model: nn.Module, number: int, functions: Mapping[str, Function]) -> None:
        self.model = model
        self.number = number
        self._functions = functions
        self._threads = torch.get_num_threads()
        self._parameters = list(model.parameters())
        self._others: list[LaneProcess | LaneThread] = []
        if number == 1:
            return
        load_kernels()
        if can_fork():
            share_weights(self._parameters)
            self._others = [LaneProcess(model, functions) for _ in range(number - 1)]
        else:
            self._others = [LaneThread(model, functions) for _ in range(number - 1)]

    def run(self, function: str, micro: MicroBatch) -> Tensor:
        """The sum of what a function gives for the parts of a micro-batch; it adds to the model's gradients.

        Args:
            function: Its name.
            micro: Split among the lanes.

        Raises:
            OutOfResources: If the process of a lane was ended from outside.
        """
        parts = split(micro, self.number)
        if len(parts) == 1:
            return self._functions[function](self.model, micro)
        busy: list[LaneProcess | LaneThread] = []
        # Before the first lane begins until the last has ended: lanes in threads share what MKL is told.
        torch.set_num_threads(1)
        try:
            for other, part in zip(self._others, parts[1:], strict=False):
                other.begin(function, self.model.training, part)
                busy.append(other)
            mine = self._functions[function](self.model, parts[0])
        finally:
            for other in busy:
                other.wait()
            torch.set_num_threads(self._threads)
        found = [other.result() for other in busy]
        for _, gradients in found:
            self._add(gradients)
        return torch.stack([mine, *(sums for sums, _ in found)]).sum(0)

    def _add(self, gradients: Sequence[Tensor | None]) -> None:
        """Add the gradients of a lane to those of the first."""
        both = []
        for mine, other in zip(self._parameters, gradients, strict=True):
            if other is None:
                continue
            if mine.grad is None:
                mine.grad = other.clone()
            elif other.is_sparse:
                mine.grad = mine.grad + other
            else:
                both.append((mine.grad, other))
        if both:
            torch._foreach_add_([mine for mine, _ in both], [other for _, other in both])

    def restart_peak(self, give_back: bool = False, device: str = "cpu") -> bool:
        """As `footprint.restart_peak`, for all lanes."""
        for each in self._others:
            each.peak_bytes(restart=True, give_back=give_back)
        return restart_peak(give_back, device)

    def peak_bytes(self, device: str = "cpu") -> int | None:
        """As `footprint.peak_bytes`, with what lanes have held outside this process."""
        peak = peak_bytes(device)
        return None if peak is None else peak + self.peak_bytes_beside()

    def peak_bytes_beside(self) -> int:
        """The most memory that lanes have held outside this process, as in `LaneProcess.peak_bytes`."""
        return sum(each.peak_bytes() for each in self._others)

    def close(self) -> None:
        """End the processes or threads; the memory that processes held is counted as this one's."""
        count_beside(sum(each.close() for each in self._others))
