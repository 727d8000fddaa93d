import subprocess
import sys

import numba
import numpy as np

from firstwords.data import kernels


def test_mix_is_a_bijection_on_a_sample_and_spreads_small_numbers() -> None:
    mixed = [int(kernels.mix(np.uint64(number))) for number in range(2000)]
    assert len(set(mixed)) == 2000
    assert len({value >> 53 for value in mixed[1:]}) > 1000  # the top 11 bits already differ


def test_kernels_work_where_no_cache_can_be_kept(monkeypatch) -> None:
    real = numba.njit

    def without_cache(**options):
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function: no locator available")
        return real(**options)

    monkeypatch.setattr(numba, "njit", without_cache)
    assert kernels.compiled(lambda number: number + 1)(1) == 2


def test_loading_a_kernel_loads_no_scipy() -> None:
    code = "import sys, numpy\nfrom firstwords.data.kernels import mix\nmix(numpy.uint64(1))\n"
    code += "print('scipy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "False"


def test_kernels_give_the_same_without_compilation() -> None:
    """The machine code against the very same source run by Python."""
    code = """
import pyarrow as pa
from firstwords.data.features import Features
from firstwords.data.minhash import MinHash
from firstwords.data.repetition import count_repeated_lines, count_repeated_ngrams
text = "To be, or not to be: that is the question. " * 3 + "\\n\\n日本 ok\\n\\n- a\\n- a\\n"
features = Features(pa.array([text, "", "one two"]))
print(features.words, features.lines, count_repeated_ngrams(features.words), count_repeated_lines(features.lines))
print(MinHash(bands=3, rows=2).band_keys(features.words))
"""
    outputs = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env={"NUMBA_DISABLE_JIT": flag, "PATH": "", "HOME": "/nonexistent"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for flag in "01"
    ]
    assert outputs[0] == outputs[1] and "uint64" in outputs[0]


def test_shared_counts() -> None:
    values = np.array([1, 2, 3, 2, 3, 9], np.uint64)
    shared = np.zeros(3, np.int64)
    pairs = np.array([0, 0, 2]), np.array([1, 2, 2])
    kernels.shared_counts(*pairs, np.array([0, 3, 6, 6]), values, shared)
    assert shared.tolist() == [2, 0, 0]


def test_kept_code_is_made_anew_when_another_file_with_kernels_has_changed() -> None:
    stamp = kernels.split_words._cache._cache_file._source_stamp
    assert {"kernels.py", "matrix_kernels.py", "row_kernels.py"} <= {name for name, *_ in stamp[1]}
