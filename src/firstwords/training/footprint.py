"""How much memory training steps take, measured: the peak at two sizes gives the line between them.

On a processor it is the peak of the process, on a GPU that of its allocator. What a step holds is decided by the
model's code, the libraries and the allocator. All of them are in such a peak; no formula is.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

STATUS = Path("/proc/self/status")
REFERENCES = Path("/proc/self/clear_refs")
RESTART_PEAK = "5"  # Linux, Documentation/filesystems/proc: the peak becomes what is resident now


@dataclass(frozen=True)
class Footprint:
    """Peak memory of training one configuration in this process.

    Attributes:
        micro_tokens: That went through the model at once.
        peak_bytes: Of the whole process, at that size.
        bytes_per_token: By which the peak grows with each further token.
        least_bytes: Peak of an update, which does not depend on the tokens.
    """

    micro_tokens: int
    peak_bytes: int
    bytes_per_token: float
    least_bytes: int = 0

    def at(self, micro_tokens: int) -> int:
        """Peak bytes at another size."""
        line = self.peak_bytes + self.bytes_per_token * (micro_tokens - self.micro_tokens)
        return max(self.least_bytes, round(line))


def restart_peak(give_back: bool = False, device: str = "cpu") -> bool:
    """Count the peak from now on; False where that cannot be done.

    Args:
        give_back: Whether the allocator shall first give back what it keeps for later.
        device: Whose memory is meant.
    """
    if give_back:
        give_back_memory()
    if device != "cpu":
        import torch

        torch.cuda.reset_peak_memory_stats(device)
        return True
    try:
        REFERENCES.write_text(RESTART_PEAK)
    except OSError:
        return False
    return True


def give_back_memory() -> None:
    """Let the allocators of this process, a GPU's included, give back what they keep for later, as far as they can."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
    if "torch" in sys.modules:
        sys.modules["torch"].cuda.empty_cache()  # does nothing where no GPU was used


def peak_bytes(device: str = "cpu") -> int | None:
    """Peak since the start or `restart_peak`, of the resident set or of a GPU; None where the system does not say."""
    if device != "cpu":
        import torch

        return int(torch.cuda.max_memory_reserved(device))
    return status_bytes("VmHWM")


def status_bytes(name: str) -> int | None:
    """What Linux says of this process's memory: a line of /proc/self/status. None where it says nothing."""
    try:
        for line in STATUS.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def footprint(peaks: dict[int, int], least_bytes: int, usual_slope: float) -> Footprint | None:
    """The line through the peaks at the smallest and the largest size.

    Args:
        peaks: Tokens that went through the model at once, to peak bytes.
        least_bytes: Peak of an update.
        usual_slope: Bytes a token where only one size was measured.

    Returns:
        None where nothing was measured.
    """
    if not peaks:
        return None
    small, large = min(peaks), max(peaks)
    # Noise of the allocator must not let memory fall with size.
    slope = usual_slope if small == large else max(0.0, (peaks[large] - peaks[small]) / (large - small))
    return Footprint(large, peaks[large], slope, least_bytes)
