"""The web application: the page, and what it asks for below /api."""

import mimetypes

from flask import Flask, Response, jsonify, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from prep.annotate.access import Pass
from prep.annotate.audit import Findings
from prep.annotate.model.proposals import Proposals
from prep.annotate.routes.classes import class_routes
from prep.annotate.routes.findings import finding_routes
from prep.annotate.routes.images import image_routes
from prep.annotate.routes.proposals import proposal_routes
from prep.annotate.routes.regions import region_routes
from prep.annotate.store.store import Conflict, Store
from prep.core.errors import SegError
from prep.web.guard import HEADERS, check_host, check_origin
from prep.web.refusal import Refusal

_READING = ("GET", "HEAD", "OPTIONS")


def make_app(
    store: Store,
    *,
    only_here: bool,
    token: str | None = None,
    model: Proposals | None = None,
    findings: Findings | None = None,
) -> Flask:
    """Build the application around one dataset.

    only_here: whether the server listens on loopback alone, so that every true Host header is known.
    token: lets in whoever has it, and nobody else; None where only this computer can reach the server.
    model: what proposes masks.  findings: those of an audit, to work through.
    """
    # Windows lets its registry say what .js is; a browser that must not guess would then refuse to run it.
    mimetypes.add_type("text/javascript", ".js")
    app = Flask(__name__, static_folder="page/static", static_url_path="/static", template_folder="page")
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the provider that Flask uses
    app.config["MAX_CONTENT_LENGTH"] = 2**20  # of requests that are no masks
    _guard(app, only_here, Pass(token) if token else None)

    @app.get("/")
    def page() -> str:
        return render_template("page.html", name=store.name)

    about: dict[str, object] = {
        "model": model.name if model else None,
        "order": model.order if model else "name",
        "findings": findings is not None,
    }
    app.register_blueprint(image_routes(store, about, model.uncertainty if model else lambda stem: None))
    app.register_blueprint(proposal_routes(model))
    app.register_blueprint(finding_routes(findings))
    app.register_blueprint(class_routes(store))
    app.register_blueprint(region_routes(store))
    _explain_errors(app)
    return app


def _guard(app: Flask, only_here: bool, entrance: Pass | None) -> None:
    """Refuse other people, and pages of other sites."""

    @app.before_request
    def check() -> AnyResponse | None:
        host = request.headers.get("Host", "")
        if only_here:
            check_host(host)
        if request.method not in _READING or request.path.startswith("/api/"):
            check_origin(host, request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site"))
        if entrance is None:
            return None
        if request.path == "/" and entrance.fits(request.args.get("token")):
            answer = redirect("/")
            answer.set_cookie(entrance.cookie, request.args["token"], httponly=True, samesite="Strict")
            return answer
        entrance.check(request.cookies.get(entrance.cookie), request.headers.get("Authorization"))
        return None

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _explain_errors(app: Flask) -> None:
    """Every error is {"error": words} with its status; a conflict says of what."""

    def in_words(status: int, text: str, **more: str) -> Response:
        response = jsonify(error=text, **more)
        response.status_code = status
        return response

    @app.errorhandler(Conflict)
    def conflict(error: Conflict) -> Response:
        return in_words(error.status, str(error), conflict=error.kind)

    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        return in_words(error.status, str(error))

    @app.errorhandler(SegError)
    def wrong_file(error: SegError) -> Response:
        return in_words(422, str(error))

    @app.errorhandler(RecursionError)
    def too_deep(_: RecursionError) -> Response:
        return in_words(400, "This JSON is nested too deeply; nothing was saved.")

    @app.errorhandler(HTTPException)
    def other(error: HTTPException) -> Response:
        texts = {
            404: "Nothing here. The page is at /.",
            405: f"This address does not take {request.method}. The page is at /.",
            413: "This is more than anything that this server takes at one time; nothing was saved.",
            500: "Something went wrong in the server; its terminal shows what. What was saved before is safe.",
        }
        code = error.code or 500
        response = in_words(code, texts.get(code, error.description or error.name))
        if code == 405:
            response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ["GET"])
        return response
