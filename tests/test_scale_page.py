"""The table of docs/scale.md comes from the figures of docs/measured.md."""

from tests.bench.peaks import MARKS
from tests.bench.scale import BEGIN, DOCS, END, PAGE, written

MEASURED = f"""
| check | 1.4 s, 81 MB | 11.8 s, 158 MB | 1.08 |

{MARKS[0]}

| resize | 0.9 s, 87 MB | 2.9 s, 137 MB |
| masks convert | 1.6 s, 171 MB | 8.2 s, 700 MB |
| check | 1.7 s, 150 MB | 12.9 s, 740 MB |
| stats | 0.5 s, 1,134 MB | 1.65 s, 635 MB |

{MARKS[1]}
"""


def test_hours_follow_from_what_one_photo_costs() -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = written(page, MEASURED)
    assert "| resize to 1024 pixels | 100.0 ms | 0.9 h | 0.09 h | 0.9 h |\n" in found
    assert "| check, full size | 500.0 ms | 4.3 h | 0.43 h | 4.3 h |\n" in found
    assert "| stats, full size | 50.0 ms | 0.4 h | 0.04 h | 0.4 h |\n" in found
    assert found.partition(BEGIN)[0] == page.partition(BEGIN)[0]
    assert found.partition(END)[2] == page.partition(END)[2]
    assert written(found, MEASURED) == found


def test_the_page_is_of_the_figures_that_are_written_down() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, (DOCS / "measured.md").read_text(encoding="utf-8")) == page
