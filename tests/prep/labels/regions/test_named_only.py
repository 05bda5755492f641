"""Formats that are recognised and not read are named, with what to export instead, and nothing is written."""

import json
from pathlib import Path

import numpy as np
import pytest

from prep.labels.regions import map_vectors, named_only
from tests.support import random_image, run_error, save

FORMATS = (*named_only.FORMATS, map_vectors.FORMAT)
JSON = {
    "segments-ai": {"name": "v1", "dataset": {"samples": []}},
    "create-ml": [{"image": "a.jpg", "annotations": []}],
}
FILES = {
    "tfrecord": ("a.tfrecord", "x"),
    "nifti": ("a.nii.gz", "x"),
    "dicom": ("a.dcm", "x"),
    "hdf5": ("a.h5", "x"),
    "vector": ("a.gpkg", "x"),
    "zarr": ("a.zarray", "x"),
    "xcf": ("a.xcf", "x"),
    "psd": ("a.psd", "x"),
    "nrrd": ("a.seg.nrrd", "x"),
    "ora": ("a.kra", "x"),
    "svg": ("a.svg", "<svg/>"),
    "labkit": ("a.tif.labeling", "{}"),
    "qupath-data": ("a.qpdata", "x"),
    "webknossos": ("a.wkw", "x"),
    "ilastik": ("a.ilp", "x"),
    "pickle": ("a.pkl", "x"),
    "database": ("data.mdb", "x"),
    "imagej-results": ("a.csv", " ,Area,Mean\n1,2,3\n"),
    "alto": ("a.xml", '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"/>'),
    "language-jsonl": ("a.jsonl", '{"image": "a.jpg", "prefix": "<OD>", "suffix": "road<loc_1>"}'),
    "oriented-boxes": ("labelTxt/a.txt", "1.0 1.0 9.0 1.0 9.0 9.0 1.0 9.0 road 0\n"),
    "parquet": ("a.parquet", "x"),
    "archive": ("a.tar", "x"),
    "cellpose": ("a_seg.npy", "x"),
    "labelstudio-csv": ("a.csv", "annotation_id,annotator\n"),
    "napari-csv": ("a.csv", "index,shape-type,vertex-index,axis-0,axis-1\n"),
    "sagemaker": ("a.manifest", '{"source-ref": "s3://x/a.jpg"}'),
}


def test_each_is_tried() -> None:
    assert {each.name for each in FORMATS} == {*JSON, *FILES, "packed"}


@pytest.mark.parametrize("each", [each for each in FORMATS if each.name != "packed"], ids=lambda each: each.name)
@pytest.mark.parametrize("whole_folder", [True, False])
def test_it_is_named_with_the_way_out(each: object, whole_folder: bool, tmp_path: Path) -> None:
    name, text = FILES.get(each.name) or ("a.json", json.dumps(JSON[each.name]))  # type: ignore[attr-defined]
    save(tmp_path / "raw" / "a.jpg", random_image(0))
    (tmp_path / "raw" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "raw" / name).write_text(text)
    source = tmp_path / "raw" if whole_folder else tmp_path / "raw" / name
    for command in (("masks", "inspect", source), ("masks", "convert", source, "-o", tmp_path / "set")):
        said = run_error(*command)
        assert f"recognised as {each.title}, which is not read here; " in said  # type: ignore[attr-defined]
    assert not (tmp_path / "set").exists()


def test_masks_beside_such_files_are_read(tmp_path: Path) -> None:
    save(tmp_path / "raw" / "images" / "a.png", random_image(0))
    save(tmp_path / "raw" / "masks" / "a.png", np.array([[0, 1, 300]], np.uint16))
    (tmp_path / "raw" / "train.csv").write_text("img,rle_mask\na.png,1 3\n")
    assert "which value is which class?" in run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
