"""The class editor's requests: what the classes are, and what they shall be."""

from flask import Blueprint, Response, jsonify, request

from prep.annotate.store.class_changes import UsedClasses, WantedClass, change_classes, mask_files, plan_change
from prep.annotate.store.store import AnnotationStore, Conflict
from prep.core.classes import parse_color
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import DERIVED
from prep.web.guard import Refusal

_FORM = (
    'The body should be JSON like {"classes_version": "...", "classes": [{"from": 0, "name": "road", '
    '"color": "#808080"}], "pixels": {"1": 255}}.'
)


def class_routes(store: AnnotationStore) -> Blueprint:
    """Routes below /api that read and change the classes of a dataset."""
    routes = Blueprint("classes", __name__, url_prefix="/api")

    @routes.get("/classes")
    def classes() -> Response:
        with store.reading():
            standing, version = store.classes()
            masks = len(mask_files(Dataset.open(store.root)))
        derived = [name for name in DERIVED if (store.root / name).exists()]
        return jsonify(classes=standing.to_json()["classes"], classes_version=version, masks=masks, derived=derived)

    @routes.put("/classes")
    def change() -> Response:
        version, wanted, pixels = _read(request.get_json(force=True, silent=True))
        with store.writing():
            before, standing = store.classes()
            if version != standing:
                raise Conflict("classes", "The classes were changed elsewhere; load the page again.")
            try:
                planned = plan_change(before, wanted, pixels)
            except SegError as error:
                raise Refusal(400, f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
            try:
                done = change_classes(Dataset.open(store.root), planned)
            except UsedClasses as error:
                used = {str(index): vars(use) for index, use in error.used.items()}
                raise Refusal(409, f"{error}.", used=used) from error
            after, version = store.classes()
        return jsonify(
            classes=after.to_json()["classes"], classes_version=version, changed=len(done.masks), removed=done.removed
        )

    return routes


def _read(body: object) -> tuple[str, list[WantedClass], dict[int, int]]:
    """Version, classes and what becomes of pixels, from a request; Refusal (400) if it is of another form."""
    match body:
        case {"classes_version": str(version), "classes": list(entries), **rest}:
            return version, [_wanted(entry) for entry in entries], _pixels(rest.get("pixels", {}))
    raise Refusal(400, _FORM)


def _wanted(entry: object) -> WantedClass:
    match entry:
        case {"from": int() | None as now, "name": str(name), "color": str(color)} if not isinstance(now, bool):
            try:
                return WantedClass(now, name.strip(), parse_color(color))
            except SegError as error:
                raise Refusal(400, f"{error}.") from error
    raise Refusal(400, _FORM)


def _pixels(becomes: object) -> dict[int, int]:
    if not isinstance(becomes, dict) or not all(type(value) is int for value in becomes.values()):
        raise Refusal(400, _FORM)
    if not all(index.isascii() and index.isdecimal() and len(index) < 4 for index in becomes):
        raise Refusal(400, _FORM)
    return {int(index): value for index, value in becomes.items()}
