"""Masks of classes or objects one photo of which is lost: the photo is named, and the others are converted."""

from pathlib import Path

import numpy as np
import pytest

from tests.support import masks_of, random_image, run_error, run_ok, save


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("classes.txt").write_text("background\nthing\n")


def _mask(place: int) -> np.ndarray:
    mask = np.zeros((20, 30), np.uint8)
    mask[4 * place : 4 * place + 3, 5:15] = 255
    return mask


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (("road/{}.png", "car/{}.png"), ["background", "car", "road"]),
        (("{}_road.png", "{}_car.png"), ["background", "car", "road"]),
        (("{}/road.png", "{}/car.png"), ["background", "car", "road"]),
        (("{}/1.png", "{}/2.png"), None),
        (("{}_mask_1.png", "{}_mask_2.png"), None),
    ],
)
@pytest.mark.parametrize("images", [(), ("--images", "set/images")])
def test_the_lost_photo_is_named(names: tuple[str, ...], classes: list[str] | None, images: tuple[str, ...]) -> None:
    for photo in ("p0", "p2", "p10", "p3"):
        save(Path("set/images", f"{photo}.png"), random_image(1, 20, 30))
    for photo in ("p0", "p1", "p2", "p10", "p3"):
        for place, name in enumerate(names):
            save(Path("set/masks", name.format(photo)), _mask(place))
    given = ["set", *images, "-o", "out", *([] if classes else ["--classes", "classes.txt"])]
    said = run_error("masks", "convert", *given)
    assert "1 mask has no image: p1. Nothing was written" in said
    assert "convert only the 4 pairs with --skip-unpaired" in said
    told = run_ok("masks", "convert", *given, "--skip-unpaired").output
    assert "left out for want of a partner: 1\n  p1\n" in told
    made = masks_of(Path("out"))
    assert sorted(made) == ["p0", "p10", "p2", "p3"]
    assert all((mask[0, 5] > 0) and (mask[4, 5] > 0) and not mask[12:].any() for mask in made.values())


def test_where_most_photos_are_lost_nothing_is_told_by_names() -> None:
    save(Path("set/images/p0.png"), random_image(1, 20, 30))
    for photo in ("p0", "p1", "p2"):
        for place, kind in enumerate(("road", "car")):
            save(Path("set/masks", kind, f"{photo}.png"), _mask(place))
    assert "6 masks have no image" in run_error("masks", "convert", "set", "-o", "out")
