"""Findings of an audit as a list to work through."""

import json
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from prep.annotate.audit import Findings, SuspectRow, in_dataset, read_findings
from prep.annotate.routes.findings import finding_routes
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.web.guard import Refusal
from tests.models import CLASSES, color_predictor
from tests.support import save
from train.auditing.audit import audit, write_audit

HEAD = "rank,stem,split,y,x,height,width,pixels,label,model,confidence,score\n"
ROWS = '1,b,train,2,3,4,5,18,"road, wet",tree,0.99,80.5\n2,a,,0,0,1,1,1,tree,"road, wet",0.51,0.25\n'
FIRST = SuspectRow("b", 3, 2, 5, 4, "road, wet", "tree", 80.5)
SECOND = SuspectRow("a", 0, 0, 1, 1, "tree", "road, wet", 0.25)
SAMPLES = (Sample("a", "images/a.png", "masks/a.png", 8, 6), Sample("b", "images/b.png", "masks/b.png", 8, 6))


def client_of(findings: Findings | None) -> FlaskClient:
    app = Flask(__name__)
    app.register_blueprint(finding_routes(findings))
    app.register_error_handler(Refusal, lambda error: ({"error": str(error)}, error.status))
    return app.test_client()


@pytest.mark.parametrize("named", ["folder", "file"])
def test_an_audit_is_read_in_its_order(tmp_path: Path, named: str) -> None:
    (tmp_path / "audit.csv").write_text(HEAD + ROWS)
    assert read_findings(tmp_path if named == "folder" else tmp_path / "audit.csv") == [FIRST, SECOND]


def test_what_the_audit_writes_is_what_is_read(tmp_path: Path) -> None:
    """Columns and class names as train.auditing.audit writes them, with a model that is wrong on purpose."""
    image = np.zeros((40, 40, 3), np.uint8)
    image[..., 0] = 255
    image[10:22, 5:25] = (0, 255, 0)
    save(tmp_path / "images/p.png", image)
    save(tmp_path / "masks/p.png", np.zeros((40, 40), np.uint8))
    dataset = Dataset(tmp_path, CLASSES, (Sample("p", "images/p.png", "masks/p.png", 40, 40, "", "train"),))
    write_audit(tmp_path / "audit", audit(color_predictor(), dataset, "all"), dataset)
    (found,) = read_findings(tmp_path / "audit")
    assert (found.stem, found.x, found.y, found.width, found.height) == ("p", 5, 10, 20, 12)
    assert (found.label, found.model) == (CLASSES.names[0], CLASSES.names[1])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", "its first line should be stem,x,y,width,height,label,model,score"),
        (HEAD + ROWS + "3,a,,0,0,1,x,1,tree,road,0.5,1\n", "audit.csv, line 4: "),
        (HEAD + ROWS + "3,a,,0\n", "audit.csv, line 4: "),
        (HEAD + "1,a,,-1,0,1,1,1,tree,road,0.5,1\n", "line 2: y is a whole number, found '-1'"),
        (HEAD + "1,a,,1,0,0,1,1,tree,road,0.5,1\n", "line 2: a box of 1 x 0 pixels is none"),
        (HEAD + '1,"a', "audit.csv: no table"),
    ],
)
def test_damaged_audits_are_told_in_words(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "audit.csv").write_text(text)
    with pytest.raises(SegError, match=r"seg-train audit|export or copy") as error:
        read_findings(tmp_path)
    assert words in str(error.value)


def test_no_audit(tmp_path: Path) -> None:
    with pytest.raises(SegError, match=r"audit\.csv: no such file; 'seg-train audit' writes one"):
        read_findings(tmp_path)
    (tmp_path / "audit.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SegError, match="not in UTF-8"):
        read_findings(tmp_path)


def test_findings_outside_the_dataset_are_told_and_left_out() -> None:
    kept, told = in_dataset([FIRST, SECOND], SAMPLES)
    assert (kept, told) == ([FIRST, SECOND], [])
    strange = [SuspectRow(stem, 0, 0, 1, 1, "x", "y", 1.0) for stem in ("c", "d", "e", "f", "c")]
    at_border, beyond = (SuspectRow("a", 7, 5, width, 1, "x", "y", 1.0) for width in (1, 2))
    kept, told = in_dataset([*strange, FIRST, at_border, beyond], SAMPLES)
    assert kept == [FIRST, at_border]
    assert told == [
        "5 findings are left out: c, d, e and 1 more are not in this dataset",
        "1 finding is left out: a is smaller than when audited",
    ]


def test_marks_are_kept_for_the_same_finding_in_any_audit(tmp_path: Path) -> None:
    marks = tmp_path / ".annotate" / "findings.json"
    findings = Findings([FIRST, SECOND], marks)
    assert [entry["seen"] for entry in findings.listed()] == [None, None]
    assert findings.mark(1, "right")["seen"] == "right"
    assert Findings([SECOND, FIRST], marks).listed()[1] == {"number": 2, **vars(FIRST), "seen": "right"}
    later = Findings([SECOND], marks)
    later.mark(1, "corrected")
    assert [entry["seen"] for entry in Findings([FIRST, SECOND], marks).listed()] == ["right", "corrected"]
    assert later.mark(1, None)["seen"] is None
    assert list(json.loads(marks.read_text()).values()) == ["right"]


@pytest.mark.parametrize("text", ["{", "[]", '{"a": "wrong"}', '{"a": ["right"]}'])
def test_damaged_marks_are_told_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "findings.json").write_text(text)
    with pytest.raises(SegError, match=r"findings\.json: .*remove it to begin with no finding seen"):
        Findings([], tmp_path / "findings.json")


def test_a_mark_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    findings = Findings([FIRST], tmp_path / "file" / "findings.json")
    with pytest.raises(SegError):
        findings.mark(1, "right")
    assert findings.listed()[0]["seen"] is None


def test_the_list_over_http(tmp_path: Path) -> None:
    client = client_of(Findings([FIRST, SECOND], tmp_path / "findings.json"))
    assert client.get("/api/findings").json[0] == {"number": 1, **vars(FIRST), "seen": None}
    assert client.put("/api/findings/2", json={"seen": "corrected"}).json["seen"] == "corrected"
    assert [entry["seen"] for entry in client.get("/api/findings").json] == [None, "corrected"]
    assert client.put("/api/findings/2", json={"seen": None}).json["seen"] is None
    for number in (0, 3, 10**30):
        assert client.put(f"/api/findings/{number}", json={"seen": "right"}).status_code == 404
    for body in ({"seen": "wrong"}, {"seen": ["right"]}, {}, [], "right"):
        answer = client.put("/api/findings/1", json=body)
        assert (answer.status_code, "right, corrected, or null" in answer.json["error"]) == (400, True), body
    assert client_of(None).get("/api/findings").json["error"].startswith("There is no audit here.")
