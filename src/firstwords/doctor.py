"""`firstwords doctor`: is everything here that a run needs, and what can this machine do?"""

import importlib
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firstwords import __version__, machine
from firstwords.graph import library_version

NEEDED = (
    "numpy",
    "torch",
    "safetensors",
    "tokenizers",
    "pyarrow",
    "resiliparse",
    "trafilatura",
    "py3langid",
    "ftfy",
    "xxhash",
    "numba",
    "protego",
    "phonenumbers",
    "ahocorasick",
    "re2",
    "sklearn",
)
OPTIONAL = ("transformers", "huggingface_hub", "fsspec", "aiohttp", "ray", "lm_eval")
_DISTRIBUTIONS = {"re2": "google-re2", "ahocorasick": "pyahocorasick", "phonenumbers": "phonenumberslite"}
_DISTRIBUTIONS |= {"sklearn": "scikit-learn", "lm_eval": "lm-eval"}
LITTLE_DISK = 2 * 2**30
LITTLE_MEMORY = 2 * 2**30


@dataclass(frozen=True)
class Check:
    """One line of the doctor's table."""

    name: str
    value: str
    good: bool = True
    advice: str = ""


def checks(root: Path) -> Iterator[Check]:
    """Examine this machine.

    Args:
        root: Where artifacts will be written.
    """
    python_good = sys.version_info >= (3, 11)
    yield Check("firstwords", __version__)
    yield Check("python", platform.python_version(), python_good, "Python 3.11 or newer is needed")
    yield Check("cores", str(machine.num_cores()))
    yield Check("instructions", " ".join(machine.instruction_set()))
    free_memory = machine.available_memory_bytes()
    yield Check(
        "memory",
        f"{machine.gibibytes(free_memory)} free of {machine.gibibytes(machine.memory_bytes())}",
        free_memory >= LITTLE_MEMORY,
        "the quickstart needs about 2 GiB",
    )
    place = root
    while not place.exists():
        place = place.absolute().parent
    free_disk = shutil.disk_usage(place).free
    yield Check("disk", f"{machine.gibibytes(free_disk)} free", free_disk >= LITTLE_DISK, "make room for artifacts")
    for module in NEEDED:
        yield _library(module, needed=True)
    for module in OPTIONAL:
        yield _library(module, needed=False)
    yield from _speed()


def _library(module: str, needed: bool) -> Check:
    distribution = _DISTRIBUTIONS.get(module, module)
    try:
        importlib.import_module(module)
    except ImportError as error:
        if needed:
            return Check(distribution, f"cannot be imported: {error}", False, f"pip install {distribution}")
        return Check(distribution, "absent (optional)")
    return Check(distribution, library_version(distribution))


def _devices() -> Iterator[Check]:
    """What a run on several devices finds here."""
    import torch
    from torch import distributed

    number = torch.cuda.device_count() if torch.cuda.is_available() else 0
    kinds = sorted({torch.cuda.get_device_name(place) for place in range(number)})
    yield Check("accelerator", ", ".join(kinds) or "none")
    if number:
        yield Check("GPUs", f"{number}, {machine.gibibytes(torch.cuda.get_device_properties(0).total_memory)} each")
    if not distributed.is_available():
        yield Check("several ranks", "this build of torch cannot (optional)")
        return
    backends = [name for name in ("gloo", "nccl") if getattr(distributed, f"is_{name}_available")()]
    missing = number > 1 and "nccl" not in backends
    yield Check(
        "several ranks",
        f"{', '.join(backends) or 'no backend'}: firstwords launch RECIPE --{'gpus' if number else 'processes'} "
        f"{max(number, 2)}",
        not missing,
        "several GPUs need a build of torch with nccl",
    )
    yield Check("slurm", "here" if shutil.which("sbatch") else "absent (optional)")


def _speed() -> Iterator[Check]:
    try:
        import torch
    except ImportError:
        return
    yield from _devices()
    torch.set_num_threads(machine.num_cores())
    size = 1024
    for dtype in (torch.float32, torch.bfloat16):
        best = float("inf")
        a, b = torch.randn(size, size, dtype=dtype), torch.randn(size, size, dtype=dtype)
        for _ in range(8):
            start = time.perf_counter()
            a @ b
            best = min(best, time.perf_counter() - start)
        name = "matrix product" if dtype == torch.float32 else "in bfloat16"
        yield Check(name, f"{2 * size**3 / best / 1e9:.0f} GFLOP/s, {machine.num_cores()} threads")
