"""masks convert: which pixels come out, what is told about values that are no class, and that errors change nothing."""

import json
import re
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from PIL import Image

from prep.converting import job
from prep.converting.masks import convert_masks
from prep.converting.values.unknown import find_unknown, replace_unknown
from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.images.imageio import read_mask
from prep.labels.pixels.ids import IdReader
from prep.labels.pixels.images import choose_reader
from prep.labels.pixels.rgb import RgbReader, color_codes
from prep.labels.reader import UNKNOWN, Lookup, RawLabel
from tests.conftest import STEMS, Raw
from tests.support import (
    CLASS_LIST,
    COLORS,
    by_stem,
    load,
    masks_of,
    paint,
    random_image,
    random_mask,
    run_error,
    run_ok,
    run_partly,
    run_prep,
    save,
    smooth_image,
    tree,
)

STRANGE = (7, 8, 9)


def spoil(raw: Raw, stem: str = "b", pixels: int = 3, color: tuple[int, int, int] = STRANGE) -> None:
    """Give the first pixels of a raw mask a colour that is no class."""
    painted = paint(random_mask(STEMS.index(stem)))
    painted.reshape(-1, 3)[:pixels] = color
    save(raw.masks / f"{stem}.png", painted)


# What comes out.


def test_a_label_without_a_labelled_pixel_leaves_its_photo_unlabelled(raw: Raw) -> None:
    """A mask of ignored pixels only would count as a labelled sample."""
    run_ok(*raw.convert)
    whole = tree(raw.target)
    save(raw.masks / "b.png", np.full((24, 32, 3), STRANGE, np.uint8))
    ignoring = (*raw.convert, "--unknown", "ignore")
    refused = run_prep(*ignoring)
    assert refused.exit_code == 1
    assert f"Error: {raw.target}: already holds masks/b.png; add --overwrite" in refused.stderr, refused.stderr
    assert tree(raw.target) == whole
    result = run_ok(*ignoring, "--overwrite")
    assert f"2 masks -> {raw.target}" in result.stdout
    assert "1 label without a labelled pixel: its photo stays unlabelled (b)" in result.stdout + result.stderr
    samples = by_stem(raw.target)
    assert {stem: sample.mask for stem, sample in samples.items()} == {"a": "masks/a.png", "b": "", "c": "masks/c.png"}
    assert samples["b"].image == "images/b.png"
    assert masks_of(raw.target).keys() == {"a", "c"}
    assert len(Dataset.open(raw.target).of_split()) == 2
    again = tree(raw.target)
    run_ok(*ignoring)
    assert tree(raw.target) == again
    fresh = raw.target.with_name("fresh")
    run_ok(*(fresh if each == raw.target else each for each in ignoring))
    assert masks_of(fresh).keys() == {"a", "c"}


def test_colors_become_classes(raw: Raw) -> None:
    result = run_ok(*raw.convert)
    assert f"3 masks -> {raw.target}" in result.stdout
    dataset = Dataset.open(raw.target)
    assert [sample.stem for sample in dataset.samples] == list(STEMS)
    assert dataset.classes == ClassMap(("background", "line", "ellipse"), COLORS)
    for seed, sample in enumerate(dataset.samples):
        assert np.array_equal(dataset.mask(sample), random_mask(seed))
        assert np.array_equal(dataset.image(sample), random_image(seed))
        assert (sample.width, sample.height, sample.split, sample.group) == (32, 24, "", "")
    assert set(tree(raw.target)) == {
        "classes.json",
        "index.csv",
        "photos.csv",
        "images/",
        "masks/",
        *(f"{kind}/{stem}.png" for kind in ("images", "masks") for stem in STEMS),
    }


def test_result_as_json(raw: Raw) -> None:
    data = json.loads(run_ok(*raw.convert, "--json").stdout)
    counts = np.bincount(np.concatenate([random_mask(seed).ravel() for seed in range(3)]), minlength=3).tolist()
    assert data["converted"] == 3
    assert data["pixels"] == dict(zip(("background", "line", "ellipse", "ignore"), [*counts, 0], strict=True))
    assert data["replaced"] == data["unpaired"] == []


def test_raw_side_of_the_dataset_is_the_default(raw: Raw) -> None:
    raw.target.mkdir()
    raw.masks.rename(raw.target / "labels")
    raw.photos.rename(raw.target / "photos")
    before = tree(raw.target)
    run_ok("masks", "convert", "-o", raw.target, "--classes", raw.classes)
    assert all(np.array_equal(mask, random_mask(seed)) for seed, mask in enumerate(masks_of(raw.target).values()))
    after = tree(raw.target)
    assert {name: after[name] for name in before} == before  # nothing raw has changed


def test_masks_of_a_dataset_are_added_to(raw: Raw) -> None:
    """Half of the masks first; then the others, with the classes and the images that stand there."""
    (late := raw.masks.parent / "late").mkdir()
    (raw.masks / "c.png").rename(late / "c.png")
    result = run_ok(*raw.convert, "--skip-unpaired")
    assert "left out for want of a partner: 1\n  c\n" in result.stdout
    assert set(by_stem(raw.target)) == {"a", "b"}
    before = tree(raw.target)
    run_ok("masks", "convert", late, "-o", raw.target, "--images", raw.photos, "--skip-unpaired")
    assert set(by_stem(raw.target)) == set(STEMS)
    assert np.array_equal(masks_of(raw.target)["c"], random_mask(2))
    after = tree(raw.target)
    assert all(after[name] == content for name, content in before.items() if name not in ("index.csv", "photos.csv"))


def test_masks_of_a_synthetic_dataset_go_round(dataset: Dataset, tmp_path: Path) -> None:
    """Paint the masks of a dataset, convert them with its own classes and images: nothing changes."""
    for sample in dataset.samples:
        save(tmp_path / "painted" / f"{sample.stem}.png", dataset.classes.palette()[dataset.mask(sample)])
    before = tree(dataset.root)
    run_ok("masks", "convert", tmp_path / "painted", "-o", dataset.root)
    assert tree(dataset.root) == before


@pytest.mark.parametrize("kind", ["rgb", "rgba", "palette", "grey", "png16", "one-bit", "tiff", "bmp", "grey-rgb"])
def test_every_kind_of_mask(tmp_path: Path, kind: str) -> None:
    """The same mask stored in any way becomes the same classes."""
    mask = random_mask(5, classes=2)
    classes = "background,#000000\nobject,#ffffff\n"
    name, expected = "m.png", mask
    if kind in ("rgb", "tiff", "bmp"):
        name = {"tiff": "m.tif", "bmp": "m.bmp"}.get(kind, name)
        stored: NDArray[np.generic] | Image.Image = paint(mask, ((0, 0, 0), (255, 255, 255)))
    elif kind == "rgba":
        transparent = np.zeros_like(mask)
        transparent[:3] = 1
        stored = np.dstack([paint(mask, ((0, 0, 0), (255, 255, 255))), (1 - transparent) * 255]).astype(np.uint8)
        expected = np.where(transparent, 255, mask)
    elif kind == "palette":
        stored = Image.fromarray(mask)
        stored.putpalette([255, 255, 255, 0, 0, 0])  # colours against the order of the indices: colours win
        expected = 1 - mask
    elif kind == "grey":
        stored = mask * np.uint8(255)
    elif kind == "png16":
        stored, classes = mask.astype(np.uint16) * 300, "background,#000000\nobject,#ffffff,300\n"
    elif kind == "one-bit":
        stored = Image.fromarray(mask.astype(bool))
    else:
        stored, classes = np.repeat(mask[..., None] * np.uint8(9), 3, 2), "background,#000000\nobject,#090909\n"
    save(tmp_path / "masks" / name, stored)
    save(tmp_path / "photos" / "m.png", random_image(0))
    (tmp_path / "classes.txt").write_text(classes, encoding="utf-8")
    unknown = ["--unknown", "ignore"] if kind == "rgba" else []
    arguments = [tmp_path / "masks", "-o", tmp_path / "d", "--images", tmp_path / "photos"]
    run_ok("masks", "convert", *arguments, "--classes", tmp_path / "classes.txt", *unknown)
    assert np.array_equal(masks_of(tmp_path / "d")["m"], expected)


def test_grey_ids_with_a_class_map(raw: Raw) -> None:
    ids = np.array([3, 7, 200], np.uint8)
    for seed, stem in enumerate(STEMS):
        stored = ids[random_mask(seed)]
        stored[0, 0] = 255
        save(raw.masks / f"{stem}.png", stored)
    raw.classes.write_text("background,#000000,3\nline,#ff0000,7\nellipse,#00ff00,200\n", encoding="utf-8")
    run_ok(*raw.convert)
    for seed, mask in enumerate(masks_of(raw.target).values()):
        expected = random_mask(seed)
        expected[0, 0] = 255  # never a class: ignored
        assert np.array_equal(mask, expected)
    assert Dataset.open(raw.target).classes.ids == (3, 7, 200)


def test_reader_may_be_named(raw: Raw) -> None:
    """A palette mask holds colours and indices; --from says which of them count."""
    for stem in STEMS:
        picture = Image.fromarray(np.ones((24, 32), np.uint8))
        picture.putpalette([1, 1, 1, 0, 255, 0])
        save(raw.masks / f"{stem}.png", picture)
    run_ok(*raw.convert, "--from", "ids", "--first-id", 0)
    assert {int(value) for mask in masks_of(raw.target).values() for value in np.unique(mask)} == {1}
    run_ok(*raw.convert, "--from", "rgb", "--overwrite")
    assert {int(value) for mask in masks_of(raw.target).values() for value in np.unique(mask)} == {2}


def test_ignored_colors(raw: Raw) -> None:
    raw.classes.write_text("background,#000000\nline,#ff0000\nignore,#00ff00\n", encoding="utf-8")
    assert "ignore" in run_ok(*raw.convert).stdout
    for seed, mask in enumerate(masks_of(raw.target).values()):
        expected = random_mask(seed)
        assert np.array_equal(mask, np.where(expected == 2, 255, expected))


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_same_bytes_for_any_workers_and_again(raw: Raw, workers: int, tmp_path: Path) -> None:
    run_ok(*raw.convert)
    before = tree(raw.target)
    again = [*raw.convert[:4], tmp_path / "again", *raw.convert[5:]]
    run_ok(*again, "--workers", workers)
    assert tree(tmp_path / "again") == before
    run_ok(*raw.convert, "--workers", workers)
    assert tree(raw.target) == before


def test_provenance_has_a_line_a_command(raw: Raw) -> None:
    run_ok(*raw.convert)
    run_ok("split", raw.target, "--seed", "3")
    first, second = map(json.loads, (raw.target / "provenance.jsonl").read_text(encoding="utf-8").splitlines())
    assert first["command"].endswith("masks convert")
    assert first["arguments"]["classes_file"] == raw.classes.as_posix()
    assert second["arguments"]["seed"] == 3
    assert second["versions"]["numpy"] == np.__version__
    assert second["seconds"] >= 0


# Photos on the way.


def test_photos_come_in_upright(raw: Raw) -> None:
    """The photo is stored lying (EXIF 6), its mask stands: they fit."""
    mask, upright = random_mask(0, 64, 48), smooth_image(64, 48)
    orientation = Image.Exif()
    orientation[0x0112] = 6
    (raw.photos / "a.png").unlink()
    stored = np.ascontiguousarray(np.rot90(upright))
    save(raw.photos / "a.jpg", stored, exif=orientation, quality=95, subsampling=0)
    save(raw.masks / "a.png", paint(mask))
    run_ok(*raw.convert)
    sample = by_stem(raw.target)["a"]
    assert (sample.image, sample.width, sample.height) == ("images/a.jpg", 48, 64)
    dataset = Dataset.open(raw.target)
    assert np.abs(dataset.image(sample).astype(int) - upright).max() < 16
    assert np.array_equal(dataset.mask(sample), mask)


def test_lying_mask_of_an_upright_photo_is_left_out(raw: Raw) -> None:
    save(raw.masks / "a.png", paint(random_mask(0, 32, 24)))
    said = run_partly(*raw.convert)
    assert f"{raw.masks / 'a.png'}: 24 x 32 pixels, but its photo a.png has 32 x 24" in said
    assert set(by_stem(raw.target)) == {"b", "c"}


@pytest.mark.parametrize("workers", [1, 2])
def test_labels_that_cannot_be_used_are_left_out_up_to_a_number(raw: Raw, workers: int) -> None:
    (raw.masks / "a.png").write_bytes(b"no image")
    (raw.photos / "c.png").write_bytes(b"no image")
    before = tree(raw.target.parent)
    command = (*raw.convert, "--workers", workers)
    said = run_error(*command, "--max-failed", 1)
    assert said.startswith("2 files cannot be used:\n")
    assert said.endswith("\nMend them, or let more be left out with --max-failed 12")
    assert tree(raw.target.parent) == before
    said = run_partly(*command, "--max-failed", 12)
    assert f"  {raw.masks / 'a.png'}: the file is truncated or damaged" in said
    assert f"  {raw.photos / 'c.png'}: the file is truncated or damaged" in said
    assert set(masks_of(raw.target)) == {"b"}
    assert np.array_equal(masks_of(raw.target)["b"], random_mask(1))
    save(raw.masks / "a.png", paint(random_mask(0)))
    save(raw.photos / "c.png", random_image(2))
    run_ok(*command)
    assert set(masks_of(raw.target)) == {"a", "b", "c"}


@pytest.mark.parametrize("stem", ["Straße 7, Süd", "a b", "NA", "001", "図", "x.y", "it's", "50%", "[1]"])
def test_names_of_any_kind(raw: Raw, stem: str) -> None:
    """Photo names as macOS decomposes them, mask names composed."""
    (raw.photos / "a.png").rename(raw.photos / f"{unicodedata.normalize('NFD', stem)}.png")
    (raw.masks / "a.png").rename(raw.masks / f"{unicodedata.normalize('NFC', stem)}.png")
    run_ok(*raw.convert)
    assert np.array_equal(masks_of(raw.target)[stem], random_mask(0))
    run_ok("split", raw.target)
    run_ok("patches", raw.target, "--size", 16, "--per-image", 2)
    assert {stem, "b", "c"} == set(by_stem(raw.target))


def test_names_in_no_encoding_are_told_or_taken(raw: Raw) -> None:
    """Old zip files leave names in Latin-1 on a disk of UTF-8 names."""
    for folder in (raw.photos, raw.masks):
        (folder / "a.png").rename(folder / "Gr\udcfcn.png")
    result = run_prep(*raw.convert)
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code == 0 or "Gr" in result.stderr


def test_match_pairs_other_names(raw: Raw) -> None:
    for stem in STEMS:
        (raw.masks / f"{stem}.png").rename(raw.masks / f"Mask_{stem}.png")
    run_ok(*raw.convert, "--match", "{}", "Mask_{}")
    assert set(by_stem(raw.target)) == set(STEMS)
    assert np.array_equal(masks_of(raw.target)["b"], random_mask(1))


def test_match_takes_decomposed_patterns(raw: Raw) -> None:
    """A shell on macOS completes names in decomposed Unicode."""
    for stem in STEMS:
        (raw.masks / f"{stem}.png").rename(raw.masks / f"Prüfung {stem}.png")
    run_ok(*raw.convert, "--match", "{}", unicodedata.normalize("NFD", "Prüfung {}"))
    assert set(by_stem(raw.target)) == set(STEMS)


# Values that are no class.


def told(said: str, start: str) -> list[list[str]]:
    """The table of unknown values, without the colours of the photos, which test_seen.py checks."""
    rows = [line.split() for line in said.splitlines() if line.startswith(start)]
    return [[*row[:3], *row[4:]] for row in rows]


def test_unknown_values_are_told_in_one_table(raw: Raw) -> None:
    spoil(raw, "b", 3)
    spoil(raw, "c", 2)
    painted = load(raw.masks / "c.png").copy()
    painted[-1, -1] = (250, 0, 0)
    save(raw.masks / "c.png", painted)
    before = tree(raw.target.parent)
    said = run_error(*raw.convert)
    assert tree(raw.target.parent) == before  # nothing was written
    assert "2 values of the masks belong to no class; nothing was written." in said
    table = told(said, "#")
    distance = round(float(np.linalg.norm(STRANGE)))
    assert table == [
        ["#070809", "5", "2", "background", str(distance), "b.png"],
        ["#fa0000", "1", "1", "line", "5", "c.png"],
    ]
    header = next(line for line in said.splitlines() if line.startswith("value"))
    assert header.split() == ["value", "pixels", "files", "photo", "nearest", "class", "distance", "first", "file"]
    for policy in ("ignore", "nearest", "background"):
        assert f"--unknown {policy}" in said


def test_long_tables_are_cut(raw: Raw) -> None:
    painted = paint(random_mask(0))
    painted[0] = [(9, 9, number) for number in range(32)]
    save(raw.masks / "a.png", painted)
    said = run_error(*raw.convert)
    assert "32 values of the masks" in said
    assert "... and 12 more values" in said
    assert said.count("#0909") == 20


@pytest.mark.parametrize(
    ("policy", "becomes", "name"), [("ignore", 255, "ignore"), ("nearest", 1, "line"), ("background", 0, "background")]
)
def test_unknown_values_by_policy(raw: Raw, policy: str, becomes: int, name: str) -> None:
    spoil(raw, color=(200, 10, 10))
    result = run_ok(*raw.convert, "--unknown", policy)
    assert f"#c80a0a: 3 pixels became {name}" in result.stdout
    expected = random_mask(1)
    expected.ravel()[:3] = becomes
    assert np.array_equal(masks_of(raw.target)["b"], expected)
    assert np.array_equal(masks_of(raw.target)["a"], random_mask(0))


@pytest.mark.parametrize(("policy", "becomes"), [("ignore", 255), ("nearest", 2), ("background", 0)])
def test_unknown_ids_by_policy(raw: Raw, policy: str, becomes: int) -> None:
    for seed, stem in enumerate(STEMS):
        save(raw.masks / f"{stem}.png", random_mask(seed))
    strange = random_mask(1)
    strange[0, 0] = 9
    save(raw.masks / "b.png", strange)
    said = run_error(*raw.convert)
    assert told(said, "9 ") == [["9", "1", "1", "ellipse", "7", "b.png"]]
    run_ok(*raw.convert, "--unknown", policy)
    assert masks_of(raw.target)["b"][0, 0] == becomes


def test_unknown_background_needs_such_a_class(raw: Raw) -> None:
    raw.classes.write_text("ground,#000000\nline,#ff0000\nellipse,#00ff00\n", encoding="utf-8")
    said = run_error(*raw.convert, "--unknown", "background")
    assert "--unknown background: no class has that name; there are ground, line, ellipse" in said
    assert not raw.target.exists()


def test_transparent_pixels_are_unknown(raw: Raw) -> None:
    stored = np.dstack([paint(random_mask(0)), np.full((24, 32), 255, np.uint8)])
    stored[:2, :, 3] = 0
    save(raw.masks / "a.png", stored)
    said = run_error(*raw.convert)
    assert told(said, "transparent") == [["transparent", "64", "1", "-", "-", "a.png"]]
    run_ok(*raw.convert, "--unknown", "nearest")
    expected = random_mask(0)
    expected[:2] = 255
    assert np.array_equal(masks_of(raw.target)["a"], expected)


def test_without_classes_a_class_map_is_proposed(raw: Raw) -> None:
    raw.classes.rename(raw.classes.with_name("elsewhere.txt"))
    arguments = [*raw.convert[:-2]]
    said = run_error(*arguments)
    assert not raw.target.exists()
    assert "The masks hold 3 values" in said
    counts = np.bincount(np.concatenate([random_mask(seed).ravel() for seed in range(3)]))
    for color, count in zip(("#000000", "#ff0000", "#00ff00"), counts, strict=True):
        assert f"  {color}: {count:,} pixels in 3 files" in said
    raw.classes.write_text(said.partition("add --classes classes.txt:\n\n")[2], encoding="utf-8")
    run_ok(*raw.convert)
    found = Dataset.open(raw.target)
    assert set(found.classes.colors) == set(COLORS)
    assert np.array_equal(np.array(found.classes.colors)[masks_of(raw.target)["a"]], paint(random_mask(0)))


# What does not fit.


def test_unpaired_files_are_told_and_a_pattern_is_suggested(raw: Raw) -> None:
    """One mask has the name of no image, so that nothing is certain."""
    for number, stem in enumerate(STEMS):
        (raw.photos / f"{stem}.png").rename(raw.photos / f"Img_{number}.png")
        (raw.masks / f"{stem}.png").rename(raw.masks / f"Mask_{number}.png")
    save(raw.masks / "Mask_77.png", paint(random_mask(7)))
    before = tree(raw.target.parent)
    said = run_error(*raw.convert)
    assert tree(raw.target.parent) == before
    assert "3 images have no mask: Img_0, Img_1, Img_2" in said
    assert "4 masks have no image: Mask_0, Mask_1, Mask_2, Mask_77" in said
    assert "--match 'Img_{}' 'Mask_{}'" in said
    run_ok(*raw.convert, "--match", "Img_{}", "Mask_{}", "--skip-unpaired")
    assert set(by_stem(raw.target)) == {"Img_0", "Img_1", "Img_2"}


@pytest.mark.parametrize(
    ("folder", "says"), [("photos", "1 mask has no image: b"), ("masks", "1 image has no mask: b")]
)
def test_one_without_partner_is_told(raw: Raw, folder: str, says: str) -> None:
    (raw.photos.parent / folder / "b.png").unlink()
    before = tree(raw.target.parent)
    said = run_error(*raw.convert)
    assert tree(raw.target.parent) == before
    assert says in said
    assert "--skip-unpaired" in said
    run_ok(*raw.convert, "--skip-unpaired")
    assert set(by_stem(raw.target)) == {"a", "c"}


def test_existing_masks_change_only_with_overwrite(raw: Raw) -> None:
    run_ok(*raw.convert)
    run_ok("stats", raw.target)
    save(raw.masks / "a.png", paint(random_mask(9)))
    before = tree(raw.target)
    said = run_error(*raw.convert)
    assert "already holds other results (masks/a.png); add --overwrite" in said
    assert tree(raw.target) == before
    run_ok(*raw.convert, "--overwrite")
    assert np.array_equal(masks_of(raw.target)["a"], random_mask(9))
    assert not (raw.target / "stats.json").exists()  # counted the masks that are gone


def test_existing_image_of_another_kind_changes_only_with_overwrite(raw: Raw) -> None:
    """a.png becomes a.jpg: another file name, but the same result that stands there already."""
    run_ok(*raw.convert)
    (raw.photos / "a.png").unlink()
    save(raw.photos / "a.jpg", random_image(7))
    before = tree(raw.target)
    assert "--overwrite" in run_error(*raw.convert)
    assert tree(raw.target) == before
    run_ok(*raw.convert, "--overwrite")
    assert by_stem(raw.target)["a"].image == "images/a.jpg"
    assert not (raw.target / "images" / "a.png").exists()  # no file that the index does not name


def test_other_classes_for_some_masks_are_refused(raw: Raw) -> None:
    """The masks that stand there mean the old classes; new classes for one of them would change the others."""
    run_ok(*raw.convert)
    (raw.masks / "a.png").unlink()
    (raw.masks / "b.png").unlink()
    raw.classes.write_text("ellipse,#00ff00\nline,#ff0000\nbackground,#000000\n", encoding="utf-8")
    before = tree(raw.target)
    run_error("masks", "convert", raw.masks, "-o", raw.target, "--classes", raw.classes, "--overwrite")
    assert tree(raw.target) == before


@pytest.mark.parametrize("options", [[], ["--overwrite"]], ids=["plain", "overwrite"])
def test_raw_files_inside_the_target_are_never_changed(raw: Raw, options: list[str]) -> None:
    """People keep raw images/ and masks/ side by side and name their folder as the dataset."""
    (raw.photos / "a.png").unlink()
    place = Image.Exif()
    place[0x010F] = "Camera"
    save(raw.photos / "a.jpg", random_image(0), exif=place)
    root = raw.photos.parent
    raw.photos.rename(root / "images")
    before = tree(root)
    arguments = [root / "masks", "-o", root, "--images", root / "images", "--classes", raw.classes, *options]
    said = run_error("masks", "convert", *arguments)
    assert tree(root) == before
    assert "add --overwrite" not in said  # that would destroy them


def test_a_cut_off_commit_is_finished_before_more_is_added(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process died while it moved the first files; other masks come next: the first ones are not lost."""
    (late := raw.masks.parent / "late").mkdir()
    (raw.masks / "c.png").rename(late / "c.png")
    real = Path.replace

    def dies_at_the_index(path: Path, target: Path) -> Path:
        if target == raw.target / "index.csv":
            raise KeyboardInterrupt
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dies_at_the_index)
        assert run_prep(*raw.convert, "--skip-unpaired").exit_code == 130
    run_ok(
        "masks", "convert", late, "-o", raw.target, "--images", raw.photos, "--classes", raw.classes, "--skip-unpaired"
    )
    assert set(by_stem(raw.target)) == set(STEMS)


def test_a_failure_leaves_no_folder_behind(raw: Raw) -> None:
    spoil(raw)
    run_error(*raw.convert[:4], raw.target.parent / "datasets" / "campus", *raw.convert[5:])
    assert not (raw.target.parent / "datasets").exists()


# The parts: codes, look-up, choice of the reader.


@given(arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(3))))
def test_color_codes_are_unique_numbers(colors: NDArray[np.uint8]) -> None:
    red, green, blue = (colors[..., channel].astype(np.uint32) for channel in range(3))
    assert np.array_equal(color_codes(colors), red + 256 * green + 65536 * blue)


@given(
    codes=arrays(np.uint32, array_shapes(min_dims=2, max_dims=2, max_side=30), elements=st.integers(0, 15)),
    classes=st.lists(st.integers(0, 15), min_size=1, max_size=8, unique=True),
)
def test_lookup_against_one_comparison_a_class(codes: NDArray[np.uint32], classes: list[int]) -> None:
    expected = np.full(codes.shape, UNKNOWN, np.uint8)
    for index, code in enumerate(classes):
        expected[codes == code] = index
    found = Lookup(16, {code: index for index, code in enumerate(classes)})(codes)
    assert np.array_equal(found, expected)


@given(
    mask=arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=24), elements=st.integers(0, 4)),
    colors=st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=5, max_size=5, unique=True),
)
def test_rgb_conversion_against_np_all(
    tmp_path_factory: pytest.TempPathFactory, mask: NDArray[np.uint8], colors: list[tuple[int, int, int]]
) -> None:
    """Five colours, the last one unknown, against the plain (image == colour).all(-1) a class."""
    painted = paint(mask, colors)
    folder = tmp_path_factory.mktemp("rgb")
    reader, classes = RgbReader(), ClassMap(("a", "b", "c", "d"), tuple(colors[:4]))
    codes = reader.read(RawLabel(save(folder / "m.png", painted), "m"))
    expected = np.full(mask.shape, UNKNOWN, np.uint8)
    for index, color in enumerate(classes.colors):
        expected[np.all(painted == np.array(color), axis=-1)] = index
    found = Lookup(reader.size, reader.table(classes))(codes)
    assert np.array_equal(found, expected)
    unknown = find_unknown(codes, found)
    assert unknown.pixels.sum() == (mask == 4).sum()
    assert np.array_equal(replace_unknown(codes, found, unknown, lambda _: 3), np.where(mask == 4, 3, expected))


def test_lookup_of_an_image_larger_than_a_block() -> None:
    codes = np.random.default_rng(0).integers(0, 4, (700, 301)).astype(np.uint32)
    assert np.array_equal(Lookup(4, {0: 0, 1: 1, 2: 255})(codes), np.array([0, 1, 255, UNKNOWN], np.uint8)[codes])


@pytest.mark.parametrize(
    ("stored", "classes", "expected"),
    [
        (np.array([[0, 1]], np.uint8), ClassMap(("a", "b"), ((0, 0, 0), (1, 1, 1))), "ids"),
        (np.array([[0, 255]], np.uint8), ClassMap(("a", "b"), ((0, 0, 0), (255, 255, 255))), "rgb"),
        (np.array([[0, 300]], np.uint16), ClassMap(("a", "b"), ((0, 0, 0), (1, 1, 1)), ids=(0, 300)), "ids"),
        (np.zeros((2, 2, 3), np.uint8), ClassMap(("a",), ((0, 0, 0),)), "rgb"),
        (np.array([[0, 1]], np.uint8), None, "ids"),
    ],
    ids=["grey-ids", "black-white", "16-bit", "colour", "no-classes"],
)
def test_choice_of_the_reader(
    tmp_path: Path, stored: NDArray[np.generic], classes: ClassMap | None, expected: str
) -> None:
    cv2.imwrite(str(tmp_path / "m.png"), stored)
    assert choose_reader([RawLabel(tmp_path / "m.png", "m")], classes).name == expected


def test_distances() -> None:
    classes = ClassMap(("a", "b"), ((0, 0, 0), (255, 255, 255)), ids=(0, 10))
    assert RgbReader().distance(255, classes) == [255.0, pytest.approx(360.624, abs=1e-3)]
    assert IdReader().distance(7, classes) == [7.0, 3.0]


def test_library_call_returns_what_the_command_prints(raw: Raw) -> None:
    spoil(raw)
    from prep.converting.options import ConvertOptions

    result = convert_masks(
        raw.target,
        raw.masks,
        photos=raw.photos,
        classes_file=raw.classes,
        options=ConvertOptions(unknown="ignore"),
        workers=1,
    )
    assert result.converted == 3
    assert result.replaced == (("#070809", 3, "ignore"),)
    assert result.pixels[255] == 3
    assert result.pixels.sum() == 3 * 24 * 32


def test_a_full_disk_keeps_what_is_finished(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    write = job.write_file

    def full(path: Path, data: bytes) -> None:
        if path.name == "c.png":
            raise SegError(f"{path}: no space left on the disk; free some and run the same command again")
        write(path, data)

    monkeypatch.setattr(job, "write_file", full)
    assert "masks/c.png: no space left on the disk" in run_error(*raw.convert, "--workers", 1)
    (staged,) = raw.target.glob(".unfinished-*/new/images")
    assert sorted(path.name for path in staged.iterdir()) == ["a.png", "b.png"]
    monkeypatch.undo()
    run_ok(*raw.convert)
    assert np.array_equal(masks_of(raw.target)["c"], random_mask(2))


def test_0_and_255_are_not_silently_one_class(raw: Raw) -> None:
    for seed, stem in enumerate(("a", "b", "c")):
        save(raw.masks / f"{stem}.png", np.where(random_mask(seed) == 1, 255, 0).astype(np.uint8))
    raw.classes.write_text("background,#000000\nroad,#ff0000\n", encoding="utf-8")
    error = run_error(*raw.convert)
    assert "hold only the ids 0 and 255, and 255 means ignored" in error
    assert "save these two lines as classes.txt and add --classes classes.txt:\n\nbackground,#000000,0" in error
    assert not raw.target.exists()
    run_ok(*raw.convert, "--unknown", "ignore")
    raw.classes.write_text("background,#000000\nroad,#ff0000,255\n", encoding="utf-8")
    run_ok(*raw.convert, "--overwrite")
    np.testing.assert_array_equal(read_mask(raw.target / "masks/a.png"), random_mask(0) == 1)


def test_palette_masks_are_read_as_colors_when_ignored_colors_explain_the_rest(raw: Raw) -> None:
    """Every file has its own order of the palette, as drawing programs write them."""
    colors = np.array([*((0, 0, 0), (255, 0, 0), (0, 255, 0)), (9, 9, 9)], np.uint8)
    for seed, stem in enumerate(("a", "b", "c")):
        mask = random_mask(seed, classes=4)
        order = np.roll(np.arange(4), seed + 1)
        picture = Image.fromarray(np.argsort(order)[mask].astype(np.uint8), "P")
        picture.putpalette(colors[order].ravel().tolist())
        picture.save(raw.masks / f"{stem}.png")
    raw.classes.write_text("background,#000000\nline,#ff0000\nellipse,#00ff00\nignore,#090909\n", encoding="utf-8")
    run_ok(*raw.convert)
    for seed, stem in enumerate(("a", "b", "c")):
        expected = np.where(random_mask(seed, classes=4) == 3, 255, random_mask(seed, classes=4))
        np.testing.assert_array_equal(read_mask(raw.target / f"masks/{stem}.png"), expected)


def test_an_id_can_be_ignored_by_the_class_list(raw: Raw) -> None:
    for seed, stem in enumerate(("a", "b", "c")):
        save(raw.masks / f"{stem}.png", random_mask(seed))
    raw.classes.write_text("road,#ff0000,1\nhouse,#00ff00,2\nignore,#808080,0\n", encoding="utf-8")
    run_ok(*raw.convert)
    expected = np.array([255, 0, 1], np.uint8)[random_mask(0)]
    np.testing.assert_array_equal(read_mask(raw.target / "masks/a.png"), expected)
    assert Dataset.open(raw.target).classes.ignored_ids == (0,)


def test_wrong_colors_are_proposed_and_accepted(raw: Raw) -> None:
    """A class map whose colours do not occur, as tools export them: the error shows the options that mend it."""
    raw.classes.write_text("background,#000000\nline,#c03020\nellipse,#30c040\n", encoding="utf-8")
    said = run_error(*raw.convert)
    assert "2 classes of the class map occur in no mask" in said
    assert "--unknown background" in said
    options = re.findall(r"--color '(.+)'", said)
    assert options == ["line=#ff0000", "ellipse=#00ff00"]
    assert not raw.target.exists()
    run_ok(*raw.convert, *(word for option in options for word in ("--color", option)))
    assert Dataset.open(raw.target).classes.colors == COLORS
    assert np.array_equal(masks_of(raw.target)["a"], random_mask(0))


def test_color_of_no_class_is_told(raw: Raw) -> None:
    said = run_error(*raw.convert, "--color", "street=#ff0000")
    assert said == "--color street=#ff0000: no class has that name; there are background, line, ellipse"


def test_splits_that_came_with_the_labels_stay(tmp_path: Path) -> None:
    """Masks in folders train, valid and test; a second conversion and 'split' leave them there."""
    raw = tmp_path / "raw"
    for number, (stem, folder) in enumerate({"a": "train", "b": "train", "c": "valid", "d": "test"}.items()):
        save(raw / folder / "images" / f"{stem}.png", random_image(number))
        save(raw / folder / "masks" / f"{stem}.png", random_mask(number))
    (raw / "classes.txt").write_text("sky\nsea\nland\n")
    convert = ("masks", "convert", raw, "-o", tmp_path / "set", "--classes", raw / "classes.txt")
    said = run_ok(*convert)
    assert "the labels came divided, and stay so: 2 train, 1 val, 1 test" in said.stdout + said.stderr
    for again in (convert, ("split", tmp_path / "set")):
        run_ok(*again)
        samples = Dataset.open(tmp_path / "set").samples
        assert {each.stem: each.split for each in samples} == {
            "train_a": "train", "train_b": "train", "valid_c": "val", "test_d": "test"
        }  # fmt: skip
    run_ok("split", tmp_path / "set", "--folds", 3)  # other ratios are no reason to divide anew
    for seed in range(4):
        split = ("split", tmp_path / "set", "--overwrite", "--ratios", "40/40/20", "--folds", 3, "--seed", seed)
        said = run_ok(*split)
        assert "1 sample came as test with the labels and stays there" in said.stdout + said.stderr
        assert [each.stem for each in Dataset.open(tmp_path / "set").of_split("test")] == ["test_d"]
        assert "test_d" not in (tmp_path / "set" / "folds.csv").read_text()


def test_ids_in_three_equal_channels_get_no_colours_by_nearness(tmp_path: Path) -> None:
    ids = random_mask(3)
    save(tmp_path / "masks" / "a.png", np.stack([ids] * 3, axis=-1))
    save(tmp_path / "photos" / "a.png", random_image(3))
    (tmp_path / "classes.txt").write_text(CLASS_LIST, encoding="utf-8")
    convert = ("masks", "convert", tmp_path / "masks", "-o", tmp_path / "d", "--images", tmp_path / "photos",
               "--classes", tmp_path / "classes.txt")  # fmt: skip
    said = run_error(*convert)
    assert "greys below the number of classes, as ids are. Run the command again with\n  --from ids" in said
    assert "--color" not in said
    assert "--unknown" not in said
    run_ok(*convert, "--from", "ids")
    np.testing.assert_array_equal(masks_of(tmp_path / "d")["a"], ids)


def test_ids_in_three_equal_channels_are_those_of_a_list_that_states_them(tmp_path: Path) -> None:
    """The --color lines that were printed swapped classes: colours and greys were matched by their order."""
    ids = random_mask(3)
    save(tmp_path / "raw/masks/a.png", np.stack([ids * 10] * 3, axis=-1))
    save(tmp_path / "raw/photos/a.png", random_image(3))
    (tmp_path / "raw/classes.txt").write_text("background,#000000,0\nroad,#ff0000,20\ncar,#00ff00,10\n", "utf-8")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "d")
    np.testing.assert_array_equal(masks_of(tmp_path / "d")["a"], np.array([0, 2, 1], np.uint8)[ids])


def test_labels_of_a_new_class_grow_a_dataset_once_it_has_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The class map was to be named with --classes, which then was to be left out; now the page is named."""
    monkeypatch.chdir(tmp_path)
    for name, ids in {"a": random_mask(1, classes=2), "b": random_mask(2)}.items():
        save(Path(f"{name}/masks/{name}.png"), ids)
        save(Path(f"{name}/photos/{name}.png"), random_image(ord(name)))
    Path("classes.txt").write_text("sky,#000000,0\nroad,#ff0000,1\n", "utf-8")
    run_ok("masks", "convert", "a", "-o", "d", "--classes", "classes.txt")
    said = run_error("masks", "convert", "b", "-o", "d")
    assert "Other masks have the class map of d: add them to it on the page of 'seg-prep annotate d'" in said
    content = json.loads(Path("d/classes.json").read_text())
    content["classes"].append({"name": "car", "color": "#00ff00"})
    by_hand = json.dumps(content)
    Path("d/classes.json").write_text(by_hand)
    run_ok("masks", "convert", "b", "-o", "d")
    assert Path("d/classes.json").read_text() == by_hand
    made = masks_of(Path("d"))
    assert set(np.unique(made["a"])) == {0, 1}
    np.testing.assert_array_equal(made["b"], random_mask(2))
