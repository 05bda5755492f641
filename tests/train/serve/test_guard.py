"""Pages of other sites, and headers of every answer."""

import pytest

from tests.support import random_image
from tests.train.serve.serving import client_of, encoded, service_of
from train.serve.app import serve_app
from train.windows.predictor import Predictor

# Other sites.


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:9", "[::1]:8000", "LOCALHOST"])
def test_names_of_this_machine_are_answered(host: str, predictor: Predictor) -> None:
    assert client_of(predictor).get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:8000", "127.0.0.1.evil.example", "[", ""])
def test_other_names_are_refused_on_loopback_alone(host: str, predictor: Predictor) -> None:
    for path in ("/", "/health", "/static/page.js"):
        answer = client_of(predictor).get(path, headers={"Host": host})
        assert answer.status_code == 403, path
    if host and host != "[":
        for_all = serve_app(service_of(predictor), only_here=False).test_client()
        assert for_all.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:8000"}, 200),
        ({"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/predict", "/photo"])
def test_pages_of_other_sites_cannot_post(
    path: str, headers: dict[str, str], status: int, predictor: Predictor
) -> None:
    answer = client_of(predictor).post(
        path, data=encoded(random_image(0)), headers={"Host": "localhost:8000", **headers}
    )
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["/", "/health", "/static/page.js", "/predict", "/nothing"])
def test_every_answer_has_the_headers(path: str, predictor: Predictor) -> None:
    with client_of(predictor).get(path) as answer:
        headers = answer.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == ("no-cache" if path.startswith("/static") else "no-store")
    assert headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in headers
