"""Memory that tensors leave stays with the process while it trains, where the C library is glibc."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Parameters of mallopt, as malloc.h numbers them."""

_NEVER, _USUAL_MAPPINGS, _USUAL_TRIM = 2**31 - 1, 65536, 128 * 1024


@contextmanager
def memory_kept() -> Iterator[None]:
    """Let glibc keep what is free, instead of giving it back and asking again for each large tensor.

    Linux clears every page that it gives: a sixth of a training step, a quarter with small networks
    (tests/bench/NOTES.md). Afterwards what is free is given back. Other C libraries are left as they are.
    """
    if platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_MMAP_MAX, 0)
    libc.mallopt(_TRIM_THRESHOLD, _NEVER)
    try:
        yield
    finally:
        libc.mallopt(_MMAP_MAX, _USUAL_MAPPINGS)
        libc.mallopt(_TRIM_THRESHOLD, _USUAL_TRIM)
        libc.malloc_trim(0)
