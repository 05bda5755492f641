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


_GO = """
import resource
import sys
from contextlib import nullcontext
import numpy as np
from train.runs.memory import memory_given_back

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() >> 20

np.ones(30 << 20, np.uint8)  # from now on glibc by itself takes arrays of less than this for small ones
with memory_given_back() if sys.argv[1] == "given back" else nullcontext():
    large = np.ones(20 << 20, np.uint8)
    stays = [np.ones(100 << 10, np.uint8) for _ in range(20)]
    before = resident()
    del large
    print(before - resident())
"""


def _returned(how: str) -> int:
    """MB that the process is smaller by when 20 MB go that lie below what stays."""
    return int(subprocess.run([sys.executable, "-c", _GO, how], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to give memory back")
def test_a_large_array_gives_its_memory_back_whatever_lies_behind_it() -> None:
    assert _returned("given back") >= 19
    assert _returned("usual") <= 1
