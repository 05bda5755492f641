"""seg-train in a process of its own that is there at once: a child of one that has imported what a training needs.

PyTorch and what comes with it take four seconds of a processor to import, and a hundred tests type that command. Where
the start itself is what is tested, or a kill, `run_script` and `subprocess` start it as a person does.
"""

import atexit
import functools
import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from tests.forks import FEW_CROPS, PRELOADED
from tests.support import SCRIPTS, run_script

_ROOT = Path(__file__).resolve().parents[1]
_ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""Tests run side by side, one on each core; and a process with threads must not be forked."""


def run_warm(*arguments: object, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run seg-train with one thread, as `run_script` does."""
    if sys.platform != "linux":
        return run_script("seg-train", *arguments, cwd=cwd, env=_ONE_THREAD)
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder, name) for name in ("stdout", "stderr")]
        request = {
            "arguments": [str(SCRIPTS / "seg-train"), *map(str, arguments)],
            "cwd": str(cwd or Path.cwd()),
            "environment": {**os.environ, **_ONE_THREAD},
            "said": [str(path) for path in said],
        }
        code = _ask(_server(), request)
        out, err = (path.read_text() for path in said)
    return subprocess.CompletedProcess(request["arguments"], code, out, err)


@functools.cache
def _server() -> "subprocess.Popen[str]":
    """The process that all of these are children of; it ends with this one."""
    server = subprocess.Popen(
        [sys.executable, "-c", "from tests.warm import serve; serve()"],
        cwd=_ROOT,
        env={**os.environ, **_ONE_THREAD},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)
    return server


def _ask(server: "subprocess.Popen[str]", request: dict[str, Any]) -> int:
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()
    answer = server.stdout.readline()
    assert answer, "the process that starts seg-train has ended"
    return int(answer)


def serve() -> None:
    """A child for each line of standard input; its exit code is the answer."""
    for name in PRELOADED:
        import_module(name)
    sys.modules["train.fitting.normalising.running_statistics"]._CROPS = FEW_CROPS  # type: ignore[attr-defined]
    assert len(os.listdir("/proc/self/task")) == 1, "a process with threads must not be forked"  # noqa: PTH208
    gc.collect()
    gc.freeze()  # or each child goes through all of it again and again, and copies it
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
            _end(_exit_code())
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    _end(0)


def _exit_code() -> int:
    """Run seg-train; the exit code that Python would give."""
    from seg_train import main

    try:
        main()
    except SystemExit as ended:
        assert ended.code is None or isinstance(ended.code, int), ended.code
        return ended.code or 0
    except BaseException:  # noqa: BLE001  # as Python ends: with the traceback
        traceback.print_exc()
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """End as Python does, but for taking apart what was imported, which takes longer than most commands."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _become(request: dict[str, Any]) -> None:
    """Take the place of the process that would have been started."""
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    sys.argv = request["arguments"]
    sys.path[0] = str(SCRIPTS)
    vars(sys.modules["__main__"])["__file__"] = sys.argv[0]  # other processes of a training begin with it
    for number, path in enumerate((os.devnull, *request["said"])):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
