"""Every command writes the same bytes in one process and on a cluster; of two processes others assert that."""

import shutil
from pathlib import Path

import pytest

import prep
from prep.core.errors import SegError
from tests.support import CLASS_LIST, load, paint, random_image, random_mask, run_error, run_ok, save, tree

NUMBER = 24


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """photos/ of 48 x 36 pixels, labels/ in colours, classes.txt; two photos are nearly the same."""
    folder = tmp_path_factory.mktemp("raw")
    for seed in range(NUMBER):
        save(folder / "photos" / f"p{seed:02}.png", random_image(seed, 36, 48))
        save(folder / "labels" / f"p{seed:02}.png", paint(random_mask(seed, 36, 48)))
    save(folder / "photos" / "p01.png", random_image(0, 36, 48) // 2)
    (folder / "classes.txt").write_text(CLASS_LIST, encoding="utf-8")
    return folder


def prepare(raw: Path, home: Path, how: tuple[object, ...]) -> dict[str, bytes]:
    """All the commands, in the order of the work; what they write, and what they print."""
    home.mkdir()
    ds = home / "campus"
    printed: dict[str, bytes] = {}

    def run(*words: object) -> None:
        printed[f"{len(printed)} printed by {words[0]}"] = (
            run_ok(*words, *how).stdout.replace(str(home), "HOME").encode()
        )

    run("resize", raw / "photos", "-o", ds, "--size", 32)
    run("masks", "convert", raw / "labels", "-o", ds, "--classes", raw / "classes.txt", "--stretch")
    run("masks", "convert", raw / "labels", "-o", home / "full", "--classes", raw / "classes.txt",
        "--images", raw / "photos")  # fmt: skip
    run("resize", home / "full", "-o", home / "small", "--size", 20)
    run("check", ds)
    run("split", ds)
    run("stats", ds)
    run("patches", ds, "--size", 16, "--per-image", 2)
    run("patches", ds, "--size", 20, "--per-image", 2, "--format", "png")
    run("report", ds)
    for layout in ("coco", "voc"):
        run("masks", "export", ds, "-o", home / layout, "--to", layout)
    return {**{name: data.replace(str(home).encode(), b"HOME") for name, data in tree(home).items()}, **printed}


def test_the_same_bytes(raw: Path, tmp_path: Path, cluster: Path) -> None:
    expected = prepare(raw, tmp_path / "one", ("--workers", 1))
    assert len(expected) > 10 * NUMBER
    found = prepare(raw, tmp_path / "other", ("--cluster", cluster))
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []


def test_relative_paths_mean_the_same_on_a_cluster(
    raw: Path, tmp_path: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(raw)
    run_ok("resize", "photos", "-o", tmp_path / "absolute", "--size", 32, "--workers", 1)
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "photos" / "p00.png", random_image(0, 36, 48))
    run_ok("resize", "photos", "-o", "relative", "--size", 32, "--cluster", cluster)
    name = "images/p00.png"
    assert (tmp_path / "relative" / name).read_bytes() == (tmp_path / "absolute" / name).read_bytes()


def test_relative_paths_mean_the_folder_of_each_call(
    tmp_path: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate("ab"):
        save(tmp_path / name / "photos" / "p00.png", random_image(number, 20, 20))
    monkeypatch.chdir(tmp_path / "a")
    with prep.cluster(cluster):
        monkeypatch.chdir(tmp_path / "b")
        prep.resize("photos", output="small", size=20)
    assert (load(tmp_path / "b" / "small" / "images" / "p00.png") == random_image(1, 20, 20)).all()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["photos"]


@pytest.mark.parametrize("patch_format", ["npy", "png"])
def test_patches_begun_on_a_cluster_go_on_without_it(
    raw: Path, tmp_path: Path, cluster: Path, patch_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command ends when all are cut, but are not there yet; the same bytes in the end."""
    ds = tmp_path / "campus"
    run_ok("masks", "convert", raw / "labels", "-o", ds, "--classes", raw / "classes.txt", "--images", raw / "photos")
    run_ok("split", ds)
    words = ("patches", ds, "--size", 16, "--per-image", 2, "--format", patch_format)
    run_ok(*words, "--workers", 1)
    expected = tree(ds)
    shutil.rmtree(ds / "patches")

    def full(*_: object) -> None:
        raise SegError("no space left on the disk")

    with monkeypatch.context() as patch:
        patch.setattr("prep.patching.patches.write_columns", full)
        assert "no space left" in run_error(*words, "--cluster", cluster)
    assert list(ds.glob(".unfinished-patches-16-*"))
    run_ok(*words, "--workers", 1)
    assert tree(ds) == expected
