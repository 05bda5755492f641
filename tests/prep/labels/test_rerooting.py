"""Paths of another computer are found again below a folder, and never outside of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.labels import rerooting
from prep.labels.rerooting import Rerooting, path_parts, unique_stems
from prep.labels.shapes.photo_notes import note_on_other_splits


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
    for photo in ("train/berlin_1.jpg", "val/berlin_2.jpg", "train/labels.json", "val/labels.json"):
        touch(tmp_path / photo)
    names = ("train/berlin_1.jpg", "train/berlin_2.jpg", "/home/test/run/berlin_2.jpg", "berlin_2.jpg")
    found = [(name, Rerooting(tmp_path).find(name)) for name in names]
    assert [path for _, path in found] == [tmp_path / "train/berlin_1.jpg", *[tmp_path / "val/berlin_2.jpg"] * 3]
    assert note_on_other_splits(found, tmp_path) == (
        "1 photo lies in the folder of another split than the labels name: val/berlin_2.jpg",
    )


@pytest.mark.parametrize(
    ("paths", "taken"),
    [
        (["train/1.jpg", "train/2.jpg"], False),  # a number may be that of another photo of val
        (["train/1.jpg", "train/IMG_0412.jpg"], False),
        (["train/1.jpg", "train/b_house.jpg"], True),
        (["train/1.jpg", "train/b_house.jpg", "train/gone.jpg"], False),  # where one is lost, more may be
        (["train/1.jpg", "train/b_house.jpg", "val/b_house.jpg"], False),
        (["train/1.jpg", "train/20230501_1012.jpg", "train/gone.jpg"], True),  # no other photo is called so
        (["train/2.jpg", "val/1.jpg"], True),  # each went where the other was
    ],
)
def test_photos_are_divided_anew_only_where_all_names_say_so(tmp_path: Path, paths: list[str], taken: bool) -> None:
    for photo in ("train/1.jpg", "val/2.jpg", "val/IMG_0412.jpg", "val/b_house.jpg", "val/20230501_1012.jpg"):
        touch(tmp_path / photo)
    root = Rerooting(tmp_path)
    assert (root.find_all(paths)[1] is not None) == taken
    assert bool(root.elsewhere) == (not taken and "val/b_house.jpg" not in paths)


@pytest.mark.parametrize(
    ("paths", "here", "taken"),
    [
        (
            ["berlin/1.jpg", "berlin/2.jpg"],
            ["berlin/2.jpg", "paris/1.jpg"],
            False,
        ),  # berlin is here, and 1 is not in it
        (["berlin/1.jpg", "paris/2.jpg"], ["paris/1.jpg", "paris/2.jpg"], False),  # paris is another one
        (["berlin/1.jpg", "berlin/2.jpg"], ["paris/1.jpg", "paris/2.jpg", "paris/3.jpg"], True),
        (["berlin/1.jpg", "berlin/3.jpg"], ["paris/1.jpg", "paris/2.jpg"], False),
        (["berlin/b_house.jpg", "berlin/3.jpg"], ["paris/b_house.jpg", "paris/2.jpg"], True),
        (["berlin/day 1/1.jpg"], ["berlin/day 2/2.jpg", "paris/day 1/1.jpg"], False),
        (["berlin/day 1/1.jpg"], ["berlin/1.jpg"], True),
        (["berlin/1.jpg"], ["berlin/day 1/1.jpg"], True),
        (["berlin/20230501_1012.jpg"], ["berlin/2.jpg", "paris/20230501_1012.jpg"], True),
        ([r"C:\anna\1.jpg", r"C:\anna\2.jpg"], ["paris/1.jpg", "rome/2.jpg"], True),
        (["/home/anna/photos/1.jpg"], ["set/images/1.jpg", "set/thumbs/1.jpg"], False),
        (["/home/anna/images/1.jpg"], ["set/images/1.jpg", "set/thumbs/1.jpg"], True),
        (["masks/1.png", "masks/2.png"], ["mask/1.png", "labels/2.png"], True),
        (["train_berlin/1.jpg"], ["berlin/1.jpg", "paris/2.jpg"], True),
        (["B\u00e4ume/1.jpg"], ["Ba\u0308ume/1.jpg", "paris/1.jpg"], True),
        (["berlin/b\u00e4.jpg"], ["berlin/ba\u0308.jpg"], True),
    ],
)
def test_a_lost_photo_is_not_one_of_its_name_in_another_folder(
    tmp_path: Path, paths: list[str], here: list[str], taken: bool
) -> None:
    for photo in here:
        touch(tmp_path / photo)
    root = Rerooting(tmp_path)
    assert (root.find_all(paths)[0] is not None) == taken
    assert not (taken and root.elsewhere)


def test_places_of_labels_count_where_their_photos_lie(tmp_path: Path) -> None:
    for photo in ("berlin/2.jpg", "paris/1.jpg"):
        touch(tmp_path / photo)
    assert Rerooting(tmp_path).find_all(["1.jpg", "2.jpg"], ["berlin", "berlin"]) == [None, tmp_path / "berlin/2.jpg"]
    assert Rerooting(tmp_path).find_all(["1.jpg", "2.jpg"], ["json", "json"]) == [
        tmp_path / "paris/1.jpg", tmp_path / "berlin/2.jpg",
    ]  # fmt: skip
    known = [None, tmp_path / "berlin/2.jpg"]
    assert Rerooting(tmp_path).find_all(["1.jpg", "b.jpg"], ["berlin", "berlin"], known) == known


def test_photos_are_found_by_name_among_those_of_a_hundred_thousand_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / folder / f"{number}.png" for folder in ("photos", "masks") for number in range(100_001)]
    monkeypatch.setattr(rerooting, "paths_outside_datasets", lambda root: [*files, root / "photos/1.jpg"])
    assert Rerooting(tmp_path).find("1.jpg") == tmp_path / "photos/1.jpg"
