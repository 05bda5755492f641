"""Changes of one row in a table of many: as if all of it had been read and written."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.annotate.store.row_edits import added_row, changed_row, removed_row

CELLS = st.text(st.sampled_from('ab,"é\n0'), max_size=4)
TABLES = st.dictionaries(
    st.text(st.sampled_from('ab,"é1'), min_size=1, max_size=3), st.tuples(CELLS, CELLS), max_size=12
)
HEAD = ["stem", "state", "note"]


def written(rows: dict[str, tuple[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([HEAD, *([stem, *cells] for stem, cells in sorted(rows.items()))])
    return text.getvalue().encode()


@given(TABLES, st.integers(0, 11), CELLS)
def test_a_changed_row_is_as_written_anew_or_refused(rows: dict[str, tuple[str, str]], place: int, cell: str) -> None:
    for stem in sorted(rows)[place : place + 1]:
        found = changed_row(written(rows), stem, {"state": cell})
        assert found in (None, written({**rows, stem: (cell, rows[stem][1])}))
        assert removed_row(written(rows), stem) in (None, written({s: c for s, c in rows.items() if s != stem}))


@given(TABLES, st.text(st.sampled_from("abé12"), min_size=1, max_size=3), CELLS)
def test_an_added_row_is_as_written_anew_or_refused(rows: dict[str, tuple[str, str]], stem: str, cell: str) -> None:
    found = added_row(written(rows), {"stem": stem, "state": cell})
    if stem in rows:
        assert found is None
    else:
        assert found in (None, written({**rows, stem: (cell, "")}))


def test_plain_tables_are_never_refused() -> None:
    rows = {f"s{number:04}": ("done", "") for number in range(0, 2000, 2)}
    table = written(rows)
    for stem in ("s0000", "s1000", "s1998"):
        assert changed_row(table, stem, {"note": "wind, rain"}) == written({**rows, stem: ("done", "wind, rain")})
        assert removed_row(table, stem) == written({name: cells for name, cells in rows.items() if name != stem})
    for stem in ("a", "s0001", "s1001", "s1999", "z"):
        assert added_row(table, {"stem": stem, "state": "new"}) == written({**rows, stem: ("new", "")})
    assert added_row(b"stem,state\n", {"stem": "a", "state": "done"}) == b"stem,state\na,done\n"


@pytest.mark.parametrize(
    "table",
    [
        b"",
        b"state,stem\ndone,a\n",
        b"stem,state\r\na,done\r\n",
        b"stem,state\na,done",
        b"stem,state\na,done\na,new\n",
        b'stem,state\nb,"\na,done\n"\n',
        b"stem,state\na,done,more\n",
    ],
)
def test_other_tables_are_left_to_those_who_read_all_of_them(table: bytes) -> None:
    assert changed_row(table, "a", {"state": "new"}) is None
