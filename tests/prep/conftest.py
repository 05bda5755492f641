"""What the tests of prep share."""

from pathlib import Path

import pytest

from tests.prep.labels.layouts.downloads import Download


@pytest.fixture
def download(tmp_path: Path) -> Download:
    """An empty folder to download into."""
    return Download(tmp_path / "raw")
