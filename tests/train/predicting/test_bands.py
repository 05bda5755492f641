"""The bands that a model learned from are taken of every raster that it labels, however it is asked."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.photos.rendering import Rendering, write_rendering
from tests.models import color_predictor, run_train, train_error, write_run
from tests.support import run_ok, save, tree
from tests.train.serve.serving import client_of, decoded
from train.scoring.split_scores import require_same_kind
from train.windows.mean_model import Member, mean_predictor

BANDS = Rendering({}, (4, 3, 2))
SCENE = np.random.default_rng(0).integers(0, 255, (40, 50, 5), np.uint8)


def write_scene(path: Path, bands: int = 5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, SCENE[..., :bands], photometric="minisblack", planarconfig="contig", metadata=None)
    return path


@pytest.mark.parametrize("is_large", [False, True])
def test_predict_takes_those_of_the_model(is_large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if is_large:
        monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 0.0005)
    run = write_run(tmp_path / "run", rendering=BANDS)
    write_scene(tmp_path / "many/a.tif")
    tifffile.imwrite(save(tmp_path / "plain/a.tif", SCENE[..., :3]), SCENE[..., [3, 2, 1]], metadata=None)
    how = ("--device", "cpu", "--save", "masks", "--scale", 1)
    done = run_train("predict", tmp_path / "many", "-o", tmp_path / "out", "--run", run, *how)
    assert "more bands than colours" not in done.stderr
    assert json.loads((tmp_path / "out/predictions.json").read_text())["ranges"] == {"bands": [4, 3, 2]}
    plain = write_run(tmp_path / "other")
    run_train("predict", tmp_path / "plain", "-o", tmp_path / "same", "--run", plain, *how)
    assert tree(tmp_path / "out/masks") == tree(tmp_path / "same/masks")
    said = train_error("predict", tmp_path / "plain", "-o", tmp_path / "none", "--run", run, *how)
    assert "a.tif: has 3 bands, but bands 4,3,2 are to be red, green and blue, as --bands, the dataset or the" in said


def test_serve_takes_those_of_the_model(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "a.tif", bands=4)
    predictor = replace(color_predictor(), rendering=BANDS)
    answer = client_of(predictor).post("/predict", data=scene.read_bytes(), content_type="image/tiff").get_json()
    mask = decoded(base64.b64decode(answer["mask"]))
    np.testing.assert_array_equal(mask, color_predictor()(np.ascontiguousarray(SCENE[..., [3, 2, 1]])))
    tifffile.imwrite(tmp_path / "rgb.tif", SCENE[..., :3], metadata=None)
    refused = client_of(predictor).post("/predict", data=(tmp_path / "rgb.tif").read_bytes(), content_type="image/tiff")
    assert refused.status_code == 422
    assert "has 3 bands, but bands 4,3,2" in refused.get_json()["error"]


def test_scores_of_images_of_other_bands_are_refused(tmp_path: Path) -> None:
    run_ok("synth", "--n", 6, "-o", tmp_path / "d", "--seed", 0)
    dataset = Dataset.open(tmp_path / "d")
    predictor = replace(color_predictor(), classes=dataset.classes)
    require_same_kind(dataset, predictor)
    with pytest.raises(SegError, match=r"show the first three bands as red, green and blue, .* learned from 4,3,2;"):
        require_same_kind(dataset, replace(predictor, rendering=BANDS))
    write_rendering(tmp_path / "d/ranges.json", BANDS)
    require_same_kind(dataset, replace(predictor, rendering=BANDS))
    with pytest.raises(SegError, match=r"d: its images show 4,3,2 as red, green and blue, .*the first three bands;"):
        require_same_kind(dataset, predictor)


def test_images_of_a_dataset_of_other_bands_are_not_labelled(tmp_path: Path) -> None:
    run_ok("synth", "--n", 6, "-o", tmp_path / "d", "--seed", 0)
    run = write_run(tmp_path / "run")
    how = ("--run", run, "--device", "cpu", "--save", "masks")
    run_train("predict", tmp_path / "d", "-o", tmp_path / "out", *how)
    write_rendering(tmp_path / "d/ranges.json", BANDS)
    for source in (tmp_path / "d", tmp_path / "d/images"):
        assert "d: its images show 4,3,2 as red" in train_error("predict", source, "-o", tmp_path / "none", *how)
    assert not (tmp_path / "none").exists()


def test_models_of_other_bands_have_no_mean() -> None:
    one, other = color_predictor(), replace(color_predictor(), rendering=BANDS)
    with pytest.raises(SegError, match=r"a and b were trained on images of other bands \(the first three bands, and 4"):
        mean_predictor([Member("a", one), Member("b", other)])
    assert mean_predictor([Member("a", other), Member("b", other)]).rendering == BANDS


def test_a_training_records_them_and_scores_its_own_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_ok("synth", "--n", 8, "-o", tmp_path / "d", "--seed", 0)
    write_rendering(tmp_path / "d/ranges.json", BANDS)
    how = ("--epochs", 1, "--width", 4, "--depth", 2, "--size", 32, "--device", "cpu")
    run_train(tmp_path / "d", *how)
    run_train("score", "--split", "val", "--device", "cpu")
    write_scene(tmp_path / "scene.tif", bands=3)
    said = train_error("predict", tmp_path / "scene.tif", "-o", tmp_path / "p", "--device", "cpu")
    assert "scene.tif: has 3 bands" in said
