"""Zip files as they were downloaded: read as their folder would be, safely, and nothing is left behind."""

import io
import json
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from prep.dataset.lock import locked
from prep.images.imageio import encode_png
from prep.labels import unpacking
from tests.support import by_stem, masks_of, random_image, run_error, run_ok, save, tree

SQUARE = [0, 0, 2, 0, 2, 1, 0, 1]
COCO = {
    "images": [{"id": 1, "file_name": "a.png", "width": 3, "height": 2}],
    "categories": [{"id": 1, "name": "road"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [SQUARE]}],
}
ROAD = [[1, 1, 0], [0, 0, 0]]
PHOTO = encode_png(random_image(0, 2, 3))


def pack(path: Path, members: Mapping[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def coco(path: Path) -> Path:
    members = {"annotations/instances_default.json": json.dumps(COCO), "images/default/a.png": PHOTO}
    return pack(path, {**members, "__MACOSX/images/._a.png": b"x", "images/.DS_Store": b"x"})


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_it_is_read_as_its_folder_would_be_and_leaves_nothing(tmp_path: Path, temporary: Path) -> None:
    archive = coco(tmp_path / "export.zip")
    zipfile.ZipFile(archive).extractall(tmp_path / "export")
    run_ok("masks", "convert", archive, "-o", tmp_path / "set")
    run_ok("masks", "convert", tmp_path / "export", "-o", tmp_path / "other")
    assert masks_of(tmp_path / "set")["a"].tolist() == ROAD
    assert by_stem(tmp_path / "set")["a"].image == "images/a.png"
    assert tree(tmp_path / "set") == tree(tmp_path / "other")
    assert not [path.name for path in (tmp_path / "set").iterdir() if path.name.startswith(".")]
    assert "1 label, read as coco" in run_ok("masks", "inspect", archive).stdout
    assert not any(temporary.iterdir())


def test_photos_without_a_mask_keep_their_split_as_in_the_folder(tmp_path: Path) -> None:
    mask, photo = encode_png(np.array([[0, 1, 1]], np.uint8)), encode_png(random_image(1, 1, 3))
    members: dict[str, bytes | str] = {"classes.txt": "good,#000000\nfault,#ff0000\n"}
    for split, stem in (("train", "a"), ("val", "b")):
        members |= {f"{split}/images/{stem}.png": photo, f"{split}/images/{stem}_good.png": photo}
        members[f"{split}/masks/{stem}.png"] = mask
    archive = pack(tmp_path / "export.zip", members)
    zipfile.ZipFile(archive).extractall(tmp_path / "export")
    splits = []
    for source in (archive, tmp_path / "export"):
        root = tmp_path / f"set of {source.name}"
        run_ok("masks", "convert", source, "-o", root, "--without-mask", "good")
        splits.append({stem: sample.split for stem, sample in by_stem(root).items()})
    assert splits[0] == splits[1] == {"train_a": "train", "train_a_good": "train", "val_b": "val", "val_b_good": "val"}


def test_photos_beside_the_zip_file_are_found(tmp_path: Path) -> None:
    archive = pack(tmp_path / "raw.zip", {"instances.json": json.dumps(COCO)})
    save(tmp_path / "images" / "a.png", random_image(0, 2, 3))
    run_ok("masks", "convert", archive, "-o", tmp_path / "set")
    assert by_stem(tmp_path / "set")["a"].image == "images/a.png"


def test_yolo_in_a_zip_file_with_a_folder_around(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {
        "my set/data.yaml": "names: [road]\n",
        "my set\\train\\labels\\a.txt": "0 0 0 0.667 0 0.667 0.5 0 0.5\n",
        "my set/train/images/a.png": PHOTO,
    }
    run_ok("masks", "convert", pack(tmp_path / "yolo.zip", members), "-o", tmp_path / "set")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "road")
    assert next(iter(masks_of(tmp_path / "set").values())).tolist() == ROAD
    assert next(iter(by_stem(tmp_path / "set").values())).split == "train"


def test_masks_in_a_zip_file_of_windows(tmp_path: Path) -> None:
    """Some programs write backslashes between folders."""
    mask = np.array([[1, 1, 0], [0, 0, 0]], np.uint8)
    members: dict[str, bytes | str] = {
        "images\\a.png": PHOTO,
        "masks\\a.png": encode_png(mask),
        "classes.txt": "background\nroad\n",
    }
    run_ok("masks", "convert", pack(tmp_path / "set.zip", members), "-o", tmp_path / "set")
    assert by_stem(tmp_path / "set")["a"].image == "images/a.png"
    assert masks_of(tmp_path / "set")["a"].tolist() == ROAD


@pytest.mark.parametrize("name", ["../a.json", "/etc/a.json", "..\\a.json", "C:/a.json", "a/../../b.json"])
def test_paths_that_lead_outside_are_refused(name: str, tmp_path: Path) -> None:
    archive = pack(tmp_path / "export.zip", {"instances.json": json.dumps(COCO), name: "{}"})
    said = run_error("masks", "convert", archive, "-o", tmp_path / "set")
    assert f"holds {name!r}, which is a link or leads outside of it" in said
    assert not (tmp_path / "set").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.zip", "temporary"]


def test_links_are_refused(tmp_path: Path) -> None:
    archive = pack(tmp_path / "export.zip", {"instances.json": json.dumps(COCO)})
    with zipfile.ZipFile(archive, "a") as opened:
        link = zipfile.ZipInfo("photos")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc")
    assert "'photos', which is a link" in run_error("masks", "inspect", archive)


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = pack(tmp_path / "export.zip", {"instances.json": json.dumps(COCO), "zeros.bin": bytes(1 << 20)})
    monkeypatch.setattr(unpacking, "_ALWAYS", 1 << 10)
    said = run_error("masks", "convert", archive, "-o", tmp_path / "set")
    assert "unpacks to 2 files of 1,048," in said
    assert "that is no export of labels" in said
    assert not (tmp_path / "set").exists()


def test_damage_and_the_same_name_twice_are_named(tmp_path: Path) -> None:
    archive = coco(tmp_path / "export.zip")
    data = bytearray(archive.read_bytes())
    at = data.index(b"instances_default.json") + 30
    data[at : at + 20] = bytes(20)
    archive.write_bytes(data)
    said = run_error("masks", "convert", archive, "-o", tmp_path / "set")
    assert "annotations/instances_default.json cannot be unpacked" in said
    assert not (tmp_path / "set").exists()


_KILLED = """
import os, signal, sys
from pathlib import Path
from prep.converting import masks
masks.plan_conversion = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
masks.convert_masks(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_what_a_killed_command_unpacked_goes_with_the_next_one(tmp_path: Path) -> None:
    archive = coco(tmp_path / "export.zip")
    killed = subprocess.run([sys.executable, "-c", _KILLED, tmp_path / "set", archive], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert any(path.name.startswith(".unpacked-") for path in (tmp_path / "set").iterdir())
    save(tmp_path / "raw" / "a.png", np.array([[0, 1]], np.uint8))
    (tmp_path / "raw" / "classes.txt").write_text("sky,#000000\nsea,#010101\n")
    (tmp_path / "photos").mkdir()
    save(tmp_path / "photos" / "a.png", random_image(0, 1, 2))
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--images", tmp_path / "photos")
    assert not [path.name for path in (tmp_path / "set").iterdir() if path.name.startswith(".")]


def test_of_temporary_folders_only_those_go_that_nobody_uses(tmp_path: Path, temporary: Path) -> None:
    archive = coco(tmp_path / "export.zip")
    (temporary / "seg-prep-unpacked-left" / "x").mkdir(parents=True)
    (temporary / "seg-prep-unpacked-link").symlink_to(tmp_path, target_is_directory=True)
    used = temporary / "seg-prep-unpacked-used"
    with locked(used):
        program = "from prep.cli.main import main; main()"
        command = [sys.executable, "-c", program, "masks", "inspect", str(archive)]
        subprocess.run(command, check=True, env={**os.environ, "TMPDIR": str(temporary)})
        assert sorted(path.name for path in temporary.iterdir()) == ["seg-prep-unpacked-link", used.name]
    assert archive.exists()


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (1, 2, 3)])
@pytest.mark.parametrize("folder", ["", "my set/"])
def test_photos_in_the_zip_file_are_found_beside_numpy_masks(
    shape: tuple[int, ...], folder: str, tmp_path: Path
) -> None:
    file = io.BytesIO()
    np.save(file, np.array(ROAD).reshape(shape))
    members = {f"{folder}masks/a.npy": file.getvalue(), f"{folder}images/a.png": PHOTO, "classes.txt": "ground\nroad\n"}
    archive = pack(tmp_path / "set.zip", members)
    run_ok("masks", "convert", archive, "-o", tmp_path / "set")
    (stem,) = masks_of(tmp_path / "set")
    assert masks_of(tmp_path / "set")[stem].tolist() == ROAD
    assert by_stem(tmp_path / "set")[stem].image
    assert "photo" in run_ok("masks", "inspect", archive).stdout


def test_lists_of_splits_that_differ_are_told_as_in_a_folder(tmp_path: Path) -> None:
    ids = encode_png(np.array(ROAD, np.uint8))
    members: dict[str, bytes | str] = {}
    for split, names in (("train", "0, ground\n1, road\n"), ("valid", "0, ground\n1, car\n")):
        members |= {f"{split}/a_mask.png": ids, f"{split}/a.jpg": PHOTO}
        members[f"{split}/_classes.csv"] = f"Pixel Value, Class\n{names}"
    archive = pack(tmp_path / "set.zip", members)
    said = run_error("masks", "convert", archive, "-o", tmp_path / "set")
    assert "train/_classes.csv and valid/_classes.csv say different classes" in said
    (tmp_path / "mine.txt").write_text("ground\nroad\n")
    run_ok("masks", "convert", archive, "-o", tmp_path / "set", "--classes", tmp_path / "mine.txt")


def test_masks_of_a_class_each_in_a_zip_file_and_their_photos_elsewhere(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {}
    for stem in ("x1", "x2"):
        save(tmp_path / "photos" / f"{stem}.png", random_image(0, 8, 6))
        for place, name in enumerate(("road", "car")):
            mask = np.zeros((8, 6), np.uint8)
            mask[place * 4 : place * 4 + 2] = 255
            members[f"{stem}_{name}.png"] = encode_png(mask)
    archive = pack(tmp_path / "masks.zip", members)
    said = run_ok("masks", "convert", archive, "-o", tmp_path / "set", "--images", tmp_path / "photos").stdout
    assert "4 masks of 2 classes (car, road) merged into one mask for each of 2 photos" in said


def test_masks_of_a_class_each_beside_their_photo_are_told_in_a_zip_file(tmp_path: Path) -> None:
    members: dict[str, bytes | str] = {}
    for number, stem in enumerate(("x1", "x2")):
        members[f"set/{stem}.png"] = encode_png(random_image(number, 40, 60))
        for place, name in enumerate(("road", "car")):
            mask = np.zeros((40, 60), np.uint8)
            mask[place * 20 : place * 20 + 10] = 255
            members[f"set/{stem}_{name}.png"] = encode_png(mask)
    run_ok("masks", "convert", pack(tmp_path / "set.zip", members), "-o", tmp_path / "set")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "car", "road")
    assert np.unique(masks_of(tmp_path / "set")["set_x1"][:10]).tolist() == [2]


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_one_of_several_label_files_is_named_once_they_are_unpacked(
    is_wrapped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    members: dict[str, bytes | str] = {}
    for number in (1, 2):
        task = coco(tmp_path / f"task {number}.zip")
        if is_wrapped:
            members[task.name] = task.read_bytes()
        else:
            with zipfile.ZipFile(task) as opened:
                names = [name for name in opened.namelist() if not name.startswith("__")]
                members |= {f"task {number}/{name}": opened.read(name) for name in names}
        task.unlink()
    pack(tmp_path / "my export.zip", members)
    said = run_error("masks", "convert", "my export.zip", "-o", "set")
    assert said.startswith("my export.zip: holds 2 files of COCO; unpack it:\n  unzip 'my export.zip' -d 'my export'\n")
    typed = [shlex.split(line) for line in re.findall(r"^  (.*)$", said, re.MULTILINE)]
    for command in (words for words in typed if words[0] == "unzip"):
        zipfile.ZipFile(command[1]).extractall(command[3])
    ways = [words for words in typed if words[0] != "unzip"]
    assert ways == [[f"my export/task {number}/annotations/instances_default.json"] for number in (1, 2)]
    run_ok("masks", "convert", *ways[1], "-o", "set")
    assert masks_of(Path("set"))["a"].tolist() == ROAD


def test_a_folder_that_is_there_is_not_unpacked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("export").mkdir()
    pack(tmp_path / "export.zip", {f"{number}.json": json.dumps(COCO) for number in (1, 2)})
    said = run_error("masks", "convert", "export.zip", "-o", "set")
    assert "\n  unzip export.zip -d export_unpacked\n" in said
    assert "\n  export_unpacked/1.json\n" in said


@pytest.mark.parametrize("inner", ["", "top/"])
def test_zips_of_equal_names_are_unpacked_into_a_folder_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inner: str
) -> None:
    monkeypatch.chdir(tmp_path)
    photos = {f"{inner}p{number}.png": encode_png(random_image(number, 4, 5)) for number in range(3)}
    pack(tmp_path / "my images.zip", photos)
    pack(tmp_path / "masks.zip", {name: encode_png(np.full((4, 5), 1, np.uint8)) for name in photos})
    (tmp_path / "classes.txt").write_text("sky\nroad\n")
    said = run_error("masks", "convert", ".", "-o", "set")
    ways = [shlex.split(line) for line in said.splitlines() if line.startswith("  unzip ")]
    assert ways == [["unzip", "masks.zip", "-d", "masks"], ["unzip", "my images.zip", "-d", "my images"]]
    for _, archive, _, folder in ways:
        zipfile.ZipFile(archive).extractall(folder)
    run_ok("masks", "convert", ".", "-o", "set")
    assert len(masks_of(Path("set"))) == 3


def test_zips_of_other_names_are_unpacked_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pack(tmp_path / "a.zip", {"images/p0.png": PHOTO})
    pack(tmp_path / "b.zip", {"masks/p0.png": encode_png(np.full((2, 3), 1, np.uint8))})
    said = run_error("masks", "convert", ".", "-o", "set")
    assert "  unzip a.zip -d .\n  unzip b.zip -d ." in said
