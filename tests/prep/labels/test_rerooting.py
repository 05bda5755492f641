"""Paths of another computer are found again below a folder, and never outside of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.labels.rerooting import Rerooting, note_on_other_splits, path_parts, unique_stems


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with photos, beside a file that nobody may reach."""
    touch(tmp_path / "secret.png")
    for name in ("photos/1.jpg", "photos/2.jpg", "1.jpg", "day 1/x.jpg", "day 2/x.jpg", "day 2/Only.PNG"):
        touch(tmp_path / "root" / name)
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("foreign", "found"),
    [
        (r"C:\anna\photos\1.jpg", "photos/1.jpg"),
        ("/home/anna/photos/1.jpg", "photos/1.jpg"),
        (r"\\server\share\photos\2.jpg", "photos/2.jpg"),
        ("photos/2.jpg", "photos/2.jpg"),
        (r"..\photos/.\2.jpg", "photos/2.jpg"),
        (r"D:\elsewhere\1.jpg", "1.jpg"),
        (r"D:\elsewhere\2.jpg", "photos/2.jpg"),  # the only file of that name
        (r"D:\renamed\ONLY.png", "day 2/Only.PNG"),  # Windows does not tell capitals apart
        (r"D:\renamed\day 2\x.jpg", "day 2/x.jpg"),
        (r"D:\renamed\x.jpg", None),  # two have that name
        ("../secret.png", None),
        ("photos/../../secret.png", None),
        ("../../../../../../../../etc/passwd", None),
        ("/etc/passwd", None),
        (r"C:\photos", None),  # a folder is no file
        ("photos/1.jpg\0.png", None),
        ("", None),
        ("/", None),
        ("x" * 5000 + ".png", None),
        ("\udcff.png", None),
    ],
)
def test_find(root: Path, foreign: str, found: str | None) -> None:
    assert Rerooting(root).find(foreign) == (root / found if found else None)


def test_copies_in_our_datasets_are_no_photos(tmp_path: Path) -> None:
    for folder in ("pictures", "made/images", "other/images"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "1.jpg").touch()
    assert Rerooting(tmp_path).find(r"C:\x\1.jpg") is None
    (tmp_path / "made" / "index.csv").touch()
    assert Rerooting(tmp_path).find(r"C:\x\1.jpg") is None
    (tmp_path / "other" / "index.csv").touch()
    assert Rerooting(tmp_path).find(r"C:\x\1.jpg") == tmp_path / "pictures" / "1.jpg"


@given(st.text(st.sampled_from("ab1./\\: \0"), max_size=30) | st.text(max_size=30))
def test_no_part_leads_out(foreign: str) -> None:
    for part in path_parts(foreign):
        assert part not in ("", ".", "..")
        assert not set(part) & set("/\\\0")


def test_two_paths_never_share_a_file(root: Path) -> None:
    """Of two photos 2.jpg only one was copied, and one path comes closer to it, or nothing says which."""
    assert Rerooting(root).find_each(["a/2.jpg", "photos/2.jpg", "gone.jpg"]) == [None, root / "photos/2.jpg", None]
    rerooting = Rerooting(root)
    assert rerooting.find_each(["a/2.jpg", "b/2.jpg", "photos/1.jpg"]) == [None, None, root / "photos/1.jpg"]
    assert rerooting.tied == [root / "photos/2.jpg"] * 2


@pytest.mark.parametrize(
    ("foreign", "stems"),
    [
        ([r"C:\a\1.jpg", r"C:\a\2.jpg"], ["1", "2"]),
        ([r"C:\a\1.jpg", r"C:\b\1.jpg"], ["a_1", "b_1"]),
        (["/x/a/m/1.jpg", "/x/b/m/1.jpg"], ["a_m_1", "b_m_1"]),
        (["a/Pru\u0308fung.jpg"], ["Pr\u00fcfung"]),
        ([], []),
    ],
)
def test_stems_differ(foreign: list[str], stems: list[str]) -> None:
    assert unique_stems(foreign) == stems


def test_folders_that_say_that_photos_lie_in_them_may_stand_elsewhere(tmp_path: Path) -> None:
    for split in ("train", "val"):
        touch(tmp_path / split / "images" / "1.png")
    assert Rerooting(tmp_path).find("images/val/1.png") == tmp_path / "val/images/1.png"
    assert Rerooting(tmp_path).find("images/1.png") is None
    touch(tmp_path / "more/2.png")
    touch(tmp_path / "other/images/2.png")
    assert Rerooting(tmp_path).find("images/2.png") == tmp_path / "other/images/2.png"


def test_a_lost_photo_of_a_split_is_not_the_one_of_its_name_in_another_split(tmp_path: Path) -> None:
    for photo in ("train2017/2.jpg", "val2017/1.jpg", "val2017/2.jpg"):
        touch(tmp_path / photo)
    root = Rerooting(tmp_path)
    assert root.find("train2017/1.jpg") is None
    assert root.find("/home/anna/train/photos/1.jpg") is None
    assert root.several == {}
    assert root.find("validation/1.jpg") == tmp_path / "val2017/1.jpg"
    assert root.find("anna/1.jpg") == tmp_path / "val2017/1.jpg"


def test_where_each_name_stands_once_photos_were_divided_anew(tmp_path: Path) -> None:
    for photo in ("train/1.jpg", "val/2.jpg", "train/labels.json", "val/labels.json"):
        touch(tmp_path / photo)
    names = ("train/1.jpg", "train/2.jpg", "/home/test/run/2.jpg", "2.jpg")
    found = [(name, Rerooting(tmp_path).find(name)) for name in names]
    assert [path for _, path in found] == [tmp_path / "train/1.jpg", *[tmp_path / "val/2.jpg"] * 3]
    assert note_on_other_splits(found, tmp_path) == (
        "2 photos lie in the folder of another split than the labels name: val/2.jpg, val/2.jpg",
    )
