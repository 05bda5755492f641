"""Memory that a process keeps while it trains."""

import platform
import subprocess
import sys

import pytest

_COUNT = """
import resource
from contextlib import nullcontext
import numpy as np
from train.runs.memory import memory_kept

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        np.ones(40 << 20, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() >> 20

free = faults()
with memory_kept():
    np.ones(40 << 20, np.uint8)
    kept = faults()
    before = resident()
print(free, kept, faults(), before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
def test_large_arrays_find_their_memory_again_and_it_is_given_back_in_the_end() -> None:
    done = subprocess.run([sys.executable, "-c", _COUNT], capture_output=True, text=True, check=True)
    free, kept, after, returned = map(int, done.stdout.split())
    assert kept < free / 10
    assert after > free / 2
    assert returned >= 35  # MB
