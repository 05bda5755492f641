"""Numbers, names and lists of names in words."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.words import printable, shortened, without_secrets
from tests.support import run_prep, save

HOSTILE = "a\x1b]0;owned\x07\x1b[31m\u202egpj.exe\u2066\x9b2J\udcff"


@given(st.text())
def test_nothing_printable_steers_a_terminal(text: str) -> None:
    shown = printable(text)
    assert not set(shown) & {chr(code) for code in (*range(32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), 0x2028)}
    assert printable(shown) == shown


@pytest.mark.parametrize("name", ["Straße", "دوچرخه\u200cسوار", "木 1", "👩\u200d🌾", "Screenshot at 3.04\u202fPM", ""])
def test_honest_names_stay(name: str) -> None:
    assert printable(name) == name


def test_what_steers_is_written_out() -> None:
    assert printable("a\x1b[31m\u202eb\n") == r"a\x1b[31m\u202eb\n"


def test_class_names_can_be_shown() -> None:
    with pytest.raises(SegError, match=r"the class name .* holds characters that cannot be shown"):
        ClassMap(("sky", HOSTILE), ((0, 0, 0), (1, 1, 1)))


@pytest.mark.parametrize("command", [("masks", "inspect"), ("masks", "convert"), ("check",), ("resize",), ("stats",)])
def test_names_of_files_reach_no_terminal_raw(tmp_path: Path, command: tuple[str, ...]) -> None:
    folder = tmp_path / HOSTILE.replace("/", "")
    save(folder / "masks" / f"{HOSTILE}.png", np.zeros((4, 4), np.uint8))
    (folder / "masks" / f"{HOSTILE}.txt").write_text(HOSTILE, "utf-8", "surrogateescape")
    result = run_prep(*command, folder, *(("-o", tmp_path / "set") if command[-1] in ("convert", "resize") else ()))
    said = result.stdout + result.stderr
    assert said
    assert not set(said) & set("\x1b\x07\x9b\u202e\u2066")


def test_names_that_are_proposed_reach_no_terminal_raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(HOSTILE).mkdir()
    said = run_prep("resize", HOSTILE[:-1], "-o", "set", "--size", 16).stderr
    assert "did you mean a\\x1b]0;owned\\x07\\x1b[31m\\u202egpj.exe" in said
    assert not set(said) & set(HOSTILE) - set("a]0;owned[31mgpj.exe2J")


def test_a_word_that_never_ends_is_shortened() -> None:
    assert shortened(f"--encoder {'x' * 100_000}: no such encoder") == f"--encoder {'x' * 60}...{'x' * 59}:" + (
        " no such encoder"
    )
    assert shortened("x" * 999) == "x" * 999


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
    assert without_secrets(text) == expected
