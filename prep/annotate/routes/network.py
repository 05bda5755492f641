"""The network that is trained in the background, for the page."""

from flask import Blueprint, Response, jsonify, request

from prep.annotate.network.network import Network
from prep.web.guard import Refusal


def network_routes(network: Network | None) -> Blueprint:
    """The addresses of its switch; without what trains they are not found, in words."""
    routes = Blueprint("network", __name__, url_prefix="/api")

    def trained() -> Network:
        if network is None:
            raise Refusal(
                404, "No network is trained here: with --model the network is chosen, else seg-train is needed."
            )
        return network

    @routes.get("/network")
    def told() -> Response:
        return jsonify(trained().told())

    @routes.put("/network")
    def turn() -> Response:
        body = request.get_json(force=True, silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("on"), bool):
            raise Refusal(400, 'The body should be JSON like {"on": true}.')
        trained().turn(on=body["on"])
        return jsonify(trained().told())

    return routes
