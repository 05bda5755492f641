"""Labels that are called as their photo is, of which several have one name: in folders, or in two formats."""

from pathlib import Path

import numpy as np
import pytest

from tests.prep.labels.shapes.named_labels import FORMATS, Write, geojson
from tests.support import by_stem, load, masks_of, random_image, run_ok, save

LAYOUTS = ["{split}/{name}", "{split}/{kind}/{name}", "{kind}/{split}/{name}"]


def mask(width: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.repeat((np.arange(6) < width)[np.newaxis], 4, 0).astype(np.uint8)


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("splits", [("train", "val"), ("day1", "day2")])
def test_equal_names_in_folders_are_of_the_photo_of_their_folder(
    write: Write, layout: str, splits: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, split in enumerate(splits):
        for place in range(2):
            label = Path("raw") / layout.format(split=split, kind="labels", name=f"a{place}")
            label.parent.mkdir(parents=True, exist_ok=True)
            write(label, 1 + 2 * number + place)
            photo = Path("raw") / layout.format(split=split, kind="images", name=f"a{place}.png")
            save(photo, random_image(2 * number + place, 4, 6))
    run_ok("masks", "convert", "raw", "-o", "set")
    made, samples = masks_of(Path("set")), by_stem(Path("set"))
    assert made.keys() == {f"{split}_a{place}" for split in splits for place in range(2)}
    for number, split in enumerate(splits):
        for place in range(2):
            stem = f"{split}_a{place}"
            assert np.array_equal(made[stem], mask(1 + 2 * number + place))
            assert np.array_equal(load(Path("set") / samples[stem].image), random_image(2 * number + place, 4, 6))
            assert samples[stem].split == (split if split in ("train", "val") else "")


@pytest.mark.parametrize("write", FORMATS.values(), ids=FORMATS)
def test_of_photos_in_two_formats_that_which_ends_as_the_others_do(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        save(Path(f"raw/a{number}.bmp"), random_image(number, 4, 6))
        write(Path(f"raw/a{number}"), number + 1)
    save(Path("raw/a1.png"), random_image(9, 4, 6))
    told = run_ok("masks", "convert", "raw", "-o", "set").output
    assert "taken because the others end so: a1.bmp, not a1.png" in told
    assert "--from ids" not in told
    assert np.array_equal(load(Path("set/images/a1.png")), random_image(1, 4, 6))
    assert np.array_equal(masks_of(Path("set"))["a1"], mask(2))


def test_of_a_photo_and_a_mask_the_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        save(Path(f"raw/a{number}.bmp"), random_image(number, 40, 60))
        save(Path(f"raw/a{number}.png"), np.zeros((40, 60), np.uint8))
        geojson(Path(f"raw/a{number}"), number + 1)
    told = run_ok("masks", "convert", "raw", "-o", "set").output
    assert "taken because" not in told
    assert np.array_equal(load(Path("set/images/a1.png")), random_image(1, 40, 60))
