"""Our JSON files: what is refused, and in which words."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.core.errors import SegError
from prep.core.jsonio import read_json, read_record


@dataclass(frozen=True)
class Leaf:
    length: int


@dataclass(frozen=True)
class Plant:
    name: str
    share: float
    kind: Literal["tree", "bush"]
    is_ripe: bool
    leaves: tuple[Leaf, ...] = ()
    height: int | None = None


GOOD = {"name": "a", "share": 0.5, "kind": "tree", "is_ripe": True}


def read(path: Path) -> Plant:
    return read_record(path, Plant, remedy="grow it again")


@given(
    plant=st.builds(
        Plant, st.text(st.characters(exclude_categories=["Cs"])), st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(["tree", "bush"]), st.booleans(),
        st.lists(st.builds(Leaf, st.integers(-9, 9)), max_size=3).map(tuple), st.none() | st.integers(0, 10**18),
    )
)  # fmt: skip
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, plant: Plant) -> None:
    path = tmp_path_factory.mktemp("json") / "plant.json"
    path.write_text(json.dumps(asdict(plant)), encoding="utf-8")
    assert read(path) == plant


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not valid JSON (Expecting property name"),
        ("\ud800", "not valid JSON ("),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": NaN}', "not valid JSON (NaN is no number)"),
        ("9" * 5000, "not valid JSON (a number of thousands of digits)"),
        ("[]", "the file cannot be []"),
        ("null", "the file cannot be null"),
        (json.dumps({"name": "a"}), "the file has no entry 'share'"),
        (json.dumps({**GOOD, "more": 1}), "the file has an entry 'more'"),
        (json.dumps({**GOOD, "name": 1}), "name cannot be 1"),
        (json.dumps({**GOOD, "share": True}), "share cannot be true"),
        (json.dumps(GOOD).replace("0.5", "1e999"), "share cannot be Infinity"),
        (json.dumps({**GOOD, "share": 10**400}), "share cannot be 1000"),
        (json.dumps({**GOOD, "kind": "herb"}), 'kind cannot be "herb"'),
        (json.dumps({**GOOD, "kind": []}), "kind cannot be []"),
        (json.dumps({**GOOD, "is_ripe": 1}), "is_ripe cannot be 1"),
        (json.dumps({**GOOD, "height": 1.5}), "height cannot be 1.5"),
        (json.dumps({**GOOD, "height": 10**19}), "height cannot be 10000000000000000000"),
        (json.dumps({**GOOD, "leaves": {}}), "leaves cannot be {}"),
        (json.dumps({**GOOD, "leaves": [{"length": None}]}), "length cannot be null"),
    ],
)  # fmt: skip
def test_what_is_not_ours_is_told(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "plant.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(SegError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}: {says}")
    assert str(error.value).endswith("; grow it again")


def test_what_is_no_file_or_far_too_large_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "empty.json").touch()
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(1 << 32)
    for name, says in (
        ("gone.json", "no such file"), ("", "is a folder"), ("pipe.json", "a pipe or a device"),
        ("empty.json", "the file is empty"), ("huge.json", "4,295 MB, and we write far less; grow it again"),
    ):  # fmt: skip
        with pytest.raises(SegError, match=says):
            read_json(tmp_path / name, remedy="grow it again")


@pytest.mark.parametrize("text", ["\\ud800", "a\\uDFFFb", "\\ude00\\ud83d"])
def test_half_a_character_is_refused(tmp_path: Path, text: str) -> None:
    """JSON may hold it, and no file that we write of it could."""
    (tmp_path / "a.json").write_text(f'{{"name": "{text}"}}')
    with pytest.raises(SegError, match=r"a\.json: not valid JSON \(.*surrogates.*\); again"):
        read_json(tmp_path / "a.json", remedy="again")


def test_a_byte_of_a_file_name_that_is_no_text_is_read_where_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"path": "gr\\udcfc"}')
    assert read_json(tmp_path / "a.json", remedy="again", names_files=True) == {"path": os.fsdecode(b"gr\xfc")}
    with pytest.raises(SegError, match="surrogates"):
        read_json(tmp_path / "a.json", remedy="again")
    (tmp_path / "a.json").write_text('{"path": "\\ud800"}')
    with pytest.raises(SegError, match="surrogates"):
        read_json(tmp_path / "a.json", remedy="again", names_files=True)


def test_a_whole_character_in_two_halves_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"name": "\\ud83d\\ude00"}')
    assert read_json(tmp_path / "a.json", remedy="again") == {"name": "\N{GRINNING FACE}"}
