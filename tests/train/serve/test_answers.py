"""The answers of the server: exact masks, numbers, the page."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

import train.cli.serve
import train.serve.app
from prep.photos.photoio import read_photo
from tests.support import random_image, save, smooth_image
from tests.train.serve.serving import CLASSES, client_of, decoded
from train.windows.predictor import Predictor


def upright_jpeg(path: Path) -> Path:
    return save(path.with_suffix(".jpg"), smooth_image(50, 70), quality=90)


def turned_jpeg(path: Path) -> Path:
    exif = Image.Exif()
    exif[0x0112] = 6
    return save(path.with_suffix(".jpg"), smooth_image(50, 70), exif=exif)


def heic(path: Path) -> Path:
    pillow_heif.from_pillow(Image.fromarray(smooth_image(64, 70))).save(path.with_suffix(".heic"))
    return path.with_suffix(".heic")


def one_pixel(path: Path) -> Path:
    return save(path.with_suffix(".png"), random_image(0, 1, 1))


# The mask.


@pytest.mark.parametrize("make", [upright_jpeg, turned_jpeg, heic, one_pixel])
def test_the_mask_is_the_predictors(make: Any, predictor: Predictor, tmp_path: Path) -> None:  # noqa: ANN401
    photo = make(tmp_path / "photo")
    expected = predictor(read_photo(photo))
    client = client_of(predictor)
    as_form = client.post("/predict", data={"photo": (photo.open("rb"), "../../etc/passwd")})
    as_body = client.post("/predict", data=photo.read_bytes(), content_type="application/x-www-form-urlencoded")
    answers = [as_form.get_json(), as_body.get_json()]
    for answer in answers:
        mask = decoded(base64.b64decode(answer["mask"]))
        np.testing.assert_array_equal(mask, expected)
        assert (answer["height"], answer["width"]) == expected.shape
        counts = [int((expected == index).sum()) for index in range(3)]
        assert [entry["pixels"] for entry in answer["classes"]] == counts
        assert [entry["share"] for entry in answer["classes"]] == pytest.approx([n / expected.size for n in counts])
        assert [entry["name"] for entry in answer["classes"]] == list(CLASSES.names)
    as_png = client.post("/predict", data=photo.read_bytes(), headers={"Accept": "image/png"})
    assert as_png.mimetype == "image/png"
    np.testing.assert_array_equal(decoded(as_png.data), expected)


def test_the_random_model_tells_photos_apart(predictor: Predictor) -> None:
    """Else the test above could not fail."""
    masks = [predictor(smooth_image(50, 70)), predictor(np.ascontiguousarray(smooth_image(50, 70)[::-1]))]
    assert len(np.unique(masks[0])) > 1
    assert (masks[0] != masks[1]).any()


def test_a_photo_that_browsers_cannot_show_comes_back_as_an_upright_jpeg(predictor: Predictor, tmp_path: Path) -> None:
    photo = turned_jpeg(tmp_path / "photo")
    answer = client_of(predictor).post("/photo", data=photo.read_bytes())
    with Image.open(io.BytesIO(answer.data)) as picture:
        assert (picture.format, picture.size, picture.getexif()) == ("JPEG", (50, 70), {})
        assert np.abs(np.asarray(picture).astype(int) - read_photo(photo)).mean() < 2


# What else it says.


def test_the_page_is_whole_and_escapes_names(predictor: Predictor) -> None:
    client = client_of(predictor)

    def text_of(path: str) -> str:
        with client.get(path) as answer:
            assert answer.status_code == 200
            assert not path.endswith(".js") or answer.mimetype == "text/javascript"
            return answer.text

    page = text_of("/")
    assert "&lt;b&gt;road&lt;/b&gt;" in page
    assert "<b>road" not in page
    assert "curl -F photo=@photo.jpg http://localhost/predict" in page
    assert "32 × 32 pixels, overlap 50 %" in page
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page), "the security policy forbids it"
    files = set(re.findall(r'(?:href|src)="(/[^"]+)"', page))
    for name in [*files]:
        files |= {f"/static/{other}" for other in re.findall(r'from "\./([^"]+)"', text_of(name))}
    assert len(files) == len(list((Path(train.serve.app.__file__).parent / "page" / "static").iterdir()))
    assert not re.search(r"https?://", "".join(map(text_of, files)).replace("http://www.w3.org/", ""))


def test_health_names_the_model(predictor: Predictor) -> None:
    answer = client_of(predictor, max_requests=3).get("/health").get_json()
    assert (answer["status"], answer["model"], answer["window"]) == ("ok", "tiny", 32)
    assert answer["classes"][2] == {"index": 2, "name": "tree", "color": "#14a05a"}
    assert answer["limits"]["max_requests"] == 3


@pytest.mark.parametrize(
    ("method", "path", "status"), [("get", "/x", 404), ("get", "/predict", 405), ("post", "/", 405)]
)
def test_other_addresses_are_answered_in_words(method: str, path: str, status: int, predictor: Predictor) -> None:
    answer = client_of(predictor).open(path, method=method.upper())
    assert answer.status_code == status
    assert "/predict" in answer.get_json()["error"]


@pytest.mark.parametrize("path", ["/static/../page.html", "/static/%2e%2e/page.html", "/static/..%2f..%2fapp.py"])
def test_no_other_file_is_given_away(path: str, predictor: Predictor) -> None:
    assert client_of(predictor).get(path).status_code == 404
