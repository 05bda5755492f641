"""Which samples belong together: by folder, by name, by the index, and because they show the same scene."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import INDEX, PHOTOS_RECORD
from prep.dataset.index import Sample
from prep.geo.blocks import blocks_of
from prep.geo.extra import need_geo
from prep.geo.footprint import degrees_of, footprints_of
from prep.images.likeness.similar import join_sets
from prep.photos.record import read_records

BY_FOLDER, BY_GROUP, BY_PLACE = "folder", "group", "place"


def group_samples(dataset: Dataset, group_by: str | None, block: float | None = None) -> list[Sample]:
    """The samples of a dataset with their groups set anew.

    group_by: "folder" (the one the photo came from), "group" or None (as the index has it), "place" (the square with
    sides of `block` metres on the ground in which the middle of the sample lies), or a regular expression.
    Raises SegError if that groups nothing.
    """
    if (group_by == BY_PLACE) != (block is not None):
        raise SegError("--group-by place and --block METRES go together, as in --group-by place --block 500m")
    if block is not None and not block > 0:
        raise SegError(f"--block {block}: needs metres above 0, as in --group-by place --block 500m")
    if block is not None:
        return _by_place(dataset, block)
    if group_by == BY_FOLDER:
        return _by_folder(dataset)
    if group_by == BY_GROUP and not any(sample.group for sample in dataset.samples):
        raise SegError(f"{dataset.root}: the group column of {INDEX} is empty; fill it in, or leave out --group-by")
    if group_by is None or group_by == BY_GROUP:
        return list(dataset.samples)
    return group_by_pattern(dataset.samples, group_by)


def _by_folder(dataset: Dataset) -> list[Sample]:
    path = dataset.root / PHOTOS_RECORD
    photos = read_records(path)
    folders = {stem: photo.folder for stem, photo in photos.items()}
    if not any(folders.get(sample.stem) for sample in dataset.samples):
        reason = "all photos came from one folder" if photos else f"there is no {PHOTOS_RECORD}"
        raise SegError(
            f"{path}: --group-by folder finds no folders: {reason}; "
            "bring the photos in with 'seg-prep resize', or group by a part of the names, as in --group-by 'tile\\d+'"
        )
    return [replace(sample, group=folders.get(sample.stem, "")) for sample in dataset.samples]


def _by_place(dataset: Dataset, block: float) -> list[Sample]:
    footprints = footprints_of(dataset.samples)
    if not footprints:
        raise SegError(
            f"{dataset.root}: no sample has a place in {INDEX}; 'seg-prep tile RASTER -o {dataset.root}' cuts "
            "samples that keep theirs"
        )
    need_geo("Blocks of metres need")
    blocks = dict(zip(footprints, blocks_of(degrees_of(list(footprints.values())), block), strict=True))
    return [replace(sample, group=blocks.get(sample.stem, "")) for sample in dataset.samples]


def group_by_pattern(samples: Sequence[Sample], pattern: str) -> list[Sample]:
    """Group samples by what a regular expression finds in their stem: its first group that takes part, if it has some.

    Raises SegError if the expression is not valid, or finds nothing in a stem.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise SegError(f"--group-by {pattern!r} is no regular expression: {error}") from error
    grouped = []
    for sample in samples:
        match = expression.search(sample.stem)
        parts = () if match is None else match.groups() or (match[0],)
        if not (group := next(filter(None, parts), "")):
            raise SegError(f"--group-by {pattern!r} finds nothing in the stem {sample.stem!r}")
        grouped.append(replace(sample, group=group))
    return grouped


def units_of(samples: Iterable[Sample], similar: Iterable[Sequence[str]] = ()) -> dict[str, list[Sample]]:
    """What is dealt out as a whole, by name: groups and single samples, joined where they are similar.

    similar: sets of stems.  Units and their members are sorted; a unit is named like its first group, or else like
    its first stem.
    """
    known = {sample.stem: sample for sample in samples}
    nodes = {stem: f"group {sample.group}" if sample.group else f"stem {stem}" for stem, sample in known.items()}
    own = ((node, node) for node in nodes.values())
    alike = ((nodes[same[0]], nodes[stem]) for same in similar for stem in same[1:])
    sets = join_sets([*own, *alike], least=1)
    unit_of = {node: found[0] for found in sets for node in found}
    units: dict[str, list[Sample]] = {}
    for stem in sorted(known):
        units.setdefault(unit_of[nodes[stem]], []).append(known[stem])
    return dict(sorted(units.items()))


def unit_by_stem(units: Mapping[str, Sequence[Sample]]) -> dict[str, str]:
    """Name of the unit of each sample that is not alone, without what tells groups from stems."""
    return {
        sample.stem: name.partition(" ")[2] if len(members) > 1 else ""
        for name, members in units.items()
        for sample in members
    }
