"""Files of equal content are found by it, and nothing more of them is read than has to be."""

from pathlib import Path

import pytest

from train.scoring.comparing.same_files import same_files


def test_files_are_the_same_by_all_their_bytes(tmp_path: Path) -> None:
    contents = {"a": b"one" * 9000, "b": b"two" * 9000, "c": b"one" * 8999 + b"onE", "d": b"", "e": b"one" * 9000}
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
    ours = [tmp_path / "ours" / name for name in contents]
    for path, content in zip(ours, contents.values(), strict=True):
        path.write_bytes(content)
    theirs = [tmp_path / "theirs" / name for name in ("1", "2", "3")]
    for path, content in zip(theirs, (b"other size", contents["a"], b"two" * 9000), strict=True):
        path.write_bytes(content)
    found = {path.name: other.name for path, other in same_files([*ours, tmp_path / "gone"], [*theirs, tmp_path / "g"])}
    assert found == {"a": "2", "b": "3", "e": "2"}


def test_of_sizes_that_no_other_has_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"12")
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("was read"))
    assert list(same_files([tmp_path / "a"], [tmp_path / "b"])) == []
