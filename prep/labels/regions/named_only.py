"""Formats that are recognised and not read: what each is called, and what to export in its tool instead."""

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

from prep.core.errors import SegError
from prep.dataset.missing import is_packed_folder
from prep.images.finding import FoundFile
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, JsonFormat, LabelFormat, NamedOnly
from prep.labels.pixels.images import are_told
from prep.labels.reader import LabelSource

_PNG_MASKS = "a PNG mask for each photo"
_FIRST_LINE = 4096
_BOX = re.compile(rb"(?:-?[\d.]+ ){8}\S+ \d")


def _json(name: str, title: str, owns: Callable[[Any], bool], instead: str) -> LabelFormat:
    def refuse(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
        raise SegError(f"{files[0].path}: recognised as {title}, which is not read here; {instead}")

    return JsonFormat(name, title, owns, refuse, rules=f"Recognised, not read: {instead}.")


def _is_segments_ai(content: Any) -> bool:  # noqa: ANN401
    dataset = content.get("dataset") if isinstance(content, dict) else None
    return isinstance(dataset, dict) and isinstance(dataset.get("samples"), list)


def _is_create_ml(content: Any) -> bool:  # noqa: ANN401
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and "image" in first and isinstance(first.get("annotations"), list)


def _by_end(*ends: str, marks: Sequence[bytes] = ()) -> Callable[[Contents], float]:
    """Sure where such files lie and images are not told to be photos and masks by their names.

    ends: how names of the files end.  marks: of which one stands at the beginning of the first file.
    """
    suffixes = {PurePosixPath(f"x{end}").suffix for end in ends}

    def recognised(contents: Contents) -> float:
        files = [file for file in contents.of_suffix(*suffixes) if file.path.name.lower().endswith(ends)]
        if not files:
            return NO
        head = contents.head(files[0], _FIRST_LINE) if marks else b""
        if marks and not any(mark in head for mark in marks):
            return NO
        return NO if are_told(contents) else LIKELY

    return recognised


def _turned_boxes(contents: Contents) -> float:
    """Files of lines of four corners, a name and a number, below a folder labelTxt."""
    files = [file for file in contents.of_suffix(".txt") if "labeltxt" in file.path.parent.name.lower()]
    lines = contents.text_head(files[0]).split(b"\n") if files else []
    return LIKELY if any(_BOX.match(line) for line in lines) and not are_told(contents) else NO


FORMATS: tuple[LabelFormat, ...] = (
    _json(
        "segments-ai",
        "a release of Segments.ai",
        _is_segments_ai,
        "its masks lie on a server: export it as COCO panoptic or semantic PNG files with the package segments-ai",
    ),
    _json(
        "create-ml", "Apple's CreateML JSON", _is_create_ml, "it holds boxes, and no masks: export polygons or masks"
    ),
    NamedOnly("tfrecord", "TFRecord files", _by_end(".tfrecord", ".tfrecords"), f"write {_PNG_MASKS}"),
    NamedOnly(
        "nifti", "NIfTI volumes", _by_end(".nii", ".nii.gz"), f"write their slices as PNG photos, and {_PNG_MASKS}"
    ),
    NamedOnly("dicom", "DICOM files", _by_end(".dcm", ".dicom"), f"write PNG or TIFF photos, and {_PNG_MASKS}"),
    NamedOnly(
        "hdf5",
        "HDF5 files",
        _by_end(".h5", ".hdf5", ".hdf"),
        f"write PNG or TIFF photos, and {_PNG_MASKS} (in ilastik: Export, Format png or tif)",
    ),
    NamedOnly("zarr", "Zarr arrays", _by_end(".zarray", ".zgroup"), f"write {_PNG_MASKS}"),
    NamedOnly(
        "nrrd",
        "NRRD and MetaImage volumes (3D Slicer)",
        _by_end(".nrrd", ".nhdr", ".mha", ".mhd"),
        f"write their slices as PNG photos, and {_PNG_MASKS} (in 3D Slicer: Segmentations, Export to files, PNG)",
    ),
    NamedOnly("xcf", "GIMP's own files", _by_end(".xcf"), "in GIMP choose File, Export As, PNG for each"),
    NamedOnly("psd", "Photoshop's own files", _by_end(".psd", ".psb"), "in Photoshop choose Save a Copy, PNG for each"),
    NamedOnly(
        "ora", "files of Krita and OpenRaster", _by_end(".kra", ".ora"), "in Krita choose File, Export, PNG for each"
    ),
    NamedOnly(
        "svg",
        "drawings in SVG, Illustrator or EPS",
        _by_end(".svg", ".ai", ".eps"),
        f"write {_PNG_MASKS}, of the photo's size and without soft edges (in Inkscape: File, Export, PNG)",
    ),
    NamedOnly(
        "labkit",
        "Labkit's own files",
        _by_end(".labeling"),
        "in Labkit choose Segmentation, Save Segmentation Result as TIF, or save the labeling as .tif",
    ),
    NamedOnly(
        "qupath-data",
        "QuPath's own files",
        _by_end(".qpdata", ".qpproj"),
        "in QuPath choose File, Export objects as GeoJSON",
    ),
    NamedOnly("webknossos", "WEBKNOSSOS datasets", _by_end(".wkw"), "in WEBKNOSSOS choose Download, and TIFF"),
    NamedOnly(
        "ilastik", "projects of ilastik", _by_end(".ilp"), "in ilastik choose Export, Source Simple Segmentation, png"
    ),
    NamedOnly(
        "pickle",
        "files of Python objects",
        _by_end(".pkl", ".pickle", ".pt", ".pth", ".joblib"),
        f"they could run any program when they are opened: write {_PNG_MASKS}, or np.save(path, mask)",
    ),
    NamedOnly("database", "LMDB and SQLite databases", _by_end(".mdb", ".sqlite"), f"write {_PNG_MASKS}"),
    NamedOnly(
        "packed",
        "a packed dataset",
        lambda contents: LIKELY if is_packed_folder(contents.source) else NO,
        "'seg-prep unpack FOLDER -o datasets/NAME' brings it back as a dataset, with its masks",
    ),
    NamedOnly("parquet", "Parquet tables", _by_end(".parquet", ".arrow"), f"save their images, and {_PNG_MASKS}"),
    NamedOnly(
        "archive",
        "an archive that is not a zip file",
        _by_end(".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".7z", ".rar"),
        "unpack it (tar -xf FILE; .7z and .rar by 7z x FILE), and name the folder",
    ),
    NamedOnly(
        "cellpose",
        "Cellpose's _seg.npy files",
        _by_end("_seg.npy"),
        "they hold Python objects; in Cellpose choose File, Save masks as PNG, and convert these with "
        "--from object-ids",
    ),
    NamedOnly(
        "labelstudio-csv",
        "Label Studio's CSV or TSV",
        _by_end(".csv", ".tsv", marks=(b"annotation_id",)),
        "in Label Studio choose Export, JSON",
    ),
    NamedOnly(
        "napari-csv",
        "shapes of napari in CSV",
        _by_end(".csv", marks=(b"shape-type,vertex-index",)),
        "in napari choose Layers, Convert to Labels, and save that layer as TIFF",
    ),
    NamedOnly(
        "sagemaker",
        "a manifest of SageMaker Ground Truth",
        _by_end(".manifest", marks=(b"-ref",)),
        "rename its masks as their photos are called, put both into folders masks/ and images/, and name the classes "
        "of its internal-color-map with --classes",
    ),
    NamedOnly(
        "imagej-results",
        "a table of measurements (ImageJ, QuPath, CellProfiler)",
        _by_end(".csv", ".tsv", marks=(b" ,Area,", b"Object ID,", b"ImageNumber,ObjectNumber", b"Centroid X")),
        "it holds no outlines: save ROIs (in ImageJ: ROI Manager, More, Save) or export masks",
    ),
    NamedOnly(
        "alto", "ALTO XML", _by_end(".xml", marks=(b"<alto",)), "it holds boxes of text: export PAGE XML, which is read"
    ),
    NamedOnly(
        "language-jsonl",
        "JSON lines for language models (Florence-2, PaliGemma)",
        _by_end(".jsonl", marks=(b'"suffix"',)),
        "they hold boxes as words, and no masks: export COCO, or PNG masks",
    ),
    NamedOnly(
        "oriented-boxes",
        "YOLO's turned boxes and DOTA's",
        _turned_boxes,
        "they are boxes, and no masks: export YOLO segmentation, COCO, or PNG masks",
    ),
)
