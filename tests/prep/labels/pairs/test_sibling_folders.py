"""Photos of one camera, site or day whose masks all lie in the folder of another: refused, or both folders named."""

from pathlib import Path

import pytest

from tests.support import by_stem, random_image, random_mask, run_error, run_ok, save

CONVERT = ("masks", "convert", "raw", "-o", "out", "--classes", "classes.txt")


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("classes.txt").write_text("background\nroad\ncar\n", "utf-8")


def make(photos: str, masks: str) -> None:
    for number in range(3):
        save(Path(f"raw/{photos}/f{number}.png"), random_image(number, 80, 90))
        save(Path(f"raw/{masks}/f{number}.png"), random_mask(number, 80, 90))


@pytest.mark.parametrize(
    ("photos", "masks"),
    [
        ("images/camA", "masks/camB"),
        ("images/left", "masks/right"),
        ("2023/images", "2024/masks"),
        ("images/2024-05-01", "masks/2024-05-02"),
        ("site_1/images", "site_2/masks"),
    ],
)
def test_photos_of_one_place_are_not_those_of_masks_of_another(photos: str, masks: str) -> None:
    make(photos, masks)
    said = run_error(*CONVERT)
    assert said.startswith(f"all images lie in raw/{photos}, and all masks in raw/{masks}: a mask is of no image of")
    assert said.endswith("Nothing was written; if these are of each other all the same, call the folders of both alike")
    alike = "/".join(
        part if part in ("images", "masks") else place
        for part, place in zip(masks.split("/"), photos.split("/"), strict=True)
    )
    Path(f"raw/{alike}").parent.mkdir(exist_ok=True)
    Path(f"raw/{masks}").rename(f"raw/{alike}")
    run_ok(*CONVERT)
    assert len(by_stem(Path("out"))) == 3


def test_only_a_person_who_names_both_folders_says_that_they_belong_together() -> None:
    make("images/camA", "masks/camB")
    named = ("masks", "convert", "raw/masks/camB", *CONVERT[3:], "--images")
    assert run_error(*named, "raw/images").startswith("all images lie in raw/images/camA, and all masks in raw/masks/")
    run_ok(*named, "raw/images/camA")
    assert by_stem(Path("out")).keys() == {"f0", "f1", "f2"}


@pytest.mark.parametrize(("photos", "masks"), [("camA", "camB"), ("left", "right"), ("2023", "2024")])
def test_no_pattern_is_offered_that_pairs_photos_of_one_place_with_masks_of_another(photos: str, masks: str) -> None:
    make(f"images/{photos}", f"masks/{masks}")
    typed = ("masks", "convert", "raw/masks", "--images", "raw/images", *CONVERT[3:])
    said = run_error(*typed)
    assert f"the images are of {photos}, and the masks of {masks}: a mask is of no image of another place. If" in said
    assert "--match" not in said and "--in-order" not in said
    Path(f"raw/masks/{masks}").rename(f"raw/masks/{photos}")
    run_ok(*typed)
    assert len(by_stem(Path("out"))) == 3


@pytest.mark.parametrize(("photos", "masks"), [("before", "after"), ("v1", "v2"), ("stored", "finished")])
def test_other_folders_are_named(photos: str, masks: str) -> None:
    make(f"images/{photos}", f"masks/{masks}")
    said = run_ok(*CONVERT).stdout
    assert f"the images are those of raw/images/{photos}, and the masks those of raw/masks/{masks}" in said


def test_folders_that_say_no_place_are_not_told_of() -> None:
    make("images/camA", "masks")
    assert "the images are those of" not in run_ok(*CONVERT).stdout


@pytest.mark.parametrize("name", ["f{}", "f{}_mask"])
@pytest.mark.parametrize("places", [("camA", "camB"), ("train", "val"), ("day1/camA", "day1/camB")])
def test_photos_of_the_folder_that_is_called_as_that_of_the_labels_are_proposed(
    name: str, places: tuple[str, str]
) -> None:
    for place in places:
        make(f"images/{place}", f"masks/{place}")
        for number in range(3):
            Path(f"raw/masks/{place}/f{number}.png").rename(f"raw/masks/{place}/{name.format(number)}.png")
    typed = ("masks", "convert", f"raw/masks/{places[0]}", *CONVERT[3:], "--images")
    said = run_error(*typed, "raw/images")
    assert said.startswith("photos of these names lie in several folders of raw/images, and labels in raw/masks/")
    assert said.endswith(f"type the same command with --images raw/images/{places[0]}")
    run_ok(*typed, f"raw/images/{places[0]}")
    assert by_stem(Path("out")).keys() == {"f0", "f1", "f2"}


def test_names_that_stand_in_one_folder_of_several_need_no_other_command() -> None:
    make("images/camA", "masks/camA")
    for number in range(3):
        save(Path(f"raw/images/camB/g{number}.png"), random_image(number, 80, 90))
    run_ok("masks", "convert", "raw/masks/camA", *CONVERT[3:], "--images", "raw/images", "--skip-unpaired")
    assert by_stem(Path("out")).keys() == {"camA_f0", "camA_f1", "camA_f2"}
