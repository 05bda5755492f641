"""All label formats, ours and those of other packages: which one reads what lies where a person points."""

import functools
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.failures import refused
from prep.core.files import within_limits
from prep.core.words import as_source, counted, lines, list_some
from prep.images.finding import FoundFile, refuse_equal_stems, wrong_name
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.annotators import (
    annotation_xml,
    darwin,
    isat,
    labelbox,
    page_xml,
    superannotate,
    supervisely,
    via,
    via3,
    vott,
)
from prep.labels.archive import member_names
from prep.labels.array_samples import samples
from prep.labels.class_files import DEFINITION_NAMES
from prep.labels.competitions import deep_fashion, open_images, run_length_csv
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat, JsonFormat, LabelFormat
from prep.labels.layouts.affixes import Patterns
from prep.labels.layouts.lists import lists_of, with_listed_splits
from prep.labels.layouts.pair_tables import pairs_in
from prep.labels.layouts.splits import with_note_on_split, with_splits_of_folders
from prep.labels.left_out import masks_beside
from prep.labels.matlab import ground_truth, matrix
from prep.labels.microscopes import geojson, imagej, slide_xml
from prep.labels.pairs.former_datasets import note_on_former
from prep.labels.pixels import (
    ade20k,
    arrays,
    images,
    labelme_folders,
    object_ids,
    pair_lists,
    part_masks,
    supervisely_masks,
    voc,
)
from prep.labels.reader import LabelReader, LabelSource, RawLabel
from prep.labels.region_labels import RegionCodes
from prep.labels.regions import (
    cityscapes_polygons,
    coco,
    cvat,
    labelme,
    labelstudio,
    labelstudio_png,
    map_vectors,
    named_only,
    panoptic,
    yolo,
)
from prep.labels.services import (
    cloud_lines,
    dataloop,
    datumaro,
    diffgram,
    encord,
    hasty,
    kili,
    labelbox_json,
    prodigy,
    scalabel,
    scale,
    segment_anything,
)
from prep.labels.shapes.photo_notes import refuse_shared

GROUP = "seg_prep.labels"
"""Other packages add formats under this entry point: each names a LabelFormat."""

BUILT_IN: tuple[LabelFormat, ...] = (
    *(images.FORMAT, voc.FORMAT, ground_truth.FORMAT, ground_truth.NUMBERED, matrix.FORMAT),
    *(labelme.FORMAT, coco.FORMAT, cvat.FORMAT, labelstudio.FORMAT, labelstudio_png.FORMAT, yolo.FORMAT),
    *(
        labelme_folders.FORMAT,
        object_ids.FORMAT,
        pair_lists.FORMAT,
        part_masks.CLASS_MASKS,
        part_masks.OBJECTS,
        supervisely_masks.FORMAT,
        arrays.FORMAT,
        samples.FORMAT,
        ade20k.FORMAT,
    ),
    *(panoptic.FORMAT, supervisely.FORMAT, via.FORMAT, via.CSV),
    *(run_length_csv.FORMAT, open_images.FORMAT, deep_fashion.FORMAT),
    *(imagej.FORMAT, geojson.FORMAT, slide_xml.FORMAT),
    *(darwin.FORMAT, superannotate.FORMAT, isat.FORMAT, vott.FORMAT, labelbox.FORMAT, via3.FORMAT),
    *(annotation_xml.FORMAT, cityscapes_polygons.FORMAT, datumaro.FORMAT, labelbox_json.FORMAT, dataloop.FORMAT),
    *(hasty.FORMAT, kili.FORMAT, encord.FORMAT, scale.FORMAT, scalabel.FORMAT, segment_anything.FORMAT),
    *(cloud_lines.AZURE, cloud_lines.VERTEX),
    *(page_xml.FORMAT, diffgram.FORMAT, prodigy.FORMAT),
    map_vectors.FORMAT,
    *named_only.FORMATS,
)


@functools.cache
def formats() -> tuple[LabelFormat, ...]:
    """All formats; SegError if one of another package cannot be loaded, or has a name that stands already."""
    found = list(BUILT_IN)
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        package = entry.dist.name if entry.dist else entry.value
        try:
            added: LabelFormat = entry.load()
        except Exception as error:  # of somebody else: it raises anything
            raise SegError(
                f"the label format {entry.name} of the package {package} cannot be loaded ({error}); "
                f"update the package, or type: pip uninstall {package}"
            ) from error
        if any(each.name == added.name for each in found):
            raise SegError(f"the package {package} adds a label format {added.name!r}, and there is one already")
        found.append(added)
    return tuple(found)


def reader_names() -> tuple[str, ...]:
    """What --from may say."""
    return tuple(dict.fromkeys(reader.name for each in formats() for reader in each.readers))


def reader_named(name: str, names: tuple[str, ...] | None = None) -> LabelReader:
    """The reader that --from names; names: those of the regions, so that it can say them."""
    reader = next(reader for each in formats() for reader in each.readers if reader.name == name)
    return replace(reader, names=names) if isinstance(reader, RegionCodes) and names else reader


def label_source(
    source: Path,
    reader: str | None = None,
    variable: str = "",
    patterns: Patterns | None = None,
    photos: Path | None = None,
    without: Sequence[Path] = (),
    sizes: Callable[[], Mapping[str, tuple[int, int]]] = dict,
    *,
    skips: bool = False,
) -> LabelSource:
    """List the labels of a folder, a zip file or a label file, in a fixed order.

    The reader of the result is empty where only the class map can tell how to read them: see choose_reader.
    reader: what --from says.  variable: which variable of .mat files, or attribute of regions, holds the labels.
    patterns: what --match says.  photos: the folder in which photos are that the labels name, where a person says it.
    without: folders of results, of which nothing is a label.
    sizes: gives width and height of photos that are not here any more, by stem, to labels that say none.
    skips: whether --skip-unpaired says that some labels and photos pair with nothing.
    Raises SegError if there are no labels, or two with the same stem.
    """
    with within_limits(source):
        of_json = [each for each in formats() if isinstance(each, JsonFormat)]
        owners = {each.name: each.owns for each in of_json}
        lists = tuple(each.lists for each in of_json)
        contents = Contents(source, owners, patterns, photos, variable, lists, reader, without, sizes, skips=skips)
        chosen = _format_of(contents, reader)
        opened = _with_other_files(chosen, contents, chosen.open(contents, variable))
        found = with_listed_splits(opened, lists_of(contents))
        found = with_note_on_split(with_splits_of_folders(found, source, photos), source)
        found = replace(found, notes=(*found.notes, *note_on_former(contents.former)))
    found = _with_names_of_files(found)
    if not found.labels:
        raise refused(list(found.damaged.values())) if found.damaged else _nothing(contents)
    refuse_equal_stems([FoundFile(label.path, f"{label.stem}.x") for label in found.labels])
    if found.names_photos:
        refuse_shared(found.photos.values())
    return found if reader is None else _read_as(found, reader)


def _with_names_of_files(found: LabelSource) -> LabelSource:
    """Without labels whose names are none for files of a dataset: each counts as a damaged one."""
    odd = {label.stem: wrong for label in found.labels if (wrong := wrong_name(label.path, label.stem))}
    labels = tuple(label for label in found.labels if label.stem not in odd)
    return replace(found, labels=labels, damaged={**found.damaged, **odd}) if odd else found


def _with_other_files(own: LabelFormat, contents: Contents, found: LabelSource) -> LabelSource:
    """With what is said of labels in files of other kinds, and of JSON files, that this format did not read.

    Where each photo has a file, one that is damaged, or has the name of a photo, is a label that is lost.
    """
    if not isinstance(own, JsonFormat):
        notes = [*_json_beside(contents), *masks_beside(contents, found, own.title)] if found.names is not None else []
        return replace(found, notes=(*found.notes, *notes)) if notes else found
    damaged = contents.damaged_json
    read = {file.path for file in contents.owned_json.get(own.name, ())}
    others = [
        file
        for file in contents.of_suffix(".json")
        if not (file.path in read or file.stem in damaged or file.path.name in DEFINITION_NAMES)
    ]
    is_photo = {file.stem for file in contents.of_suffix(*IMAGE_SUFFIXES)} if others and own.each_photo else set()
    lost = {
        file.stem: f"{file.path}: is not of {own.title}; export it again" for file in others if file.stem in is_photo
    }
    rest = [file.name for file in others if file.stem not in lost]
    notes = [f"left out, because they are not of {own.title}: {list_some(rest)}"] if rest else []
    notes += [*masks_beside(contents, found, own.title), *_texts_beside(contents), *_in_gbk(contents)]
    return replace(found, notes=(*found.notes, *notes), damaged={**found.damaged, **damaged, **lost})


def _json_beside(contents: Contents) -> list[str]:
    known = {each.name: each for each in formats()}
    owned = [(known[name], files) for name, files in contents.owned_json.items()]
    return [
        f"{counted(len(files), 'file')} of {own.title} beside them ({files[0].name}) not read: --from {own.name} does"
        for own, files in owned
        if own.recognise(contents) >= LIKELY
    ]


def _in_gbk(contents: Contents) -> list[str]:
    """A note on files that are no UTF-8, with what that makes of their names."""
    if not contents.in_gbk:
        return []
    words = dict.fromkeys(word for text in contents.in_gbk.values() for word in re.findall(r"[^\x00-\x7f]+", text))
    files = f"{counted(len(contents.in_gbk), 'file')} ({list_some(sorted(contents.in_gbk))})"
    return [
        f"read as GBK, which is not stated, as they are no UTF-8: {files}; look at the names: {list_some([*words])}"
    ]


def _texts_beside(contents: Contents) -> list[str]:
    is_there = yolo.FORMAT.recognise(contents) >= LIKELY
    return ["text files of YOLO beside them not read; to read these, move the JSON files away"] if is_there else []


def _format_of(contents: Contents, reader: str | None) -> LabelFormat:
    """The format that recognises most surely what is there, the first of several; of those that --from allows."""
    named = [each for each in formats() if each.name == reader]
    if named and (isinstance(named[0], JsonFormat) or named[0] in (part_masks.OBJECTS, part_masks.CLASS_MASKS)):
        return named[0]
    any_json = reader is None or contents.source.suffix.lower() == ".json"
    allowed = [each for each in formats() if any_json or not isinstance(each, JsonFormat)]
    chosen = max(allowed, key=lambda each: each.recognise(contents))
    if chosen.recognise(contents) == NO:
        raise _nothing(contents)
    return chosen


def reads_zip(archive: Path) -> bool:
    """Whether a format opens this zip file itself; the others read files, and so an unpacked folder."""
    contents = Contents(archive)
    able = [each for each in formats() if isinstance(each, FileFormat) and each.in_zip]
    return any(each.recognise(contents) > NO for each in able) or images.holds_only_masks(contents, DEFINITION_NAMES)


def _nothing(contents: Contents) -> SegError:
    if contents.source.suffix.lower() in (".json", ".jsonl") and pairs_in(contents.source):
        return SegError(
            f"{contents.source}: names images with their masks; name the folder that its paths begin in:"
            f"\n  {shlex.quote(str(contents.source.parent))}"
        )
    if contents.source.suffix.lower() == ".json":
        if contents.owned_json or not contents.damaged_json:
            titles = ", ".join(each.title for each in formats() if isinstance(each, JsonFormat))
            return SegError(f"{contents.source}: a JSON file of no format that is read; those are {titles}")
        return refused(list(contents.damaged_json.values()))
    if contents.damaged_json:
        return refused(list(contents.damaged_json.values()))
    if zips := contents.of_suffix(".zip"):
        return _in_zips(contents.source, zips)
    return SegError(
        f"{contents.source}: no labels here; looked for masks ({', '.join(sorted(IMAGE_SUFFIXES))}) and for the "
        f"formats that 'seg-prep masks inspect --formats' lists, and found {contents.counts()}. {_on_tables(contents)}"
        "No labels yet? Bring the photos in with 'seg-prep resize', and draw masks with 'seg-prep annotate'"
    )


def _on_tables(contents: Contents) -> str:
    """What tables are read, where one lies there that is of another kind."""
    tables = contents.of_suffix(".csv", ".tsv")
    return (
        f"{tables[0].name} is a table of no kind that is read: run lengths (image, class), VGG Image Annotator's, and "
        "images with their masks; export polygons as COCO JSON. "
        if tables
        else ""
    )


def _in_zips(source: Path, zips: Sequence[FoundFile]) -> SegError:
    listed = f"{source}: no labels here but in {list_some([file.name for file in zips])}; "
    if len(zips) == 1:
        return SegError(f"{listed}{as_source([shlex.quote(str(zips[0].path))])}")
    held = [name for file in zips for name in member_names(file.path)]
    apart = len({*held}) < len(held)  # or one would overwrite what another holds
    ways = [
        shlex.join(["unzip", str(file.path), "-d", str(file.path.with_suffix("") if apart else source)])
        for file in zips[:6]
    ]
    return SegError(f"{listed}unpack them here, and type the same command again:{lines(ways)}")


def _read_as(found: LabelSource, reader: str) -> LabelSource:
    """What a person says of labels whose kind does not contradict it."""
    label = found.labels[0].path
    if found.names is not None or found.reader == ground_truth.GroundTruthReader.name:
        if reader != found.reader:
            tool = next(each.title for each in formats() if any(own.name == found.reader for own in each.readers))
            raise SegError(f"--from {reader} cannot read {label}: that is a file of {tool}; leave --from out")
        return found
    matrices = {"mat": ".mat files", "npy": "NumPy files"}
    if reader != found.reader and (reader in matrices or found.reader in matrices):
        kind = matrices.get(found.reader, "image files")
        raise SegError(f"--from {reader} cannot read {label}: these labels are {kind}")
    if reader == object_ids.ObjectIdReader.name:
        return replace(found, reader=reader, guess=found.guess or object_ids.object_class())
    return replace(found, reader=reader)


def reader_of(
    source: LabelSource,
    labels: Sequence[RawLabel],
    classes: ClassMap | None,
    *,
    has_colors: bool = True,
    has_ids: bool = True,
) -> LabelReader:
    """The reader of a source: what it says itself, or what these of its labels are best read with."""
    if source.reader:
        return reader_named(source.reader, source.names)
    return images.choose_reader(labels, classes, has_colors=has_colors, has_ids=has_ids)
