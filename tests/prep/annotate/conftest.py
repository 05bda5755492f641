"""What the tests of the labelling page share."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from prep.annotate.app import annotate_app
from prep.annotate.store.store import AnnotationStore


@pytest.fixture
def client(root: Path) -> FlaskClient:
    """The page of the dataset that the test module names root."""
    return annotate_app(AnnotationStore(root), only_here=True).test_client()
