"""What is a URL, and what of it may be printed."""

import pytest

from prep.storage.url import is_url, last_name, shown


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
    ("text", "expected"),
    [
        ("s3://bucket/photos", "s3://bucket/photos"),
        ("https://anna:geheim@host/x.zip", "https://host/x.zip"),
        ("sftp://anna@host/x", "sftp://host/x"),
        ("https://host/x.zip?X-Amz-Signature=abc&t=1", "https://host/x.zip"),
        ("zip://a.png::https://u:p@host/x.zip?sig=1", "zip://a.png::https://host/x.zip"),
        ("https://u:p@@host/x: 403 Forbidden", "https://host/x: 403 Forbidden"),
        ("https://h/a.zip?se=2026-05-04T20:26:42Z&sig=abc: no such file", "https://h/a.zip: no such file"),
        ("zip://a.png::https://h/a.zip?se=20:26:42Z&sig=abc", "zip://a.png::https://h/a.zip"),
        ("zip::https://h/a?t=1:2::memory://b", "zip::https://h/a::memory://b"),
        ("s3://KEY:ab/cd+e@bucket/x.png", "s3://bucket/x.png"),
        ("zip://a.png::s3://KEY:ab/cd@bucket/x.zip", "zip://a.png::s3://bucket/x.zip"),
        ("https://host/x#token=abc", "https://host/x"),
        ("https://host:8080/a@2x.png", "https://host:8080/a@2x.png"),
        ("s3://bucket/a@2x.png and stack.tif#7", "s3://bucket/a@2x.png and stack.tif#7"),
    ],
)
def test_secrets_are_not_shown(text: str, expected: str) -> None:
    assert shown(text) == expected


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
