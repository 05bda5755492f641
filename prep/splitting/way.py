"""The way of a split: as a person says it, else as the dataset was split before, so that new samples fit in."""

import re
import shlex
from collections.abc import Sequence

from prep.core.errors import SegError
from prep.core.words import counted, list_some, verb
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import INDEX
from prep.dataset.index import BUFFER, Sample
from prep.dataset.provenance import SplitWay, last_split_way
from prep.geo.blocks import in_metres, usual_block
from prep.geo.extra import has_geo
from prep.geo.footprint import footprints_of
from prep.splitting.assignment import DEFAULT_RATIOS
from prep.splitting.grouping import BY_FOLDER, BY_GROUP, BY_PLACE, group_samples

_BLOCK = re.compile(r"block -?\d+ -?\d+")
"""A square as a group of index.csv."""


def chosen_way(dataset: Dataset, given: SplitWay, *, overwrite: bool) -> SplitWay:
    """What was given, and of what was not the way of the last split.

    SegError if the samples were split by place, or in other groups, nobody knows which, and some are to be dealt out.
    """
    last = last_split_way(dataset.root)
    ratios = given.ratios or last.ratios or DEFAULT_RATIOS
    if given.group_by is not None or given.block is not None:
        return SplitWay(ratios, given.group_by, given.block)
    labelled = dataset.of_split()
    by_place = any(_is_by_place(sample) for sample in dataset.samples)
    if by_place and last.group_by is None and (overwrite or not all(sample.split for sample in labelled)):
        raise SegError(
            f"{dataset.root}: was split by place, in squares of a size that is not recorded here; type "
            f"{_split_command(dataset)} with --group-by {BY_PLACE} --block {usual_squares(dataset)}, or with the "
            f"metres that you know, or with --group-by {BY_GROUP} to go by the group column of {INDEX}"
        )
    if last.group_by is None:
        _refuse_ungrouped(dataset, labelled)
    return SplitWay(ratios, last.group_by, last.block)


def _refuse_ungrouped(dataset: Dataset, labelled: Sequence[Sample]) -> None:
    """SegError if most samples that have a split have groups, too, and new ones have none: they may belong to those.

    Where few have groups, or some of the new ones have, somebody fills them in by hand, and knows of the others.
    """
    groups = [sample.group for sample in labelled if sample.split]
    grouped = sorted({*groups} - {""}) if 2 * groups.count("") < len(groups) else []
    new = [sample for sample in labelled if not sample.split]
    alone = [sample.stem for sample in new if not sample.group]
    if grouped and alone and len(alone) == len(new):
        raise SegError(
            f"{dataset.root}: what was split is in groups ({list_some(grouped)}), "
            f"{counted(len(alone), 'new sample')} {verb(len(alone), 'is', 'are')} in none ({list_some(alone)}), and "
            f"how the groups were made is not recorded here; type {_split_command(dataset)} with --group-by and what "
            f"makes such groups ({BY_FOLDER}, or a pattern of names as in --group-by 'tile\\d+'), or with --group-by "
            f"{BY_GROUP} to go by the group column of {INDEX}, where the new ones belong to nothing"
        )


def _split_command(dataset: Dataset) -> str:
    """What to type: trainings and patches split as well, and have no such options."""
    return f"'{shlex.join(['seg-prep', 'split', str(dataset.root)])}'"


def _is_by_place(sample: Sample) -> bool:
    """Whether a split by place has dealt with it here; what came between splits with its labels stays there anyway."""
    return bool(_BLOCK.fullmatch(sample.group)) or (sample.split == BUFFER and sample.source_split != BUFFER)


def samples_grouped(dataset: Dataset, way: SplitWay, *, is_given: bool) -> list[Sample]:
    """The samples with their groups; SegError as of group_samples, which tells where groups come from if not given."""
    try:
        return group_samples(dataset, way.group_by, way.block)
    except SegError as error:
        if is_given or way.group_by is None:
            raise
        raise SegError(
            f"{error}\nThe dataset was split with {way.grouping} before, and this goes on so; --group-by {BY_GROUP} "
            f"goes by the group column of {INDEX} instead"
        ) from error


def usual_squares(dataset: Dataset) -> str:
    """What --block suits samples of this size, where it can be measured."""
    try:
        footprints = [*footprints_of(dataset.samples).values()]
        return in_metres(usual_block(footprints)) if footprints and has_geo() else "METRES"
    except (SegError, ValueError):  # 'seg-prep check' tells which place cannot be used
        return "METRES"
