"""What `import prep` offers: the work of the commands as functions, on paths or open datasets, silent unless asked.

Every function takes `str` or `Path`, and where it works on a dataset, an open one as well, which it opens anew: what is
in the folder counts. What it changed stands in the dataset that it returns. Each raises SegError, whose text says what
is wrong, where, and what to do. `workers` is the number of processes (None: all cores); the result never depends on it.
`progress` is called with (done, in all).
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from prep.checking.check import check_dataset
from prep.checking.findings import Finding
from prep.converting.masks import Conversion, convert_masks
from prep.converting.options import ConvertOptions
from prep.converting.values.unknown import Policy
from prep.core.arguments import (
    FROM_0,
    FROM_1,
    POSITIVE,
    UP_TO_1,
    NumberRange,
    checked,
    fits_type,
    need,
    need_place,
    shown_value,
)
from prep.core.classes import ClassMap, Color, write_classes
from prep.core.cluster.connection import connected
from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.progress import Progress, bar_of, say_nothing, silent
from prep.cutting.cut_rasters import CutRasters, cut_rasters
from prep.cutting.labels import PaintOrder, label_options
from prep.dataset.dataset import Dataset, is_dataset, opened_alone, root_of
from prep.dataset.dataset_files import CLASSES
from prep.dataset.place.anchored import anchored
from prep.dataset.provenance import recorded
from prep.dataset.stats import Stats, compute_stats, has_masks, save_stats
from prep.exporting.export import ExportSummary, export_dataset
from prep.images.bands import checked_bands, need_three_bands
from prep.images.sizing import FitMode, need_size, target_of
from prep.labels.layouts.affixes import Patterns
from prep.labels.registry import reader_names
from prep.packing.pack import LEAST_SHARD, Packed, pack_dataset
from prep.packing.unpack import Unpacked, unpack_dataset
from prep.patching.patches import PatchFormat, PatchSet, cut_patches
from prep.photos.image_file import ImageOptions
from prep.photos.ranges import Span, need_span
from prep.photos.resize import Resized, resize_photos
from prep.photos.resize_dataset import refuse_rendering, resize_dataset
from prep.reporting.report import start_over, write_report
from prep.splitting.assignment import Ratios
from prep.splitting.split import Split, ensure_split, split_dataset

ImageFormat = Literal["jpg", "png"]
Counted = Literal["train", "val", "test", "all"]
SplitName = Literal["train", "val", "test"]
ToolName = Literal["rgb", "voc", "coco", "labelme", "cvat", "yolo"]


def _need_colors(colors: Any) -> None:  # noqa: ANN401
    fitting = fits_type(colors, Sequence[tuple[str, Color]])
    if not fitting or not all(0 <= part <= 255 for _, color in colors for part in color):
        raise SegError(
            f"colors={shown_value(colors)}: needs (class, (r, g, b)) of each, three whole numbers from 0 to 255, such "
            "as [('leaf', (0, 255, 0))]"
        )


def _need_ratios(ratios: Any) -> None:  # noqa: ANN401
    if ratios is not None and (not fits_type(ratios, Ratios) or min(ratios) < 0 or not ratios[0]):
        raise SegError(
            f"ratios={shown_value(ratios)}: needs three numbers, of train, val and test, such as (80, 10, 10), that of "
            "train above 0"
        )


@anchored
@checked()
def open(path: str | Path) -> Dataset:
    """Open the dataset in the folder `path`.

    Iteration gives its samples: `sample.image` is (H, W, 3) uint8 in RGB, `sample.mask` (H, W) uint8 with class indices
    and 255 where a pixel is ignored; both are read when they are asked for. Raises SegError if it is no dataset.

        ds = prep.open("datasets/campus")
        for sample in ds:
            print(sample.stem, sample.image.shape, ds.classes.names)
        first = ds.split("train")[0]
    """
    return Dataset.open(path)


@anchored
@checked(size=need_size, quality=NumberRange(1, 100), max_megapixels=POSITIVE, span=need_span, bands=need_three_bands)
@recorded(lambda given, _: Path(given["output"]))
def resize(
    photos: str | Path | Dataset | Sequence[str | Path],
    *,
    output: str | Path,
    size: int | tuple[int, int],
    fit: FitMode = "long",
    enlarge: bool = False,
    format: ImageFormat | None = None,
    quality: int | None = None,
    keep_metadata: bool = False,
    max_megapixels: float = 200,
    span: Span | None = None,
    bands: Sequence[int] | None = None,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Resized:
    """Make the images of the dataset `output` from photos: upright, sRGB, of one size, without metadata.

    photos: a folder, a photo, a .txt list, several of them, or a dataset, whose masks then go along.
    size: 16 to 65,500 pixels of the side that `fit` names, or (width, height) for "exact" and "letterbox".
    fit: "long" or "short", which side becomes so long; "exact", both (distorts); "letterbox", a black frame around.
    enlarge: let small photos grow; otherwise they keep their size, and with "exact" cannot be used.
    format: "jpg" or "png"; None is jpg, and png for photos that were stored without loss.
    quality: of JPEG, 1 to 100; None is 95, and keeps a JPEG as it is coded where nothing is to be done to it.
    keep_metadata: carry EXIF over: camera, time, place (GPS).
    max_megapixels: larger photos cannot be used, above 0.
    span: numbers (low, high) of photos of more than 8 bits that become black and white; None takes those of the
    dataset, else those in use.
    bands: of TIFFs, the three that become red, green and blue, from 1; None takes those of the dataset, else the first.
    Photos that cannot be used stand in `problems` of the result; SegError if none can, more than `max_failed` cannot
    (None: any number may), or other results stand there and `overwrite` is not set.
    workers: processes; None is all cores.  progress: called with (done, in all).

        ds = prep.resize("photos", output="datasets/campus", size=1024).dataset
    """
    options = ImageOptions(target_of(size, fit, enlarge=enlarge), format, quality, keep_metadata, max_megapixels)
    chosen = None if bands is None else checked_bands(bands)
    roots = _all_named("photos", photos)
    if len(roots) == 1 and is_dataset(roots[0]):
        refuse_rendering(roots[0], span, chosen)
        return resize_dataset(
            roots[0], Path(output), options, max_failed=max_failed, workers=workers, overwrite=overwrite,
            progress=progress,
        )  # fmt: skip
    return resize_photos(
        roots, Path(output), options, span=span, bands=chosen, max_failed=max_failed, workers=workers,
        overwrite=overwrite, progress=progress,
    )  # fmt: skip


@anchored
@checked(size=FROM_1, overlap=FROM_0, span=need_span, bands=need_three_bands)
@recorded(lambda given, _: Path(given["output"]))
def tile(
    rasters: str | Path | Sequence[str | Path],
    *,
    output: str | Path,
    size: int = 1024,
    overlap: int = 0,
    labels: str | Path | None = None,
    classes: str | Path | None = None,
    attribute: str | None = None,
    unlabelled: str | None = None,
    area: str | Path | None = None,
    order: PaintOrder = "file",
    all_touched: bool = False,
    span: Span | None = None,
    bands: Sequence[int] | None = None,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> CutRasters:
    """Cut rasters with a place on the earth into samples of the dataset `output`, together with their labels.

    rasters: a TIFF file, a folder of them, or several of these.
    size: longest side of a sample in pixels, from 1.  overlap: pixels that neighbours share at least, from 0 to below
    `size`; with 0 a raster is divided into equal parts, no pixel twice.
    labels: a vector file, whose `attribute` says the class of a region, or a folder of rasters of class numbers; None
    makes images only.  attribute: None is "class", or of several layers their names.
    classes: the file of a class map; None takes the classes of the dataset, else those of the labels.
    unlabelled: the class of what lies in no region; None is ignored, as is all outside of `area`, a vector file.
    order: which region lies over another: the later one of the "file", the later "class", or the smaller "size".
    all_touched: label every pixel that a region touches; otherwise those whose middle lies in it.
    span, bands: as of resize.  Rasters that cannot be used stand in `problems` of the result; SegError if none can,
    more than `max_failed` cannot (None: any number may), or other results stand there and `overwrite` is not set.
    workers: processes; None is all cores.  progress: called with (done, in all), of rows. Needs the extra geo.

        ds = prep.tile("ortho.tif", output="datasets/town", labels="roofs.gpkg", unlabelled="background").dataset
    """
    need("overlap", overlap, int, NumberRange(0, size, without_high=True))
    options = label_options(
        *(None if each is None else Path(each) for each in (labels, classes, area)), attribute=attribute,
        unlabelled=unlabelled, order=order, all_touched=all_touched,
    )  # fmt: skip
    return cut_rasters(
        _all_named("rasters", rasters), Path(output), size=size, overlap=overlap, labels=options, span=span,
        bands=None if bands is None else checked_bands(bands), max_failed=max_failed, workers=workers,
        overwrite=overwrite, progress=progress,
    )  # fmt: skip


@anchored
@checked(colors=_need_colors, first_id=FROM_0, span=need_span, bands=need_three_bands)
@recorded(lambda given, _: Path(given["output"]))
def convert(
    labels: str | Path,
    *,
    output: str | Path,
    images: str | Path | None = None,
    classes: str | Path | ClassMap | None = None,
    colors: Sequence[tuple[str, Color]] = (),
    match: Patterns | None = None,
    reader: str | None = None,
    variable: str = "",
    first_id: int | None = None,
    in_order: bool = False,
    unlabelled: str | None = None,
    stretch: bool = False,
    unknown: Policy = "error",
    span: Span | None = None,
    bands: Sequence[int] | None = None,
    without_mask: str | None = None,
    skip_unpaired: bool = False,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Conversion:
    """Convert raw labels into masks of the dataset `output`, and bring their photos in if they are not there yet.

    labels: a folder, a zip file, gTruth.mat, or a JSON file.  images: the folder of the photos; None takes the images
    of the dataset, or the photos that the labels name or lie beside.
    classes: a class map or its file; None takes the one of the labels, of the dataset, or beside the labels.
    colors: further (class, (r, g, b)), 0..255; the class "ignore" means not labelled.
    match: names of an image and of its label, without ending, {} for what they share: ("img_{}", "mask_{}"); None
    pairs equal names, or those to which tools add something.  in_order: pair the first with the first, by numbers.
    reader: what the labels hold, such as "rgb", "ids", "coco"; None finds out.  variable: what to read of .mat and .npz
    files, or the attribute of regions; "" finds out.
    first_id: id of the first class where the class map states none, from 0; None is 1 for MATLAB's labels, else 0.
    unlabelled: the class of what lies in no region, or of MATLAB's id 0; None is background for LabelMe and COCO, else
    ignored.  stretch: force masks of another shape than their photo onto it.
    unknown: what becomes of values that are no class: "error" is a SegError that lists them, "ignore" is 255, "nearest"
    the class of the nearest colour or id, "background" the class of that name.
    without_mask: the class that images without a mask show all over; None refuses them.  skip_unpaired: leave out
    images without a mask, and masks without an image; otherwise they are a SegError.
    span, bands: as of resize.  Labels that cannot be used stand in `problems` of the result; SegError if none can, more
    than `max_failed` cannot (None: any number may), or other results stand there and `overwrite` is not set.
    workers: processes; None is all cores.  progress: called with (done, in all).

        classes = prep.ClassMap(("background", "leaf"), ((0, 0, 0), (0, 255, 0)))
        ds = prep.convert("labels", output="datasets/leaves", images="photos", classes=classes).dataset
    """
    if reader is not None and reader not in reader_names():
        raise SegError(f"reader={reader!r}: there is {', '.join(map(repr, reader_names()))}, None")
    options = ConvertOptions(
        patterns=match, unknown=unknown, reader=reader, skip_unpaired=skip_unpaired, in_order=in_order,
        unlabelled=unlabelled, first_id=first_id, variable=variable, stretch=stretch, span=span,
        colors=tuple((name, (red, green, blue)) for name, (red, green, blue) in colors),
        bands=None if bands is None else checked_bands(bands), without_mask=without_mask,
    )  # fmt: skip
    photos = None if images is None else Path(images)
    with _class_file(classes) as file:
        return convert_masks(
            Path(output), Path(labels), photos=photos, classes_file=file, options=options, max_failed=max_failed,
            workers=workers, overwrite=overwrite, progress=progress,
        )  # fmt: skip


@checked()
def check(dataset: Dataset | str | Path, *, workers: int | None = None, progress: Progress = silent) -> list[Finding]:
    """Find every problem of a dataset, worst first; nothing is changed.

    dataset: its folder, or an open one.  workers: processes; None is all cores.  progress: called with (done, in all).
    Each has `severity` ("error", "warning", "remark"), `kind`, `text`, `names` and `advice`. Raises SegError if it is
    no dataset; what is wrong within one is a finding.

        for finding in prep.check("datasets/campus"):
            print(finding.severity, finding.text, finding.advice)
    """
    return check_dataset(root_of(dataset), workers, progress)


@anchored
@checked(ratios=_need_ratios, block=POSITIVE, folds=NumberRange(2))
@recorded(lambda given, _: root_of(given["dataset"]))
def split(
    dataset: Dataset | str | Path,
    *,
    ratios: Ratios | None = None,
    seed: int = 0,
    group_by: str | None = None,
    block: float | None = None,
    dedupe: bool = True,
    folds: int | None = None,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Split:
    """Split the labelled samples of a dataset into train, val and test, alike in their classes, and groups kept whole.

    ratios: of train, val and test, in any unit, that of train above 0; None takes those of the last split, else
    80/10/10.
    seed: another one, from 0, deals out otherwise; the same one gives the same split.
    group_by: "folder", "group" (the column of index.csv), "place" with the metres of a `block` (above 0), or a regular
    expression for stems; None groups as the last split did, else by that column. By place, samples that lie next to
    another split on the ground are in none ("buffer").
    dedupe: keep images of one scene together.  folds: also write folds.csv for so many folds, from 2.
    Samples that have a split keep it, unless `overwrite` is set. Those with a damaged file get none and stand in
    `problems` of the result. Raises SegError if that is not the split asked for, or if more than `max_failed` are
    (None: any number may).
    workers: processes; None is all cores.  progress: called with (done, in all).

        ds = prep.split(ds, ratios=(70, 15, 15)).dataset
    """
    failures = Failures(max_failed)
    with opened_alone(root_of(dataset)) as opened:
        done = split_dataset(
            opened, ratios, seed=seed, group_by=group_by, block=block, dedupe=dedupe, folds=folds,
            overwrite=overwrite, workers=workers, progress=progress, failures=failures,
        )  # fmt: skip
    return replace(done, problems=tuple(failures.problems))


@checked()
@recorded(lambda given, _: root_of(given["dataset"]))
def stats(
    dataset: Dataset | str | Path,
    *,
    split: Counted = "train",
    seed: int = 0,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Stats:
    """Count pixels exactly and write stats.json: mean and std of the images, frequency and weights of each class.

    split: the samples of `dataset` that are counted: "train", "val", "test" or "all".
    Mean and std are of RGB in 0..1. A dataset without split gets one first (80/10/10, by `seed`, from 0). Samples with
    a damaged file stand in `left_out` of the result. Raises SegError if they are more than `max_failed` (None: any
    number may), or if other statistics stand there and `overwrite` is not set.
    workers: processes; None is all cores.  progress: called with (done, in all).

        print(prep.stats(ds).mean)
    """
    failures = Failures(max_failed)
    with opened_alone(root_of(dataset)) as opened:
        divided = ensure_split(opened, seed, say_nothing, failures) if has_masks(opened) else opened
        found = compute_stats(divided, split, workers, progress, failures)
        save_stats(divided, found, overwrite=overwrite)
    return found


@anchored
@checked(size=NumberRange(16), per_image=FROM_1, foreground=UP_TO_1)
@recorded(lambda given, _: root_of(given["dataset"]))
def patches(
    dataset: Dataset | str | Path,
    *,
    size: int = 96,
    per_image: int = 20,
    foreground: float = 0.5,
    flips: bool = True,
    format: PatchFormat = "npy",
    seed: int = 0,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> PatchSet:
    """Cut square patches of the train and val samples into patches/size<size>; test samples are never cut.

    size: of a side, in pixels, from 16.  per_image: patches of each image of `dataset`, from 1.
    foreground: share of the patches near a pixel that is no background, 0..1.
    flips: count all four orientations.  format: "npy", (N, S, S, 3) images and (N, S, S) masks for training, or "png".
    seed: another one, from 0, cuts elsewhere; the same one gives the same patches.
    A dataset without split gets one first (80/10/10, by `seed`). Samples with a damaged file stand in `problems` of the
    result. Raises SegError if they are more than `max_failed` (None: any number may), or if other patches stand there
    and `overwrite` is not set.
    workers: processes; None is all cores.  progress: called with (done, in all).

        folder = prep.patches(ds, size=96, per_image=20).folder
    """
    failures = Failures(max_failed)
    with opened_alone(root_of(dataset)) as opened:
        cut = cut_patches(
            ensure_split(opened, seed, say_nothing, failures), size=size, per_image=per_image, foreground=foreground,
            flips=flips, patch_format=format, seed=seed, workers=workers, overwrite=overwrite, progress=progress,
            failures=failures,
        )  # fmt: skip
    return replace(cut, problems=tuple(failures.problems))


@anchored
@checked()
@recorded(lambda given, _: root_of(given["dataset"]))
def report(dataset: Dataset | str | Path, *, workers: int | None = None, progress: Progress = silent) -> Path:
    """Write report.html into a dataset and return its path: findings, pictures, classes, splits, sizes and colours.

    dataset: its folder, or an open one.  workers: processes; None is all cores.  progress: called with (done, in all).
    It is a single file without scripts, and replaces the one that is there. Raises SegError if it is no dataset.

        webbrowser.open(prep.report(ds).resolve().as_uri())
    """
    with opened_alone(root_of(dataset)) as opened:
        start_over(opened.root)
        return write_report(opened, check_dataset(opened.root, workers, progress), workers, bar_of(progress))


@checked()
def export(
    dataset: Dataset | str | Path,
    *,
    output: str | Path,
    to: ToolName,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> ExportSummary:
    """Export images and masks of a dataset to the layout of another tool, without loss.

    output: a new or empty folder, or a file ending in .zip.  to: "rgb", "voc", "coco", "labelme", "cvat" or "yolo".
    `left_out` of the result names the samples without image or mask, `problems` says which have a damaged file. Raises
    SegError if these are more than `max_failed` (None: any number may), if something stands at `output` and `overwrite`
    is not set, or if the layout cannot hold the classes.
    workers: processes; None is all cores.  progress: called with (done, in all).

        prep.export(ds, output="campus-voc", to="voc")
    """
    failures = Failures(max_failed)
    done = export_dataset(
        root_of(dataset), Path(output), to, overwrite=overwrite, workers=workers, progress=progress, failures=failures
    )
    return replace(done, problems=tuple(failures.problems))


@checked(output=need_place("output"), shard_size=NumberRange(LEAST_SHARD))
def pack(
    dataset: Dataset | str | Path,
    *,
    output: str | Path,
    shard_size: int = 1_000_000_000,
    max_failed: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Packed:
    """Pack all files of a dataset into tar shards of WebDataset's layout with a Parquet index.

    output: a URL as "s3://bucket/name", or a new folder.  shard_size: bytes, 65,536 or more. Readers see the index when
    all shards are there. Files are copied as they are; `problems` of the result names samples of which one is missing.
    Raises SegError if these are more than `max_failed` (None: any number may), if another dataset is there and
    `overwrite` is not set, if the storage fails for good, or if the extra cloud is missing.
    workers: at work at the same time; None is all cores.  progress: called with (done, in all).

        prep.pack(ds, output="s3://bucket/campus")
    """
    return pack_dataset(
        root_of(dataset),
        str(output),
        shard_size=shard_size,
        overwrite=overwrite,
        workers=workers,
        progress=progress,
        failures=Failures(max_failed),
    )


@checked(url=need_place("url"))
def unpack(
    url: str | Path,
    *,
    output: str | Path,
    split: Collection[SplitName] = (),
    workers: int | None = None,
    progress: Progress = silent,
) -> Unpacked:
    """Unpack a packed dataset from a URL or a folder into the new folder `output`, byte for byte.

    url: as "s3://bucket/name", or the folder.  split: ("train",) fetches the samples of this split alone; () all.
    Raises SegError if something else stands at `output`, if nothing is packed there, or if a file has not the content
    that was packed.
    workers: at work at the same time; None is all cores.  progress: called with (done, in all).

        prep.unpack("s3://bucket/campus", output="datasets/campus")
    """
    return unpack_dataset(str(url), Path(output), splits=split, workers=workers, progress=progress)


@checked(address=need_place("address"))
@contextmanager
def cluster(address: str | Path, *, folders: Sequence[str | Path] = ()) -> Iterator[None]:
    """During a `with` block, let the workers of a Dask cluster do the work of all functions over many files.

    address: of its scheduler, such as "tcp://10.0.0.1:8786", or the scheduler's file.  folders: where data lie and
    results are written, to be proved seen by every worker before anything begins. Raises SegError if no scheduler or no
    worker answers, if one runs other code than this process or does not see a folder, or without the extra cluster.

        with prep.cluster("tcp://10.0.0.1:8786"):
            prep.stats("datasets/campus")
    """
    with connected(str(address), [Path(folder) for folder in folders]):
        yield


def _all_named(name: str, sources: str | Path | Dataset | Sequence[str | Path]) -> list[Path]:
    several = [sources] if isinstance(sources, str | Path | Dataset) else sources
    if not several:
        raise SegError(f"{name}=[]: needs a path, or several")
    return [root_of(source) for source in several]


@contextmanager
def _class_file(classes: str | Path | ClassMap | None) -> Iterator[Path | None]:
    """The file of a class map."""
    if not isinstance(classes, ClassMap):
        yield None if classes is None else Path(classes)
        return
    with TemporaryDirectory() as folder:
        write_classes(Path(folder) / CLASSES, classes)
        yield Path(folder) / CLASSES
