"""The buffer between splits on the ground."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prep.dataset.index import BUFFER, SPLITS, Sample
from prep.geo.adjacency import TOUCHING, adjacent
from prep.geo.footprint import footprints_of
from prep.splitting.buffer import Shortfall, better_block, buffer_of, loss_of, touching

SPLIT = st.sampled_from(SPLITS)


def _sample(column: float, row: float, split: str, size: int = 10) -> Sample:
    """A square of so many metres, at half a metre a pixel; column and row count squares of 10 m."""
    east, north = 400_000 + 10 * column + size / 2, 5_700_000 - 10 * row - size / 2
    stem = f"{column}_{row}_{size}"
    side = 2 * size
    return Sample(stem, f"images/{stem}.png", "m", side, side, "", split, east, north, "EPSG:32633", "0.5 0 0 -0.5")


PLACES = st.tuples(st.integers(0, 8), st.integers(0, 8), SPLIT, st.sampled_from([10, 25]))
SAMPLES = st.lists(PLACES, min_size=1, max_size=60).map(
    lambda found: list({sample.stem: sample for sample in (_sample(*each) for each in found)}.values())
)


@given(SAMPLES, st.data())
def test_no_two_of_two_splits_touch(samples: list[Sample], data: st.DataObject) -> None:
    """What is left out touches something, and nothing of test is left out but for samples that stay."""
    splits = {sample.stem: sample.split for sample in samples}
    kept = set(data.draw(st.lists(st.sampled_from(sorted(splits)), max_size=5)))
    left_out = buffer_of(samples, splits, kept)
    assert not left_out & kept
    stems = list(footprints_of(samples))
    pairs = adjacent([*footprints_of(samples).values()], [splits[stem] for stem in stems], TOUCHING).tolist()
    beside = {(stems[one], stems[other]) for one, other in pairs}
    still = {pair for pair in beside if not left_out & set(pair)}
    assert all(set(pair) <= kept for pair in still)
    assert left_out <= {stem for pair in beside for stem in pair}
    of_test = {stem for stem in left_out if splits[stem] == "test"}
    assert of_test <= {stem for pair in beside if kept & set(pair) for stem in pair}
    without = [sample for sample in samples if sample.stem not in left_out]
    assert bool(touching(without)) == bool(still)


def test_train_makes_way_for_val_and_val_for_test() -> None:
    row = [_sample(number, 0, split) for number, split in enumerate(["train", "train", "val", "val", "test", "test"])]
    splits = {sample.stem: sample.split for sample in row}
    assert buffer_of(row, splits) == {row[1].stem, row[3].stem}
    assert buffer_of(row, splits, {row[3].stem}) == {row[1].stem, row[4].stem}
    assert touching(row) == 4


def test_what_made_way_takes_no_place_from_others() -> None:
    """The sample of val makes way for test; that of train behind it may stay."""
    row = [_sample(number, 0, split) for number, split in enumerate(["train", "val", "test"])]
    assert buffer_of(row, {sample.stem: sample.split for sample in row}) == {row[1].stem}


def test_the_next_larger_squares_that_do_are_named() -> None:
    losses = {700: Shortfall(0, 0.4), 1000: Shortfall(1, 0.2), 1500: Shortfall(0, 0.25), 2000: Shortfall(0, 0.1)}
    tried = []

    def dealt(side: float) -> tuple[Shortfall, int]:
        tried.append(side)
        return losses.get(int(side), Shortfall(2, 1)), 9

    assert better_block(500, Shortfall(0, 0.9), 3, dealt) == 1500
    assert tried == [700, 1000, 1500]
    del losses[1500], losses[2000]
    assert better_block(500, Shortfall(0, 0.9), 3, dealt) == 700
    assert better_block(500, Shortfall(0, 0.4), 3, dealt) is None


def test_smaller_squares_are_named_where_larger_ones_are_too_few() -> None:
    def dealt(side: float) -> tuple[Shortfall, int]:
        return (Shortfall(0, 0.2), 9) if side < 300 else (Shortfall(0, 0), 2)

    assert better_block(500, Shortfall(2, 0), 3, dealt) == 200
    assert better_block(500, Shortfall(2, 0), 3, lambda side: (Shortfall(0, 0), 1)) is None


def test_the_loss_of_a_split() -> None:
    """Of two classes that there are among three; test lacks one, and val is empty."""
    pixels = {"a": np.array([5, 0, 1]), "b": np.array([0, 0, 1]), "c": np.array([0, 0, 1]), "d": np.array([9, 0, 0])}
    splits = {"a": "train", "b": "test", "c": "test", "d": BUFFER}
    assert loss_of(splits, SPLITS, pixels) == Shortfall(3, 0.25)
    assert loss_of(splits, ("train",), pixels) == Shortfall(0, 0.25)


def test_a_hundred_thousand_samples_are_a_matter_of_seconds() -> None:
    """Counted are pairs, in blocks of 10 x 10: those on the lines between blocks of two splits."""
    rng = np.random.default_rng(0)
    blocks = rng.choice(3, (30, 30), p=(0.8, 0.1, 0.1))
    grid = np.kron(blocks, np.ones((10, 10), int))
    samples = [_sample(column, row, SPLITS[grid[row, column]]) for row in range(300) for column in range(300)]
    left_out = buffer_of(samples, {sample.stem: sample.split for sample in samples})
    padded = np.pad(grid, 1, mode="edge")
    around = [padded[y : y + 300, x : x + 300] for y in range(3) for x in range(3)]
    val_out = (grid == 1) & np.any([each == 2 for each in around], axis=0)
    still = np.pad(np.where(val_out, 0, grid), 1, mode="edge")
    beside = np.any([still[y : y + 300, x : x + 300] > 0 for y in range(3) for x in range(3)], axis=0)
    assert len(left_out) == val_out.sum() + ((grid == 0) & beside).sum()
