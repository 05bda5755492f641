"""Regions and paths for the tools that follow the photo: flood fill, superpixels, live-wire."""

import math

import numpy as np
from flask import Blueprint, Response, jsonify, request
from numpy.typing import NDArray

from prep.annotate.regions.finder import Finder, Point
from prep.annotate.regions.spans import to_bytes
from prep.annotate.regions.superpixels import LARGEST, SMALLEST
from prep.annotate.store.store import AnnotationStore
from prep.web.guard import Refusal


def region_routes(store: AnnotationStore) -> Blueprint:
    """Routes below /api; they change nothing."""
    routes = Blueprint("regions", __name__, url_prefix="/api")
    finder = Finder(store)

    @routes.get("/images/<stem>/region")
    def region(stem: str) -> Response:
        tool = request.args.get("tool")
        if tool == "fill":
            return _numbers(finder.filled(stem, _point("x", "y"), _number("tolerance", 0, 100)))
        if tool == "superpixel":
            found = finder.superpixel(stem, _point("x", "y"), int(_number("size", SMALLEST, LARGEST)))
            return _computing() if found is None else _numbers(found)
        raise Refusal(400, "The tool of a region is 'fill' or 'superpixel'.")

    @routes.get("/images/<stem>/edge")
    def edge(stem: str) -> Response:
        return _numbers(finder.path(stem, _point("ax", "ay"), _point("x", "y")))

    return routes


def _numbers(values: NDArray[np.int32]) -> Response:
    return Response(to_bytes(values), mimetype="application/octet-stream")


def _computing() -> Response:
    response = jsonify(state="computing")
    response.status_code = 202
    response.headers["Retry-After"] = "1"
    return response


def _point(x: str, y: str) -> Point:
    """A pixel of the query: the one that coordinates with fractions lie in."""
    return Point(math.floor(_number(x)), math.floor(_number(y)))


def _number(name: str, least: float = -1e9, greatest: float = 1e9) -> float:
    """A number of the query; Refusal (400) if it is missing, no number or out of range."""
    try:
        number = float(request.args[name])
    except (KeyError, ValueError):
        number = math.nan
    if not least <= number <= greatest:
        raise Refusal(400, f"The address needs {name}=NUMBER with a number from {least:g} to {greatest:g}.")
    return number
