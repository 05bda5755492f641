"""Tables of dataclasses: their bytes, and what is told of every line that does not fit."""

import math
import os
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.core.errors import SegError
from prep.core.tables import ONE_OF, read_table, table_line, write_columns, write_table
from prep.dataset.folds import write_folds
from prep.dataset.index import Sample, read_index, write_index
from prep.dataset.states import read_states, write_states
from prep.photos.record import PhotoRecord, read_records, write_records


@dataclass(frozen=True)
class Plant:
    name: str
    height: int
    share: float
    ripe: float | None
    kind: str = field(default="", metadata={ONE_OF: ("tree", "bush", "")})


HEAD = "name,height,share,ripe,kind\n"


def read(path: Path, *, others: bool = False) -> list[Plant]:
    return list(read_table(path, Plant, unique="name", remedy="grow it again", others=others))


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
PLANTS = st.builds(
    Plant, NAMES, st.integers(0, 10**15 - 1), NUMBERS, st.none() | NUMBERS, st.sampled_from(["tree", "bush", ""])
)


@given(plants=st.lists(PLANTS, unique_by=lambda plant: plant.name))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, plants: list[Plant]) -> None:
    path = tmp_path_factory.mktemp("table") / "plants.csv"
    write_table(path, Plant, plants)
    assert read(path) == plants


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", ": the file is empty"),
        (b"name,height\n", ": its first line should be name,height,share,ripe; grow"),
        (b"name,height,share,ripe,name\n", ": its first line names the column 'name' twice; give each"),
        (b"name,height,colour,share,ripe\n", ": its first line names a column of no use here, 'colour'; take it"),
        (b"a,b,name,height,share,ripe\n", ": its first line names columns of no use here, 'a', 'b'; take"),
        (b"Share,height,name,ripe,kin\n", ": its first line should be share,height,name,ripe,kind, not 'Share', 'kin'"),
        (b"name,height,share,rype\n", ": its first line should be name,height,share,ripe, not 'rype'; grow"),
        (b"a,1,2,3,tree\n", ": its first line should be name,height,share,ripe,kind"),
        (HEAD.encode() + b"a,1,2\n", ", line 2: 3 columns, expected 5"),
        (HEAD.encode() + b"a,1,2,,\n\nb,1,2,,,\n", ", line 4: 6 columns, expected 5"),
        (HEAD.encode() + b"a,1.5,2,,\n", ", line 2: height is a whole number, found '1.5'"),
        (HEAD.encode() + b"a,-1,2,,\n", ", line 2: height is a whole number, found '-1'"),
        (HEAD.encode() + b"a," + b"9" * 5000 + b",2,,\n", f", line 2: height is a whole number, found '{'9' * 79}"),
        (HEAD.encode() + b"a,1,two,,\n", ", line 2: share is a number, found 'two'"),
        (HEAD.encode() + b"a,1,nan,,\n", ", line 2: share is a number, found 'nan'"),
        (HEAD.encode() + b"a,1,1" + b"0" * 5000 + b",,\n", f", line 2: share is a number, found '1{'0' * 78}"),
        (HEAD.encode() + b"a,1,2,,herb\n", ", line 2: 'herb' is no kind; use tree, bush or leave it empty"),
        (HEAD.encode() + b"a\0b,1,2,,\n", ", line 2: name holds a NUL byte"),
        (HEAD.encode() + b'"two\nlines",1,2,,\n"two\nlines",1,2,,\n', ", line 5: the name 'two\\nlines' stands twice"),
        (HEAD.encode() + b"Gr\xfcn,1,2,,\n", ": not in UTF-8"),
        (HEAD.encode() + b'"a,1,2,,\n', ": no table of values separated by commas (unexpected end of data)"),
        (HEAD.encode() + b"a" * 200_000, ": no table of values separated by commas (field larger than"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "plants.csv"
    path.write_bytes(content)
    with pytest.raises(SegError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}{says}")
    assert str(error.value).endswith("; grow it again")
    assert path.read_bytes() == content


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for name, says in (("gone.csv", "no such file"), ("", "is a folder"), ("pipe.csv", "a pipe or a device")):
        with pytest.raises(SegError, match=says):
            read(tmp_path / name)


def test_columns_stand_in_any_order_and_others_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "plants.csv"
    path.write_text("\ufeffshare,colour,ripe,name,height\r\n0.5,red,,a,3\r\n", encoding="utf-8", newline="")
    assert read(path, others=True) == [Plant("a", 3, 0.5, None)]
    with pytest.raises(SegError, match="its first line names a column of no use here, 'colour'"):
        read(path)


def test_none_and_nan_are_empty_cells(tmp_path: Path) -> None:
    write_columns(tmp_path / "one.csv", ["a", "b,c"], [(None, math.nan), (0.1, "x"), (-1, 'q"q')])
    assert (tmp_path / "one.csv").read_bytes() == b'a,"b,c"\n,\n0.1,x\n-1,"q""q"\n'


def test_a_long_table_is_read_row_by_row(tmp_path: Path) -> None:
    """Of 100,000 rows, only the one at hand is in memory, and the names that are there already."""
    path = tmp_path / "long.csv"
    write_columns(path, ["name", "height", "share", "ripe"], ((f"{n:06}", n, 0.5, None) for n in range(100_000)))
    tracemalloc.start()
    rows = sum(1 for _ in read_table(path, Plant, remedy=""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 100_000
    assert peak < 1_000_000


def test_tables_of_a_dataset_have_these_bytes(tmp_path: Path) -> None:
    """pandas, spreadsheets and older versions read them: not a byte may change."""
    samples = [Sample("b", "images/b.png", "", 3, 4), Sample("a,1", "images/a.png", "masks/a.png", 5, 6, "g", "val")]
    write_index(tmp_path / "index.csv", samples)
    assert (tmp_path / "index.csv").read_bytes() == (
        b'stem,image,mask,width,height,group,split\n"a,1",images/a.png,masks/a.png,5,6,g,val\nb,images/b.png,,3,4,,\n'
    )
    write_states(tmp_path / "states.csv", {"b": "done", "a": "in work", "c": "new"}, {})
    assert (tmp_path / "states.csv").read_bytes() == b"stem,state\na,in work\nb,done\n"
    photo = PhotoRecord("a", "sub/IMG 1.JPG", 8, 6, 6, 0, 1, 6, 7)
    write_records(tmp_path / "photos.csv", [photo])
    assert (tmp_path / "photos.csv").read_bytes() == (
        b"stem,photo,width,height,orientation,left,top,across,down\na,sub/IMG 1.JPG,8,6,6,0,1,6,7\n"
    )
    write_folds(tmp_path / "folds.csv", {"b": 1, "a": 0}, {"a": "g", "b": ""})
    assert (tmp_path / "folds.csv").read_bytes() == b"stem,group,fold\na,g,0\nb,,1\n"
    assert read_index(tmp_path / "index.csv") == (samples[1], samples[0])
    assert read_states(tmp_path / "states.csv") == {"a": "in work", "b": "done"}
    assert read_records(tmp_path / "photos.csv") == {"a": photo}


def test_a_line_is_as_in_a_table(tmp_path: Path) -> None:
    write_columns(tmp_path / "t.csv", ("stem", "note"), [("a", "wind, rain")])
    assert (tmp_path / "t.csv").read_bytes() == b"stem,note\n" + table_line(["a", "wind, rain"])
