"""Objects that a person points at, for the page."""

import struct

from flask import Blueprint, Response, jsonify, request

from prep.annotate.regions.spans import to_bytes
from prep.annotate.sam.objects import Objects
from prep.web.guard import Refusal


def object_routes(objects: Objects | None) -> Blueprint:
    """The addresses of the tool that finds objects; without files for it they are not found, in words."""
    routes = Blueprint("objects", __name__, url_prefix="/api")

    def model() -> Objects:
        if objects is None:
            raise Refusal(404, "Objects need a model here. Start again with --sam FOLDER to point at them.")
        return objects

    @routes.get("/images/<stem>/encoded")
    def encoded(stem: str) -> tuple[Response, int]:
        found = model().encodings.embedding(stem)
        return jsonify(state="encoding" if found is None else "encoded"), 202 if found is None else 200

    @routes.get("/images/<stem>/object")
    def find(stem: str) -> tuple[Response, int]:
        found = model().find(stem, request.args.get("steps", ""), _class())
        if found is None:
            return jsonify(state="encoding"), 202
        head = struct.pack("<i", len(found.object))
        body = head + to_bytes(found.object) + to_bytes(found.removed)
        return Response(body, mimetype="application/octet-stream"), 200

    return routes


def _class() -> int | None:
    """The class whose region may be corrected, out of the address; Refusal (400) if it is none."""
    text = request.args.get("class", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and int(text) < 255):
        raise Refusal(400, f"class is the index of a class; this is {text[:20]!r}.")
    return int(text)
