"""Samples that were cut join those of a dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from prep.core.errors import SegError
from prep.core.words import list_some
from prep.cutting.cells import is_cut_from
from prep.dataset.index import Sample
from prep.images.finding import FoundFile


def joined_samples(
    new: Mapping[str, Sample], known: Mapping[str, Sample], rasters: Sequence[FoundFile], *, overwrite: bool
) -> tuple[dict[str, Sample], list[str]]:
    """The samples of the dataset after that, and files of samples that are cut in another way now.

    Samples keep group and split. SegError if others were cut out of these rasters and `overwrite` is not set.
    """
    stems = [file.stem for file in rasters]
    others = [stem for stem in known if stem not in new and any(is_cut_from(stem, raster) for raster in stems)]
    if others and not overwrite:
        raise SegError(f"the dataset holds samples that were cut in another way ({list_some(others)}); add --overwrite")
    samples = {stem: sample for stem, sample in known.items() if stem not in others}
    gone = [name for stem in others for name in (known[stem].image, known[stem].mask) if name]
    for stem, sample in new.items():
        old = known.get(stem)
        if old is None:
            samples[stem] = sample
            continue
        same_size = (old.width, old.height) == (sample.width, sample.height)
        kept = old.mask if not sample.mask and same_size else ""
        gone += [old.mask] if old.mask and not sample.mask and not kept else []
        samples[stem] = replace(sample, mask=sample.mask or kept, group=old.group, split=old.split)
    if gone and not overwrite:
        raise SegError(f"the dataset holds masks that these labels do not give ({list_some(gone)}); add --overwrite")
    return samples, gone
