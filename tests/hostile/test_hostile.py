"""No file, however spoiled, brings more than an error in words: 2,000 seeded mutations over all readers."""

import math
from pathlib import Path

import pytest

from tests.hostile.__main__ import run
from tests.hostile.attack import write
from tests.hostile.seeds import TARGETS

MUTATIONS = 2_000
_EACH = math.ceil(MUTATIONS / len(TARGETS))


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_spoiled_files_end_in_words(target: str) -> None:
    broken = run(target, 0, _EACH).broken
    assert not broken, "\n".join([*broken, f"again: python -m tests.hostile --target {target} --first N --mutations 1"])


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_whole_files_are_read(name: str, tmp_path: Path) -> None:
    """What is spoiled above is in order before, so that readers get far into it."""
    for number, seed in enumerate(TARGETS[name].seeds):
        write(seed(), tmp_path / f"raw{number}")
        TARGETS[name].read(tmp_path / f"raw{number}", tmp_path / f"out{number}")
