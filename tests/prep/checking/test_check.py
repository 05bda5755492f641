"""Every finding is planted alone into a clean dataset, and found with its names and its counts; nothing else is."""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from prep.checking.check import check_dataset
from prep.checking.findings import Finding, worst_first
from prep.checking.kinds import FINDING_KINDS, filled
from prep.core.classes import ClassMap, classes_from_list, write_classes
from prep.core.errors import SegError
from prep.core.words import counted
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, write_index
from prep.dataset.stats import read_stats
from prep.images.imageio import write_png
from prep.photos.photoio import read_photo
from prep.photos.record import PhotoRecord, write_records
from tests.support import CLASS_LIST, by_stem, load, random_image, run_error, run_ok, run_prep, save, tree
from train.data.data import open_patches

Edit = Callable[[np.ndarray], object]


def only(root: Path) -> Finding:
    """The single finding about a dataset."""
    findings = check_dataset(root, workers=1)
    assert len(findings) == 1, findings
    return findings[0]


def expect(root: Path, severity: str, kind: str, *names: str) -> Finding:
    """Assert what the single finding is about."""
    finding = only(root)
    assert (finding.severity, finding.kind, finding.names) == (severity, kind, names)
    return finding


def change_rows(root: Path, stems: list[str], **values: object) -> None:
    """Change rows of index.csv."""
    samples = by_stem(root)
    write_index(root / "index.csv", [replace(s, **values) if s.stem in stems else s for s in samples.values()])


def add_row(root: Path, sample: Sample) -> None:
    write_index(root / "index.csv", [*by_stem(root).values(), sample])


def edit_mask(root: Path, stem: str, edit: Edit) -> None:
    mask = load(root / "masks" / f"{stem}.png").copy()
    edit(mask)
    save(root / "masks" / f"{stem}.png", mask)


def copy_sample(root: Path, stem: str, new: str, **values: object) -> None:
    """Give a sample a twin with files of its own."""
    for folder in ("images", "masks"):
        shutil.copy(root / folder / f"{stem}.png", root / folder / f"{new}.png")
    twin = replace(by_stem(root)[stem], stem=new, image=f"images/{new}.png", mask=f"masks/{new}.png")
    add_row(root, replace(twin, **values))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """image_0 to image_19 (1 and 11 for validation) and test_0 to test_2, 64 wide x 80 high, nothing to find."""
    folder = tmp_path / "clean"
    samples = []
    for number in range(23):
        stem = f"image_{number}" if number < 20 else f"test_{number - 20}"
        split = "test" if number >= 20 else "val" if number in (1, 11) else "train"
        samples.append(Sample(stem, f"images/{stem}.png", f"masks/{stem}.png", 64, 80, split=split))
        save(folder / "images" / f"{stem}.png", random_image(number, 80, 64))
        mask = np.zeros((80, 64), np.uint8)
        mask[10 : 30 + number, 10:40], mask[60:75, 10 : 30 + number] = 1, 2
        save(folder / "masks" / f"{stem}.png", mask)
    write_classes(folder / "classes.json", classes_from_list(CLASS_LIST))
    write_index(folder / "index.csv", samples)
    return folder


def test_synthetic_images_have_no_errors_and_no_warnings(dataset: Dataset) -> None:
    assert {finding.severity for finding in check_dataset(dataset.root)} <= {"remark"}


def test_a_clean_dataset(root: Path) -> None:
    before = tree(root, provenance=True)
    assert check_dataset(root) == []
    assert run_ok("check", root).stdout == f"no problems found in 23 samples of {root}\n"
    assert tree(root, provenance=True) == before


# Records


def test_no_dataset(tmp_path: Path) -> None:
    assert "not a dataset (no index.csv in it)" in run_error("check", tmp_path)
    with pytest.raises(SegError, match="not a dataset"):
        check_dataset(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"stem,image\n", b'a,"' + b"x" * 200_000])
def test_broken_index(root: Path, content: bytes) -> None:
    (root / "index.csv").write_bytes(content)
    assert expect(root, "error", "broken-index", "index.csv").text.startswith("index.csv cannot be used: ")


def test_broken_index_says_the_line(root: Path) -> None:
    lines = (root / "index.csv").read_text().splitlines()
    (root / "index.csv").write_text("\n".join([*lines[:4], "half,a,row", *lines[4:]]))
    text = "index.csv cannot be used: line 5: 3 columns, expected 7."
    assert expect(root, "error", "broken-index", "index.csv").text == text


def test_empty_index(root: Path) -> None:
    write_index(root / "index.csv", [])
    shutil.rmtree(root / "images")
    shutil.rmtree(root / "masks")
    expect(root, "error", "no-samples")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"classes": []}', b"\xff", b""])
def test_broken_classes(root: Path, content: bytes) -> None:
    (root / "classes.json").write_bytes(content)
    expect(root, "error", "broken-classes", "classes.json")


def test_missing_classes(root: Path) -> None:
    (root / "classes.json").unlink()
    finding = expect(root, "error", "broken-classes", "classes.json")
    assert finding.text == "classes.json cannot be used: no such file or folder."


def test_broken_photos(root: Path) -> None:
    (root / "photos.csv").write_text("stem\n")
    expect(root, "error", "broken-photos", "photos.csv")


def test_damaged_ranges(root: Path) -> None:
    (root / "ranges.json").write_text('{"uint16": [0]}')
    expect(root, "error", "broken-ranges", "ranges.json")


# Files


def test_missing_files(root: Path) -> None:
    (root / "images" / "image_3.png").unlink()
    (root / "masks" / "image_5.png").unlink()
    finding = expect(root, "error", "missing-file", "images/image_3.png", "masks/image_5.png")
    assert finding.text == "2 files named in index.csv do not exist."


def test_a_nul_byte_in_the_index(root: Path) -> None:
    change_rows(root, ["image_3"], image="nul\0")
    assert only(root).text == "index.csv cannot be used: line 15: image holds a NUL byte."


def test_a_long_name_in_the_index(root: Path) -> None:
    (root / "images" / "image_3.png").unlink()
    change_rows(root, ["image_3"], image="x" * 300)
    finding = only(root)
    assert finding.kind == "damaged-image"
    assert finding.names[0].startswith("xxx")


OUTSIDE = ["../../elsewhere.png", "images/../../x.png", "/etc/passwd", "C:/x.png", "..\\x.png", "\\\\host\\x.png"]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("column", ["image", "mask"])
def test_an_index_that_names_files_elsewhere_is_refused_everywhere(root: Path, column: str, name: str) -> None:
    """It would be copied by `masks export`, whose result people pass on."""
    change_rows(root, ["image_3"], **{column: name})
    said = f"{name!r} of image_3 lies outside of the dataset; copy the file into the folder {column}s/ here"
    assert only(root).text == f"index.csv cannot be used: {said.partition(';')[0]}."
    for command in (("masks", "export", root, "--to", "rgb", "-o", root.parent / "out"), ("stats", root)):
        assert said in run_error(*command)
    assert not (root.parent / "out").exists()


@pytest.mark.parametrize(("folder", "kind"), [("images", "damaged-image"), ("masks", "damaged-mask")])
@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_truncated_files(root: Path, folder: str, kind: str, share: float) -> None:
    path = root / folder / "image_4.png"
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    reason = "" if share else " (the file is empty (0 bytes))"
    finding = expect(root, "error", kind, f"{folder}/image_4.png{reason}")
    assert finding.text == f"1 {folder[:-1]} cannot be read: truncated, damaged, or no image at all."


def test_masks_that_are_no_grey_images(root: Path) -> None:
    mask = load(root / "masks" / "image_4.png")
    save(root / "masks" / "image_4.png", np.stack([mask] * 3, 2))
    save(root / "masks" / "image_5.png", mask.astype(np.uint16))
    finding = expect(
        root,
        "error",
        "strange-mask",
        "masks/image_4.png (3 x 8 bits)",
        "masks/image_5.png (1 x 16 bits)",
    )
    assert finding.text == "2 masks are no 8-bit grey image of class indices."


def test_images_in_formats_that_browsers_do_not_show(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first, second = (root / "images" / f"image_{number}.png" for number in (4, 5))
    Image.fromarray(load(first)).save(first, "TIFF", tiffinfo={50000: "a tag that OpenCV warns of"})
    Image.fromarray(load(second)).save(second, "BMP")
    finding = expect(root, "warning", "strange-image", "images/image_4.png (TIFF)", "images/image_5.png (BMP)")
    assert finding.text == "2 images are neither JPEG nor PNG: 'seg-prep annotate' does not show them."
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("compression", [None, "packbits", "tiff_lzw", "tiff_adobe_deflate"])
def test_libraries_write_nothing_to_the_terminal(
    root: Path, compression: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(random_image(4, 80, 64)).save(root / "x.tif", compression=compression)
    data = bytearray((root / "x.tif").read_bytes())
    data[5000:5400] = b"\x95" * 400
    (root / "images" / "image_4.png").write_bytes(data[:8000])
    (root / "x.tif").write_bytes(data)
    expect(root, "error", "damaged-image", "images/image_4.png")
    with suppress(SegError):  # packed and spoiled
        read_photo(root / "x.tif")
    assert capfd.readouterr() == ("", "")


def test_one_pixel_less(root: Path) -> None:
    path = root / "masks" / "image_4.png"
    save(path, load(path)[:-1])
    finding = expect(root, "error", "size-mismatch", "image_4 (image 64 x 80, mask 64 x 79)")
    assert finding.text == "1 mask is of another size than the image."


def test_another_size_than_the_index_says(root: Path) -> None:
    change_rows(root, ["image_4"], width=80, height=64)
    expect(root, "error", "index-size", "image_4 (64 x 80, index.csv says 80 x 64)")


def test_orphans(root: Path) -> None:
    shutil.copy(root / "images" / "image_1.png", root / "images" / "other.png")
    (root / "masks" / "deep").mkdir()
    (root / "masks" / "deep" / "notes.txt").write_text("x")
    finding = expect(root, "warning", "orphan", "images/other.png", "masks/deep/notes.txt")
    assert finding.text == "2 files in images/ or masks/ are not named in index.csv; no command uses them."


@pytest.mark.parametrize(
    "name", ["Images/image_3.png", "images\\image_3.png", " images/image_3.png", "images/IMAGE_3.PNG"]
)
def test_a_file_that_the_index_calls_nearly_so_is_not_to_be_deleted(root: Path, name: str) -> None:
    change_rows(root, ["image_3"], image=name)
    findings = {finding.kind: finding for finding in check_dataset(root, workers=1)}
    hint = "images/image_3.png is there: correct the name in index.csv"
    assert findings["missing-file"].names == (f"{name} ({hint})",)
    assert "orphan" not in findings


def test_masks_of_rejected_images_are_neither_orphans_nor_missing(root: Path) -> None:
    change_rows(root, ["image_1", "image_2"], mask="")
    (root / "states.csv").write_text("stem,state\nimage_1,rejected\nimage_3,done\n")
    (root / "masks" / "image_2.png").unlink()
    expect(root, "warning", "missing-mask", "image_2")


def test_a_rejected_image_whose_mask_is_named(root: Path) -> None:
    (root / "states.csv").write_text("stem,state\nimage_1,rejected\nimage_3,done\n")
    finding = expect(root, "error", "rejected-mask", "image_1")
    assert "1 image is rejected (states.csv), and index.csv names its mask" in finding.text


def test_a_rejected_image_whose_mask_is_called_otherwise(root: Path) -> None:
    (root / "masks" / "image_1.png").rename(root / "masks" / "drawn.png")
    change_rows(root, ["image_1"], mask="masks/drawn.png")
    (root / "states.csv").write_text("stem,state\nimage_1,rejected\n")
    finding = expect(root, "error", "rejected-other-mask", "image_1 (masks/drawn.png)")
    assert "rename the mask to masks/STEM.png" in finding.advice
    said = run_ok("resize", root, "-o", root.parent / "small", "--size", 16).stdout
    assert "1 sample stays rejected (image_1): index.csv does not name its mask" in said


@pytest.mark.parametrize("text", ["", "stem\n", "stem,state\nimage_1,perhaps\n", "stem,state\nimage_1\n", "\udcff"])
def test_broken_states(root: Path, text: str) -> None:
    (root / "states.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    expect(root, "error", "broken-states", "states.csv")


def test_an_orphan_whose_name_cannot_be_shown(root: Path) -> None:
    (root / "images" / "bell\a.png").write_bytes(b"")
    expect(root, "warning", "orphan", r"images/bell\x07.png")
    assert run_ok("check", root, "--json")


@pytest.mark.parametrize("twin", ["Image_4", "IMAGE_4"])
def test_stems_alike_but_for_case(root: Path, twin: str) -> None:
    change_rows(root, ["image_6"], stem=twin)
    finding = expect(root, "error", "duplicate-stem", f"{twin} = image_4")
    assert finding.text.startswith("1 stem stands twice")


def test_stems_alike_but_for_unicode_form(root: Path) -> None:
    change_rows(root, ["image_6"], stem="gr\u00fcn")
    change_rows(root, ["image_7"], stem="gru\u0308n")
    expect(root, "error", "duplicate-stem", "gru\u0308n = gr\u00fcn")


def test_samples_without_mask(root: Path) -> None:
    (root / "masks" / "image_6.png").unlink()
    change_rows(root, ["image_6"], mask="", split="")
    finding = expect(root, "warning", "missing-mask", "image_6")
    assert finding.text == "1 image of 23 has no mask and will not be trained on."


def test_images_only(root: Path) -> None:
    change_rows(root, list(by_stem(root)), mask="", split="")
    shutil.rmtree(root / "masks")
    (root / "classes.json").unlink()
    finding = only(root)
    assert (finding.severity, finding.kind, len(finding.names)) == ("remark", "unlabelled", 23)
    assert finding.text == "23 images of 23 have no mask."


def test_samples_without_image(root: Path) -> None:
    (root / "images" / "image_6.png").unlink()
    change_rows(root, ["image_6"], image="", split="")
    expect(root, "warning", "missing-image", "image_6")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_turned_over(root: Path, orientation: int) -> None:
    write_records(root / "photos.csv", [PhotoRecord("image_4", "a.jpg", 64, 80, orientation, 0, 0, 64, 80)])
    if orientation in (2, 3, 4):
        expect(root, "remark", "turned-over", "image_4")
    else:
        assert check_dataset(root) == []


# Labels


def test_values_outside_the_classes(root: Path) -> None:
    def spoil(mask: np.ndarray) -> None:
        mask[0, :5] = 7
        mask[1, :2] = 200

    edit_mask(root, "image_4", spoil)
    finding = expect(root, "error", "unknown-value", "image_4 (7 in 5 pixels, 200 in 2 pixels)")
    assert finding.text == (
        "1 mask holds values that are no class in classes.json (0 to 2, 255 for ignored): "
        "7 in 5 pixels, 200 in 2 pixels."
    )


def test_classes_that_never_occur(root: Path) -> None:
    classes = Dataset.open(root).classes
    extended = ClassMap((*classes.names, "tree", "car"), (*classes.colors, (1, 2, 3), (4, 5, 6)))
    write_classes(root / "classes.json", extended)
    finding = expect(root, "warning", "absent-class", "car", "tree")
    assert finding.text == "2 classes of 5 occur in no mask."


@pytest.mark.parametrize(("split", "why"), [("train", "never learned"), ("val", "never scored")])
def test_classes_that_a_split_lacks(root: Path, split: str, why: str) -> None:
    classes = Dataset.open(root).classes
    write_classes(root / "classes.json", ClassMap((*classes.names, "tree"), (*classes.colors, (1, 2, 3))))
    for sample in by_stem(root).values():
        if sample.split != split:
            edit_mask(root, sample.stem, lambda mask: mask[:9].fill(3))
    finding = expect(root, "warning", "class-not-in-split", "tree")
    assert f"1 class of 4 does not occur in {split}: {why}" in finding.text


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0, "all-background", "1 mask of 23 holds background only."),
        (1, "all-one-class", "1 mask of 23 holds line only."),
        (255, "all-ignored", "1 mask holds ignored pixels only: nothing to learn or to score."),
    ],
)
def test_masks_of_one_value(root: Path, value: int, kind: str, text: str) -> None:
    edit_mask(root, "image_4", lambda mask: mask.fill(value))
    assert expect(root, "warning", kind, "image_4").text == text


def test_masks_that_are_mostly_ignored(root: Path) -> None:
    edit_mask(root, "image_4", lambda mask: mask[:60].fill(255))
    finding = expect(root, "remark", "much-ignored", "image_4 (75%)")
    assert "(3% in the whole dataset)" in finding.text


def blank_with(root: Path, stem: str, edit: Edit) -> None:
    """A mask of one class with something in it."""

    def draw(mask: np.ndarray) -> None:
        mask.fill(0)
        edit(mask)

    edit_mask(root, stem, draw)


def test_tiny_regions(root: Path) -> None:
    for stem in ("image_4", "image_6", "image_7", "image_8", "image_9"):
        blank_with(root, stem, lambda mask: (mask[10:30, 10:40].fill(1), mask[40:60, 10:40].fill(2)))
    edit_mask(root, "image_4", lambda mask: (mask[1:3, 1:3].fill(1), mask[70, 5:7].fill(2), mask[20, 20:24].fill(0)))
    edit_mask(root, "image_6", lambda mask: mask[75, 50:55].fill(1))  # one pixel too large
    edit_mask(root, "image_7", lambda mask: mask[30, 5:7].fill(1))  # beside the region, not on its own
    edit_mask(root, "image_7", lambda mask: mask[30, 9:11].fill(1))  # joined to the region by a corner
    edit_mask(root, "image_8", lambda mask: (mask[70:73, 50:53].fill(255), mask[71, 51:52].fill(1)))  # not in a class
    edit_mask(root, "image_9", lambda mask: mask[30, 20:22].fill(2))  # between two classes
    finding = expect(root, "remark", "tiny-region", "image_4 (3 regions)", "image_7 (1 region)")
    assert finding.text == (
        "4 regions of a few pixels inside another class, in 2 masks, may be slips of annotation: "
        "line 2, background 1, ellipse 1."
    )


def test_naturally_small_objects_are_no_slips(root: Path) -> None:
    for sample in by_stem(root).values():
        blank_with(root, sample.stem, lambda mask: (mask[1:70:3, ::3].fill(1), mask[60:80].fill(2)))
    assert check_dataset(root) == []


# Duplicates


def test_copies_within_a_split(root: Path) -> None:
    copy_sample(root, "image_2", "again")
    finding = expect(root, "warning", "duplicate-image", "again = image_2")
    assert finding.text == "1 image is an exact copy of another one."


def test_copies_across_splits(root: Path) -> None:
    copy_sample(root, "image_2", "again", split="test")
    finding = expect(root, "error", "leak", "again (test) = image_2 (train)")
    assert finding.text.startswith("1 image stands in more than one split")


def test_one_image_with_two_masks(root: Path) -> None:
    copy_sample(root, "image_2", "again")
    edit_mask(root, "again", lambda mask: np.copyto(mask[:4], 255))
    finding = expect(root, "error", "different-masks", "again = image_2 (256 pixels)")
    assert finding.text == "1 image is there more than once with different masks: 256 pixels differ."


def scene(height: int = 240, width: int = 320) -> np.ndarray:
    """(H, W, 3) with details of all sizes."""
    stream, picture = np.random.default_rng(7), np.zeros((height, width), np.float64)
    for step in (5, 10, 20, 40):
        coarse = stream.random((height // step, width // step))
        picture += np.kron(coarse, np.ones((step, step)))
    return np.repeat((picture * 60).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize(
    ("split", "severity", "kind", "name"),
    [
        ("test", "warning", "near-leak", "image_9 (test) ~ image_8 (train)"),
        ("train", "remark", "near-duplicate", "image_8 ~ image_9"),
        ("buffer", "remark", "near-duplicate", "image_8 ~ image_9"),
    ],
)
def test_one_scene_twice(root: Path, split: str, severity: str, kind: str, name: str) -> None:
    picture = scene()
    for stem, pixels in (("image_8", picture), ("image_9", np.clip(picture * 0.9 + 9, 0, 255).astype(np.uint8))):
        save(root / "images" / f"{stem}.png", pixels)
        mask = np.kron(load(root / "masks" / f"{stem}.png"), np.ones((3, 5), np.uint8))
        save(root / "masks" / f"{stem}.png", mask)
    change_rows(root, ["image_8", "image_9"], width=320, height=240)
    change_rows(root, ["image_9"], split=split)
    expect(root, severity, kind, name)


# Splits and what depends on them


def test_torn_groups(root: Path) -> None:
    change_rows(root, ["image_2", "image_3", "test_1"], group="tile 1")
    change_rows(root, ["image_4", "image_5"], group="tile 2")
    finding = expect(root, "error", "torn-group", "tile 1 (train, test)")
    assert finding.text.startswith("1 group lies in more than one split")


def test_ground_that_two_splits_show(root: Path) -> None:
    """Ten metres apart, samples of many metres overlap; in another coordinate system they are not compared."""
    place: dict[str, object] = {"north": 5_700_000.0, "crs": "EPSG:32633", "pixel": "1 0 0 -1"}
    change_rows(root, ["image_2"], east=400_000.0, **place)
    change_rows(root, ["test_1"], east=400_010.0, **place)
    finding = expect(root, "error", "place-leak", "image_2", "test_1")
    assert finding.text.startswith("2 samples show ground that a sample of another split shows, too")
    change_rows(root, ["test_1"], pixel="1 0 0")
    assert expect(root, "error", "broken-place", "index.csv").text == (
        "the places in index.csv cannot be used: the pixel '1 0 0' is not four numbers."
    )
    change_rows(root, ["test_1"], pixel="1 0 0 -1", crs="EPSG:32632")
    assert check_dataset(root) == []


def test_ground_that_two_folds_show(root: Path) -> None:
    place: dict[str, object] = {"north": 5_700_000.0, "crs": "EPSG:32633", "pixel": "1 0 0 -1"}
    change_rows(root, ["image_2"], east=400_000.0, split=by_stem(root)["image_3"].split, **place)
    change_rows(root, ["image_3"], east=400_010.0, **place)
    (root / "folds.csv").write_text("stem,group,fold\nimage_2,,0\nimage_3,,1\n")
    finding = expect(root, "remark", "fold-overlap", "image_2", "image_3")
    assert finding.text == "2 samples show ground that a sample of another fold in folds.csv shows, too."


def test_ground_that_borders_on_that_of_another_split(root: Path) -> None:
    place: dict[str, object] = {"north": 5_700_000.0, "crs": "EPSG:32633", "pixel": "1 0 0 -1"}
    wide = by_stem(root)["image_2"].width
    change_rows(root, ["image_2"], east=400_000.0, **place)
    change_rows(root, ["test_1"], east=400_000.0 + wide, **place)
    finding = expect(root, "warning", "place-neighbour", "image_2", "test_1")
    assert finding.text.startswith("2 samples lie next to a sample of another split on the ground")
    change_rows(root, ["test_1"], east=400_001.0 + wide)
    assert check_dataset(root) == []
    change_rows(root, ["test_1"], east=400_000.0 + wide)
    change_rows(root, ["image_2"], split="buffer")
    assert check_dataset(root) == []


def test_places_that_are_not_compared_are_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place: dict[str, object] = {"north": 5_700_000.0, "pixel": "1 0 0 -1"}
    change_rows(root, ["image_2"], east=400_000.0, crs="EPSG:32633", **place)
    change_rows(root, ["test_1"], east=400_000.0, crs="EPSG:32632", **place)
    for name in ("prep.checking.splits.has_geo", "prep.geo.adjacency.has_geo"):
        monkeypatch.setattr(name, lambda: False)
    finding = expect(root, "warning", "places-apart", "index.csv")
    assert finding.text.startswith("index.csv has places in 2 coordinate systems; only samples of the same one were")
    assert "pip install 'seg-prep[geo]'" in finding.advice


def test_samples_without_split(root: Path) -> None:
    change_rows(root, ["image_4", "image_5"], split="")
    finding = expect(root, "warning", "no-split", "image_4", "image_5")
    assert finding.text.startswith("2 labelled samples of 23 have no split")


def test_a_dataset_without_split_is_fine(root: Path) -> None:
    change_rows(root, list(by_stem(root)), split="")
    assert check_dataset(root) == []


def test_statistics_of_other_classes_are_old(root: Path) -> None:
    run_ok("stats", root)
    classes = json.loads((root / "classes.json").read_text())
    classes["classes"][0]["name"] = "something else"
    (root / "classes.json").write_text(json.dumps(classes))
    assert [finding.kind for finding in check_dataset(root)] == ["stale-stats"]


def test_results_of_another_split(root: Path) -> None:
    run_ok("stats", root)
    run_ok("patches", root, "--size", 32, "--per-image", 1)
    assert check_dataset(root) == []
    assert read_stats(root / "stats.json").split == "train"
    change_rows(root, ["image_4"], split="test")
    stats, patches = check_dataset(root)
    assert (stats.severity, stats.kind, stats.names) == ("warning", "stale-stats", ("stats.json",))
    assert (patches.severity, patches.kind, patches.names) == ("warning", "stale-patches", ("patches/size32",))


def test_one_class_alone_is_an_error(root: Path) -> None:
    for sample in Dataset.open(root).samples:
        mask = load(root / sample.mask)
        write_png(root / sample.mask, np.where(mask == 1, np.uint8(1), np.uint8(255)))
    finding = next(finding for finding in check_dataset(root) if finding.kind == "one-class")
    assert finding.severity == "error"
    assert finding.text.startswith("All labelled pixels are line: there is nothing to tell it from")


def test_results_of_masks_that_have_changed(root: Path) -> None:
    run_ok("stats", root)
    run_ok("patches", root, "--size", 32, "--per-image", 1)
    sample = Dataset.open(root).of_split("train")[0]
    mask = load(root / sample.mask).copy()
    mask[0, 0] = 255
    write_png(root / sample.mask, mask)
    assert {finding.kind for finding in check_dataset(root)} == {"stale-stats", "stale-patches"}
    (root / sample.mask).unlink()
    assert {finding.kind for finding in check_dataset(root)} == {"missing-file", "stale-stats", "stale-patches"}


def test_results_of_images_that_have_changed(root: Path) -> None:
    run_ok("stats", root)
    run_ok("patches", root, "--size", 32, "--per-image", 1)
    sample = Dataset.open(root).of_split("train")[0]
    image = load(root / sample.image).copy()
    image[0, 0] ^= 255
    write_png(root / sample.image, image)
    assert {finding.kind for finding in check_dataset(root)} == {"stale-stats", "stale-patches"}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "7", "null"])
def test_results_that_cannot_be_read(root: Path, content: str) -> None:
    (root / "patches" / "size9").mkdir(parents=True)
    (root / "patches" / "size9" / "settings.json").write_text(content)
    expect(root, "warning", "broken-patches", "patches/size9/settings.json")
    shutil.rmtree(root / "patches")
    (root / "stats.json").write_text(content)
    expect(root, "warning", "broken-stats", "stats.json")


@pytest.mark.parametrize("name", ["images.npy", "masks.npy"])
@pytest.mark.parametrize("damage", ["gone", "empty", "text", "zip", "truncated", "fewer", "floats", "huge", "open"])
def test_pixels_of_patches_that_cannot_be_used(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, damage: str
) -> None:
    """`check` finds them, and a training says what to do before it begins."""
    run_ok("stats", root)
    run_ok("patches", root, "--size", 32, "--per-image", 1)
    path = root / "patches" / "size32" / name
    whole, array = path.read_bytes(), np.load(path)
    damaged = {"gone": None, "empty": b"", "text": b"no array", "zip": b"PK\x03\x04" * 9, "truncated": whole[:5000],
               "huge": whole.replace(b"32, 32", b"9" * 30), "open": whole.replace(b")", b"(", 1)}  # fmt: skip
    if damage in damaged:
        path.unlink() if damaged[damage] is None else path.write_bytes(damaged[damage] or b"")
    else:
        np.save(path, array[:-1] if damage == "fewer" else array.astype(np.float32))
    expect(root, "warning", "broken-patches", "patches/size32/settings.json")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SegError) as refused:
        open_patches(path.parent, "train")
    assert str(refused.value).startswith(f"{path}: ")
    if damage != "gone":
        assert str(refused.value).endswith("cut again with 'seg-prep patches --size 32 --overwrite'")


@pytest.mark.parametrize("content", ["", "stem,fold\n", "stem,group,fold\nimage_1,,x\n", "\0"])
def test_tables_of_folds_and_patches_that_cannot_be_read(root: Path, content: str) -> None:
    run_ok("patches", root, "--size", 32, "--per-image", 1)
    whole = (root / "patches" / "size32" / "index.csv").read_text()
    (root / "patches" / "size32" / "index.csv").write_text(content or whole.replace(",", ";"))
    expect(root, "warning", "broken-patches", "patches/size32/settings.json")
    (root / "patches" / "size32" / "index.csv").write_text(whole)
    run_ok("split", root, "--folds", 3, "--overwrite")
    assert "broken-folds" not in {finding.kind for finding in check_dataset(root)}
    (root / "folds.csv").write_text(content.replace("stem,fold", "stem"))
    assert "broken-folds" in {finding.kind for finding in check_dataset(root)}


def test_a_command_killed_while_it_moved_its_results(root: Path) -> None:
    (root / ".unfinished-stats").mkdir()
    (root / ".unfinished-stats" / "commit.json").write_text('{"remove": [], "move": []}')
    before = tree(root, provenance=True)
    expect(root, "error", "half-moved", ".unfinished-stats")
    assert run_prep("check", root).exit_code == 1
    assert tree(root, provenance=True) == before


@pytest.mark.parametrize("content", ["{}", '{"remove": [], "move": ["../x"]}', '{"remove": [], "move": ["linked/x"]}'])
def test_what_no_command_of_ours_left_to_move_is_named_with_the_way_out(root: Path, content: str) -> None:
    staging = root / ".unfinished-stats"
    staging.mkdir()
    (staging / "commit.json").write_text(content)
    (root / "linked").symlink_to(root.parent)
    expect(root, "error", "broken-commit", ".unfinished-stats")
    (finding,) = (each for each in check_dataset(root) if each.kind == "broken-commit")
    stats = run_error("stats", root)
    assert finding.text.rstrip(".").endswith(stats), "what a command says, too"
    if "linked" in content:
        (root / "linked").unlink()
    shutil.rmtree(staging)
    assert "broken-commit" not in {each.kind for each in check_dataset(root)}
    run_ok("stats", root)


def test_unfinished_commands(root: Path) -> None:
    (root / ".unfinished-patches-96").mkdir()
    expect(root, "remark", "unfinished", ".unfinished-patches-96")


def test_a_command_that_ends_while_it_is_looked_for_left_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    staging = root / ".unfinished-synth"
    staging.mkdir()

    def is_free(_: Path) -> bool:
        shutil.rmtree(staging, ignore_errors=True)  # as the command does just before it gives up its lock
        return True

    monkeypatch.setattr("prep.checking.check.is_free", is_free)
    assert check_dataset(root, workers=1) == []


def test_a_move_that_another_command_finishes_in_this_moment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    staging = root / ".unfinished-stats"
    staging.mkdir()
    (staging / "commit.json").write_text('{"remove": [], "move": []}')

    def is_free(_: Path) -> bool:
        shutil.rmtree(staging, ignore_errors=True)
        return True

    monkeypatch.setattr("prep.dataset.lock.WAIT_S", 0.0)
    monkeypatch.setattr("prep.dataset.lock.is_free", lambda _: False)
    monkeypatch.setattr("prep.checking.check.is_free", is_free)
    edit_mask(root, "image_3", lambda mask: mask.fill(77))
    assert only(root).kind == "unknown-value", "it is checked all the same"


def test_a_dataset_that_is_changed_all_the_time(root: Path) -> None:
    """The findings are told all the same, and that they may be of nothing that ever was."""
    times = []

    def change(done: int, _: int) -> None:
        if done == 1:
            times.append(done)
            os.utime(root / "index.csv", ns=(len(times), len(times)))

    (finding,) = check_dataset(root, 1, change)
    assert (finding.severity, finding.kind, finding.names) == ("warning", "changed-meanwhile", ())
    assert "may be of old and new files together" in finding.text
    assert len(times) == 3


# All together


def test_everything_is_found_at_once_and_worst_first(root: Path) -> None:
    (root / ".unfinished-stats").mkdir()
    (root / "images" / "image_3.png").unlink()
    (root / "masks" / "image_4.png").write_bytes(b"no image")
    for name in "abcdefg":
        (root / "masks" / f"{name}.png").write_bytes(b"x")
    before = tree(root, provenance=True)
    result = run_prep("check", root, "--workers", 1)
    assert result.exit_code == 1
    assert result.stderr == ""
    assert result.stdout == (
        "error: 1 file named in index.csv does not exist.\n"
        "    images/image_3.png\n"
        "    -> copy it back, or bring the samples in again with 'seg-prep masks convert'\n\n"
        "error: 1 mask cannot be read: truncated, damaged, or no image at all.\n"
        "    masks/image_4.png\n"
        "    -> copy or convert it again\n\n"
        "warning: 7 files in images/ or masks/ are not named in index.csv; no command uses them.\n"
        "    masks/a.png\n    masks/b.png\n    masks/c.png\n    masks/d.png\n    masks/e.png\n    and 2 more\n"
        "    -> delete them, or bring them in with 'seg-prep masks convert' from another folder\n\n"
        "remark: 1 command was interrupted and left a hidden folder.\n"
        "    .unfinished-stats\n"
        "    -> type the same command again and it goes on; or delete the folder\n\n"
        f"2 errors, 1 warning, 1 remark in {root}\n"
    )
    assert tree(root, provenance=True) == before


def test_json_has_everything(root: Path) -> None:
    for number in range(12):
        (root / "masks" / f"x{number:02}.png").write_bytes(b"x")
    data = json.loads(run_ok("check", root, "--json").stdout)
    assert {name: number for name, number in data.items() if name.endswith("s") and name != "findings"} == {
        "errors": 0,
        "warnings": 1,
        "remarks": 0,
    }
    assert data["findings"][0].keys() == {"severity", "kind", "text", "names", "advice"}
    assert data["findings"][0]["names"] == [f"masks/x{number:02}.png" for number in range(12)]


def test_workers_do_not_matter(root: Path) -> None:
    edit_mask(root, "image_4", lambda mask: mask.fill(0))
    copy_sample(root, "image_2", "again")
    assert check_dataset(root, workers=1) == check_dataset(root, workers=2)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_never_raise(root: Path, data: st.DataObject) -> None:
    """Any byte of any file may be wrong, and any file may be cut."""
    write_records(root / "photos.csv", [PhotoRecord("image_4", "a.jpg", 64, 80, 1, 0, 0, 64, 80)])
    files = sorted(path for path in root.rglob("*") if path.is_file())
    records = [path for path in files if path.parent == root]
    before = {path: path.read_bytes() for path in files}
    try:
        for path in data.draw(
            st.lists(st.sampled_from(records) | st.sampled_from(files), min_size=1, max_size=3, unique=True)
        ):
            content = bytearray(before[path])
            for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
                content[place] = data.draw(st.integers(0, 255))
            path.write_bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))])
        findings = check_dataset(root, workers=1)
        assert findings == worst_first(findings)
        json.dumps([vars(finding) for finding in findings], ensure_ascii=False).encode("utf-8")
    finally:
        for path, content in before.items():
            path.write_bytes(content)


# Words


def test_kinds_are_unique_and_each_is_planted_here() -> None:
    names = [kind.name for kind in FINDING_KINDS]
    assert len(set(names)) == len(names) == 51
    said = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in names if f'"{name}"' not in said and f'"{name.partition("-")[0]}-' not in said] == []


@pytest.mark.parametrize(("number", "noun"), [(0, "classes"), (1, "class"), (2, "classes")])
def test_templates_agree_with_their_number(number: int, noun: str) -> None:
    text = filled("{n} class[|es] of {what} [is|are] here", number, {"what": "[it]"})
    assert text == f"{number} {noun} of [it] {'is' if number == 1 else 'are'} here"
    assert filled("{n} file[s]", 1000, {}) == "1,000 files"


def test_counted() -> None:
    assert counted(1, "mask") == "1 mask"
    assert counted(0, "mask") == "0 masks"
    assert counted(1200, "class", "classes") == "1,200 classes"


def test_names_are_sorted_and_can_be_shown() -> None:
    finding = Finding("error", "x", "bell \a, ä", ("z", "a\udcff"), "y")
    assert finding.text == r"bell \x07, ä"
    assert finding.names == (r"a\udcff", "z")


def test_worst_first_keeps_the_order_of_equals() -> None:
    findings = [Finding("error" if kind in "bd" else "remark", kind, "", (), "") for kind in "abcd"]
    assert "".join(finding.kind for finding in worst_first(findings)) == "bdac"
