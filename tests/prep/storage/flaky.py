"""A storage in this process whose requests fail now and then, as those of a network do."""
# ruff: noqa: ANN401  # the signatures are those of fsspec

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import fsspec
from fsspec.implementations.memory import MemoryFileSystem

from prep.core.randomness import Stream


class FlakyFileSystem(MemoryFileSystem):
    """memory:// under another name, of whose calls a share fails before anything was done, or after it."""

    protocol = ("flaky",)
    cachable = False
    share: ClassVar[float] = 0.0
    calls: ClassVar[int] = 0
    failed: ClassVar[int] = 0
    luck: ClassVar[Stream] = Stream(0, "flaky")

    @classmethod
    def _strip_protocol(cls, path: str) -> Any:
        return MemoryFileSystem._strip_protocol(re.sub("^flaky://(.*@)?", "memory://", path))

    def _may_fail(self) -> None:
        kind = type(self)
        kind.calls += 1
        if kind.luck.uniform(0, 1) < kind.share:
            kind.failed += 1
            raise ConnectionResetError("connection reset by peer")

    def cat_file(self, *arguments: Any, **options: Any) -> Any:
        self._may_fail()
        return super().cat_file(*arguments, **options)

    def info(self, *arguments: Any, **options: Any) -> Any:
        self._may_fail()
        return super().info(*arguments, **options)

    def put_file(self, *arguments: Any, **options: Any) -> Any:
        self._may_fail()
        super().put_file(*arguments, **options)
        self._may_fail()

    def pipe_file(self, *arguments: Any, **options: Any) -> Any:
        self._may_fail()
        super().pipe_file(*arguments, **options)
        self._may_fail()  # done, and the answer is lost

    def open(self, *arguments: Any, **options: Any) -> Any:
        self._may_fail()
        return _FlakyFile(super().open(*arguments, **options), self)


class _FlakyFile:
    def __init__(self, file: Any, files: FlakyFileSystem) -> None:
        self._file, self._files = file, files

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        self._files._may_fail()
        return bytes(self._file.read(size))


@contextmanager
def flaky(share: float) -> Iterator[type[FlakyFileSystem]]:
    """Let flaky:// be there, and this share of its requests fail."""
    fsspec.register_implementation("flaky", FlakyFileSystem, clobber=True)
    FlakyFileSystem.share, FlakyFileSystem.calls, FlakyFileSystem.failed = share, 0, 0
    FlakyFileSystem.luck = Stream(0, "flaky")
    empty_memory()
    try:
        yield FlakyFileSystem
    finally:
        empty_memory()


def empty_memory() -> None:
    """Forget all files of memory:// and flaky://."""
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
