"""The processes that train together: who they are, and how they find each other.

`torchrun` starts one process for each device and tells each its number (the rank) in the environment. Processors talk
through gloo, GPUs through NCCL; beside NCCL there is always gloo too, for what lies in ordinary memory.
"""

import atexit
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from torch import Tensor

# A message of gloo counts its bytes in 32 bits in places.
MESSAGE_BYTES = 2**30


def rank() -> int:
    """Number of this process, 0 for one that was started alone."""
    return int(os.environ.get("RANK", "0"))


def num_ranks() -> int:
    """Processes that were started together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def num_local_ranks() -> int:
    """Of these, those on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def device_name(choice: str) -> str:
    """Where this rank computes: `cpu`, or the GPU of its local number.

    Args:
        choice: `cpu`, `cuda`, or `auto` for GPUs where there are some.
    """
    import torch

    if choice == "cpu" or not torch.cuda.is_available():
        return "cpu"
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}"


def join(device: str) -> None:
    """Meet the other ranks, unless that was done; all of them must have been started."""
    import torch
    from torch import distributed

    if distributed.is_initialized():
        return
    if device != "cpu":
        torch.cuda.set_device(device)
    backend = "gloo" if device == "cpu" else "cpu:gloo,cuda:nccl"
    if "MASTER_ADDR" in os.environ:
        distributed.init_process_group(backend)
    else:  # started alone, without torchrun: nobody to meet
        distributed.init_process_group(backend, store=distributed.HashStore(), rank=0, world_size=1)
    # A process that ends while gloo's threads still run is aborted, now and then, after all its work is done.
    atexit.register(leave)


def leave() -> None:
    """End the connection to the other ranks, if there is one."""
    if "torch.distributed" in sys.modules:
        from torch import distributed

        if distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()


def end(code: int) -> NoReturn:
    """End this process with an exit code, all its work done.

    One of several ends at once, after what was to be done at the end: a thread of the libraries that connect them may
    still run while the interpreter is taken down, which aborts now and then, even where the group was left.
    """
    if num_ranks() > 1 and "torch" in sys.modules:
        leave()
        end_at_once(code)
    sys.exit(code)


def end_at_once(code: object) -> NoReturn:
    """End this process after what was to be done at the end, without taking the interpreter down.

    Args:
        code: As of `SystemExit`.
    """
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or nobody reads any more
            stream.flush()
    os._exit(code or 0)


def gather(tensors: "Mapping[str, Tensor]") -> "list[dict[str, Tensor]] | None":
    """What every rank has, on the first rank, in ordinary memory; None on the others.

    The tensors travel one rank at a time, so the first rank holds at most one message beside the result.

    Args:
        tensors: Of this rank; names, shapes and numbers may differ between ranks.
    """
    import torch
    from safetensors.torch import load, save
    from torch import distributed

    here = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    if rank():
        message = torch.frombuffer(bytearray(save(here)), dtype=torch.uint8)
        distributed.send(torch.tensor([message.numel()]), 0)
        for piece in message.split(MESSAGE_BYTES):
            distributed.send(piece, 0)
        return None
    found = [here]
    for other in range(1, num_ranks()):
        size = torch.zeros(1, dtype=torch.int64)
        distributed.recv(size, other)
        message = torch.empty(int(size), dtype=torch.uint8)
        for piece in message.split(MESSAGE_BYTES):
            distributed.recv(piece, other)
        found.append(load(message.numpy().tobytes()))
    return found
