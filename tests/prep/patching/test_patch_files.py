"""Files of patches: written apart by several machines and gathered, or at once."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.patching.patch_files import NpyPatches
from tests.support import tree

SAMPLES, PER_IMAGE, SIZE = 5, 3, 8


def pixels(sample: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    random = np.random.default_rng(sample)
    images = random.integers(0, 256, (PER_IMAGE, SIZE, SIZE, 3), np.uint8)
    return images, random.integers(0, 9, (PER_IMAGE, SIZE, SIZE), np.uint8)


def files_in(folder: Path, *, apart: bool) -> NpyPatches:
    (folder / "set").mkdir(parents=True, exist_ok=True)
    (folder / "working").mkdir(exist_ok=True)
    return NpyPatches(folder / "set", folder / "working", SAMPLES, PER_IMAGE, SIZE, apart)


@pytest.fixture
def expected(tmp_path: Path) -> dict[str, bytes]:
    files = files_in(tmp_path / "at once", apart=False)
    files.create()
    for sample in range(SAMPLES):
        files.write(sample, *pixels(sample))
    return tree(files.folder)


def test_what_is_written_apart_touches_no_common_file_until_it_is_gathered(
    tmp_path: Path, expected: dict[str, bytes]
) -> None:
    files = files_in(tmp_path / "apart", apart=True)
    files.create()
    empty, done = tree(files.folder), (files.working / "done").read_bytes()
    for sample in (3, 0, 4, 1, 2):
        assert not files.has(sample)
        files.write(sample, *pixels(sample))
        assert files.has(sample)
    assert (tree(files.folder), (files.working / "done").read_bytes()) == (empty, done)
    for sample in range(SAMPLES):
        files.gather(sample)
        assert files.has(sample)
    assert tree(files.folder) == expected
    assert not list((files.working / "alone").iterdir())


def test_what_a_cluster_left_is_gathered_by_a_command_without_one(tmp_path: Path, expected: dict[str, bytes]) -> None:
    files = files_in(tmp_path / "apart", apart=True)
    files.create()
    for sample in (1, 4):
        files.write(sample, *pixels(sample))
    again = files_in(tmp_path / "apart", apart=False)
    for sample in range(SAMPLES):
        if not again.has(sample):
            again.write(sample, *pixels(sample))
        again.gather(sample)
    assert tree(again.folder) == expected


def test_patches_that_nobody_wrote_are_no_patches(tmp_path: Path) -> None:
    """A machine that does not show its file yet: an error, and no black patches."""
    files = files_in(tmp_path / "apart", apart=True)
    files.create()
    with pytest.raises(SegError, match=r"alone/2: no such file or folder"):
        files.gather(2)
