"""The C library's allocator, told to keep what a training step frees for the next step."""

import ctypes
import sys

# Numbers of glibc's <malloc.h>.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Let blocks of any size come from the heap, and let the heap never shrink.

    By default glibc takes every block above 32 MiB from the kernel and gives it back when it is freed: each step then
    has its pages cleared and mapped anew, which took 7 % of a step (docs/log/2026-11-26-training-speed.md). The peak
    does not grow, but what was once used stays with the process.

    Returns:
        Whether there was a glibc to tell.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST)) and bool(mallopt(M_TRIM_THRESHOLD, LARGEST))
