"""What was learnt from the strokes, for the page."""

from flask import Blueprint, Response, jsonify

from prep.annotate.learn.learner import Learner, Learnt


def learning_routes(learner: Learner) -> Blueprint:
    """The addresses of the page that learns."""
    routes = Blueprint("learning", __name__, url_prefix="/api")

    @routes.get("/images/<stem>/learnt")
    def learnt(stem: str) -> tuple[Response, int]:
        found = learner.proposal(stem)
        return (_told(found), 200) if isinstance(found, Learnt) else (jsonify(state=found), 202)

    return routes


def _told(learnt: Learnt) -> Response:
    """Class indices (h, w), then confidences (h, w), row by row, of a smaller copy: packing would take longer."""
    response = Response(learnt.mask.tobytes() + learnt.confidence.tobytes(), mimetype="application/octet-stream")
    height, width = learnt.mask.shape
    response.headers.update(
        {"X-Width": width, "X-Height": height, "X-Unsure": learnt.unsure, "X-Complete": int(learnt.complete)}
    )
    return response
