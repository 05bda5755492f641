"""serve labels a photo at the scale of the training, and says at which size the model saw it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from prep.core.errors import SegError
from prep.images.imageio import encode_png
from tests.rasters import needs_geo, write_raster
from tests.support import smooth_image
from tests.train.serve.serving import client_of, sample_of
from train.serve.proposer import RunProposer
from train.windows.predictor import Predictor
from train.windows.scale import ImageScale, Rescaling

TRAINED = ImageScale((32, 32, 32), (24, 24, 24), (4 / 3, 4 / 3), (128, 128, 128))


def test_a_photo_of_another_size_is_labelled_at_the_scale_of_the_training(predictor: Predictor) -> None:
    client = client_of(replace(predictor, scale=Rescaling(TRAINED)))
    answer = client.post("/predict", data=encode_png(smooth_image(96, 128))).json
    assert (answer["width"], answer["height"]) == (128, 96)
    assert answer["labelled_at"] == {"width": 32, "height": 24}
    assert client.post("/predict", data=encode_png(smooth_image(24, 32))).json["labelled_at"] == {
        "width": 32,
        "height": 24,
    }
    health = client.get("/health").json
    assert (health["scale"], health["images_of_training"]) == ("auto", "32 px")
    assert "labelled at that of the training&#39;s images: 32 px" in client.get("/").text


def test_a_photo_whose_scale_cannot_be_told_is_refused_in_words(predictor: Predictor) -> None:
    data = encode_png(np.zeros((60, 600, 3), np.uint8))
    answer = client_of(replace(predictor, scale=Rescaling(TRAINED))).post("/predict", data=data)
    assert answer.status_code == 422
    assert answer.json["error"].startswith("This photo has 600 x 60 pixels, and the model learned from images of 32 px")
    assert answer.json["error"].endswith("or --scale 1 (as it is), where 'seg-train serve' is started.")
    as_it_is = client_of(replace(predictor, scale=Rescaling(TRAINED, 1.0))).post("/predict", data=data)
    assert as_it_is.json["labelled_at"] == {"width": 600, "height": 60}


def test_the_page_of_an_older_model_says_that_its_scale_is_unknown(predictor: Predictor) -> None:
    assert "photos as they are; that of the training is unknown" in client_of(predictor).get("/").text


def test_annotate_is_told_what_cannot_be_proposed(predictor: Predictor) -> None:
    proposer = RunProposer(replace(predictor, scale=Rescaling(TRAINED)), "tiny", "key")
    image = smooth_image(96, 128)
    assert proposer(image, lambda share: None, sample_of(image)).mask.shape == (96, 128)
    with pytest.raises(SegError, match=r"600 x 60 pixels, .* images of 32 px: .*add --scale fit .* or --scale 1"):
        proposer(wide := np.zeros((60, 600, 3), np.uint8), lambda share: None, sample_of(wide))


@needs_geo
def test_annotate_proposes_at_the_metres_of_the_training(predictor: Predictor) -> None:
    """Windows that are seen tell the size: of 96 x 128 at half a metre, 24 x 32 at two metres fit into one."""
    seen = list[int]()

    def model(windows: torch.Tensor) -> torch.Tensor:
        seen.append(len(windows))
        return predictor.model(windows)

    trained = replace(TRAINED, photos=None, cut=True, metres_across=(2.0,) * 3, metres_down=(2.0,) * 3)
    proposer = RunProposer(replace(predictor, model=model, scale=Rescaling(trained)), "tiny", "key")
    image = smooth_image(96, 128)
    placed = replace(sample_of(image), east=5e5, north=5e6, crs="EPSG:32632", pixel="0.5 0 0 -0.5")
    for sample in (placed, sample_of(image)):
        seen.clear()
        assert proposer(image, lambda share: None, sample).mask.shape == (96, 128)
        assert (sum(seen) == 1) == (sample is placed)


@needs_geo
def test_a_geotiff_is_labelled_at_the_metres_of_the_training(predictor: Predictor, tmp_path: Path) -> None:
    trained = replace(TRAINED, photos=None, cut=True, metres_across=(2.0,) * 3, metres_down=(2.0,) * 3)
    client = client_of(replace(predictor, scale=Rescaling(trained)))
    raster = write_raster(tmp_path / "a.tif", smooth_image(96, 128), transform=(0.5, 0, 5e5, 0, -0.5, 5e6))
    answer = client.post("/predict", data=raster.read_bytes()).json
    assert answer["labelled_at"] == {"width": 32, "height": 24}
    assert answer["metres_a_pixel"] == "0.5 m"
    answer = client.post("/predict", data=encode_png(smooth_image(96, 128))).json
    assert answer["labelled_at"] == {"width": 128, "height": 96}
    assert answer["metres_a_pixel"] == "unknown"
    assert client.get("/health").json["metres_a_pixel"] == "2 m"
    assert "rasters at 2 m a pixel, photos as they are" in client.get("/").text
    coarse = write_raster(tmp_path / "b.tif", smooth_image(96, 128), transform=(50, 0, 5e5, 0, -50, 5e6))
    refused = client.post("/predict", data=coarse.read_bytes())
    assert refused.status_code == 422
    assert refused.json["error"].startswith("This photo has 50 m a pixel, and the model learned from 2 m: too coarse")
