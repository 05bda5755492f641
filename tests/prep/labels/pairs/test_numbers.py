"""Numbers in names: what they count."""

import pytest

from prep.labels.pairs.numbers import are_counted, are_shifted, differ, numbered_kinds

OF_KINDS = [["cell_0", "cell_1", "edge_0"], ["cell_0", "edge_0"]]


def test_a_number_inside_of_a_word_counts_nothing() -> None:
    images, labels = ["bb_000001_leftImg8bit", "cc_000002_leftImg8bit"], ["aa_000001_labelIds", "bb_000002_labelIds"]
    assert not are_shifted(images, labels, labels)
    assert are_shifted(["img_1", "img_2"], ["mask_0", "mask_1"], ["mask_0", "mask_1"])


def test_kinds_are_what_names_are_without_their_numbers() -> None:
    kinds = numbered_kinds(OF_KINDS)
    assert kinds == {"cell_0": "cell", "cell_1": "cell", "edge_0": "edge"}
    assert differ(OF_KINDS) and are_counted(OF_KINDS, kinds)


@pytest.mark.parametrize(
    "photos",
    [
        [["cell_0", "cell_1"]],
        [["cell_0", "edge_0"]],
        [["mask_0", "cell_0", "cell_1"]],
        [["a1", "a2", "b1"]],
        [["1f1", "2f1", "3f1"]],
        [["cell_0", "cell_1", "edge"]],
    ],
)
def test_names_of_one_kind_of_single_ones_and_of_wells_are_no_kinds(photos: list[list[str]]) -> None:
    assert numbered_kinds(photos) == {}


@pytest.mark.parametrize(
    ("photos", "counted"),
    [
        ([["cell_1", "edge_1", "edge_2"]] * 2, True),
        ([["cell_0", "edge_1", "cell_2"], ["edge_0", "edge_1"]], True),
        ([["cell_0", "edge_1", "cell_2"]] * 2, False),
        ([["stage_2", "stage_3", "tumor_1"], ["stage_1", "tumor_1"]], False),
        ([["cell_0", "cell_1", "edge_0"], ["cell_1", "edge_0"]], False),
    ],
)
def test_objects_are_counted_from_0_or_1_on_in_each_photo(photos: list[list[str]], counted: bool) -> None:
    assert are_counted(photos, numbered_kinds(photos)) is counted
