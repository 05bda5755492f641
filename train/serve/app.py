"""The web application: the page for people, /predict for programs."""

import base64

from flask import Flask, Response, jsonify, render_template, request

from prep.web.app import Capacity, page_app
from prep.web.guard import Refusal
from train.serve.progress import ProgressBoard
from train.serve.service import Labelled, Service

_PNG = "image/png"

_SPARE_THREADS = 4
"""Beside those that label: for the page, /health, and telling others that all places are taken."""


def serve_app(service: Service, *, only_here: bool) -> Flask:
    """Build the application around one model.

    only_here: whether the server listens on loopback alone, so that every true Host header is known.
    """
    limits = service.limits
    too_large = (
        f"The photo is larger than {limits.max_upload:g} MB, the limit here. Save it smaller, "
        "or let the server run with a higher --max-upload."
    )
    app = page_app(
        __name__,
        Capacity(limits.max_requests + _SPARE_THREADS, limits.max_bytes, too_large),
        only_here=only_here,
        hint="The page is at /, programs POST photos to /predict.",
        failed="Something went wrong in the server, not with the photo; its terminal shows what.",
    )
    progress = ProgressBoard()

    @app.get("/")
    def page() -> str:
        return render_template("page.html", service=service, classes=service.classes(), url=request.host_url)

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="ok", **_model(service), limits=vars(limits))

    @app.post("/predict")
    def predict() -> Response:
        gone = request.environ.get("waitress.client_disconnected", lambda: False)
        with progress.of(request.headers.get("X-Progress")) as report:
            labelled = service.label(_photo(), gone, report)
        if request.accept_mimetypes.best_match(["application/json", _PNG]) == _PNG:
            return Response(labelled.png, mimetype=_PNG)
        return jsonify(_answer(service, labelled))

    @app.get("/progress/<name>")
    def progress_of(name: str) -> Response:
        return jsonify(share=progress.share(name))

    @app.post("/photo")
    def photo() -> Response:
        return Response(service.upright(_photo()), mimetype="image/jpeg")

    return app


def _photo() -> bytes:
    """The photo in a request: the first file of a form, or the whole body."""
    if request.mimetype != "multipart/form-data":
        return request.get_data(cache=False)
    for file in request.files.values():
        data: bytes = file.read()
        return data
    raise Refusal(400, "The form holds no file. Send the photo as one, for example: curl -F photo=@photo.jpg")


def _model(service: Service) -> dict[str, object]:
    ground = service.predictor.scale.ground
    return {
        "model": service.name,
        "classes": service.classes(),
        "window": service.predictor.windows.window,
        "overlap": service.predictor.windows.overlap,
        "scale": service.predictor.scale.wanted,
        "images_of_training": service.predictor.scale.known,
        **({} if ground is None else {"metres_a_pixel": ground.words}),
    }


def _answer(service: Service, labelled: Labelled) -> dict[str, object]:
    """What /predict says in JSON; shares are of all pixels, 0..1."""
    height, width = labelled.mask.shape
    counted = zip(service.classes(), labelled.pixels, strict=True)
    goes_by_metres, pixel = service.predictor.scale.ground is not None, labelled.pixel
    return {
        "model": service.name,
        "width": width,
        "height": height,
        "labelled_at": {"width": labelled.size[1], "height": labelled.size[0]},
        **({"metres_a_pixel": "unknown" if pixel is None else pixel.words} if goes_by_metres else {}),
        "seconds": round(labelled.seconds, 3),
        "classes": [{**entry, "pixels": count, "share": count / labelled.mask.size} for entry, count in counted],
        "mask": base64.b64encode(labelled.png).decode("ascii"),
    }
