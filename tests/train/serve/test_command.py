"""How the server starts, warns and ends."""

import base64
import re
import signal
import subprocess
import sys
import threading
import tomllib
from http.client import HTTPException
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from waitress.server import TcpWSGIServer

import train.cli.serve
from prep.core.errors import SegError
from prep.web.server import bind, url_of
from tests.support import SCRIPTS, random_image
from tests.train.serve.serving import decoded, encoded, get, post
from train.cli.main import main
from train.windows.predictor import Predictor

# How it starts and ends.


def test_a_port_in_use_names_the_option() -> None:
    taken = bind("127.0.0.1", 0)
    port = taken.getsockname()[1]
    with taken, pytest.raises(SegError, match=rf"port {port} on 127.0.0.1 cannot be used .*--port {port + 1}"):
        bind("127.0.0.1", port)


def test_an_unknown_host_names_the_option() -> None:
    with pytest.raises(SegError, match="--host no such name: no such name or address"):
        bind("no such name", 0)


def test_addresses_are_those_of_a_browser() -> None:
    for host, url in (("127.0.0.1", r"http://127\.0\.0\.1:\d+/"), ("0.0.0.0", r"http://localhost:\d+/")):
        with bind(host, 0) as listener:
            assert re.fullmatch(url, url_of(listener))


@pytest.mark.parametrize(("options", "warns"), [((), False), (("--host", "0.0.0.0"), True)])
def test_it_warns_when_others_can_reach_it(
    options: tuple[str, ...], warns: bool, tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(TcpWSGIServer, "run", TcpWSGIServer.close)
    monkeypatch.setattr("click.launch", opened.append)
    result = CliRunner().invoke(
        main, ["serve", "--run", str(tiny_run), "--port", "0", "--open", "--device", "cpu", *options]
    )
    assert result.exit_code == 0, result.output
    assert ("everyone who can reach this computer" in result.stderr) == warns
    assert result.stdout == f"tiny at {opened[0]}\n"


def outcome(port: int) -> int | None:
    """The status of labelling a photo for a long time, or None for a connection that breaks off."""
    try:
        return post(port, encoded(np.zeros((4000, 4000, 3), np.uint8)), **{"X-Progress": "long"})[0]
    except (HTTPException, OSError):
        return None


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal that can be sent there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)])
def test_the_command_serves_and_ctrl_c_or_sigterm_ends_it_quietly(
    number: int, tiny_run: Path, predictor: Predictor
) -> None:
    tiny_run.with_name("latest").symlink_to(tiny_run.name)
    command = [SCRIPTS / "seg-train", "serve", "--port", "0", "--device", "cpu"]
    with subprocess.Popen(
        command, cwd=tiny_run.parents[1], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        match = re.fullmatch(r"tiny at http://127\.0\.0\.1:(\d+)/\n", line)
        assert match, line
        image = random_image(3, 40, 40)
        status, answer, _ = post(int(match[1]), encoded(image), Origin=f"http://127.0.0.1:{match[1]}")
        assert status == 200
        interrupted: list[object] = []
        thread = threading.Thread(target=lambda: interrupted.append(outcome(int(match[1]))))
        thread.start()
        while get(int(match[1]), "/progress/long")["share"] is None:
            assert not interrupted
        process.send_signal(number)
        assert process.wait(600) == 0
        thread.join()
        assert interrupted in ([503], [None]), "it labelled 16 megapixels before it ended"
        assert process.stderr.read() == "latest run: runs/tiny\nCtrl-C stops it.\n"
    np.testing.assert_array_equal(decoded(base64.b64decode(answer["mask"])), predictor(image))


def test_everything_that_the_browser_gets_is_packaged() -> None:
    root = Path(train.cli.serve.__file__).parents[1]
    settings = tomllib.loads((root.parent / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["train"]
    packaged = {path for pattern in patterns for path in root.glob(pattern)}
    files = {path for path in (root / "serve" / "page").rglob("*") if path.is_file()}
    assert len(files) >= 7
    assert files <= packaged
