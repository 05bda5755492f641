"""The scale that a run records: of the images, and of the photos that they were made from."""

from dataclasses import replace
from pathlib import Path

import pytest

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.images.sizing import FitMode, Target, place
from prep.photos.record import PhotoRecord, write_records
from tests.models import CLASSES
from tests.rasters import needs_geo
from train.data.image_scale import ground_notes, image_scale
from train.windows.scale import ImageScale, Rescaling

PHOTOS = [(4032, 3024, 1), (4032, 3024, 6), (2419, 1814, 1), (4032, 2268, 1)]
"""Width, height as stored, and EXIF orientation."""


def resized(root: Path, target: Target | None) -> Dataset:
    """The dataset, without its pixels, that photos of these sizes become."""
    samples, records = [], []
    for number, (width, height, orientation) in enumerate(PHOTOS):
        record = PhotoRecord(f"s{number}", f"s{number}.jpg", width, height, orientation, 0, 0, width, height)
        wide, tall = record.upright_size
        placed = place(wide, tall, target or Target("exact", wide, tall))
        samples.append(Sample(f"s{number}", "image", "mask", placed.width, placed.height, split="train"))
        where = placed.left, placed.top, placed.across, placed.down
        records.append(PhotoRecord(f"s{number}", f"s{number}.jpg", width, height, orientation, *where))
    write_records(root / "photos.csv", records)
    return Dataset(root, CLASSES, tuple(samples))


@pytest.mark.parametrize(
    ("fit", "width", "height", "long", "short"),
    [
        ("long", 1024, 1024, (1024, 1024, 1024), (576, 768, 768)),
        ("short", 768, 768, (1024, 1024, 1365), (768, 768, 768)),
        ("letterbox", 512, 512, (512, 512, 512), (288, 384, 384)),  # without the frame
        ("exact", 600, 400, (600, 600, 600), (400, 400, 400)),
    ],
)
def test_images_that_were_made_smaller(
    tmp_path: Path, fit: FitMode, width: int, height: int, long: tuple[int, int, int], short: tuple[int, int, int]
) -> None:
    target = Target(fit, width, height)
    scale = image_scale(resized(tmp_path, target))
    assert (scale.long, scale.short, scale.photos) == (long, short, (2419, 4032, 4032))
    assert scale.shape == pytest.approx((4 / 3, 16 / 9), abs=1e-3)
    assert scale.stretched == ((600, 400) if fit == "exact" else None)
    for wide, tall, orientation in PHOTOS:  # the same photos become the same images
        upright = (tall, wide) if orientation == 6 else (wide, tall)
        placed = place(*upright, target)
        assert Rescaling(scale).size(*upright[::-1]) == (placed.down, placed.across)


def test_images_as_large_as_their_photos_may_have_been_made_smaller_elsewhere(tmp_path: Path) -> None:
    assert image_scale(resized(tmp_path, None)).photos is None


def test_images_of_which_nobody_wrote_down_the_photo(tmp_path: Path) -> None:
    sizes = [(320, 240, "train"), (640, 480, "val"), (500, 400, "test"), (9000, 9000, "")]
    samples = [Sample(f"s{n}", "i", "m" * (split != ""), w, h, "", split) for n, (w, h, split) in enumerate(sizes)]
    expected = ImageScale((320, 500, 640), (240, 400, 480), (1.25, 4 / 3))
    assert image_scale(Dataset(tmp_path, CLASSES, tuple(samples))) == expected  # without the one that has no mask


def test_a_network_that_sees_images_smaller_than_they_are(tmp_path: Path) -> None:
    samples = (Sample("a", "i", "m", 1024, 768), Sample("b", "i", "m", 768, 1024))
    scale = image_scale(Dataset(tmp_path, CLASSES, samples), lambda sample: (sample.width // 2, sample.height // 2))
    assert scale == ImageScale((512, 512, 512), (384, 384, 384), (4 / 3, 4 / 3), (1024, 1024, 1024))


def test_a_raster_is_labelled_at_the_detail_of_the_images_that_were_cut_out_of_one(tmp_path: Path) -> None:
    cut = [Sample(f"s{n}", "i", "m", 512, 512, "", "train", 4.0, 5.0, "EPSG:32632", "0.5 0 0 -0.5") for n in range(2)]
    scale = image_scale(Dataset(tmp_path, CLASSES, tuple(cut)))
    assert scale.cut
    assert Rescaling(scale).size(9000, 20_000) == (9000, 20_000)
    assert Rescaling(scale, "fit").size(1024, 2048) == (256, 512)
    mixed = (*cut, Sample("photo", "i", "m", 640, 480))
    assert not image_scale(Dataset(tmp_path, CLASSES, mixed)).cut


def placed(*metres: float) -> Dataset:
    """Samples of 512 x 256 pixels with sides of so many metres, near the middle of UTM zone 32, where they are true."""
    samples = [
        Sample(
            f"s{n}", "i", "m", 512, 256, "", "train", 5e5, 5e6, "EPSG:32632", f"{each * 0.9996} 0 0 {-each * 0.9996}"
        )
        for n, each in enumerate(metres)
    ]
    return Dataset(Path("d"), CLASSES, tuple(samples))


@needs_geo
def test_metres_a_pixel_are_measured_if_all_samples_have_a_place() -> None:
    scale = image_scale(placed(0.5, 0.2, 0.3))
    assert (scale.metres_across, scale.metres_down) == (pytest.approx((0.2, 0.3, 0.5)), pytest.approx((0.2, 0.3, 0.5)))
    (note,) = ground_notes(scale)
    assert note.startswith("samples of 0.2 m to 0.5 m a pixel, which rasters are brought to; they differ")
    assert ground_notes(image_scale(placed(0.5, 0.5))) == ["samples of 0.5 m a pixel, which rasters are brought to"]
    half = image_scale(placed(0.5), lambda sample: (256, 128))
    assert half.metres_across == pytest.approx((1.0,) * 3)
    photo = Sample("photo", "i", "m", 640, 480)
    mixed = image_scale(replace(placed(0.5), samples=(*placed(0.5).samples, photo)))
    assert (mixed.cut, mixed.ground, ground_notes(mixed)) == (False, None, [])


def test_without_the_extra_that_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.data.image_scale.has_geo", lambda: False)
    scale = image_scale(placed(0.5))
    assert (scale.cut, scale.ground) == (True, None)
    (note,) = ground_notes(scale)
    assert "not known (that needs the extra geo: pip install 'seg-prep[geo]'): the model will label rasters as" in note


def test_a_spoiled_record_of_photos_is_told(tmp_path: Path) -> None:
    dataset = resized(tmp_path, None)
    (tmp_path / "photos.csv").write_text("stem,photo\n", "utf-8")
    with pytest.raises(SegError, match=r"photos\.csv"):
        image_scale(dataset)
