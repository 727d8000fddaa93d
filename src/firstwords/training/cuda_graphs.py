"""Forward and backward passes that a GPU records once and then repeats by itself (CUDA graphs).

A pass is some thousand kernels. Handed over one by one they leave gaps, and in small models the processor hands them
over more slowly than the GPU works them off. What can be recorded is what is the same for every batch: its kernels and
their sizes; tokens, labels and bounds of documents are copied to where the recording reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.cost import layer_parameters
from firstwords.model.fusion import is_usual
from firstwords.model.ragged_attention import is_ragged
from firstwords.training.batch import Draws

# Before a recording, so that everything is compiled, chosen and allocated (torch's notes on CUDA graphs say three).
WARM_UPS = 3
# Of a layer in a pass: with more, a GPU is busy longer than the processor needs to hand the kernels over, and a
# recording only takes memory (docs/log/2026-11-26-gpu.md).
MOST_LAYER_FLOPS = 5e11
# The fewest documents that a recording has room for; it is doubled until a batch fits.
FEWEST_DOCUMENTS = 16

Pass = Callable[[Any, Batch, Draws], Tensor]
"""Forward and backward: adds to the gradients of the parameters and gives some numbers on the device."""


class CudaGraphs:
    """Makes passes, by a recording where one can be made.

    Which batches are recorded follows from their sizes alone, so a run that is continued goes the same way.

    Args:
        make: A pass; nothing in it may depend on the draws, or on the batch but by its sizes and tensors on the device.
        tokens: Of the usual micro-batch; others are made the plain way.
    """

    def __init__(self, make: Pass, tokens: int) -> None:
        self._make = make
        self._tokens = tokens
        self._recorded: dict[int, _Recording] = {}
        self._gradients: dict[nn.Parameter, Tensor] = {}
        # Shared by all recordings, which are never played at once. Memory is used again on the same stream only.
        self._stream: torch.cuda.Stream | None = None
        self._memory: Any = None

    def __call__(self, model: Any, batch: Batch, draws: Draws) -> Tensor:
        """What the pass gives for a batch; the gradients are added to those of earlier ones.

        Args:
            model: The same one every time.
            batch: On the GPU.
            draws: Of the batch.
        """
        if not self.takes(model, batch):
            return self._make(model, batch, draws)
        room = room_for(batch.num_documents)
        if room not in self._recorded:
            self._recorded[room] = self._record(model, batch, draws, room)
        self._collect_gradients()
        return self._recorded[room].play(batch)

    def takes(self, model: Any, batch: Batch) -> bool:
        """Whether a batch is made by a recording.

        Args:
            model: Of which.
            batch: With a label at every token, as packed rows have; how many have one would be part of the sizes.
        """
        if not is_usual(batch.num_tokens, self._tokens) or batch.max_length > model.config.context:
            return False
        if batch.labelled is None or len(batch.labelled) != batch.num_tokens:
            return False
        dtype = model.autocast or model.backbone.embed_tokens.weight.dtype
        return is_ragged(batch, dtype, model.config.head_size, model.backbone.repeatable)

    def _record(self, model: Any, batch: Batch, draws: Draws, room: int) -> _Recording:
        parameters = [p for p in model.parameters() if p.requires_grad]
        before = [p.grad for p in parameters]
        recording = _Recording(with_room(batch, room, longest=model.config.context))
        if self._stream is None:
            self._stream, self._memory = torch.cuda.Stream(), torch.cuda.graph_pool_handle()
        stream = self._stream
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                for parameter in parameters:
                    parameter.grad = None
                self._make(model, recording.batch, draws)
        torch.cuda.current_stream().wait_stream(stream)
        for parameter in parameters:
            if parameter.grad is not None:
                # Where the recording adds to: the same place for all recordings and all steps.
                parameter.grad = self._gradients.setdefault(parameter, torch.zeros_like(parameter.grad))
        recording.record(lambda: self._make(model, recording.batch, draws), stream, self._memory)
        for parameter, gradient in zip(parameters, before, strict=True):
            parameter.grad = gradient
        return recording

    def _collect_gradients(self) -> None:
        """Have gradients where the recordings add to; those that a step has cleared are zero."""
        cleared = [place for parameter, place in self._gradients.items() if parameter.grad is None]
        if cleared:
            torch._foreach_zero_(cleared)
        for parameter, place in self._gradients.items():
            if parameter.grad is not None and parameter.grad is not place:
                place.copy_(parameter.grad)
            parameter.grad = place


def is_light(config: Any, tokens: int) -> bool:
    """Whether a pass waits for the processor.

    Args:
        config: Of the model; adopted ones are never recorded.
        tokens: Of the usual micro-batch; 0 = there is none.
    """
    if not isinstance(config, ModelConfig) or not tokens:
        return False
    return 6.0 * layer_parameters(config) / config.num_layers * tokens <= MOST_LAYER_FLOPS


class _Recording:
    """A pass over a batch that stays where it is.

    Args:
        batch: With room for others like it.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self._graph = torch.cuda.CUDAGraph()
        self._result: Tensor | None = None

    def record(self, make: Callable[[], Tensor], stream: torch.cuda.Stream, memory: Any) -> None:
        """Record what a function does; it is not done yet.

        Args:
            make: The pass.
            stream: On which it was made before.
            memory: Shared with other recordings.
        """
        # Other threads (checkpoints that are written, batches that are sent) may go on meanwhile.
        with torch.cuda.graph(self._graph, memory, stream, capture_error_mode="thread_local"):
            self._result = make()

    def play(self, batch: Batch) -> Tensor:
        """Do what was recorded, with another batch.

        Args:
            batch: Of the same number of tokens, and of no more documents than there is room for.
        """
        assert self._result is not None, "nothing was recorded"
        own, number = self.batch, batch.num_documents
        own.input_ids.copy_(batch.input_ids)
        own.labels.copy_(batch.labels)  # type: ignore[union-attr, arg-type]
        own.bounds[: number + 1].copy_(batch.bounds)
        own.bounds[number + 1 :].fill_(batch.num_tokens)
        self._graph.replay()
        return self._result.clone()


def with_room(batch: Batch, room: int, longest: int) -> Batch:
    """A copy of a batch with empty documents at its end.

    Attention's gradient is added up in an order that depends on the number of documents, empty ones included.

    Args:
        batch: With labels.
        room: Documents in all.
        longest: Tokens of the longest document that may stand in its place.
    """
    bounds = batch.bounds.new_full((room + 1,), batch.num_tokens)
    bounds[: batch.num_documents + 1].copy_(batch.bounds)
    own: dict[str, Any] = {"input_ids": batch.input_ids.clone(), "labels": batch.labels.clone()}  # type: ignore[union-attr]
    return replace(batch, **own, bounds=bounds, max_length=longest)


def room_for(num_documents: int) -> int:
    """For how many documents a recording has room into which so many fit: a power of two, so that there are few."""
    return max(FEWEST_DOCUMENTS, 1 << (num_documents - 1).bit_length())
