import subprocess
import sys
from pathlib import Path

import numpy as np

import firstwords
from firstwords.data import overlap_kernels

SOURCE = str(Path(firstwords.__file__).parents[1])


def test_no_key_is_the_mark_of_a_free_slot() -> None:
    # The one polynomial of two words whose key would be 0: mix(0) is 0.
    rolled = np.uint64((-2 * int(overlap_kernels._CHAIN)) % 2**64)
    assert overlap_kernels.ngram_key(rolled, 2) == 1


def test_an_ngram_and_its_length_both_count() -> None:
    keys = {int(overlap_kernels.ngram_key(np.uint64(7), size)) for size in range(1, 20)}
    assert len(keys) == 19


def test_kernels_give_the_same_without_compilation() -> None:
    code = """
import numpy as np, pyarrow as pa
from firstwords.data.evaluation_items import ItemIndex
index = ItemIndex.build(["one two three four five", "three four", "six"], 3, 2)
texts = pa.array(["zero one two three four", "", "two three four five"])
print([each.tolist() for each in index.find(texts, np.array([True, True, True]))])
print(index.keys.tolist(), index.covered(np.ones(len(index.keys), bool)))
"""
    outputs = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env={"NUMBA_DISABLE_JIT": flag, "PATH": "", "HOME": "/nonexistent", "PYTHONPATH": SOURCE},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for flag in "01"
    ]
    assert outputs[0] == outputs[1] and "[[0, 0, 0" in outputs[0]
