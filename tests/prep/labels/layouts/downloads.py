"""Folders as they are downloaded, and the datasets that are made of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.dataset.dataset import Dataset
from tests.support import masks_of, run_error, run_ok, save, smooth_image


@dataclass(frozen=True)
class Download:
    """A folder as it is downloaded, and the dataset that is made of it."""

    path: Path

    def photo(self, name: str) -> None:
        save(self.path / name, smooth_image(24, 32))

    def mask(self, name: str, ids: NDArray[np.generic]) -> None:
        save(self.path / name, ids.astype(np.uint8))

    def part(self, name: str, inside: NDArray[np.bool_]) -> None:
        self.mask(name, inside * 255)

    def write(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text, encoding="utf-8")

    def convert(self, *options: object, source: str = "") -> str:
        return run_ok("masks", "convert", self.path / source, "-o", self.path.parent / "set", *options).stdout

    def error(self, *options: object, source: str = "") -> str:
        return run_error("masks", "convert", self.path / source, "-o", self.path.parent / "set", *options)

    @property
    def names(self) -> tuple[str, ...]:
        return Dataset.open(self.path.parent / "set").classes.names

    @property
    def masks(self) -> dict[str, NDArray[np.uint8]]:
        """Those of the dataset, whose samples all have a photo."""
        assert all(sample.image for sample in Dataset.open(self.path.parent / "set").samples)
        return masks_of(self.path.parent / "set")

    def named(self, stem: str) -> NDArray[np.str_]:
        """A mask with names in place of numbers; "" is ignored."""
        names = np.array([*self.names, *[""] * (256 - len(self.names))])
        return names[self.masks[stem]]
