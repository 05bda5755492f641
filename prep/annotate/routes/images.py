"""Images, their masks and states."""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request

from prep.annotate.store.mask_changes import most_bytes
from prep.annotate.store.store import AnnotationStore, ListedImage
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


def image_routes(store: AnnotationStore, about: Callable[[], dict[str, object]], uncertainty: Ranking) -> Blueprint:
    """Routes below /api for the list and for single images.

    about: gives what /api/dataset says beside the images and classes: model, order, findings.
    """
    routes = Blueprint("images", __name__, url_prefix="/api")

    def told(entry: ListedImage) -> dict[str, Any]:
        return {**asdict(entry), "uncertainty": uncertainty(entry.stem)}

    @routes.get("/dataset")
    def dataset() -> Response:
        classes, version = store.classes()
        listed = [
            {"index": index, "name": name, "color": format_color(color)}
            for index, (name, color) in enumerate(zip(classes.names, classes.colors, strict=True))
        ]
        images = _columns(store.entries(), uncertainty)
        return _packed(jsonify(name=store.name, classes=listed, classes_version=version, images=images, **about()), 3)

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
        response = _packed(Response(standing.pixels.tobytes(), mimetype="application/octet-stream"), 1)
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
        entry = store.save(
            stem,
            body,
            base=base,
            save=number,
            classes_version=classes_version,
            size=request.headers.get("X-Size"),
            proposed=proposed,
        )
        return jsonify(told(entry))

    @routes.put("/images/<stem>/state")
    def state(stem: str) -> Response:
        return jsonify(told(store.set_state(stem, _told_by("state", "done"))))

    @routes.put("/images/<stem>/note")
    def note(stem: str) -> Response:
        return jsonify(told(store.set_note(stem, _told_by("note", "blurred on the left"))))

    return routes


def _columns(entries: Sequence[ListedImage], uncertainty: Ranking) -> dict[str, list[object]]:
    """The list of images, a column each; versions are left out: they cannot be packed, and saves tell them."""
    names = ("stem", "width", "height", "state", "split", "note", "classes")
    columns: dict[str, list[object]] = {name: [getattr(entry, name) for entry in entries] for name in names}
    columns["labelled"] = [None if entry.labelled is None else _rounded(entry.labelled) for entry in entries]
    columns["uncertainty"] = [uncertainty(entry.stem) for entry in entries]
    return columns


def _rounded(share: float) -> float:
    """To four places, but nothing becomes all, and all not nothing."""
    return share if share in (0.0, 1.0) else min(0.9999, max(0.0001, round(share, 4)))


def _packed(response: Response, level: int) -> Response:
    if request.accept_encodings.quality("gzip") > 0:
        response.set_data(gzip.compress(response.get_data(), level, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _told_by(name: str, example: str) -> str:
    """A text of the request's JSON; Refusal (400) if it is not there."""
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict) or not isinstance(body.get(name), str):
        raise Refusal(400, f'The body should be JSON like {{"{name}": "{example}"}}.')
    text: str = body[name]
    return text


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
