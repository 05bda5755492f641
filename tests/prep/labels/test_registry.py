"""The registry of label formats: what is recognised, what is said of the rest, and formats of other packages."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from prep.labels.contents import Contents
from prep.labels.formats import CERTAIN, NO
from prep.labels.registry import BUILT_IN, formats, reader_names
from tests.support import load, masks_of, random_image, random_mask, run_error, run_ok, run_prep, save

_PLUGIN = """
from pathlib import Path
import numpy as np
from prep.labels.formats import CERTAIN, NO, FileFormat
from prep.labels.pixels.ids import IdCodes
from prep.labels.reader import LabelSource, RawLabel


class DotsReader(IdCodes):
    name = "dots"

    def read(self, label):
        rows = label.path.read_text().split()
        return np.array([[int(value) for value in row] for row in rows], np.uint32)


def recognised(contents):
    return CERTAIN if contents.of_suffix(".dots") else NO


def opened(contents, variable):
    return LabelSource("dots", tuple(RawLabel(file.path, file.stem) for file in contents.of_suffix(".dots")))


FORMAT = FileFormat("dots", "rows of digits of Dots 3000", recognised, opened, (DotsReader(),))
"""


def add_package(folder: Path, module: str, code: str, entry: str) -> dict[str, str]:
    """An installed package with an entry point; the environment in which Python finds it."""
    (folder / f"{module}-1.0.dist-info").mkdir(parents=True)
    (folder / f"{module}-1.0.dist-info" / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n"
    )
    (folder / f"{module}-1.0.dist-info" / "entry_points.txt").write_text(f"[seg_prep.labels]\n{entry}\n")
    (folder / f"{module}.py").write_text(code)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}


def seg_prep(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    program = "from prep.cli.main import main; main()"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_another_package_adds_a_format(tmp_path: Path) -> None:
    environment = add_package(tmp_path / "site", "dots3000", _PLUGIN, "dots = dots3000:FORMAT")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.dots").write_text("010\n221\n")
    (tmp_path / "classes.txt").write_text("sky\nsea\nland\n")
    save(tmp_path / "photos" / "a.png", np.zeros((2, 3, 3), np.uint8))
    convert = ("masks", "convert", tmp_path / "labels", "--images", tmp_path / "photos")
    done = seg_prep(
        environment, *convert, "--classes", tmp_path / "classes.txt", "-o", tmp_path / "set", "--workers", 2
    )
    assert done.returncode == 0, done.stderr
    assert masks_of(tmp_path / "set")["a"].tolist() == [[0, 1, 0], [2, 2, 1]]
    assert "rows of digits of Dots 3000" in seg_prep(environment, "masks", "inspect", "--formats").stdout


@pytest.mark.parametrize(
    ("code", "entry", "said"),
    [
        (
            "import nowhere_to_be_found",
            "dots = dots3000:FORMAT",
            "the label format dots of the package dots3000 cannot be",
        ),
        (
            _PLUGIN.replace('"dots", "rows', '"coco", "rows'),
            "dots = dots3000:FORMAT",
            "adds a label format 'coco', and there",
        ),
    ],
)
def test_a_package_that_does_not_fit_is_named(tmp_path: Path, code: str, entry: str, said: str) -> None:
    environment = add_package(tmp_path / "site", "dots3000", code, entry)
    save(tmp_path / "labels" / "a.png", np.zeros((2, 3), np.uint8))
    done = seg_prep(environment, "masks", "inspect", tmp_path / "labels")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert said in done.stderr


def test_names_are_unique() -> None:
    assert len({each.name for each in BUILT_IN}) == len(BUILT_IN) == len(formats())
    assert len(reader_names()) == len(set(reader_names()))


def test_inspect_lists_every_format() -> None:
    listed = run_ok("masks", "inspect", "--formats").stdout
    for each in BUILT_IN:
        assert f"\n{each.name} " in listed
        assert each.title in listed


def test_an_unknown_reader_is_a_wrong_option(tmp_path: Path) -> None:
    result = run_prep("masks", "inspect", tmp_path, "--from", "psd")
    assert result.exit_code == 2
    assert "'psd' is none of rgb, ids" in result.stderr


def test_what_is_there_is_said_where_nothing_is_recognised(tmp_path: Path) -> None:
    for name in ("a.abc", "b.abc", "c.xyz", "readme"):
        (tmp_path / name).write_text("?")
    said = run_error("masks", "convert", tmp_path, "-o", tmp_path / "set")
    assert "and found 2 .abc, 1 .xyz, 1 without ending. No labels yet?" in said


@pytest.mark.parametrize("each", BUILT_IN, ids=lambda each: each.name)
def test_nothing_recognises_an_empty_folder(each: object, tmp_path: Path) -> None:
    assert each.recognise(Contents(tmp_path)) == NO < CERTAIN  # type: ignore[attr-defined]


def test_a_table_of_another_kind_is_named(tmp_path: Path) -> None:
    save(tmp_path / "raw/imgs/a.png", random_image(0))
    (tmp_path / "raw/labels.csv").write_text('image,label,points\na.png,road,"[[1, 2], [3, 4], [5, 0]]"\n')
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert "labels.csv is a table of no kind that is read: run lengths (image, class)" in said
    assert "export polygons as COCO JSON" in said


def photos_with(path: Path, *kinds: str) -> Path:
    """Three photos, and labels of them of these kinds: LabelMe and YOLO beside them, masks in a folder."""
    for stem in "abc":
        save(path / "images" / f"{stem}.jpg", random_image(0, 30, 40))
        beside = path / "images" / stem
        if "labelme" in kinds:
            shape = {"label": "road", "points": [[1, 1], [9, 1], [9, 9]], "shape_type": "polygon", "flags": {}}
            size = {"imagePath": f"{stem}.jpg", "imageData": None, "imageHeight": 30, "imageWidth": 40}
            beside.with_suffix(".json").write_text(json.dumps({"version": "5.0", "shapes": [shape], **size}))
        if "yolo" in kinds:
            beside.with_suffix(".txt").write_text("0 0.1 0.1 0.5 0.1 0.5 0.5\n")
            (path / "data.yaml").write_text("names: [road]\n")
        if "masks" in kinds:
            save(path / "masks" / f"{stem}.png", random_mask(0, 30, 40))
    return path


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (("labelme",), ""),
        (("yolo",), ""),
        (("labelme", "yolo"), "text files of YOLO beside them not read"),
        (("labelme", "masks"), "3 masks of the same photos (masks/a.png) not read; to read these, name"),
        (("yolo", "masks"), "3 masks of the same photos (masks/a.png) not read; to read these, name"),
    ],
)
def test_labels_of_the_same_photos_that_are_not_read_are_told(
    tmp_path: Path, kinds: tuple[str, ...], said: str
) -> None:
    told = run_ok("masks", "convert", photos_with(tmp_path / "raw", *kinds), "-o", tmp_path / "d").stdout
    assert said in told
    assert ("not read" in told) == bool(said)
    assert all(
        np.array_equal(load(tmp_path / "d/images" / f"{stem}.jpg"), load(tmp_path / "raw/images" / f"{stem}.jpg"))
        for stem in "abc"
    )


@pytest.mark.parametrize("folder", ["images", "masks"])
def test_masks_of_photos_without_a_label_are_named_and_can_be_added(tmp_path: Path, folder: str) -> None:
    """Some photos were labelled in LabelMe, the others in a paint program."""
    raw, out = photos_with(tmp_path / "raw", "labelme"), tmp_path / "d"
    for stem in "de":
        save(raw / "images" / f"{stem}.jpg", random_image(0, 30, 40))
        save(raw / folder / f"{stem}.png", np.pad(np.ones((10, 10), np.uint8), ((20, 0), (30, 0))))
    said = run_ok("masks", "convert", raw, "-o", out).stdout
    assert f"masks of photos without a label of LabelMe JSON, not read: 2 ({folder}/d.png, {folder}/e.png)" in said
    assert masks_of(out).keys() == {*"abc"}
    assert "not read" not in run_ok("masks", "convert", raw, "-o", out, "--from", "ids").stdout
    masks = masks_of(out)
    assert masks.keys() == {*"abcde"}
    assert [(int(mask[25, 35]), int(mask[5, 5])) for mask in masks.values()] == [(0, 1)] * 3 + [(1, 0)] * 2


def test_masks_that_are_called_so_beside_labelled_photos_are_told(tmp_path: Path) -> None:
    raw = photos_with(tmp_path / "raw", "labelme")
    save(raw / "images" / "a_mask.png", np.ones((30, 40), np.uint8))
    said = run_ok("masks", "convert", raw, "-o", tmp_path / "d").stdout
    assert "masks of photos that have a label of LabelMe JSON, too, not read: 1 (images/a_mask.png); the same" in said
    assert masks_of(tmp_path / "d").keys() == {*"abc"}
