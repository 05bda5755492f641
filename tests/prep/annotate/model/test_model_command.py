"""How seg-prep annotate takes a model, an order and an audit."""

import socket
import threading
from pathlib import Path

import pytest
from flask import Flask
from waitress.server import TcpWSGIServer

import prep.web.server
from prep.annotate.store.store import AnnotationStore
from prep.core.classes import ClassMap
from tests.models import CLASSES as MODEL_CLASSES
from tests.models import write_run
from tests.prep.annotate.model.proposing import store_of
from tests.support import run_error, run_ok, run_prep, wait_until

HEAD = "rank,stem,split,y,x,height,width,pixels,label,model,confidence,score\n"


@pytest.fixture
def apps(monkeypatch: pytest.MonkeyPatch) -> list[Flask]:
    """The applications that are put on the network; the server answers nobody and ends once the model has looked."""
    found: list[Flask] = []

    def run(server: TcpWSGIServer) -> None:
        app = found[-1]
        client = app.test_client()
        if client.get("/api/dataset").json["model"]:
            wait_until(lambda: client.get("/api/model").json["done"] == client.get("/api/model").json["total"])
        server.close()

    def make_server(app: Flask, listener: socket.socket) -> TcpWSGIServer:
        found.append(app)
        return original(app, listener)

    original = prep.web.server.make_server
    monkeypatch.setattr("prep.web.server.make_server", make_server)
    monkeypatch.setattr(TcpWSGIServer, "run", run)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    return found


def annotate(root: Path, *arguments: object) -> tuple[object, ...]:
    return ("annotate", root, "--port", 0, "--no-open", *arguments)


def test_a_run_looks_at_the_images(tmp_path: Path, apps: list[Flask]) -> None:
    root = store_of(tmp_path / "campus", 3).root
    run = write_run(tmp_path / "runs" / "first")
    result = run_ok(*annotate(root, "--model", run, "--order", "uncertainty"))
    assert result.stderr == "Ctrl-C stops it.\n"
    about = apps[0].test_client().get("/api/dataset").json
    assert (about["model"], about["order"]) == ("first", "uncertainty")
    assert all(0 < each < 1 for each in about["images"]["uncertainty"])
    assert len(list((root / ".annotate" / "proposals").glob("*/*.proposal"))) == 3
    assert "proposals" not in {thread.name for thread in threading.enumerate()}, "it ends with the server"


def test_classes_of_model_and_dataset(tmp_path: Path, apps: list[Flask]) -> None:
    root = store_of(tmp_path / "campus", 1).root
    colors = ((1, 1, 1), (2, 2, 2), (3, 3, 3))
    some = write_run(tmp_path / "some", classes=ClassMap(("ellipse", "sky", "sea"), colors))
    assert "some knows classes that this dataset lacks, and proposes nothing there: sky, sea\n" in run_ok(
        *annotate(root, "--model", some)
    ).stderr  # fmt: skip
    none = write_run(tmp_path / "none", classes=ClassMap(("beach", "sky", "sea"), colors))
    words = run_error(*annotate(root, "--model", none))
    assert "has the classes background, line, ellipse, the model knows beach, sky, sea: none in common" in words
    assert MODEL_CLASSES.names == AnnotationStore(root).classes()[0].names


def test_no_such_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = store_of(tmp_path / "campus", 1).root
    monkeypatch.chdir(tmp_path)
    assert run_error(*annotate(root, "--model", "nowhere")).startswith("nowhere: not a run with a model.pt")
    assert run_error(*annotate(root, "--model", "latest")).startswith("no run under ./runs")


def test_without_torch_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = store_of(tmp_path / "campus", 1).root
    monkeypatch.setattr("train.cli.torch_needed.find_spec", lambda name: None)
    assert "pip install 'seg-prep[train]'" in run_error(*annotate(root, "--model", "latest"))


def test_an_installation_that_names_no_model_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a checkout is as old as its last pip install -e."""
    root = store_of(tmp_path / "campus", 1).root
    monkeypatch.setattr("prep.annotate.model.proposer.PROPOSERS", "seg_prep.nothing")
    assert "once again: pip install -e '.[train]'" in run_error(*annotate(root, "--model", "latest"))


def test_the_order_of_uncertainty_needs_a_model(tmp_path: Path) -> None:
    result = run_prep(*annotate(store_of(tmp_path / "campus", 1).root, "--order", "uncertainty"))
    assert result.exit_code == 2
    assert "name one with --model RUN or --model latest, or add --train-network" in result.stderr


def test_a_network_is_trained_where_nobody_names_a_model(tmp_path: Path, apps: list[Flask]) -> None:
    root = store_of(tmp_path / "campus", 2).root
    run_ok(*annotate(root))
    assert apps[0].test_client().get("/api/network").json["on"] is False
    assert not (root / ".annotate" / "network").exists(), "nothing is written before somebody asks for it"
    run_ok(*annotate(root, "--train-network", "--order", "uncertainty"))
    assert apps[1].test_client().get("/api/network").json["state"] == "waiting"
    run_ok(*annotate(root))
    client = apps[2].test_client()
    assert client.get("/api/network").json["on"] is True, "it stays as it was switched"
    assert client.get("/api/dataset").json["network"] is True
    assert client.put("/api/network", json={"on": False}).json["state"] == "off"
    assert client.put("/api/network", json={"on": 1}).status_code == 400
    run = write_run(tmp_path / "runs" / "first")
    run_ok(*annotate(root, "--model", run, "--order", "uncertainty"))
    client = apps[3].test_client()
    assert client.get("/api/dataset").json["network"] is False
    assert client.get("/api/network").status_code == 404
    result = run_prep(*annotate(root, "--model", run, "--train-network"))
    assert result.exit_code == 2
    assert "leave one of them out" in result.stderr


def test_without_seg_train_no_network_is_trained(
    tmp_path: Path, apps: list[Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = store_of(tmp_path / "campus", 1).root
    with monkeypatch.context() as patched:
        patched.setattr("train.cli.torch_needed.find_spec", lambda name: None)
        assert "pip install 'seg-prep[train]'" in run_error(*annotate(root, "--train-network"))
        run_ok(*annotate(root))
        assert apps[0].test_client().get("/api/dataset").json["network"] is False
    monkeypatch.setattr("prep.annotate.network.trainer.TRAINERS", "seg_prep.nothing")
    assert "once again: pip install -e '.[train]'" in run_error(*annotate(root, "--train-network"))


def test_findings_are_opened_and_those_of_other_images_told(tmp_path: Path, apps: list[Flask]) -> None:
    root = store_of(tmp_path / "campus", 1).root
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "audit.csv").write_text(
        HEAD + "1,s9,,0,0,4,4,16,line,ellipse,0.9,9\n2,s0,,1,2,4,5,16,line,ellipse,0.9,9\n"
    )
    result = run_ok(*annotate(root, "--audit", tmp_path / "audit"))
    assert "1 finding is left out: s9 is not in this dataset\n" in result.stderr
    client = apps[0].test_client()
    assert client.get("/api/dataset").json["findings"] is True
    (finding,) = client.get("/api/findings").json
    assert (finding["stem"], finding["x"], finding["y"], finding["width"]) == ("s0", 2, 1, 5)
    client.put("/api/findings/1", json={"seen": "right"})
    assert (root / ".annotate" / "findings.json").exists()
    assert "audit.csv: no such file" in run_error(*annotate(root, "--audit", tmp_path))


def test_the_size_at_which_the_model_labels(tmp_path: Path, apps: list[Flask]) -> None:
    root = store_of(tmp_path / "campus", 2).root
    run = write_run(tmp_path / "runs" / "first")
    kept = set[str]()
    for scale in ("1", "0.5"):
        run_ok(*annotate(root, "--model", run, "--scale", scale))
        kept |= {folder.name for folder in (root / ".annotate" / "proposals").iterdir()}
    assert len(kept) == 2, "what was proposed at one scale is none of another"
    assert "--scale needs auto, fit, or a factor" in run_error(*annotate(root, "--model", run, "--scale", "large"))
    refused = run_prep(*annotate(root, "--scale", "0.5"))
    assert refused.exit_code == 2
    assert "name one with --model RUN" in refused.stderr
