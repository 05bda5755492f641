"""What is a URL, and the last name of one."""

from pathlib import Path

import pytest

from prep.core.words import is_url
from prep.storage.url import last_name, local_path


@pytest.mark.parametrize(
    "text", ["s3://bucket/photos", "gs://b/p", "https://host/x.zip", "memory://a", "zip://a::s3://b/c.zip"]
)
def test_a_url_is_one(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize(
    "text", ["photos", "./photos", "/data/photos", "C:\\photos", "c:/photos", "a:b", "s3:photos", "x y://z"]
)
def test_a_path_is_none(text: str) -> None:
    assert not is_url(text)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("s3://b/photos/", "photos"),
        ("https://u:p@h/a%20b.png?s=1", "a b.png"),
        ("zip://in/x.png::s3://b/c.zip", "x.png"),
    ],
)
def test_last_name(url: str, name: str) -> None:
    assert last_name(url) == name


def test_the_path_that_a_file_url_means(tmp_path: Path) -> None:
    (tmp_path / "a%20b").mkdir()
    assert local_path(f"file://{tmp_path}/a%20b") == tmp_path / "a%20b"
    assert local_path(f"file://localhost{tmp_path}/a%20c") == tmp_path / "a c"
    for other in ("file://tmp/a", "s3://bucket/a", "zip://a::file:///b.zip"):
        assert local_path(other) is None
