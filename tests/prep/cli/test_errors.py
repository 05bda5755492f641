"""Bad input and bad luck: each gives an error that names the file; nothing half-written, nothing lost."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import numpy as np
import pytest

import prep.patching.patch_files
from prep.cli.options import AnyPath
from prep.core.files import write_bytes
from prep.dataset import lock
from prep.dataset.dataset import Dataset
from tests.commands import COMMANDS
from tests.conftest import Raw
from tests.support import (
    SCRIPTS,
    images_only,
    masks_of,
    no_space,
    paint,
    random_image,
    random_mask,
    run_error,
    run_ok,
    run_partly,
    run_prep,
    run_script,
    save,
    tree,
)

# Files of the user. Each case spoils the raw files, and returns what the error has to name.


def truncated_mask(raw: Raw) -> str:
    path = raw.masks / "b.png"
    path.write_bytes(path.read_bytes()[:200])
    return f"{path}: the file is truncated or damaged"


def truncated_photo(raw: Raw) -> str:
    path = raw.photos / "b.png"
    path.write_bytes(path.read_bytes()[:-300])
    return f"{path}: the file is truncated or damaged"


def truncated_jpeg(raw: Raw) -> str:
    (raw.photos / "b.png").unlink()
    path = save(raw.photos / "b.jpg", random_image(1))
    path.write_bytes(path.read_bytes()[:-100])
    return f"{path}: the file is truncated or damaged"


def empty_mask(raw: Raw) -> str:
    (raw.masks / "b.png").write_bytes(b"")
    return f"{raw.masks / 'b.png'}: the file is empty (0 bytes)"


def empty_photo(raw: Raw) -> str:
    (raw.photos / "b.png").write_bytes(b"")
    return f"{raw.photos / 'b.png'}: the file is empty (0 bytes)"


def mask_without_image(raw: Raw) -> str:
    (raw.photos / "b.png").unlink()
    return "1 mask has no image: b"


def image_without_mask(raw: Raw) -> str:
    (raw.masks / "b.png").unlink()
    return "1 image has no mask: b"


def mask_of_another_size(raw: Raw) -> str:
    save(raw.masks / "b.png", paint(random_mask(1, 25, 32)))
    return f"{raw.masks / 'b.png'}: 32 x 25 pixels, but its photo b.png has 32 x 24"


def no_masks(raw: Raw) -> str:
    shutil.rmtree(raw.masks)
    raw.masks.mkdir()
    return f"{raw.masks}: no labels here"


def no_photos(raw: Raw) -> str:
    shutil.rmtree(raw.photos)
    raw.photos.mkdir()
    (raw.photos / "notes.txt").touch()
    return f"{raw.photos}: no photos here"


def folder_named_as_mask(raw: Raw) -> str:
    (raw.masks / "b.png").unlink()
    (raw.masks / "b.png").mkdir()
    return "1 image has no mask: b. Nothing was written"


def dangling_link(raw: Raw) -> str:
    (raw.masks / "b.png").unlink()
    (raw.masks / "b.png").symlink_to("gone.png")
    return f"{raw.masks / 'b.png'}: no such file or folder"


def deep_colors(raw: Raw) -> str:
    import cv2

    cv2.imwrite(str(raw.masks / "b.png"), np.zeros((24, 32, 3), np.uint16))
    return f"{raw.masks / 'b.png'}: 16 bits a channel"


def color_twice(raw: Raw) -> str:
    raw.classes.write_text("a,#000000\nb,#ff0000\nc,#FF0000\n", encoding="utf-8")
    return f"{raw.classes}: the colour #ff0000 stands twice"


def json_color_twice(raw: Raw) -> str:
    entries = [{"index": n, "name": f"{n}", "color": "#102030"} for n in range(2)]
    raw.classes.write_text(json.dumps({"classes": entries}), encoding="utf-8")
    return f"{raw.classes}: the colour #102030 stands twice"


def invalid_json(raw: Raw) -> str:
    raw.classes.write_text('{"classes": [}', encoding="utf-8")
    return f"{raw.classes}: not valid JSON"


def empty_classes(raw: Raw) -> str:
    raw.classes.write_bytes(b"")
    return f"{raw.classes}: the file is empty (0 bytes)"


LEFT_OUT = (
    dangling_link,
    truncated_mask,
    truncated_photo,
    truncated_jpeg,
    empty_mask,
    empty_photo,
    mask_of_another_size,
    deep_colors,
)
REFUSED = (
    mask_without_image,
    image_without_mask,
    no_masks,
    no_photos,
    folder_named_as_mask,
    color_twice,
    json_color_twice,
    invalid_json,
    empty_classes,
)


@pytest.mark.parametrize("existing", [False, True], ids=["new", "existing"])
@pytest.mark.parametrize("spoil", LEFT_OUT, ids=[case.__name__ for case in LEFT_OUT])
def test_a_bad_file_is_left_out_and_named(raw: Raw, spoil: Callable[[Raw], str], existing: bool) -> None:
    if existing:
        run_ok(*raw.convert)
    expected = spoil(raw)
    again = ("--overwrite",) if existing else ()
    before = tree(raw.target.parent)
    assert expected in run_error(*raw.convert, *again, "--max-failed", 0)
    assert tree(raw.target.parent) == before
    assert expected in run_partly(*raw.convert, *again)
    made = masks_of(raw.target)
    assert len(made) == (3 if existing else 2)
    for stem, mask in made.items():
        np.testing.assert_array_equal(mask, random_mask("abc".index(stem)))


@pytest.mark.parametrize("existing", [False, True], ids=["new", "existing"])
@pytest.mark.parametrize("spoil", REFUSED, ids=[case.__name__ for case in REFUSED])
def test_bad_sets_are_named_and_nothing_changes(raw: Raw, spoil: Callable[[Raw], str], existing: bool) -> None:
    if existing:
        run_ok(*raw.convert)
    if existing and spoil in (image_without_mask, folder_named_as_mask):
        pytest.skip("this image has its mask already")
    expected = spoil(raw)
    before = tree(raw.target.parent)
    assert expected in run_error(*raw.convert, *(["--overwrite"] if existing else []))
    assert tree(raw.target.parent) == before


@pytest.mark.parametrize("command", [("masks", "convert"), ("masks", "inspect"), ("resize", "-o", "new")])
def test_a_path_that_is_not_there_is_told_with_the_likeliest(raw: Raw, command: tuple[str, ...]) -> None:
    folder = raw.photos.parent
    near, nothing = run_prep(*command, folder / "fotos"), run_prep(*command, folder / "zzz")
    assert f"{folder / 'fotos'}: no such file or folder; did you mean {raw.photos}?" in near.stderr
    assert f"no such file or folder in {folder.resolve()}" in nothing.stderr
    assert (near.exit_code, nothing.exit_code) == (2, 2)


def test_many_bad_files_are_told_at_once(raw: Raw) -> None:
    for number in range(14):
        save(raw.photos / f"n{number:02}.png", random_image(number))
        save(raw.masks / f"n{number:02}.png", paint(random_mask(number, 10, 10)))
    said = run_partly(*raw.convert)
    assert said.count("10 x 10 pixels") == 14
    assert masks_of(raw.target).keys() == {"a", "b", "c"}


def test_errors_of_damaged_png_are_ours_alone(raw: Raw) -> None:
    """The PNG library has no line of its own on the terminal."""
    path = raw.masks / "b.png"
    data = bytearray(save(path, random_image(1, 60, 60)).read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(40)
    path.write_bytes(bytes(data))
    result = run_script("seg-prep", *raw.convert, "--max-failed", "0")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: 1 file cannot be used:\n{path}: the file is truncated or damaged")


# Targets.


@pytest.mark.parametrize("command", ["synth", "convert"])
def test_target_below_a_file_is_told(raw: Raw, command: str) -> None:
    (raw.target.parent / "file").write_text("mine", encoding="utf-8")
    target = raw.target.parent / "file" / "campus"
    before = tree(raw.target.parent)
    arguments = ["synth", "-o", target] if command == "synth" else [*raw.convert[:3], target, *raw.convert[4:]]
    if command == "convert":
        arguments = ["masks", "convert", raw.masks, "-o", target, "--images", raw.photos, "--classes", raw.classes]
    said = run_error(*arguments)
    assert str(target) in said
    assert "a part of this path is a file, not a folder" in said
    assert tree(raw.target.parent) == before


@pytest.mark.parametrize("command", ["synth", "split", "stats", "patches"])
@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES], ids=["read-only", "denied"])
def test_unwritable_target_is_told(dataset: Dataset, monkeypatch: pytest.MonkeyPatch, command: str, code: int) -> None:
    """Simulated, because root may write everywhere."""

    def refused(path: Path, *_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code), str(path))

    before = tree(dataset.root, provenance=True)
    options = {
        "synth": ["--n", 1, "-o", dataset.root.parent / "new"],
        "split": [dataset.root, "--seed", 1, "--overwrite"],
        "stats": [dataset.root],
        "patches": [dataset.root],
    }[command]
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", refused)
        patch.setattr(Path, "mkdir", refused)
        said = run_error(command, *options)
    assert ("the file system is read-only" if code == errno.EROFS else "permission denied") in said
    assert str(dataset.root.parent) in said
    assert tree(dataset.root, provenance=True) == before


def test_file_in_place_of_a_folder_is_told(raw: Raw) -> None:
    raw.target.mkdir()
    (raw.target / "masks").write_text("mine", encoding="utf-8")
    said = run_error(*raw.convert)
    assert str(raw.target) in said
    assert (raw.target / "masks").read_text(encoding="utf-8") == "mine"


# A full disk.


def full_after(patch: pytest.MonkeyPatch, files: int) -> None:
    """The disk takes so many files more, and half of the next one."""
    real = Path.write_bytes
    written = [0]

    def write(path: Path, data: bytes) -> int:
        written[0] += 1
        if written[0] > files:
            real(path, bytes(data)[: len(data) // 2])
            no_space()
        return real(path, data)

    patch.setattr(Path, "write_bytes", write)


@pytest.mark.parametrize("files", [0, 1, 5, 20, 46, 47, 48, 49])
def test_full_disk_during_synth(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int) -> None:
    """Whatever was written when the disk was full: no dataset yet, and with space the same one as ever."""
    options = ["synth", "--n", 20, "--test", 3, "--size", "64x80", "-o", tmp_path / "s", "--workers", 1]
    with monkeypatch.context() as patch:
        full_after(patch, files)
        said = run_error(*options)
    assert "no space left on the disk; free some and run the same command again" in said
    assert str(tmp_path / "s") in said
    assert not (tmp_path / "s" / "index.csv").exists()
    assert not list(tmp_path.rglob("*.part"))
    run_ok(*options)
    assert tree(tmp_path / "s") == tree(dataset.root)


@pytest.mark.parametrize(
    "command", [["stats"], ["patches", "--size", "32"], ["split", "--seed", "1", "--overwrite"]], ids=" ".join
)
@pytest.mark.parametrize("files", [0, 1, 2])
def test_full_disk_keeps_the_dataset(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, command: list[str], files: int
) -> None:
    if command[0] == "split" and files:
        pytest.skip("split writes one file only")
    before = tree(dataset.root)
    with monkeypatch.context() as patch:
        full_after(patch, files)
        assert "no space left on the disk" in run_error(*command, dataset.root)
    after = tree(dataset.root)
    assert {name: content for name, content in after.items() if not name.startswith(".unfinished")} == before
    run_ok(*command, dataset.root)
    assert not list(dataset.root.glob(".unfinished*"))


def test_full_disk_shows_before_patches_are_cut(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(dataset.root)
    with monkeypatch.context() as patch:
        patch.setattr(prep.patching.patch_files.os, "posix_fallocate", no_space)
        assert "images.npy: no space left on the disk" in run_error("patches", dataset.root)
    assert {n: c for n, c in tree(dataset.root).items() if not n.startswith(".unfinished")} == before


@pytest.mark.parametrize("files", [0, 1, 3, 6, 7, 8])
def test_full_disk_during_convert(raw: Raw, monkeypatch: pytest.MonkeyPatch, files: int) -> None:
    raw_before = tree(raw.photos.parent)
    with monkeypatch.context() as patch:
        full_after(patch, files)
        assert "no space left on the disk" in run_error(*raw.convert, "--workers", 1)
    assert not (raw.target / "index.csv").exists()
    run_ok(*raw.convert)
    assert tree(raw.photos.parent) == raw_before
    assert all(np.array_equal(mask, random_mask(seed)) for seed, mask in enumerate(masks_of(raw.target).values()))
    assert not list(raw.target.glob(".unfinished*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no mount command here")
    if done.returncode:
        pytest.skip(f"cannot mount a small disk here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_really_full_disk(small_disk: Path, tmp_path: Path, workers: int) -> None:
    """synth fills the disk; with more space it goes on; patches see at once that there is no room."""
    options = ["synth", "--n", 40, "--workers", workers, "-o"]
    said = run_error(*options, small_disk / "s")
    assert "no space left on the disk" in said
    assert not (small_disk / "s" / "index.csv").exists()
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    run_ok(*options, small_disk / "s")
    run_ok(*options, tmp_path / "s")
    assert tree(small_disk / "s") == tree(tmp_path / "s")
    before = tree(small_disk / "s")
    assert "no space left on the disk for 800 patches" in run_error("patches", small_disk / "s")
    assert tree(small_disk / "s") == before


def test_writing_is_atomic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"old")
    with monkeypatch.context() as patch:
        full_after(patch, 0)
        with pytest.raises(Exception, match="no space left"):
            write_bytes(tmp_path / "f", b"new content")
    assert tree(tmp_path) == {"f": b"old"}
    write_bytes(tmp_path / "f", b"new content")
    assert tree(tmp_path) == {"f": b"new content"}


# The whole way, as scripts.


def test_the_newcomers_commands(tmp_path: Path) -> None:
    for command in (["synth", "--n", 10], ["split", "--overwrite"], ["stats"], ["patches", "--per-image", 2]):
        result = run_script("seg-prep", *command, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""  # no progress bar where there is no terminal
    root = tmp_path / "datasets" / "synth"
    assert {path.name for path in root.iterdir()} == {
        "classes.json",
        "images",
        "index.csv",
        "masks",
        "patches",
        "provenance.jsonl",
        "stats.json",
    }
    lines = [json.loads(line) for line in (root / "provenance.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["command"] for line in lines] == [
        f"seg-prep {name}" for name in ("synth", "split", "stats", "patches")
    ]
    assert lines[0]["arguments"] == {
        "max_shapes": 9,
        "n": 10,
        "output": "datasets/synth",
        "overwrite": False,
        "seed": 0,
        "size": [200, 400],
        "test": 10,
        "workers": None,
    }


@pytest.mark.parametrize("command", ["synth", "split", "stats", "patches"])
def test_json_is_all_there_is_on_stdout(dataset: Dataset, tmp_path: Path, command: str) -> None:
    arguments = {"synth": ["--n", 2, "-o", tmp_path / "new"], "split": [dataset.root, "--overwrite"]}.get(
        command, [dataset.root]
    )
    result = run_ok(command, *arguments, "--json")
    assert isinstance(json.loads(result.stdout), dict)
    assert result.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("train datasets/x", "seg-train"),
        ("predict photos", "seg-train predict"),
        ("convert labels", "seg-prep masks convert"),
        ("label", "seg-prep annotate"),
        ("chek", "check"),
    ],
)
def test_a_command_that_stands_elsewhere_is_named(words: str, meant: str) -> None:
    result = run_prep(*words.split())
    assert result.exit_code == 2
    assert f"No such command {words.split()[0]!r}. Did you mean {meant!r}?" in result.stderr


@pytest.mark.parametrize("command", ["split", "patches", "masks export"])
def test_images_without_masks_can_be_labelled(tmp_path: Path, command: str) -> None:
    root = images_only(tmp_path / "photos", [(40, 50)]).root
    options = {"patches": ["--size", 32], "masks export": ["--to", "voc", "-o", tmp_path / "out"]}.get(command, [])
    said = run_error(*command.split(), root, *options)
    assert said.endswith(f"bring masks in with 'seg-prep masks convert', or draw them with 'seg-prep annotate {root}'")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (
            ["resize", ".", "-o", "x"],
            "Missing option '--size'.\nFor example:\n  seg-prep resize photos/ -o datasets/campus --size 1024\n",
        ),
        (
            ["tile", "."],
            "Missing option '-o' / '--output'.\nFor example:\n"
            "  seg-prep tile ortho.tif -o datasets/town --labels roofs.gpkg --attribute kind \\\n"
            "      --unlabelled background\n",
        ),
        (
            ["masks", "export", "-o", "x"],
            "\nFor example:\n  seg-prep masks export datasets/campus --to voc -o campus-voc\n",
        ),
    ],
    ids=["option", "two lines", "group"],
)
def test_what_is_missing_is_told_with_an_example(typed: list[str], told: str) -> None:
    result = run_prep(*typed)
    assert result.exit_code == 2
    assert result.stderr.endswith(told)


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"classes": [', "not valid JSON: "), (f'{{"n": {"9" * 5000}}}', "holds a number of thousands")],
)
def test_damaged_classes_are_told_with_what_helps(dataset: Dataset, text: str, said: str) -> None:
    (dataset.root / "classes.json").write_text(text, encoding="utf-8")
    message = run_error("stats", dataset.root)
    assert message.startswith(f"{dataset.root / 'classes.json'}: {said}")
    assert message.endswith("; correct it, or restore the file")


@pytest.mark.parametrize("options", [["--write", "list.txt"], ["--sheet", "deep/er/values.png"]])
def test_a_file_that_may_not_be_written_is_named(
    raw: Raw, tmp_path: Path, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulated, because root may write everywhere."""

    def refused(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lock, "open_plain", refused)
    said = run_error("masks", "inspect", raw.masks, "--images", raw.photos, *options)
    assert said == f"{options[1]}: permission denied; choose another folder or change its permissions"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_results_that_cannot_be_written_are_told_in_words(dataset: Dataset, more: tuple[str, ...]) -> None:
    words = [SCRIPTS / "seg-prep", "stats", dataset.root, *more]
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == "Error: the output: no space left on the disk; free some and run the same command again\n"


@pytest.mark.skipif(os.name == "nt", reason="no folder that is in use goes there")
def test_a_working_folder_that_was_removed_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    script = f"cd gone && rmdir ../gone && {SCRIPTS / 'seg-prep'} synth --n 2"
    result = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: the folder that this was typed in is not there any more; go to another one")


@pytest.mark.skipif(os.name == "nt", reason="no such limit there")
def test_a_file_that_would_be_too_large_says_what_to_do(dataset: Dataset) -> None:
    script = f"ulimit -f 0 && {SCRIPTS / 'seg-prep'} stats {dataset.root}"
    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "the file would be larger than may be here, by the file system or by ulimit -f; choose" in result.stderr


# Names that are no text, as drives have them whose names were written in Latin-1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such a name")
def test_every_command_works_in_a_folder_whose_name_is_no_text(raw: Raw, tmp_path: Path) -> None:
    home = tmp_path / os.fsdecode(b"gr\xfc\xdfe")
    shutil.copytree(raw.masks, home / "masks")
    shutil.copytree(raw.photos, home / "photos")
    root = home / "d"
    run_ok("masks", "convert", home / "masks", "--images", home / "photos", "--classes", raw.classes, "-o", root)
    for command in ("stats", "report", "check"):
        run_prep(command, root, "--workers", 1)
    run_ok("patches", root, "--size", 16, "--per-image", 2, "--workers", 1)
    run_ok("masks", "export", root, "--to", "rgb", "-o", home / "rgb.zip")
    run_ok("masks", "convert", home / "rgb.zip", "-o", home / "again")
    assert masks_of(home / "again").keys() == masks_of(root).keys()
    run_ok("resize", home / "photos", "-o", home / "small", "--size", 16)
    run_ok("synth", "--n", 1, "--size", "32x32", "-o", home / "synth")
    run_ok("pack", root, "-o", home / "packed")
    run_ok("unpack", home / "packed", "-o", home / "whole")
    lines = [json.loads(line) for line in (root / "provenance.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[0]["arguments"]["output"] == str(root), "the bytes of the name, as JSON can hold them"


def test_a_url_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for typed in (("synth", "-o", "s3://anna:secret@bucket/a"), ("check", "s3://bucket/a")):
        told = run_prep(*typed)
        assert told.exit_code == 2, told.output
        assert "s3://bucket/a: a URL, and this names a file or folder of this machine; 'seg-prep unpack" in told.stderr
    assert tree(tmp_path, provenance=True) == {}
    run_ok("synth", "-o", (tmp_path / "a b").as_uri(), "--n", 1, "--test", 0, "--size", "32x32")
    assert (tmp_path / "a b" / "index.csv").is_file()


def test_an_empty_text_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = {
        (name, param.opts[0]): param.type
        for name, command in COMMANDS.items()
        for param in command.params
        if isinstance(param.type, click.Path)
    }
    assert len(paths) > 30
    assert [where for where, kind in paths.items() if not isinstance(kind, AnyPath)] == []
    for typed in (
        ("synth", "-o", ""),
        ("check", ""),
        ("resize", "", "-o", "d", "--size", 64),
        ("unpack", "", "-o", "d"),
    ):
        told = run_prep(*typed)
        assert told.exit_code == 2, told.output
        assert "a path has at least one character; the working folder is ." in told.stderr
    assert tree(tmp_path, provenance=True) == {}
