"""Samples that were cut join those of a dataset."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.words import counted, list_some, verb
from prep.cutting.cells import is_cut_from
from prep.dataset.dataset_files import STATES
from prep.dataset.index import Sample
from prep.dataset.states import own_mask_name
from prep.geo.footprint import footprints_of
from prep.images.finding import FoundFile

_SAME_PX = 1.0
"""Pixels by which a corner may lie elsewhere on the same ground: other programs write places with other last digits."""


@dataclass(frozen=True)
class Joined:
    """What a dataset holds after samples were cut for it.

    samples: by stem.  gone: files of samples that are cut in another way now.
    moved: stems of those that show other ground than before, and lost their split, group and old mask with it.
    unstated: of those that had a state or a note of labelling and show other ground now, or are gone.
    """

    samples: dict[str, Sample]
    gone: list[str]
    moved: list[str]
    unstated: list[str]

    @property
    def notes(self) -> list[str]:
        """What a person should know of it."""
        notes = []
        if self.moved:
            notes.append(
                f"{counted(len(self.moved), 'sample')} that had a split {verb(len(self.moved), 'shows', 'show')} other "
                f"ground now ({list_some(self.moved)}) and {verb(len(self.moved), 'has', 'have')} none any more; type "
                "'seg-prep split' to give them one, or 'seg-prep split --overwrite' to split all anew"
            )
        if self.unstated:
            notes.append(
                f"{counted(len(self.unstated), 'sample')} whose labelling had a state or a note "
                f"{verb(len(self.unstated), 'is', 'are')} gone or {verb(len(self.unstated), 'shows', 'show')} other "
                f"ground now, and {verb(len(self.unstated), 'has', 'have')} none any more ({list_some(self.unstated)})"
            )
        return notes


def joined_samples(
    new: Mapping[str, Sample],
    known: Mapping[str, Sample],
    rasters: Sequence[FoundFile],
    stated: Collection[str],
    *,
    overwrite: bool,
) -> Joined:
    """The samples of the dataset after that.

    Samples of the same ground keep group and split. SegError if others were cut out of these rasters and `overwrite`
    is not set.
    stated: stems of samples whose labelling has a state or a note.
    """
    stems = [file.stem for file in rasters]
    others = [stem for stem in known if stem not in new and any(is_cut_from(stem, raster) for raster in stems)]
    if others and not overwrite:
        raise SegError(f"the dataset holds samples that were cut in another way ({list_some(others)}); add --overwrite")
    samples = {stem: sample for stem, sample in known.items() if stem not in others}
    gone = [name for stem in others for name in (known[stem].image, known[stem].mask) if name]
    elsewhere = _elsewhere(new, known, stems)
    for stem, sample in new.items():
        old = known.get(stem)
        if old is None:
            samples[stem] = sample
            continue
        kept = old.mask if not sample.mask and stem not in elsewhere else ""
        gone += [old.mask] if old.mask and not sample.mask and not kept else []
        group, split = ("", "") if stem in elsewhere else (old.group, old.split)
        samples[stem] = replace(sample, mask=sample.mask or kept, group=group, split=split)
    if gone and not overwrite:
        raise SegError(f"the dataset holds masks that these labels do not give ({list_some(gone)}); add --overwrite")
    moved = sorted(stem for stem in elsewhere if known[stem].split)
    if moved and not overwrite:
        them = f"{verb(len(moved), 'shows', 'show')} other ground now ({list_some(moved)})"
        raise SegError(
            f"{counted(len(moved), 'sample')} that {verb(len(moved), 'has', 'have')} a split {them}; "
            "add --overwrite: their split is given up"
        )
    unstated = sorted(stem for stem in stated if stem in elsewhere or stem in others)
    if unstated and not overwrite:
        them = f"{verb(len(unstated), 'shows', 'show')} other ground now ({list_some(unstated)})"
        raise SegError(
            f"{counted(len(unstated), 'sample')} whose labelling has a state or a note {them}; "
            f"add --overwrite: {STATES} says nothing of {verb(len(unstated), 'it', 'them')} then"
        )
    return Joined(samples, gone, moved, unstated)


def _elsewhere(new: Mapping[str, Sample], known: Mapping[str, Sample], rasters: Sequence[str]) -> set[str]:
    """Stems of samples that show other ground than before: another size, or another place.

    Where no place tells, all of a raster do if one of them is new, is gone, or has another size.
    """
    both = new.keys() & known.keys()
    resized = {stem for stem in both if (new[stem].width, new[stem].height) != (known[stem].width, known[stem].height)}
    here, there = (footprints_of(samples[stem] for stem in both) for samples in (new, known))
    placed = here.keys() & there.keys()
    shifted = {
        stem
        for stem in placed - resized
        if here[stem].crs != there[stem].crs
        or np.abs(here[stem].corners() - there[stem].corners()).max() > _SAME_PX * np.abs(here[stem].steps).max()
    }
    unsure: set[str] = set()
    for raster in rasters if both - placed else ():
        old, now = ({stem for stem in samples if is_cut_from(stem, raster)} for samples in (known, new))
        if old != now or old & resized:
            unsure |= old & now - placed
    return resized | shifted | unsure


def refuse_other_classes(
    root: Path, joined: Joined, made: Mapping[str, Sample], before: ClassMap, classes: ClassMap
) -> None:
    """SegError if masks stay that were not made by this command, and its classes have other numbers than theirs.

    made: the samples that were cut now.  before: the classes of the dataset until now.
    """
    if classes.names[: len(before)] == before.names:
        return
    left = sorted(
        stem
        for stem, sample in joined.samples.items()
        if (stem not in made or not made[stem].mask)
        and (sample.mask or (root / own_mask_name(stem)).is_file())
        and (sample.mask or own_mask_name(stem)) not in joined.gone
    )
    if not left:
        return
    raise SegError(
        f"{root}: its classes are {list_some(before.names)}, those of these labels {list_some(classes.names)}, and "
        f"{len(left):,} of its masks {verb(len(left), 'is', 'are')} not among these ({list_some(left)}): their pixels "
        "would change their class; leave out --classes, or put new classes behind those of the dataset, or cut all "
        "rasters again in one command, or cut these into a dataset of their own with -o"
    )
