"""The web application: the page for people, /predict for programs."""

import base64
import mimetypes

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from prep.web.guard import HEADERS, check_host, check_origin
from prep.web.refusal import Refusal
from train.serve.progress import ProgressBoard
from train.serve.service import Labelled, Service

_PNG = "image/png"


def make_app(service: Service, *, only_here: bool) -> Flask:
    """Build the application around one model.

    only_here: whether the server listens on loopback alone, so that every true Host header is known.
    """
    # Windows lets its registry say what .js is; a browser that must not guess would then refuse to run it.
    mimetypes.add_type("text/javascript", ".js")
    app = Flask(__name__, static_folder="page/static", static_url_path="/static", template_folder="page")
    app.config["MAX_CONTENT_LENGTH"] = service.limits.max_bytes
    progress = ProgressBoard()

    @app.before_request
    def guard() -> None:
        host = request.headers.get("Host", "")
        if only_here:
            check_host(host)
        if request.method == "POST":
            check_origin(host, request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site"))

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    @app.get("/")
    def page() -> str:
        return render_template("page.html", service=service, classes=service.classes(), url=request.host_url)

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="ok", **_model(service), limits=vars(service.limits))

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

    _explain_errors(app, service)
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
    return {
        "model": service.name,
        "classes": service.classes(),
        "window": service.predictor.windows.window,
        "overlap": service.predictor.windows.overlap,
    }


def _answer(service: Service, labelled: Labelled) -> dict[str, object]:
    """What /predict says in JSON; shares are of all pixels, 0..1."""
    height, width = labelled.mask.shape
    counted = zip(service.classes(), labelled.pixels, strict=True)
    return {
        "model": service.name,
        "width": width,
        "height": height,
        "seconds": round(labelled.seconds, 3),
        "classes": [{**entry, "pixels": count, "share": count / labelled.mask.size} for entry, count in counted],
        "mask": base64.b64encode(labelled.png).decode("ascii"),
    }


def _explain_errors(app: Flask, service: Service) -> None:
    """Every error is {"error": words} with its status."""

    def in_words(status: int, text: str) -> Response:
        response = jsonify(error=text)
        response.status_code = status
        return response

    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        response = in_words(error.status, str(error))
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(_: RequestEntityTooLarge) -> Response:
        return in_words(413, too_large_text(service.limits.max_upload))

    @app.errorhandler(HTTPException)
    def other(error: HTTPException) -> Response:
        texts = {
            404: "Nothing here. The page is at /, programs send photos to /predict.",
            405: "This address takes another method: POST a photo to /predict, GET the page at /.",
            500: "Something went wrong in the server, not with the photo; its terminal shows what.",
        }
        code = error.code or 500
        return in_words(code, texts.get(code, error.description or error.name))


def too_large_text(max_upload: float) -> str:
    """What a client is told whose request has more than so many megabytes."""
    return (
        f"The photo is larger than {max_upload:g} MB, the limit here. Save it smaller, "
        "or let the server run with a higher --max-upload."
    )
