"""The Flask application around a page: who may ask, headers of every answer, every error in words."""

import mimetypes
from dataclasses import dataclass

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from prep.core.errors import SegError
from prep.web.guard import HEADERS, Refusal, check_host, check_origin

_READING = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Capacity:
    """How many requests are at work at one time, and how large one may be; too_large: what is told of a larger one."""

    threads: int
    max_bytes: int
    too_large: str


def page_app(module: str, capacity: Capacity, *, only_here: bool, hint: str, failed: str) -> Flask:
    """An application without routes, which finds page/ beside the module of this name.

    only_here: whether the server listens on loopback alone, so that every true Host header is known.
    hint: what may be asked for, told with errors 404 and 405.  failed: what is told of error 500.
    """
    # Windows lets its registry say what .js is; a browser that must not guess would then refuse to run it.
    mimetypes.add_type("text/javascript", ".js")
    app = Flask(module, static_folder="page/static", static_url_path="/static", template_folder="page")
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the provider that Flask uses
    app.config["MAX_CONTENT_LENGTH"] = capacity.max_bytes
    app.extensions["capacity"] = capacity
    _guard(app, only_here)
    _explain_errors(app, {413: capacity.too_large, 500: failed}, hint)
    return app


def _guard(app: Flask, only_here: bool) -> None:
    """Refuse pages of other sites."""

    @app.before_request
    def check() -> None:
        host = request.headers.get("Host", "")
        if only_here:
            check_host(host)
        if request.method not in _READING or request.path.startswith("/api/"):
            check_origin(host, request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site"))

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _explain_errors(app: Flask, texts: dict[int, str], hint: str) -> None:
    """Every error is {"error": words} with its status."""

    def in_words(status: int, text: str, **facts: object) -> Response:
        response = jsonify(error=text, **facts)
        response.status_code = status
        return response

    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        response = in_words(error.status, str(error), **error.facts)
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.errorhandler(SegError)
    def wrong_file(error: SegError) -> Response:
        return in_words(422, str(error))

    @app.errorhandler(HTTPException)
    def other(error: HTTPException) -> Response:
        told = {
            **texts,
            404: f"Nothing here. {hint}",
            405: f"This address does not take {request.method}. {hint}",
        }
        code = error.code or 500
        response = in_words(code, told.get(code, error.description or error.name))
        if code == 405:
            response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ["GET"])
        return response
