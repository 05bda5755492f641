"""Ctrl-C, SIGTERM and SIGHUP: one line that says how this command, and no other, goes on."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import prep.dataset.lock
from prep.cli.main import main as prep_main
from prep.dataset.dataset import Dataset
from tests.prep.dataset.holding import held_elsewhere
from tests.support import run_prep, tree
from train.cli.main import main as train_main

GOES_ON = "The same command goes on where it stopped."
NOTHING = "Nothing was changed."
TEXTS = {
    "synth": GOES_ON,
    "resize": GOES_ON,
    "masks convert": GOES_ON,
    "patches": GOES_ON,
    "tile": GOES_ON,
    "check": NOTHING,
    "split": NOTHING,
    "stats": NOTHING,
    "report": NOTHING,
    "": "A training goes on after its last saved epoch: seg-train --resume; before the first, start it again",
    "fit": "A training goes on after its last saved epoch: seg-train --resume; before the first, start it again",
    "predict": GOES_ON,
    "score": NOTHING,
    "audit": NOTHING,
    "export": NOTHING,
    "bench": NOTHING,
}


def ctrl_c(*_: object) -> None:
    raise KeyboardInterrupt


def sigterm(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def sighup(*_: object) -> None:
    """A terminal that is closed tells everything in it."""
    os.kill(os.getpid(), signal.SIGHUP)


posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM or SIGHUP that one can send")
STOPS = pytest.mark.parametrize(
    ("stop", "code"),
    [(ctrl_c, 130), pytest.param(sigterm, 143, marks=posix_only), pytest.param(sighup, 129, marks=posix_only)],
)


@STOPS
@pytest.mark.parametrize("command", TEXTS)
def test_an_interruption_says_how_the_command_goes_on(
    command: str, stop: Callable[..., None], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = command.split()
    main = prep_main if words and words[0] in prep_main.commands else train_main
    found: click.Command = main
    for word in words or ["fit"]:
        assert isinstance(found, click.Group)
        found = found.commands[word]
    monkeypatch.setattr(found, "invoke", stop)
    monkeypatch.setattr(found, "params", [])
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == f"\nInterrupted. {TEXTS[command]}\n"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert sys.platform == "win32" or signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


def in_a_class(stop: Callable[..., None]) -> None:
    """Python 3.11 makes a RuntimeError of it, which happens where PyTorch is being imported."""

    class Field:
        def __set_name__(self, owner: type, name: str) -> None:
            stop()

    type("Made", (), {"field": Field()})


def in_a_lock(stop: Callable[..., None]) -> None:
    """As seen where a result is waited for: the lock had been released by the time that it was let go."""
    try:
        stop()
    finally:
        threading.Lock().release()


@STOPS
@pytest.mark.parametrize("moment", [in_a_class, in_a_lock])
def test_an_interruption_at_an_odd_moment_is_one(
    moment: Callable[..., None], stop: Callable[..., None], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = prep_main.commands["check"]
    monkeypatch.setattr(check, "invoke", lambda _: moment(stop))
    monkeypatch.setattr(check, "params", [])
    result = CliRunner().invoke(prep_main, ["check"])
    assert (result.exit_code, result.stderr) == (code, f"\nInterrupted. {NOTHING}\n")


@STOPS
def test_who_still_waits_for_the_dataset_has_begun_nothing(
    stop: Callable[..., None], code: int, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prep.dataset.lock.time, "sleep", stop)
    with held_elsewhere(dataset.root):
        before = tree(dataset.root, provenance=True)
        result = run_prep("patches", dataset.root, "--size", 32)
        assert result.stderr == "\nInterrupted. It was still waiting for its turn and has begun nothing.\n"
        assert result.exit_code == code
        assert tree(dataset.root, provenance=True) == before


def command_that(*body: str) -> list[str]:
    """seg-prep with one command, whose lines these are."""
    program = [
        "import os, signal, sys, threading, time",
        "from prep.core.workers import processes",
        "from prep.cli.console import SegGroup",
        "import click, seg_prep",
        "import prep.cli.main",
        "@click.group(cls=SegGroup)",
        "def main(): pass",
        "@main.command()",
        "def work():",
        *body,
        "prep.cli.main.main = main",
        "sys.argv = ['seg-prep', 'work']",
        "seg_prep.main()",
    ]
    return [sys.executable, "-c", "\n".join(program)]


@posix_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)])
def test_who_is_told_again_and_again_leaves_with_one_line(number: int, tmp_path: Path) -> None:
    """From the start of the workers to the end of the process: neither may tell of a traceback."""
    command = command_that(
        "    def again():",
        f"        for _ in range(40): os.kill(os.getpid(), {int(number)}); time.sleep(0.02)",
        "    threading.Thread(target=again).start()",
        "    with processes(2, ['a', 'b']) as pool:",
        "        [each.result() for each in [pool.submit(time.sleep, 0.2) for _ in range(9)]]",
    )
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (result.returncode, result.stdout) == (128 + number, "")
    assert result.stderr == "\nInterrupted. Nothing was changed.\n"


@posix_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)])
def test_who_never_ends_after_that_line_is_ended_by_the_next_signal(number: int, tmp_path: Path) -> None:
    """As seen with a thread that nobody ended, for which Python waits at its end."""
    command = command_that(
        "    threading.Thread(target=time.sleep, args=(600,)).start()",
        f"    os.kill(os.getpid(), {int(number)})",
    )
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert [process.stderr.readline(), process.stderr.readline()] == ["\n", f"Interrupted. {NOTHING}\n"]
            time.sleep(2.2)
            process.send_signal(number)
            assert process.wait(60) == 128 + number
            assert not process.stderr.read()
        finally:
            process.kill()


@posix_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)])
def test_what_comes_in_a_callback_whose_errors_python_discards_is_heard(number: int, tmp_path: Path) -> None:
    """As seen in a training: PyTorch and the collector call such callbacks many times in a step."""
    command = command_that(
        "    import weakref",
        "    class Thing: pass",
        "    thing = Thing()",
        f"    kept = weakref.ref(thing, lambda _: (os.kill(os.getpid(), {int(number)}), time.sleep(0.01)))",
        "    del thing",
        "    time.sleep(60)",
    )
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 128 + number, result.stderr
    assert result.stderr == "\nInterrupted. Nothing was changed.\n"


@posix_only
def test_a_terminal_that_is_closed_is_told_nothing_more_and_one_that_nohup_guards_is_not_heard(tmp_path: Path) -> None:
    """What is written to a closed terminal fails, which must not become the reason why the command ends."""
    command = command_that(
        "    os.kill(os.getpid(), signal.SIGHUP)",
    )
    full = Path("/dev/full")
    with full.open("w") if full.exists() else (tmp_path / "said").open("w") as gone:
        assert subprocess.run(command, stderr=gone, timeout=120, check=False).returncode in (129, 120)
    guarded = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *command]
    result = subprocess.run(guarded, capture_output=True, text=True, timeout=120, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
