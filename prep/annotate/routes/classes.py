"""The class editor's requests: what the classes are, and what they shall be."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from prep.annotate.class_changes import (
    PATCHES,
    STATS,
    UsedClasses,
    Wanted,
    change_classes,
    mask_files,
    plan_change,
)
from prep.annotate.store import Conflict, Store
from prep.classes import ClassMap, format_color, parse_color
from prep.dataset import Dataset
from prep.errors import SegError
from prep.web.refusal import Refusal

_FORM = 'The body should be JSON like {"classes_version": "...", "classes": [{"from": 0, "name": "road", "color": "#808080"}]}.'


def class_routes(store: Store) -> Blueprint:
    """Routes below /api that read and change the classes of a dataset."""
    routes = Blueprint("classes", __name__, url_prefix="/api")

    @routes.get("/classes")
    def classes() -> Response:
        with store.writing():
            standing, version = store.classes()
            masks = len(mask_files(Dataset.open(store.root)))
        derived = [name for name in (PATCHES, STATS) if (store.root / name).exists()]
        return jsonify(classes=listed(standing), classes_version=version, masks=masks, derived=derived)

    @routes.put("/classes")
    def change() -> Response:
        version, wanted, pixels = _read(request.get_json(force=True, silent=True))
        with store.writing():
            before, standing = store.classes()
            if version != standing:
                raise Conflict("classes", "The classes were changed elsewhere meanwhile; nothing was changed here.")
            try:
                planned = plan_change(before, wanted, pixels)
            except SegError as error:
                raise Refusal(400, f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
            try:
                done = change_classes(Dataset.open(store.root), planned)
            except UsedClasses as error:
                return _ask(error)
            after, version = store.classes()
        return jsonify(classes=listed(after), classes_version=version, changed=len(done.masks), removed=done.removed)

    return routes


def listed(classes: ClassMap) -> list[dict[str, object]]:
    """Plain data of the classes for the page."""
    return [
        {"index": index, "name": name, "color": format_color(color)}
        for index, (name, color) in enumerate(zip(classes.names, classes.colors, strict=True))
    ]


def _ask(error: UsedClasses) -> Response:
    response = jsonify(error=f"{error}.", used={str(index): vars(use) for index, use in error.used.items()})
    response.status_code = 409
    return response


def _read(body: Any) -> tuple[str, list[Wanted], dict[int, int]]:
    """Version, classes and what becomes of pixels, from a request; Refusal (400) if it is of another form."""
    try:
        wanted = [_wanted(entry) for entry in body["classes"]]
        pixels = {int(index): _whole(value) for index, value in body.get("pixels", {}).items()}
        return str(body["classes_version"]), wanted, pixels
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise Refusal(400, _FORM) from error


def _wanted(entry: Any) -> Wanted:
    now = entry["from"]
    try:
        color = parse_color(str(entry["color"]))
    except SegError as error:
        raise Refusal(400, f"{error}.") from error
    return Wanted(None if now is None else _whole(now), str(entry["name"]).strip(), color)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    return value
