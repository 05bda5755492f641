"""Sums that one row of windows leaves to the next: in memory, or of a very wide picture in a temporary file."""

import tempfile
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from prep.core.files import explained

_MEMORY_BYTES = 64 << 20
"""Most that is kept in the memory of a computer. A graphics card has room for more, and its sums stay there."""


class KeptSums(Protocol):
    """Sums of (classes, rows) for each column; ranges of columns are taken, and put anew after that."""

    def put(self, first: int, sums: Tensor) -> None:
        """Keep (C, n, w) as the upper n rows of the columns from `first` on; rows below them hold anything."""

    def take(self, first: int, last: int) -> Tensor:
        """Columns first to last - 1, (C, rows, w)."""

    def close(self) -> None:
        """Let go of all."""


def kept_sums(classes: int, rows: int, columns: int, device: torch.device) -> KeptSums:
    """Room for sums of this size, float32."""
    if device.type == "cpu" and 4 * classes * rows * columns > _MEMORY_BYTES:
        return SumsInFile(classes, rows)
    return SumsInMemory(classes, rows, columns, device)


class SumsInMemory:
    """Kept on a device; the system gives memory for those rows only that are put."""

    def __init__(self, classes: int, rows: int, columns: int, device: torch.device) -> None:
        self._sums = torch.empty((classes, rows, columns), device=device)

    def put(self, first: int, sums: Tensor) -> None:
        """As of KeptSums."""
        self._sums[:, : sums.shape[1], first : first + sums.shape[2]] = sums

    def take(self, first: int, last: int) -> Tensor:
        """As of KeptSums."""
        return self._sums[:, :, first:last]

    def close(self) -> None:
        """As of KeptSums."""
        self._sums = torch.empty(0)


class SumsInFile:
    """Kept in a file without a name in the folder for temporary files; it is gone when the process ends, however.

    Columns stand one after the other, so that a range of them is one piece. SegError if the disk is full.
    """

    def __init__(self, classes: int, rows: int) -> None:
        self._classes, self._rows = classes, rows
        with explained(_folder()):
            self._file = tempfile.TemporaryFile(prefix="seg-train-")  # noqa: SIM115  # closed by close()

    def put(self, first: int, sums: Tensor) -> None:
        """As of KeptSums."""
        columns = np.zeros((sums.shape[2], self._classes, self._rows), np.float32)
        columns[:, :, : sums.shape[1]] = sums.permute(2, 0, 1).numpy()
        with explained(_folder()):
            self._file.seek(first * columns[0].nbytes)
            self._file.write(columns.data)
            self._file.flush()  # so that a full disk is told here

    def take(self, first: int, last: int) -> Tensor:
        """As of KeptSums."""
        columns = np.empty((last - first, self._classes, self._rows), np.float32)
        with explained(_folder()):
            self._file.seek(first * columns[0].nbytes)
            read = self._file.readinto(columns.data)
        assert read == columns.nbytes, "columns are put before they are taken"
        return torch.from_numpy(columns).permute(1, 2, 0)

    def close(self) -> None:
        """As of KeptSums."""
        self._file.close()


def _folder() -> Path:
    return Path(tempfile.gettempdir())
