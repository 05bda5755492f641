"""Files below a folder: links to other folders are followed, once, and never in a circle."""

import sys
from pathlib import Path

import pytest

from prep.images.finding import FoundFile, find_files
from prep.images.imageio import IMAGE_SUFFIXES

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")


def names(folder: Path) -> list[str]:
    return [file.name for file in find_files(folder, None)]


def test_a_link_to_a_folder_elsewhere_is_followed(tmp_path: Path) -> None:
    for name in ("photos/a.png", "disk/b.png", "disk/deep/c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "photos/more").symlink_to(tmp_path / "disk")
    assert names(tmp_path / "photos") == ["a.png", "more/b.png", "more/deep/c.png"]
    (tmp_path / "photos/twice").symlink_to(tmp_path / "disk/deep")
    assert names(tmp_path / "photos") == ["a.png", "more/b.png", "more/deep/c.png"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    for name in ("photos/a.png", "photos/b/b.png", "disk/c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "photos/b/up").symlink_to(tmp_path / "photos")
    (tmp_path / "photos/all").symlink_to(tmp_path)
    (tmp_path / "photos/self").symlink_to("self")
    (tmp_path / "photos/more").symlink_to(tmp_path / "disk")
    (tmp_path / "disk/back").symlink_to(tmp_path / "photos/b")
    (tmp_path / "disk/round").symlink_to(tmp_path / "disk")
    assert [name for name in names(tmp_path / "photos") if name.endswith("png")] == ["a.png", "b/b.png", "more/c.png"]


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/a.png").touch()
    (tmp_path / "photos").symlink_to(tmp_path / "disk")
    assert names(tmp_path / "photos") == ["a.png"]


@pytest.mark.parametrize("start", [".", "..", "../in", "", "{here}"])
def test_paths_are_those_that_pathlib_makes(start: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are put together as text: a Path of each of a million files takes time, and half a gigabyte."""
    (tmp_path / "in" / "b" / "c").mkdir(parents=True)
    for name in ("a.PNG", "b/one.two.jpg", "b/c/.png", "b/c/x.", "b/c/é.tif"):
        (tmp_path / "in" / name).write_bytes(b"")
    monkeypatch.chdir(tmp_path / "in")
    source = Path(start.format(here=tmp_path))
    walked = sorted(path for path in source.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    found = find_files(source)
    assert sorted(file.path for file in found) == walked
    assert sorted(file.at for file in found) == sorted(map(str, walked))
    assert sorted(file.name for file in found) == sorted(path.relative_to(source).as_posix() for path in walked)
    assert found == [FoundFile(file.path, file.name) for file in found]
