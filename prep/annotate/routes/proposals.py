"""What a model proposes, for the page."""

import gzip
from collections.abc import Callable

import numpy as np
from flask import Blueprint, Response, jsonify, request
from numpy.typing import NDArray

from prep.annotate.model.proposals import Proposals
from prep.annotate.model.proposer import region_at
from prep.annotate.regions.spans import spans_of, to_bytes
from prep.web.guard import Refusal

_BYTES = "application/octet-stream"


def proposal_routes(current: Callable[[], Proposals | None]) -> Blueprint:
    """The addresses of the model that is current; without one they are not found, in words."""
    routes = Blueprint("proposals", __name__, url_prefix="/api")

    def model() -> Proposals:
        proposals = current()
        if proposals is None:
            raise Refusal(404, "There is no model here. Start again with --model RUN to see proposals.")
        return proposals

    @routes.get("/model")
    def progress() -> Response:
        found = model()  # the same one, even if another takes its place in this moment
        done, total = found.progress()
        return jsonify(name=found.name, order=found.order, left_out=found.left_out, done=done, total=total)

    @routes.get("/model/uncertainty")
    def uncertainty() -> Response:
        return jsonify(model().uncertainties())

    @routes.get("/images/<stem>/proposal")
    def proposal(stem: str) -> tuple[Response, int]:
        found = model().proposal(stem)
        return (_waiting(found), 202) if isinstance(found, float) else (_pixels(found.mask), 200)

    @routes.get("/images/<stem>/proposal/confidence")
    def confidence(stem: str) -> tuple[Response, int]:
        found = model().proposal(stem)
        return (_waiting(found), 202) if isinstance(found, float) else (_pixels(found.confidence), 200)

    @routes.get("/images/<stem>/proposal/region")
    def region(stem: str) -> tuple[Response, int]:
        found = model().proposal(stem)
        if isinstance(found, float):
            return _waiting(found), 202
        height, width = found.mask.shape
        x, y, least = _number("x", width), _number("y", height), _number("confidence", 101, 0)
        spans = spans_of(region_at(found.mask, found.confidence, x, y, least))
        return Response(to_bytes(spans), mimetype=_BYTES), 200

    return routes


def _waiting(share: float) -> Response:
    return jsonify(state="computing" if share else "waiting", share=round(share, 3))


def _pixels(pixels: NDArray[np.uint8]) -> Response:
    """(H, W) uint8 row by row, packed where the client says that it unpacks."""
    response = Response(mimetype=_BYTES)
    response.headers["X-Height"], response.headers["X-Width"] = map(str, pixels.shape)
    if request.accept_encodings.quality("gzip") > 0:
        response.data = gzip.compress(pixels.tobytes(), 1, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response.data = pixels.tobytes()
    return response


def _number(name: str, end: int, default: int | None = None) -> int:
    """A whole number from 0 to below `end` out of the address; Refusal (400) if it is none."""
    text = request.args.get(name, "" if default is None else str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < end):
        raise Refusal(400, f"{name} is a whole number from 0 to {end - 1}; this is {text[:20]!r}.")
    return int(text)
