"""What spoils the structure of a file, by what it is: readers get further into it than with bytes changed anywhere."""

from functools import partial

import numpy as np

from tests.hostile.archive_structure import is_hdf, spoil_hdf, spoil_zip
from tests.hostile.image_structure import JPEG, PNG, TIFF, spoil_jpeg, spoil_png, spoil_tiff
from tests.hostile.json_mutations import JSON_MUTATORS
from tests.hostile.mutations import MUTATORS, Mutator
from tests.hostile.text_structure import spoil_settings, spoil_table

_SHARE = 0.6
"""Of the mutations, where there is a structure."""


def mutator(name: str, data: bytes, random: np.random.Generator) -> Mutator:
    """One way to spoil a file of this name and content."""
    ways = (*_ways(name, data),) if random.random() < _SHARE else ()
    ways = ways or MUTATORS
    return ways[int(random.integers(len(ways)))]


def _ways(name: str, data: bytes) -> tuple[Mutator, ...]:
    suffix = name.rpartition(".")[2]
    if data.startswith(PNG):
        return (spoil_png,)
    if data.startswith(JPEG):
        return (spoil_jpeg,)
    if data[:4] in TIFF:
        return (spoil_tiff,)
    if is_hdf(data):
        return (spoil_hdf,)
    if data.startswith(b"PK"):
        return (*_checkpoint(suffix), partial(spoil_zip, inside=mutator))
    if suffix == "json":
        return JSON_MUTATORS
    if suffix in ("csv", "txt"):
        return (spoil_table,)
    return (spoil_settings,) if suffix in ("toml", "yaml") else ()


def _checkpoint(suffix: str) -> tuple[Mutator, ...]:
    if suffix != "pt":
        return ()
    from tests.hostile.checkpoint_structure import spoil_checkpoint  # torch, only where a target needs it

    return (spoil_checkpoint,) * 3
