import subprocess
import sys

CODE = """
import resource, sys
import numpy as np
from firstwords.compute.allocator import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(16 * 2**20 // 8 * 3)  # 48 MiB, above what glibc ever keeps by itself
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if sys.argv[1] == "kept":
    if not keep_freed_memory():
        print("-1 0")
        sys.exit()
print(faults(), faults())
"""


def faults(how):
    done = subprocess.run([sys.executable, "-c", CODE, how], capture_output=True, text=True, check=True)
    return [int(each) for each in done.stdout.split()]


def test_a_large_block_that_was_freed_costs_no_page_faults_again():
    first, second = faults("kept")
    if first >= 0:  # glibc
        assert second < first / 10


def test_without_it_every_large_block_is_mapped_anew():
    if sys.platform.startswith("linux"):
        first, second = faults("plain")
        assert second > first / 2
