"""What becomes of the memory that arrays leave: kept while a process trains, given back while it labels large pictures.

Where the C library is glibc; others are left as they are.
"""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
"""Parameters of mallopt, as malloc.h numbers them."""

_NEVER, _USUAL_MAPPINGS, _USUAL_TRIM = 2**31 - 1, 65536, 128 * 1024

_MAPPED, _USUAL_MAPPED = 1 << 20, 32 << 20
"""Bytes from which an array has pages of its own; by itself glibc raises this to the second, as such arrays go."""


@contextmanager
def memory_kept() -> Iterator[None]:
    """Let glibc keep what is free, instead of giving it back and asking again for each large tensor.

    Linux clears every page that it gives: a sixth of a training step, a quarter with small networks
    (tests/bench/NOTES.md). Afterwards what is free is given back.
    """
    if not _is_glibc():
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


@contextmanager
def memory_given_back() -> Iterator[None]:
    """Let glibc give back the memory of a large array as soon as that goes.

    Otherwise small arrays that live longer come to lie between large ones, and the process grows with what it has seen:
    by a third while it labels 57,735 rows (tests/bench/NOTES.md).
    """
    if not _is_glibc():
        yield
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_MMAP_THRESHOLD, _MAPPED)
    try:
        yield
    finally:
        libc.mallopt(_MMAP_THRESHOLD, _USUAL_MAPPED)


def _is_glibc() -> bool:
    return platform.libc_ver()[0] == "glibc"
