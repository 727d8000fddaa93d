"""Which device this process computes on, and what it can do."""

from __future__ import annotations

from pathlib import Path

from firstwords.machine import available_memory_bytes

# Of the drivers of NVIDIA, of AMD, and of Windows below Linux.
DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def has_driver() -> bool:
    """Whether there may be a GPU; unlike `best_device` it loads nothing to say so."""
    return any(Path(each).exists() for each in DRIVERS)


def best_device() -> str:
    """`cuda` where there is a GPU, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def free_memory_bytes(device: str) -> int:
    """Memory that is free on a device."""
    if device == "cpu":
        return available_memory_bytes()
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    return int(free)


def wait(device: str) -> None:
    """Until the device has done what it was given; a processor has at once."""
    if device != "cpu":
        import torch

        torch.cuda.synchronize(device)
