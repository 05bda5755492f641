"""predict brings rasters to as many metres a pixel as the training's had, and their labels back; and says so."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from prep.core.failures import Failures
from prep.images.finding import FoundFile
from prep.images.imageio import read_mask
from prep.images.resample import resize_image
from tests.models import color_predictor, run_train, write_run
from tests.rasters import EAST, NORTH, colored, needs_geo, write_raster
from tests.support import load
from train.cli.main import main
from train.predicting.output_folder import OutputFolder
from train.predicting.predict import predict_photos
from train.runs.checkpoint import read_checkpoint, write_checkpoint
from train.windows.predictor import Predictor
from train.windows.scale import ImageScale, Rescaling

HALF_METRE = ImageScale((64,) * 3, (64,) * 3, (1.0, 1.0), None, None, True, (0.5,) * 3, (0.5,) * 3)
MASK = np.kron(np.random.default_rng(0).integers(0, 3, (12, 15)), np.ones((16, 16))).astype(np.uint8)
"""Squares of 16 pixels."""


def north_up(metres: float) -> tuple[float, ...]:
    return metres, 0.0, EAST, 0.0, -metres, NORTH


def predicted(predictor: Predictor, path: Path, out: Path, *kinds: str) -> tuple[list[str], list[str]]:
    """What was noted, and the problems."""
    notes: list[str] = []
    failures = Failures(0 if path.suffix == ".tif" else None)
    predict_photos(
        predictor, [FoundFile(path, path.name)], OutputFolder(out, {}), kinds or ("masks",), failures,
        note=notes.append,
    )  # fmt: skip
    return notes, failures.problems


def watched(scale: ImageScale | None) -> tuple[Predictor, list[Tensor]]:
    """A predictor that keeps the windows it was asked about."""
    plain, seen = color_predictor(), list[Tensor]()

    def model(windows: Tensor) -> Tensor:
        seen.append(windows.clone())
        return plain.model(windows)

    return replace(plain, model=model, scale=Rescaling(scale)), seen


@needs_geo
@pytest.mark.parametrize("large", [False, True])
def test_a_finer_raster_is_labelled_at_the_metres_of_the_training(
    large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:
        monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 0.01)
    raster = write_raster(tmp_path / "a.tif", colored(MASK), transform=north_up(0.125), tiled=True)
    predictor, seen = watched(HALF_METRE)
    notes, _ = predicted(predictor, raster, tmp_path / "out")
    assert notes == [
        f"{raster} and others like it: 0.125 m a pixel, labelled at 0.5 m as in the training (240 x 192 px, labelled "
        "at 60 x 48)"
    ]
    made = load(tmp_path / "out/masks/a.tif")
    assert (made == MASK).mean() > 0.95
    small = resize_image(colored(MASK), 60, 48)
    plain, expected = watched(None)
    plain(small)
    assert (torch.cat(seen) == torch.cat(expected)).all()


@needs_geo
def test_a_coarser_raster_is_enlarged_and_one_alike_is_not(tmp_path: Path) -> None:
    raster = write_raster(tmp_path / "coarse.tif", colored(MASK), transform=north_up(1.0))
    predictor, seen = watched(HALF_METRE)
    notes, _ = predicted(predictor, raster, tmp_path / "out")
    assert "1 m a pixel, labelled at 0.5 m as in the training (240 x 192 px, labelled at 480 x 384)" in notes[0]
    assert (load(tmp_path / "out/masks/coarse.tif") == MASK).mean() > 0.99
    raster = write_raster(tmp_path / "alike.tif", colored(MASK), transform=north_up(0.6))
    seen.clear()
    assert predicted(predictor, raster, tmp_path / "out") == ([], [])
    assert sum(map(len, seen)) == 14 * 11
    assert (load(tmp_path / "out/masks/alike.tif") == MASK).all()


@needs_geo
def test_degrees_are_measured_in_the_middle_and_made_square(tmp_path: Path) -> None:
    """At 60 degrees north, a degree to the east is half of one to the north."""
    raster = write_raster(
        tmp_path / "a.tif", colored(MASK), crs="EPSG:4326", transform=(1e-6, 0.0, 13.4, 0.0, -1e-6, 60.0)
    )
    notes, _ = predicted(watched(HALF_METRE)[0], raster, tmp_path / "out")
    assert (
        "0.0558 x 0.111 m a pixel, labelled at 0.5 m as in the training (240 x 192 px, labelled at 27 x 43)" in notes[0]
    )
    assert (load(tmp_path / "out/masks/a.tif") == MASK).mean() > 0.7


@needs_geo
def test_a_raster_without_a_place_is_labelled_as_it_is_and_that_is_said(tmp_path: Path) -> None:
    raster = write_raster(tmp_path / "a.tif", colored(MASK), crs=None, transform=None)
    predictor, seen = watched(HALF_METRE)
    notes, _ = predicted(predictor, raster, tmp_path / "out")
    assert notes == [
        f"{raster} and others like it: metres a pixel unknown (says neither a place on the earth nor a coordinate "
        "system), so labelled as it is; the model learned from 0.5 m a pixel, --scale FACTOR brings it to that"
    ]
    assert (read_mask(tmp_path / "out/masks/a.png") == MASK).all()
    assert sum(map(len, seen)) == 14 * 11


def test_without_the_extra_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.support import save

    for module in ("train.predicting.maps.places", "train.windows.rescaled"):
        monkeypatch.setattr(f"{module}.has_geo", lambda: False)
    photo = save(tmp_path / "a.png", colored(MASK))
    (tmp_path / "a.pgw").write_text("0.1\n0\n0\n-0.1\n399960\n5700000\n")
    notes, _ = predicted(watched(HALF_METRE)[0], photo, tmp_path / "out")
    assert "metres a pixel unknown (needs pip install 'seg-prep[geo]'), so labelled as it is" in notes[0]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose model learned from half metres."""
    folder = write_run(tmp_path / "runs/town")
    content = read_checkpoint(folder / "model.pt")
    write_checkpoint(folder / "model.pt", {**content, "image_scale": HALF_METRE.to_plain()})
    return folder


@needs_geo
def test_the_command_says_it_and_keeps_it(tmp_path: Path, run: Path) -> None:
    raster = write_raster(tmp_path / "a.tif", colored(MASK), transform=north_up(0.125))
    result = run_train("predict", raster, "-o", tmp_path / "out", "--run", run, "--save", "masks")
    assert "0.125 m a pixel, labelled at 0.5 m as in the training" in result.stderr
    assert json.loads((tmp_path / "out/predictions.json").read_text())["metres_a_pixel"] == "0.5 m"
    result = run_train("predict", raster, "-o", tmp_path / "as_it_is", "--run", run, "--save", "masks", "--scale", 1)
    assert "a pixel" not in result.stderr
    assert "metres_a_pixel" not in json.loads((tmp_path / "as_it_is/predictions.json").read_text())


@needs_geo
def test_one_that_is_too_coarse_is_left_out_and_what_the_error_says_works(tmp_path: Path, run: Path) -> None:
    from click.testing import CliRunner

    for name, metres in (("far", 30.0), ("near", 0.5)):
        write_raster(tmp_path / f"in/{name}.tif", colored(MASK), transform=north_up(metres))
    command = ["predict", f"{tmp_path}/in", "-o", f"{tmp_path}/out", "--run", f"{run}", "--save", "masks"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    assert "far.tif: 30 m a pixel, and the model learned from 0.5 m: too coarse to show what it knows" in result.stderr
    assert "add --scale 1 (as it is)" in result.stderr
    assert [path.name for path in (tmp_path / "out/masks").iterdir()] == ["near.tif"]
    run_train("predict", tmp_path / "in", "-o", tmp_path / "new", "--run", run, "--save", "masks", "--scale", 1)
    assert sorted(path.name for path in (tmp_path / "new/masks").iterdir()) == ["far.tif", "near.tif"]


@needs_geo
def test_an_older_model_of_rasters_says_that_it_does_not_know(tmp_path: Path, run: Path) -> None:
    content = read_checkpoint(run / "model.pt")
    plain = replace(HALF_METRE, metres_across=None, metres_down=None).to_plain()
    old = {name: value for name, value in plain.items() if not name.startswith("metres")}
    write_checkpoint(run / "model.pt", {**content, "image_scale": old})
    raster = write_raster(tmp_path / "a.tif", colored(MASK), transform=north_up(0.125))
    result = run_train("predict", raster, "-o", tmp_path / "out", "--run", run, "--save", "masks")
    assert "the model does not say how many metres a pixel had in the rasters" in result.stderr
