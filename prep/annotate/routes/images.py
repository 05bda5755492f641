"""Images, their masks and states."""

import gzip
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request

from prep.annotate.store.mask_changes import most_bytes
from prep.annotate.store.store import Entry, Store
from prep.annotate.store.versions import stamp_of
from prep.annotate.thumbnails import thumbnail
from prep.core.classes import format_color
from prep.core.files import read_bytes
from prep.images.imageio import is_jpeg
from prep.photos.metadata import without_metadata
from prep.web.guard import Refusal

_PNG_START = b"\x89PNG"

Ranking = Callable[[str], float | None]
"""The uncertainty of a model about an image, by its stem; None while it is not known."""


def image_routes(store: Store, about: Callable[[], dict[str, object]], uncertainty: Ranking) -> Blueprint:
    """Routes below /api for the list and for single images.

    about: gives what /api/dataset says beside the images and classes: model, order, findings.
    """
    routes = Blueprint("images", __name__, url_prefix="/api")

    def told(entry: Entry) -> dict[str, Any]:
        return {**asdict(entry), "uncertainty": uncertainty(entry.stem)}

    @routes.get("/dataset")
    def dataset() -> Response:
        classes, version = store.classes()
        listed = [
            {"index": index, "name": name, "color": format_color(color)}
            for index, (name, color) in enumerate(zip(classes.names, classes.colors, strict=True))
        ]
        images = [told(entry) for entry in store.entries()]
        return jsonify(name=store.name, classes=listed, classes_version=version, images=images, **about())

    @routes.get("/images/<stem>/photo")
    def photo(stem: str) -> Response:
        return _unless_the_browser_has_it(store.photo_path(stem), _photo)

    @routes.get("/images/<stem>/thumbnail")
    def small(stem: str) -> Response:
        return _unless_the_browser_has_it(
            store.photo_path(stem), lambda path: Response(thumbnail(path), mimetype="image/jpeg")
        )

    @routes.get("/images/<stem>/mask")
    def mask(stem: str) -> Response:
        with store.reading():  # mask and classes fit each other
            standing, classes_version = store.mask(stem), store.classes()[1]
        response = Response(standing.pixels.tobytes(), mimetype="application/octet-stream")
        if request.accept_encodings.quality("gzip") > 0:
            response.set_data(gzip.compress(response.get_data(), 1, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
        height, width = standing.pixels.shape
        response.headers.update(
            {"X-Version": standing.version, "X-Width": width, "X-Height": height, "X-Classes-Version": classes_version}
        )
        return response

    @routes.post("/images/<stem>/mask")
    def save(stem: str) -> Response:
        sample = store.sample(stem)
        request.max_content_length = most_bytes(sample.width, sample.height)
        base, number, classes_version = map(_header, ("X-Base-Version", "X-Save", "X-Classes-Version"))
        proposed = request.headers.get("X-Proposed") == "1"
        body = request.get_data(cache=False)
        entry = store.save(stem, body, base=base, save=number, classes_version=classes_version, proposed=proposed)
        return jsonify(told(entry))

    @routes.put("/images/<stem>/state")
    def state(stem: str) -> Response:
        body = request.get_json(force=True, silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("state"), str):
            raise Refusal(400, 'The body should be JSON like {"state": "done"}.')
        return jsonify(told(store.set_state(stem, body["state"])))

    return routes


def _header(name: str) -> str:
    value = request.headers.get(name, "")
    if not 0 < len(value) <= 100:
        raise Refusal(400, f"The header {name} is missing, or too long; nothing was saved.")
    return value


def _photo(path: Path) -> Response:
    data = read_bytes(path)
    if not (is_jpeg(data) or data.startswith(_PNG_START)):
        raise Refusal(422, "This image is neither JPEG nor PNG. Bring the photo in again with 'seg-prep resize'.")
    if is_jpeg(data):
        # A browser would turn the photo as its EXIF data says; a mask is of the pixels as they are stored.
        return Response(without_metadata(data), mimetype="image/jpeg")
    return Response(data, mimetype="image/png")


def _unless_the_browser_has_it(path: Path, make: Callable[[Path], Response]) -> Response:
    """An answer made of this file, which the browser keeps; it asks each time whether it is still the same."""
    tag = "-".join(f"{number:x}" for number in stamp_of(path) or ())
    response = Response(status=304) if request.if_none_match.contains(tag) else make(path)
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
