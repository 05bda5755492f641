"""How rasters are divided."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prep.cutting.cells import cells_of, is_cut_from


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40))
def test_without_overlap_each_pixel_is_in_one_cell_of_nearly_equal_size(width: int, height: int, size: int) -> None:
    covered = np.zeros((height, width), int)
    cells = [cell for row in cells_of(width, height, size) for cell in row]
    for cell in cells:
        covered[cell.top : cell.top + cell.height, cell.left : cell.left + cell.width] += 1
        assert 0 < cell.width <= size
        assert 0 < cell.height <= size
    assert (covered == 1).all()
    assert np.ptp([cell.width for cell in cells]) <= 1
    assert len({cell.name for cell in cells}) == len(cells)


@given(st.integers(1, 90), st.integers(2, 40), st.data())
def test_with_overlap_neighbours_share_as_many_pixels(width: int, size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(1, size - 1))
    (row,) = cells_of(width, 1, size, overlap)
    assert all(cell.width == min(size, width) for cell in row)
    assert (row[0].left, row[-1].left + row[-1].width) == (0, width)
    assert all(one.left + one.width - other.left >= overlap for one, other in itertools.pairwise(row))


def test_names_sort_as_the_cells_lie_and_tell_their_raster() -> None:
    names = [cell.name for row in cells_of(1200, 110, 100) for cell in row]
    assert names == sorted(names)
    assert names[-1] == "r1_c11"
    assert is_cut_from("a_r1_c11", "a")
    assert not any(is_cut_from(stem, "a") for stem in ("a", "ab_r1_c1", "a_r1", "a_b_r1_c1", "a_r1_c1_x"))
