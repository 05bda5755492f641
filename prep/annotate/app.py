"""The web application: the page, and what it asks for below /api."""

from flask import Flask, Response, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from prep.annotate.access import Pass
from prep.annotate.audit import Findings
from prep.annotate.learn.learner import Learner
from prep.annotate.model.proposals import Proposals
from prep.annotate.network.network import Network
from prep.annotate.routes.classes import class_routes
from prep.annotate.routes.findings import finding_routes
from prep.annotate.routes.images import image_routes
from prep.annotate.routes.learning import learning_routes
from prep.annotate.routes.network import network_routes
from prep.annotate.routes.objects import object_routes
from prep.annotate.routes.proposals import proposal_routes
from prep.annotate.routes.regions import region_routes
from prep.annotate.sam.objects import Objects
from prep.annotate.store.mask_changes import most_bytes
from prep.annotate.store.store import AnnotationStore
from prep.web.app import Capacity, page_app

_THREADS = 8


def annotate_app(
    store: AnnotationStore,
    *,
    only_here: bool,
    token: str | None = None,
    model: Proposals | None = None,
    findings: Findings | None = None,
    learner: Learner | None = None,
    objects: Objects | None = None,
    network: Network | None = None,
) -> Flask:
    """Build the application around one dataset.

    only_here: whether the server listens on loopback alone, so that every true Host header is known.
    token: lets in whoever has it, and nobody else; None where only this computer can reach the server.
    model: what proposes masks.  findings: those of an audit, to work through.  learner: learns from the strokes, in the
    background too while its working() is entered; without one it learns when it is asked.
    objects: finds what people point at.  network: is trained meanwhile; where there is no model, it becomes it.
    """
    largest = max(most_bytes(entry.width, entry.height) for entry in store.entries())
    app = page_app(
        __name__,
        Capacity(_THREADS, largest, "This is more than this server takes at one time; nothing was saved."),
        only_here=only_here,
        hint="The page is at /.",
        failed="Something went wrong in the server; its terminal shows what. What was saved before is safe.",
    )
    app.config["MAX_CONTENT_LENGTH"] = 2**20  # of requests that are no masks
    if token:
        _ask_for(app, Pass(token))

    @app.errorhandler(RecursionError)
    def too_deep(_: RecursionError) -> tuple[Response, int]:
        return jsonify(error="This JSON is nested too deeply; nothing was saved."), 400

    @app.get("/")
    def page() -> str:
        return render_template("page.html", name=store.name)

    def current() -> Proposals | None:
        return model or (network.model if network else None)

    def about() -> dict[str, object]:
        proposals = current()
        return {
            "model": proposals.name if proposals else None,
            "order": proposals.order if proposals else "name",
            "findings": findings is not None,
            "sam": objects.name if objects else None,
            "network": network is not None,
        }

    def uncertainty(stem: str) -> float | None:
        proposals = current()
        return proposals.uncertainty(stem) if proposals else None

    app.register_blueprint(image_routes(store, about, uncertainty))
    app.register_blueprint(proposal_routes(current))
    app.register_blueprint(network_routes(network))
    app.register_blueprint(learning_routes(learner or Learner(store)))
    app.register_blueprint(object_routes(objects))
    app.register_blueprint(finding_routes(findings))
    app.register_blueprint(class_routes(store))
    app.register_blueprint(region_routes(store))
    return app


def _ask_for(app: Flask, entrance: Pass) -> None:
    """Let in those who have the token: once in the address of the page, then in a cookie."""

    @app.before_request
    def check() -> AnyResponse | None:
        if request.path == "/" and entrance.fits(request.args.get("token")):
            answer = redirect("/")
            answer.set_cookie(entrance.cookie, request.args["token"], httponly=True, samesite="Strict")
            return answer
        entrance.check(request.cookies.get(entrance.cookie), request.headers.get("Authorization"))
        return None
