"""Files of ours in folders that somebody else made."""

import os
import sys
from pathlib import Path

import pytest

from prep.core.errors import SegError
from prep.core.files import appending

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a right on Windows")


def append(path: Path) -> None:
    with appending(path) as file:
        file.write(b"new\n")


def test_what_is_appended_is_in_no_file_that_a_hard_link_shares(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("old\n")
    os.link(tmp_path / "victim", tmp_path / "log.txt")
    append(tmp_path / "log.txt")
    append(tmp_path / "log.txt")
    assert (tmp_path / "victim").read_text() == "old\n"
    assert (tmp_path / "log.txt").read_text() == "old\nnew\nnew\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.txt", "victim"]


def test_nothing_is_appended_through_a_link_or_to_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("old\n")
    (tmp_path / "log.txt").symlink_to(tmp_path / "victim")
    with pytest.raises(SegError, match=r"log\.txt: is a link"):
        append(tmp_path / "log.txt")
    assert (tmp_path / "victim").read_text() == "old\n"
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SegError, match="pipe: is no plain file; remove it"):
        append(tmp_path / "pipe")
