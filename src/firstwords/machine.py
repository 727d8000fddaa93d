"""Facts about this machine: cores, memory, instruction set.

They are recorded in manifests, because exactness holds only for equal instruction sets and numbers of threads.
"""

import os
import platform
import resource
import sys
from functools import cache
from pathlib import Path

# Turns of a loop in which an OpenMP thread waits for the others before it sleeps. GNU's default (300,000 where there
# are as many threads as cores) burns the core that a preempted thread is waiting for: beside other programs small
# matrix products were 5 to 20 times slower than with 1,000 (docs/log 2026-11-22, waiting threads).
SPIN_COUNT = 1000
# oneDNN makes a kernel for each size of a product and of attention, half a megabyte each, and two caches keep 1,024 of
# them in each thread. Documents of all lengths have as many sizes: training grew by 15 MiB a step. Within a step far
# fewer come back (docs/log 2026-11-26, kernels that are kept).
KERNELS_KEPT = 64
LIBRARY_SETTINGS = {
    "GOMP_SPINCOUNT": str(SPIN_COUNT),
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": str(KERNELS_KEPT),
    "LRU_CACHE_CAPACITY": str(KERNELS_KEPT),
}

_TELLING_FLAGS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve")


def num_cores() -> int:
    """Processors that this process may use (affinity and container limits respected)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        if quota != "max":
            cores = min(cores, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        pass
    return cores


def memory_bytes() -> int:
    """Memory that this process may use, in bytes."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        return total if limit == "max" else min(total, int(limit))
    except (OSError, ValueError):
        return total


def available_memory_bytes() -> int:
    """Memory that is free or can be freed at once, in bytes."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return min(memory_bytes(), int(line.split()[1]) * 1024)
    except (OSError, ValueError):
        pass
    return memory_bytes()


def peak_memory_bytes() -> int:
    """The most memory that this process has held so far (resident set), and lanes beside it with it, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, all others kibibytes.
    return (peak if sys.platform == "darwin" else peak * 1024) + max(_held_beside, default=0)


def count_beside(peak: int) -> None:
    """Count what processes of a training that is over held at most beside this one (`training.lanes`).

    Args:
        peak: In bytes, without what they shared with this process.
    """
    _held_beside.append(peak)


_held_beside: list[int] = []


@cache
def instruction_set() -> list[str]:
    """The vector instructions of this processor that change floating-point results, and its architecture."""
    flags: set[str] = set()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.partition(":")[0].strip() in ("flags", "Features"):
                flags = set(line.partition(":")[2].split())
                break
    except OSError:
        pass
    return [platform.machine(), *(flag for flag in _TELLING_FLAGS if flag in flags)]


def gibibytes(number: float) -> str:
    """Bytes for people: `512 MiB`, `23 GiB`."""
    return f"{number / 2**30:.0f} GiB" if number >= 10 * 2**30 else _smaller(number)


def _smaller(number: float) -> str:
    if number >= 2**30:
        return f"{number / 2**30:.1f} GiB"
    return f"{number / 2**20:.0f} MiB" if number >= 2**20 else f"{number / 2**10:.0f} KiB"


def settle_libraries() -> None:
    """Make numerical threads give up their core while they wait, and bound what kernels are kept; changes no result.

    Works until the first numerical library is loaded. Whoever has set one of the variables knows better.
    """
    for name, value in LIBRARY_SETTINGS.items():
        if name != "GOMP_SPINCOUNT" or "OMP_WAIT_POLICY" not in os.environ:
            os.environ.setdefault(name, value)
