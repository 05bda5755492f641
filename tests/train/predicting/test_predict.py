"""What predict writes of photos, and which photos it finds."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from numpy.typing import NDArray
from pycocotools.coco import COCO

from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.dataset.dataset import Dataset
from prep.images.finding import FoundFile
from prep.images.imageio import ImageRGB, IndexMask, read_mask
from prep.images.polygons import fill_polygon
from prep.photos.ranges import eight_bits
from prep.photos.rendering import Rendering
from tests import support
from tests.models import CLASSES, color_predictor, run_train, train_error, write_run
from tests.prep.photos.odd_photos import odd_photos
from tests.support import images_only, load, random_mask, run_ok, save, tree
from train.cli.main import main
from train.predicting.maps.tolerance import Tolerance
from train.predicting.output_folder import PREDICTED_FILES, OutputFolder
from train.predicting.outputs import finish_outputs, make_outputs
from train.predicting.predict import predict_photos
from train.predicting.sources import find_photos_and_videos
from train.windows.image_rows import ImageRows
from train.windows.predictor import Predictor
from train.windows.probability_file import Keep

KINDS = ("masks", "colors", "overlays", "geojson", "coco", "labelme")
NESTED = np.zeros((20, 24), np.uint8)
"""A ring of class 1 with a hole, in which an island of class 2 lies, and beside it two regions that touch."""
NESTED[2:14, 2:14] = 1
NESTED[4:12, 4:12] = 0
NESTED[6:9, 6:9] = 2
NESTED[3:9, 17:20] = 1
NESTED[9:12, 17:24] = 2


def photo_of(path: Path, mask: NDArray[np.uint8]) -> FoundFile:
    """A photo that the colour predictor labels as this mask."""
    return FoundFile(save(path, 255 * np.eye(3, dtype=np.uint8)[mask]), path.name)


def predicted(target: Path, masks: dict[str, NDArray[np.uint8]], *kinds: str, tolerance: float = 0.0) -> None:
    photos = [photo_of(target.parent / "photos" / f"{stem}.png", mask) for stem, mask in masks.items()]
    failures = Failures(0)
    predict_photos(color_predictor(), photos, OutputFolder(target, {}), kinds, failures, tolerance=Tolerance(tolerance))


def test_only_what_was_asked_for_is_written(tmp_path: Path) -> None:
    predicted(tmp_path / "out", {"a": NESTED}, "masks", "geojson")
    assert set(tree(tmp_path / "out")) == {PREDICTED_FILES, "masks/", "masks/a.png", "geojson/", "geojson/a.geojson"}
    assert (read_mask(tmp_path / "out/masks/a.png") == NESTED).all()
    predicted(tmp_path / "out", {"a": NESTED}, *KINDS)
    assert {path.parts[-2] for path in (tmp_path / "out").rglob("*.*") if path.is_file()} >= {*KINDS} - {"coco"}
    assert (load(tmp_path / "out/colors/a.png") == np.array(CLASSES.colors)[NESTED]).all()


@pytest.mark.parametrize("mask", [NESTED, random_mask(3), random_mask(4) // 2])
def test_geojson_gives_the_mask_back(mask: NDArray[np.uint8], tmp_path: Path) -> None:
    predicted(tmp_path / "out", {"a": mask}, "geojson")
    content = json.loads((tmp_path / "out/geojson/a.geojson").read_text())
    assert content["type"] == "FeatureCollection"
    assert content["coordinates"].startswith("pixels: x to the right, y down")
    assert (content["image"], content["width"], content["height"]) == ("a.png", mask.shape[1], mask.shape[0])
    again = np.zeros_like(mask)
    for feature in content["features"]:
        rings = [np.array(ring) for ring in feature["geometry"]["coordinates"]]
        assert all((ring[0] == ring[-1]).all() for ring in rings)
        # RFC 7946: the outer ring counterclockwise, holes clockwise, in the numbers as they stand
        turns = [float(ring[:-1, 0] @ ring[1:, 1] - ring[1:, 0] @ ring[:-1, 1]) for ring in rings]
        assert turns[0] > 0
        assert all(turn < 0 for turn in turns[1:])
        part = np.zeros_like(mask)
        fill_polygon(part, rings, 1)
        assert part.sum() == feature["properties"]["pixels"]
        again[part > 0] = feature["properties"]["index"]
        assert feature["properties"]["class"] == CLASSES.names[feature["properties"]["index"]]
    assert (again == mask).all()


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of pycocotools
def test_coco_is_what_pycocotools_and_our_own_reader_understand(tmp_path: Path) -> None:
    masks = {"a": NESTED, "b": random_mask(3), "c": np.zeros((5, 7), np.uint8)}
    predicted(tmp_path / "out", masks, "coco")
    path = tmp_path / "out/coco/annotations.json"
    content = json.loads(path.read_text())
    coco = COCO(str(path))
    assert [image["file_name"] for image in content["images"]] == ["a.png", "b.png", "c.png"]
    for image in content["images"]:
        mask = masks[image["file_name"][0]]
        again = np.zeros_like(mask)
        for annotation in coco.loadAnns(coco.getAnnIds(imgIds=image["id"])):
            region = coco.annToMask(annotation)
            assert annotation["area"] == region.sum()
            left, top, width, height = annotation["bbox"]
            assert region[top : top + height, left : left + width].sum() == region.sum()
            again[region > 0] = annotation["category_id"] - 1
        assert (again == mask).all()
    run_ok("masks", "convert", path, "-o", tmp_path / "again", "--images", tmp_path / "photos")
    for stem, mask in masks.items():
        assert (read_mask(tmp_path / "again/masks" / f"{stem}.png") == mask).all()


def test_later_photos_join_the_coco_file(tmp_path: Path) -> None:
    predicted(tmp_path / "out", {"b": NESTED}, "coco")
    predicted(tmp_path / "out", {"a": NESTED}, "coco")
    content = json.loads((tmp_path / "out/coco/annotations.json").read_text())
    assert [image["file_name"] for image in content["images"]] == ["a.png", "b.png"]
    ids = [annotation["id"] for annotation in content["annotations"]]
    assert ids == list(range(1, len(ids) + 1))
    assert [a["image_id"] for a in content["annotations"]] == sorted([1, 2] * (len(ids) // 2))


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"\xff", b'{"image": {}, "annotations": [1]}', b"[" * 100_000], ids=range(5)
)
def test_a_damaged_entry_of_coco_is_told_and_can_be_removed(content: bytes, tmp_path: Path) -> None:
    predicted(tmp_path / "out", {"a": NESTED, "b": NESTED}, "coco")
    whole = tree(tmp_path / "out")
    (entry := tmp_path / "out/coco/.entries/a.json").write_bytes(content)
    with pytest.raises(SegError, match=r"entries/a\.json: .*; remove it, and the same command labels its photo again"):
        finish_outputs(["coco"], OutputFolder(tmp_path / "out", {}), CLASSES)
    entry.unlink()
    predicted(tmp_path / "out", {"a": NESTED, "b": NESTED}, "coco")
    assert {**tree(tmp_path / "out"), PREDICTED_FILES: b""} == {**whole, PREDICTED_FILES: b""}


@pytest.mark.parametrize("mask", [NESTED, random_mask(3)])
def test_labelme_files_open_their_photo_and_come_back_as_the_mask(mask: NDArray[np.uint8], tmp_path: Path) -> None:
    predicted(tmp_path / "out", {"a": mask}, "labelme")
    content = json.loads((tmp_path / "out/labelme/a.json").read_text())
    assert (tmp_path / "out/labelme" / content["imagePath"]).samefile(tmp_path / "photos/a.png")
    run_ok("masks", "convert", tmp_path / "out/labelme", "-o", tmp_path / "again", "--images", tmp_path / "photos")
    names = Dataset.open(tmp_path / "again").classes.names
    values = np.array([CLASSES.names.index(name) for name in names], np.uint8)
    assert (values[read_mask(tmp_path / "again/masks/a.png")] == mask).all()


def test_simplified_polygons_have_fewer_corners(tmp_path: Path) -> None:
    mask = np.tril(np.ones((40, 40), np.uint8))
    corners = []
    for tolerance in (0.0, 1.0):
        target = tmp_path / str(tolerance) / "out"
        predicted(target, {"a": mask}, "geojson", tolerance=tolerance)
        (feature,) = json.loads((target / "geojson/a.geojson").read_text())["features"]
        corners.append(len(feature["geometry"]["coordinates"][0]))
    assert corners[1] < 10 < 70 < corners[0]


def test_photos_of_nested_folders_keep_their_names_apart(tmp_path: Path) -> None:
    for name in ("Tile 1/images/part.png", "Tile 2/images/part.png", "Tile 1/masks/part.png", "top.png", "clip.mp4"):
        save(tmp_path / "in" / name, NESTED) if name.endswith("png") else (tmp_path / "in" / name).touch()
    save(tmp_path / "in/out/masks/top.png", NESTED)
    found = find_photos_and_videos([tmp_path / "in"], tmp_path / "in/out")
    assert [photo.stem for photo in found.photos] == ["Tile 1_part", "Tile 2_part", "top"]
    assert found.videos == ()
    assert [video.stem for video in find_photos_and_videos([tmp_path / "in/clip.mp4"], tmp_path / "out").videos] == [
        "clip"
    ]


def test_equal_stems_and_nothing_to_do_are_told(tmp_path: Path) -> None:
    one, two = save(tmp_path / "1/a.png", NESTED), save(tmp_path / "2/a.jpg", NESTED)
    with pytest.raises(SegError, match="have the same stem a; rename one of them, or predict them into different"):
        find_photos_and_videos([one, two], tmp_path / "out")
    assert [photo.path for photo in find_photos_and_videos([one, one], tmp_path / "out").photos] == [one]
    (tmp_path / "empty").mkdir()
    with pytest.raises(SegError, match="empty: no photos here"):
        find_photos_and_videos([tmp_path / "empty"], tmp_path / "out")


def test_photos_in_the_folder_to_write_into_are_told(tmp_path: Path) -> None:
    photos, more = tmp_path / "photos", tmp_path / "more"
    for folder in (photos, more):
        save(folder / f"{folder.name}.png", NESTED)
    with pytest.raises(SegError, match=r"photos: -o .*photos is the folder of the photos; name another folder"):
        find_photos_and_videos([photos], photos)
    with pytest.raises(SegError, match=r"photos.png: -o .*photos holds them; name another"):
        find_photos_and_videos([more, photos / "photos.png"], photos)
    (photos / "predictions.json").write_text("{}")  # the second time that somebody types * -o photos
    assert [photo.stem for photo in find_photos_and_videos([more, photos], photos).photos] == ["more"]


def test_archives_and_urls_are_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "ph.zip").write_bytes(b"PK")
    told = support.run_train("predict", tmp_path / "ph.zip", "-o", tmp_path / "out").stderr
    assert "ph.zip: archives are not read here; unpack it, and name the folder of its photos" in told
    for url in ("zip://ph::ph.zip", "s3://bucket/photos"):
        told = " ".join(support.run_train("predict", url, "-o", tmp_path / "out").stderr.split())
        assert f"{url}: a URL, and this names a file or folder of this machine" in told


def test_pictures_of_other_predictions_are_no_photos(tmp_path: Path) -> None:
    for name in ("a.png", "out/colors/a.png", "out/overlays/a.png", "out/overlays/b.png", "out/b.png", "colors/c.png"):
        save(tmp_path / "in" / name, NESTED)
    (tmp_path / "in/out/predictions.json").write_text("{}")
    said: list[str] = []
    found = find_photos_and_videos([tmp_path / "in"], tmp_path / "other", said.append)
    assert [photo.name for photo in found.photos] == ["a.png", "colors/c.png", "out/b.png"]
    assert said == [f"{tmp_path / 'in/out'}: 3 pictures left out, which 'seg-train predict' made there"]
    only = find_photos_and_videos([tmp_path / "in/out/overlays"], tmp_path / "other", said.append)
    assert len(only.photos) == 2
    assert len(said) == 1
    assert len(find_photos_and_videos([tmp_path / "in/out"], tmp_path / "other", said.append).photos) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right on Windows")
def test_a_link_that_leads_to_itself_is_a_photo_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "round.png").symlink_to("round.png")
    assert [photo.stem for photo in find_photos_and_videos([tmp_path], tmp_path / "out").photos] == ["round"]


def test_a_folder_in_the_place_of_a_file_is_told_with_what_helps(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    photo_of(tmp_path / "photos/a.png", NESTED)
    (tmp_path / "out/masks/a.png/mine").mkdir(parents=True)
    command = ("predict", tmp_path / "photos", "-o", tmp_path / "out", "--run", run, "--device", "cpu")
    for options in ((), ("--overwrite",)):
        result = CliRunner().invoke(main, [*map(str, command), *options])
        assert result.exit_code == 1
        assert "a.png: is a folder; a file is expected here: move it away" in result.stderr


def test_the_images_of_a_dataset(tmp_path: Path) -> None:
    root = images_only(tmp_path / "data", [(5, 6), (7, 8)]).root
    save(root / "photos/s0.png", NESTED)  # the raw photo is not meant
    photos = find_photos_and_videos([root], tmp_path / "out").photos
    assert [(photo.stem, photo.path) for photo in photos] == [(s, root / f"images/{s}.png") for s in ("s0", "s1")]


def test_an_interrupted_command_goes_on_and_other_settings_are_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    photo_of(tmp_path / "photos/a.png", NESTED)
    out = tmp_path / "out"
    command = ("predict", tmp_path / "photos", "-o", out, "--run", run, "--device", "cpu")
    run_train(*command)
    whole = tree(out)
    assert set(whole) >= {"masks/a.png", "colors/a.png", "overlays/a.png", "classes.json", "predictions.json"}
    for name in ("masks/a.png", "overlays/a.png"):  # one is missing: made again; the others are all there: left alone
        (out / name).unlink()
        run_train(*command)
        assert tree(out) == whole
    (out / "masks/a.png").write_bytes(b"mine")
    run_train(*command)
    assert (out / "masks/a.png").read_bytes() == b"mine"
    run_train(*command, "--save", "geojson")
    assert "holds predictions of simplify 1.0 (now 2.0)" in train_error(*command, "--save", "geojson", "--simplify", 2)
    assert "holds predictions of window 32 (now 48)" in train_error(*command, "--window", 48)
    run_train(*command, "--save", "masks", "--simplify", 2)
    run_train(*command, "--save", "geojson", "--simplify", 2, "--overwrite")
    other = write_run(tmp_path / "other")
    assert "holds predictions of another model" in train_error(*command, "--run", other)


def wait_for(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let predict be killed, as kill -9 does, while it labels this photo."""
    labelled = iter(range(number + 1))
    call = Predictor.__call__

    def killed(self: Predictor, image: ImageRGB) -> IndexMask:
        if next(labelled) == number:
            raise SystemExit(137)
        return call(self, image)

    monkeypatch.setattr(Predictor, "__call__", killed)


def test_a_new_model_that_was_killed_goes_on_with_the_files_of_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = write_run(tmp_path / "old"), write_run(tmp_path / "new")
    for name in "abc":
        photo_of(tmp_path / f"photos/{name}.png", random_mask(ord(name), 40, 50))
    command = ("predict", tmp_path / "photos", "--device", "cpu", "--save", "masks,coco", "--run")
    for run, out in ((old, "out"), (new, "expected")):
        run_train(*command, run, "-o", tmp_path / out)
    assert tree(tmp_path / "out")["masks/b.png"] != tree(tmp_path / "expected")["masks/b.png"]
    with monkeypatch.context() as patch:
        wait_for(1, patch)
        result = CliRunner().invoke(main, list(map(str, (*command, new, "-o", tmp_path / "out", "--overwrite"))))
        assert result.exit_code == 137
    run_train(*command, new, "-o", tmp_path / "out")
    assert tree(tmp_path / "out") == tree(tmp_path / "expected")


def test_a_new_model_leaves_nothing_of_the_old_one(tmp_path: Path) -> None:
    """Masks of one model stood beside overlays of another, and of photos that are not asked for any more."""
    old, new, out = write_run(tmp_path / "old"), write_run(tmp_path / "new"), tmp_path / "out"
    for name in "ab":
        photo_of(tmp_path / f"photos/{name}.png", random_mask(ord(name), 40, 50))
    mine = save(out / "masks/mine.png", NESTED)
    command = ("predict", "--device", "cpu", "-o", out)
    run_train(*command, tmp_path / "photos", "--run", old)
    assert {"overlays/b.png", "colors/a.png"} <= tree(out).keys()
    again = (*command, tmp_path / "photos/a.png", "--run", new, "--save", "masks", "--overwrite")
    said = run_train(*again).stderr
    assert "removed 5 files that another model or other settings had made: colors/a.png, colors/b.png, " in said
    assert {name for name in tree(out) if name.endswith(".png")} == {"masks/a.png", "masks/mine.png"}
    assert read_mask(mine).tolist() == NESTED.tolist()
    assert "removed" not in run_train(*again).stderr


def test_some_photos_of_a_new_model_are_not_joined_with_those_of_the_old_one(tmp_path: Path) -> None:
    old, new = write_run(tmp_path / "old"), write_run(tmp_path / "new")
    for name in "ab":
        photo_of(tmp_path / f"photos/{name}.png", random_mask(ord(name), 40, 50))
    save = ("--save", "masks,coco", "--device", "cpu")
    run_train("predict", tmp_path / "photos", "-o", tmp_path / "out", "--run", old, *save)
    run_train("predict", tmp_path / "photos/a.png", "-o", tmp_path / "out", "--run", new, *save, "--overwrite")
    images = json.loads((tmp_path / "out/coco/annotations.json").read_text())["images"]
    assert [image["file_name"] for image in images] == ["a.png"]
    run_train("predict", tmp_path / "photos", "-o", tmp_path / "out", "--run", new, *save)
    run_train("predict", tmp_path / "photos", "-o", tmp_path / "expected", "--run", new, *save)
    assert tree(tmp_path / "out") == tree(tmp_path / "expected")


def test_a_photo_that_was_replaced_under_its_name_is_labelled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        photo_of(tmp_path / f"photos/{name}.png", random_mask(ord(name), 40, 50))
    save = ("--run", write_run(tmp_path / "run"), "--device", "cpu", "--save", "masks,coco")
    run_train("predict", tmp_path / "photos", "-o", tmp_path / "out", *save)
    before = tree(tmp_path / "out")
    photo_of(tmp_path / "photos/a.png", random_mask(7, 44, 50))
    with monkeypatch.context() as patch:
        wait_for(1, patch)  # the other photo is not labelled again
        run_train("predict", tmp_path / "photos", "-o", tmp_path / "out", *save)
    run_train("predict", tmp_path / "photos", "-o", tmp_path / "expected", *save)
    assert tree(tmp_path / "out") == tree(tmp_path / "expected")
    assert tree(tmp_path / "out")["masks/a.png"] != before["masks/a.png"]


def test_files_of_others_are_neither_taken_for_predictions_nor_replaced(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    photo_of(tmp_path / "photos/a.png", NESTED)
    command = ("predict", tmp_path / "photos", "-o", tmp_path / "out", "--run", run, "--device", "cpu")
    mine = save(tmp_path / "out/masks/a.png", NESTED)
    before = mine.read_bytes()
    assert "out/masks/a.png: is there already, and 'seg-train predict' did not make it" in train_error(*command)
    assert mine.read_bytes() == before
    run_train(*command, "--overwrite")
    assert mine.read_bytes() != before
    root = images_only(tmp_path / "data", [(5, 6)]).root
    into = train_error("predict", tmp_path / "photos", "-o", root, "--run", run, "--device", "cpu", "--overwrite")
    assert "data: that is a dataset; name another folder with -o" in into


def test_odd_photos_do_not_stop_the_good_ones(tmp_path: Path) -> None:
    odd = odd_photos(tmp_path / "photos")
    photo_of(tmp_path / "photos/good.png", NESTED)
    command = ("predict", tmp_path / "photos", "-o", tmp_path / "out", "--run", write_run(tmp_path / "run"))
    options = ("--device", "cpu", "--save", "masks", "--max-failed")
    result = CliRunner().invoke(main, list(map(str, (*command, *options, 3))))
    assert (result.exit_code, result.stdout) == (1, f"1 of 4 photos -> {tmp_path / 'out'}\n")
    assert all(f"  {path}: the file is truncated or damaged" in result.stderr for path in odd)
    assert [path.name for path in (tmp_path / "out/masks").iterdir()] == ["good.png"]
    assert "3 files cannot be used:\n" in train_error(*command, *options, 2)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file systems there have no such names")
def test_names_that_cannot_be_shown_do_not_stop_the_others(tmp_path: Path) -> None:
    good = photo_of(tmp_path / "photos/good.png", NESTED).path
    shutil.copy(good, good.with_name("od\x07d.png"))
    command = ("predict", tmp_path / "photos", "-o", tmp_path / "out", "--run", write_run(tmp_path / "run"))
    options = ("--device", "cpu", "--save", "masks")
    result = CliRunner().invoke(main, list(map(str, (*command, *options))))
    assert (result.exit_code, result.stdout) == (1, f"1 of 2 photos -> {tmp_path / 'out'}\n")
    assert r"od\x07d.png': the name holds characters that cannot be shown; rename the file" in result.stderr
    assert [path.name for path in (tmp_path / "out/masks").iterdir()] == ["good.png"]
    good.unlink()
    assert train_error(*command, *options).endswith("cannot be shown; rename the file\n")


def test_photos_of_one_stem_do_not_stop_the_others(tmp_path: Path) -> None:
    first = photo_of(tmp_path / "photos/a.png", NESTED).path
    second, good = first.with_suffix(".jpg"), first.with_name("good.png")
    for copy in (second, good):
        shutil.copy(first, copy)
    command = ("predict", tmp_path / "photos", "-o", tmp_path / "out", "--run", write_run(tmp_path / "run"))
    options = ("--device", "cpu", "--save", "masks")
    result = CliRunner().invoke(main, list(map(str, (*command, *options))))
    assert (result.exit_code, result.stdout) == (1, f"1 of 3 photos -> {tmp_path / 'out'}\n")
    for one, other in ((first, second), (second, first)):
        assert f"  {one}: {other} has the same stem a, and one would replace the other; rename one" in result.stderr
    assert [path.name for path in (tmp_path / "out/masks").iterdir()] == ["good.png"]
    second.rename(second.with_name("b.jpg"))
    result = CliRunner().invoke(main, list(map(str, (*command, *options))))
    assert (result.exit_code, result.stdout) == (0, f"3 of 3 photos -> {tmp_path / 'out'}\n")


def test_a_record_with_half_a_line_is_read_up_to_there_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    photo_of(tmp_path / "photos/a.png", NESTED)
    command = ("predict", tmp_path / "photos", "-o", tmp_path / "out", "--run", run, "--device", "cpu")
    run_train(*command)
    whole = tree(tmp_path / "out")
    record = tmp_path / "out" / PREDICTED_FILES
    record.write_bytes(record.read_bytes() + b"masks/b.png,be")
    run_train(*command)
    assert tree(tmp_path / "out") == whole
    record.write_bytes(record.read_bytes() + b"masks/b.png,perhaps,,\n")
    assert f"{PREDICTED_FILES}, line 5: 'perhaps' is no state" in train_error(*command)
    assert "remove this file and add --overwrite" in train_error(*command)
    record.unlink()
    run_train(*command, "--overwrite")
    assert tree(tmp_path / "out") == whole


def test_every_kind_of_the_command_is_made(tmp_path: Path) -> None:
    from train.cli import predict as module

    outputs = make_outputs(KINDS, tmp_path, CLASSES, 1.0, 1)
    assert len({each.path(FoundFile(Path("a.png"), "a.png")) for each in outputs}) == len(KINDS)
    assert set(module._KINDS) == {*KINDS, "geopackage", "probabilities"}


def test_probabilities_go_with_the_masks_of_the_same_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[Keep | None] = []
    strips = Predictor.strips

    def seen(self: Predictor, source: ImageRows, keep: Keep | None = None) -> Iterator[tuple[int, IndexMask]]:
        passes.append(keep)
        return strips(self, source, keep)

    monkeypatch.setattr(Predictor, "strips", seen)
    mask = random_mask(3, 50, 33)
    photo = photo_of(tmp_path / "photos/a.png", mask)
    for _ in range(2):  # the second finds all there
        folder = OutputFolder(tmp_path / "out", {})
        predict_photos(color_predictor(), [photo], folder, ("masks", "probabilities"), Failures(0))
        assert set(tree(tmp_path / "out")) == {
            PREDICTED_FILES,
            "masks/",
            "masks/a.png",
            "probabilities/",
            "probabilities/a.npy",
        }
    path = tmp_path / "out/probabilities/a.npy"
    assert len(passes) == 1 and passes[0] is not None
    found = np.load(path, mmap_mode="r")
    assert (found.shape, found.dtype) == ((3, 50, 33), np.float16)
    np.testing.assert_allclose(found.sum(axis=0, dtype=np.float64), 1, atol=2e-3)
    assert (found.argmax(axis=0) == mask).all()
    assert (read_mask(tmp_path / "out/masks/a.png") == mask).all()
    path.unlink()
    predict_photos(color_predictor(), [photo], OutputFolder(tmp_path / "out", {}), ("probabilities",), Failures(0))
    assert path.exists()


def test_the_command_saves_probabilities_alone(tmp_path: Path) -> None:
    photo_of(tmp_path / "photos/a.png", NESTED)
    run = write_run(tmp_path / "run")
    command = ("predict", tmp_path / "photos", "--run", run, "--device", "cpu", "--save")
    run_train(*command, "probabilities", "-o", tmp_path / "out")
    run_train(*command, "masks", "-o", tmp_path / "masks")
    found = np.load(tmp_path / "out/probabilities/a.npy")
    assert (found.argmax(axis=0) == read_mask(tmp_path / "masks/masks/a.png")).mean() > 0.99  # float16 makes ties
    assert {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()} == {"probabilities"}


def test_labelme_refuses_names_that_it_would_read_otherwise(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", classes=type(CLASSES)(("ignore", "b", "c"), CLASSES.colors))
    photo_of(tmp_path / "photos/a.png", NESTED)
    error = train_error(
        "predict", tmp_path / "photos", "-o", tmp_path / "out", "--run", run, "--save", "labelme", "--device", "cpu"
    )
    assert "the class name 'ignore' means something else" in error


# Photos of more than 8 bits.


def deep_photos(folder: Path) -> dict[str, NDArray[np.uint16]]:
    """Two photos of 12 bits in 16, and the same numbers as pages of one file."""
    rng = np.random.default_rng(0)
    numbers = {stem: rng.integers(0, most, (20, 30)).astype(np.uint16) for stem, most in (("a", 900), ("b", 4000))}
    folder.mkdir()
    for stem, values in numbers.items():
        tifffile.imwrite(folder / f"{stem}.tif", values, metadata=None)
    tifffile.imwrite(folder / "c.tif", np.stack(list(numbers.values())), photometric="minisblack")
    return numbers


def overlays_of(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (folder / "overlays").iterdir()}


def test_deep_photos_get_the_range_of_the_training(tmp_path: Path) -> None:
    numbers = deep_photos(tmp_path / "deep")
    run = write_run(tmp_path / "run", rendering=Rendering({"uint16": (0, 8191)}))
    done = run_train("predict", tmp_path / "deep", "-o", tmp_path / "out", "--run", run, "--device", "cpu")
    assert "0 to 8,191 becomes black to white, as in the photos that the model was trained on" in done.stderr
    for stem, values in numbers.items():
        save(tmp_path / "plain" / f"{stem}.png", eight_bits(values, (0, 8191)))
    run_train("predict", tmp_path / "plain", "-o", tmp_path / "same", "--run", run, "--device", "cpu")
    found, expected = overlays_of(tmp_path / "out"), overlays_of(tmp_path / "same")
    assert found == {**expected, "c_page1": expected["a"], "c_page2": expected["b"]}
    record = json.loads((tmp_path / "out/predictions.json").read_text())
    assert record["ranges"] == {"uint16": [0, 8191]}


def test_deep_photos_that_a_model_never_met_get_the_range_in_use(tmp_path: Path) -> None:
    numbers = deep_photos(tmp_path / "deep")
    run = write_run(tmp_path / "run")
    done = run_train("predict", tmp_path / "deep", "-o", tmp_path / "out", "--run", run, "--device", "cpu")
    span = (
        min(int(values.min()) for values in numbers.values()),
        max(int(values.max()) for values in numbers.values()),
    )
    assert f"{span[0]:,} to {span[1]:,} becomes black to white, by what is in use in all of them" in done.stderr
    assert "--range" not in done.stderr
    assert json.loads((tmp_path / "out/predictions.json").read_text())["ranges"] == {"uint16": list(span)}
    only = tmp_path / "deep/a.tif"
    said = train_error("predict", only, "-o", tmp_path / "out", "--run", run, "--device", "cpu")
    assert "holds predictions of ranges" in said
