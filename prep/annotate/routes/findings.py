"""The work list of an audit, for the page."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from prep.annotate.audit import VERDICTS, Findings
from prep.web.guard import Refusal


def finding_routes(findings: Findings | None) -> Blueprint:
    """The addresses of the findings; without an audit they are not found, in words."""
    routes = Blueprint("findings", __name__, url_prefix="/api")

    def audit() -> Findings:
        if findings is None:
            raise Refusal(404, "There is no audit here. Start again with --audit FOLDER to work through its findings.")
        return findings

    @routes.get("/findings")
    def listed() -> Response:
        return jsonify(audit().listed())

    @routes.put("/findings/<int:number>")
    def mark(number: int) -> Response:
        body: Any = request.get_json(silent=True)
        seen = body.get("seen", "") if isinstance(body, dict) else ""
        if seen is not None and seen not in VERDICTS:
            raise Refusal(400, f"seen is one of {', '.join(VERDICTS)}, or null; this is {seen!r:.40}.")
        try:
            return jsonify(audit().mark(number, seen))
        except IndexError as error:
            raise Refusal(404, f"There is no finding {number}.") from error

    return routes
