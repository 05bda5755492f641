"""What is a URL, and the last name of one."""

import pytest

from prep.storage.url import is_url, last_name


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
