"""Random changes of patches on the device, against numpy and scipy."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from prep.core.errors import SegError
from tests.train.data.stores import generator, store_of
from train.config.config import Config
from train.data.augment import Draws, alter_colors, draw
from train.data.crops import CropSources, cut_affine, cut_straight
from train.data.data import PixelStore

Array = NDArray[np.uint8]
EVERYTHING = Config(
    quarter_turns=True, rotate=30, scale=(0.8, 1.25), brightness=0.2, contrast=0.2, blur=1.5, noise=0.05
)


def random_images(*shapes: tuple[int, int]) -> list[Array]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (*shape, 3)).astype(np.uint8) for shape in shapes]


def random_store(size: int, *, flips: bool = True, config: Config | None = None) -> PixelStore:
    images = random_images((9, 14), (12, 8), (5, 20))
    store = store_of(images, [image[..., 0] % 3 for image in images], size, flips=flips)
    return replace(store, config=config or Config())


def draws_of(count: int, **values: torch.Tensor) -> Draws:
    """Random places without any change, besides what is given."""
    still = draw(count, Config(flips=False), generator())
    return replace(still, **values)


# Places, flips and turns.


@pytest.mark.parametrize("flips", [False, True])
def test_straight_crops_take_the_numbers_they_always_took(flips: bool) -> None:
    """Rows, whether to flip them, columns, whether to flip them: an older training repeats itself."""
    images = random_images((9, 14), (12, 8), (5, 20))
    masks = [image[..., 0] % 3 for image in images]
    items, size = torch.tensor([0, 1, 2, 0, 1, 2]), 7
    found_images, found_masks = store_of(images, masks, size, flips=flips).cut(items, generator(3))
    random = generator(3)
    ways = []
    for axis in (0, 1):
        share = torch.rand(6, generator=random)
        turned = torch.rand(6, generator=random) < 0.5 if flips else torch.zeros(6, dtype=torch.bool)
        room = torch.tensor([images[item].shape[axis] - size for item in items])
        begin = room.clamp(max=0) + (share * (room.abs() + 1)).long()
        ways.append((begin + size, turned))  # of the padded image
    for number, item in enumerate(items):
        image = np.pad(images[item], ((size, size), (size, size), (0, 0)), mode="reflect")
        mask = np.pad(masks[item], size, constant_values=255)
        (top, left), flip = (int(begin[number]) for begin, _ in ways), [a for a in (0, 1) if ways[a][1][number]]
        part = np.s_[top : top + size, left : left + size]
        np.testing.assert_array_equal(found_images[number], np.flip(image[part], flip))
        np.testing.assert_array_equal(found_masks[number], np.flip(mask[part], flip))


@pytest.mark.parametrize(("flips", "ways"), [(False, 4), (True, 8)])
def test_quarter_turns(flips: bool, ways: int) -> None:
    image = random_images((6, 6))[0]
    store = store_of([image], [image[..., 0]], 6, flips=flips)
    plain = replace(store, config=Config(quarter_turns=True))
    images, masks = plain.cut(torch.zeros(400, dtype=torch.long), generator())
    known = {np.rot90(image, turn).tobytes() for turn in range(4)}
    if flips:
        known |= {np.rot90(image[::-1], turn).tobytes() for turn in range(4)}
    seen = [crop.tobytes() for crop in images.numpy()]
    assert set(seen) == known
    assert len(known) == ways
    assert min(seen.count(way) for way in known) > 400 / ways / 2
    assert torch.equal(images[..., 0], masks)


def test_without_vertical_flips_nothing_stands_on_its_head() -> None:
    image = random_images((6, 6))[0]
    store = replace(store_of([image], [image[..., 0]], 6, flips=True), config=Config(flips=True, vertical_flips=False))
    images, masks = store.cut(torch.zeros(200, dtype=torch.long), generator())
    assert {crop.tobytes() for crop in images.numpy()} == {image.tobytes(), image[:, ::-1].tobytes()}
    assert torch.equal(images[..., 0], masks)


@pytest.mark.parametrize("turn", range(4))
def test_a_quarter_turn_is_that_of_numpy(turn: int) -> None:
    image = random_images((6, 6))[0]
    sources = CropSources(torch.zeros(1, dtype=torch.long), torch.tensor([6]), torch.tensor([6]), 6)
    pixels, labels = torch.from_numpy(image).view(-1, 3), torch.from_numpy(image[..., 0].copy()).view(-1)
    for draws in (
        draws_of(1, turns=torch.tensor([turn])),
        draws_of(1, angle=torch.tensor([turn * math.pi / 2])),
        draws_of(1, turns=torch.tensor([(turn + 1) % 4]), angle=torch.tensor([-math.pi / 2])),
    ):
        images, masks = cut_affine(pixels, labels, sources, draws)
        np.testing.assert_array_equal(images[0], np.rot90(image, turn))
        np.testing.assert_array_equal(masks[0], np.rot90(image[..., 0], turn))


@settings(max_examples=50)
@given(seed=st.integers(0, 10**6), size=st.integers(1, 17))
def test_an_affine_cut_that_neither_turns_nor_scales_is_the_straight_one(seed: int, size: int) -> None:
    store, items = random_store(size), torch.tensor([0, 1, 2, 0, 1, 2])
    sources = CropSources(store.start[items], store.height[items], store.width[items], size)
    draws = draw(6, Config(quarter_turns=True), generator(seed))
    straight, affine = (cut(store.pixels, store.labels, sources, draws) for cut in (cut_straight, cut_affine))
    assert torch.equal(straight[0], affine[0])
    assert torch.equal(straight[1], affine[1])


# Any angle and scale.


@settings(max_examples=50)
@given(
    seed=st.integers(0, 10**6),
    size=st.integers(1, 17),
    degrees=st.floats(-180, 180),
    scale=st.floats(0.3, 3),
    share=st.floats(0, 0.99),
)
def test_affine_crops_are_those_of_scipy(seed: int, size: int, degrees: float, scale: float, share: float) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (23, 31, 3)).astype(np.uint8)
    mask = image[..., 0] % 5
    sources = CropSources(torch.zeros(1, dtype=torch.long), torch.tensor([23]), torch.tensor([31]), size)
    angle = torch.tensor([math.radians(degrees)])
    numbers = {"row": share, "column": 1 - share - 0.01, "scale": scale}
    draws = draws_of(1, angle=angle, **{name: torch.tensor([value]) for name, value in numbers.items()})
    images, masks = cut_affine(torch.from_numpy(image).view(-1, 3), torch.from_numpy(mask).view(-1), sources, draws)

    extent = math.ceil(float(size / draws.scale[0]))
    corner = [
        min(length - extent, 0) + math.floor(float(part[0] * (abs(length - extent) + 1)))
        for length, part in ((23, draws.row), (31, draws.column))
    ]
    down, right = np.mgrid[:size, :size] - (size - 1) / 2
    cosine, sine = math.cos(float(angle)) / scale, math.sin(float(angle)) / scale
    rows = corner[0] + (extent - 1) / 2 + cosine * down + sine * right
    columns = corner[1] + (extent - 1) / 2 - sine * down + cosine * right
    expected = np.stack(
        [
            ndimage.map_coordinates(image[..., c].astype(float), (rows, columns), order=1, mode="mirror")
            for c in range(3)
        ],
        axis=-1,
    )
    assert np.abs(images[0].numpy() - expected).max() < 0.52
    near = [np.abs(place - np.floor(place) - 0.5) > 1e-4 for place in (rows, columns)]  # not between two pixels
    nearest = ndimage.map_coordinates(
        np.pad(mask, 40, constant_values=255),
        (np.floor(rows + 0.5) + 40, np.floor(columns + 0.5) + 40),
        order=0,
        cval=255,
    )
    sure = near[0] & near[1]
    np.testing.assert_array_equal(masks[0].numpy()[sure], nearest[sure])


def test_a_turned_crop_inside_a_large_image_has_real_pixels_in_its_corners() -> None:
    image = np.full((64, 64, 3), 7, np.uint8)
    store = store_of([image], [image[..., 0]], 16, flips=True)
    sources = CropSources(store.start[[0] * 9], store.height[[0] * 9], store.width[[0] * 9], 16)
    draws = draws_of(9, angle=torch.linspace(-3, 3, 9), row=torch.full((9,), 0.5), column=torch.full((9,), 0.5))
    images, masks = cut_affine(store.pixels, store.labels, sources, draws)
    assert (images == 7).all()
    assert (masks == 7).all()
    at_border = replace(draws, row=torch.zeros(9))
    assert (cut_affine(store.pixels, store.labels, sources, at_border)[1] == 255).any()


def test_a_smaller_scale_stays_in_the_image_where_there_is_room() -> None:
    image = np.full((40, 40, 3), 7, np.uint8)
    store = store_of([image], [image[..., 0]], 16, flips=True)
    smaller = replace(store, config=Config(scale=(0.5, 0.6)))
    _, masks = smaller.cut(torch.zeros(300, dtype=torch.long), generator())
    assert (masks == 7).all()


def test_what_is_in_the_patch_grows_with_the_scale() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image.reshape(8, 8, 8, 8, 3)[:, 2:6, :, 2:6] = 255  # squares
    sources = CropSources(torch.zeros(1, dtype=torch.long), torch.tensor([64]), torch.tensor([64]), 32)
    pixels, labels = torch.from_numpy(image).view(-1, 3), torch.from_numpy(image[..., 0] // 255).view(-1)
    counts, corner = [], torch.zeros(1)
    for scale in (0.5, 1.0, 2.0):
        _, masks = cut_affine(
            pixels, labels, sources, draws_of(1, scale=torch.tensor([scale]), row=corner, column=corner)
        )
        counts.append(ndimage.label(masks[0].numpy() == 1)[1])
    assert counts == [64, 16, 4]


def test_image_and_mask_stay_together_and_masks_have_no_new_values() -> None:
    rows, columns = np.mgrid[:80, :70]
    mask = (((rows // 17) + 2 * (columns // 19)) % 4 * 60).astype(np.uint8)  # classes 0, 60, 120, 180
    image = np.repeat(mask[..., None], 3, axis=2)
    store = replace(store_of([image], [mask], 32, flips=True), config=Config(rotate=180, scale=(1, 2)))
    images, masks = store.cut(torch.zeros(60, dtype=torch.long), generator())
    assert set(masks.unique().tolist()) == {0, 60, 120, 180, 255}
    agreed = 0
    for crop, labels in zip(images[..., 0].numpy(), masks.numpy(), strict=True):
        lowest, highest = ndimage.minimum_filter(labels, 5), ndimage.maximum_filter(labels, 5)
        inner = ((lowest == highest) & (labels != 255))[2:-2, 2:-2]  # what lies beyond the crop is not seen
        np.testing.assert_array_equal(crop[2:-2, 2:-2][inner], labels[2:-2, 2:-2][inner])
        agreed += inner.sum()
    assert agreed > masks.numel() / 3


# Colours.


def grey(count: int, size: int = 24) -> torch.Tensor:
    """Images between 100 and 155, far from black and white."""
    return torch.randint(100, 156, (count, size, size, 3), generator=generator(1)).to(torch.uint8)


def test_brightness_adds_and_is_spread_evenly() -> None:
    images, wanted = grey(500, 4), Config(brightness=0.2)
    draws = draw(500, wanted, generator())
    altered = alter_colors(images, draws, wanted)
    expected = (images.double() + draws.brightness.double()[:, None, None, None]).clamp(0, 255)
    assert (altered - expected).abs().max() <= 0.5 + 1e-4
    shifts = draws.brightness / 255
    assert shifts.abs().max() <= 0.2
    assert np.histogram(shifts, 4, (-0.2, 0.2))[0].min() > 90


def test_contrast_scales_differences_from_the_mean_and_keeps_it() -> None:
    images, wanted = grey(300, 16), Config(contrast=0.5)
    draws = draw(300, wanted, generator())
    altered = alter_colors(images, draws, wanted).double()
    torch.testing.assert_close(altered.mean((1, 2, 3)), images.double().mean((1, 2, 3)), atol=0.2, rtol=0)
    ratio = altered.std((1, 2, 3)) / images.double().std((1, 2, 3))
    torch.testing.assert_close(ratio, draws.contrast.double(), atol=0.02, rtol=0)
    assert np.histogram(draws.contrast, 4, (0.5, 1.5))[0].min() > 50


def test_values_stop_at_black_and_white() -> None:
    images = torch.tensor([0, 255], dtype=torch.uint8).repeat(12).view(1, 2, 4, 3)
    for shift in (-100.0, 100.0):
        draws = draws_of(1, brightness=torch.tensor([shift]))
        altered = alter_colors(images, draws, Config(brightness=1))
        assert altered.unique().tolist() == sorted({int(min(max(value + shift, 0), 255)) for value in (0, 255)})


@pytest.mark.parametrize("largest", [0.4, 1.5, 20.0])
def test_blur_is_that_of_scipy_with_each_patch_its_own(largest: float) -> None:
    images, wanted = torch.from_numpy(np.stack(random_images((24, 24), (24, 24), (24, 24)))), Config(blur=largest)
    draws = draw(3, wanted, generator())
    radius = min(math.ceil(3 * largest), 23)
    for altered, image, sigma in zip(alter_colors(images, draws, wanted), images, draws.blur.tolist(), strict=True):
        expected = ndimage.gaussian_filter(
            image.numpy().astype(float), (sigma, sigma, 0), mode="mirror", radius=(radius, radius, 0)
        )
        assert np.abs(altered.numpy() - expected).max() < 0.51
    assert len(draws.blur.unique()) == 3


def test_noise_is_normal_and_differs_from_patch_to_patch_and_channel_to_channel() -> None:
    images, wanted = torch.full((40, 32, 32, 3), 128, dtype=torch.uint8), Config(noise=0.1)
    draws = draw(40, wanted, generator())
    noise = alter_colors(images, draws, wanted).double() - 128
    torch.testing.assert_close(noise.std((1, 2, 3)), draws.noise.double(), rtol=0.1, atol=0.3)
    assert (noise.mean((1, 2, 3)).abs() < 0.1 * draws.noise).all()
    assert draws.noise.max() <= 25.5
    strong = noise[draws.noise > 3].flatten(1)
    assert torch.corrcoef(strong).fill_diagonal_(0).abs().max() < 0.1
    assert torch.corrcoef(noise[0].reshape(-1, 3).T).fill_diagonal_(0).abs().max() < 0.1
    standard = noise[draws.noise > 10] / draws.noise[draws.noise > 10, None, None, None]
    assert (standard.abs() < 1).double().mean().item() == pytest.approx(0.683, abs=0.02)


def test_nothing_asked_changes_nothing_and_draws_nothing() -> None:
    images, random = grey(2), generator(5)
    before = random.get_state()
    draws = draw(2, Config(flips=False), random)
    assert alter_colors(images, draws, Config()) is images
    fresh = generator(5)
    torch.rand(2, generator=fresh), torch.rand(2, generator=fresh)  # a row and a column
    assert torch.equal(random.get_state(), fresh.get_state())
    assert not torch.equal(random.get_state(), before)


# Batches.


@pytest.mark.parametrize("config", [Config(), EVERYTHING])
@pytest.mark.parametrize("world", [2, 4])
def test_processes_show_together_what_one_shows(config: Config, world: int) -> None:
    store = replace(random_store(7, config=config), crops=7)
    whole = list(store.batches(8, generator(1)))
    parts = [list(store.batches(8, generator(1), rank, world)) for rank in range(world)]
    assert len(whole) == 2
    for number, batch in enumerate(whole):
        for kind in (0, 1):
            shown = torch.stack([part[number][kind] for part in parts], 1).flatten(0, 1)
            assert torch.equal(shown, batch[kind])


def test_a_batch_that_cannot_be_shared_out_is_refused() -> None:
    with pytest.raises(SegError, match=r"--batch 9 with 9 patches .* 2 processes.* a multiple of 2"):
        next(random_store(7).batches(9, generator(), 0, 2))
    with pytest.raises(SegError, match="fewer processes"):
        next(random_store(7).batches(16, generator(), 0, 16))


def test_the_same_seed_shows_the_same_and_another_one_does_not() -> None:
    store = random_store(7, config=EVERYTHING)
    first, again, other = (next(store.batches(9, generator(seed))) for seed in (1, 1, 2))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])
    assert (first[0].dtype, first[0].shape) == (torch.uint8, (9, 7, 7, 3))
    assert (first[1].dtype, first[1].shape) == (torch.uint8, (9, 7, 7))


def test_patches_that_must_not_be_mirrored_are_not() -> None:
    """A dataset's own word against flips holds, whatever the settings say."""
    image = random_images((6, 6))[0]
    store = replace(store_of([image], [image[..., 0]], 6, flips=False), config=Config(flips=True))
    images, _ = store.cut(torch.zeros(50, dtype=torch.long), generator())
    assert {crop.tobytes() for crop in images.numpy()} == {image.tobytes()}
    mirrored = replace(store, flips=True, config=Config(flips=False))
    images, _ = mirrored.cut(torch.zeros(50, dtype=torch.long), generator())
    assert {crop.tobytes() for crop in images.numpy()} == {image.tobytes()}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rotate": -1.0}, "--rotate needs a number from 0 to 180; got -1.0"),
        ({"rotate": math.nan}, "--rotate needs a number from 0 to 180; got nan"),
        ({"brightness": 1.5}, "--brightness needs a number from 0 to 1; got 1.5"),
        ({"contrast": 20.0}, "--contrast needs a number from 0 to 1; got 20.0"),
        ({"blur": math.inf}, "--blur needs a number from 0 to 20; got inf"),
        ({"noise": -0.1}, "--noise needs a number from 0 to 1; got -0.1"),
        ({"scale": (1.2, 0.8)}, r"--scale needs two numbers from 0.1 to 10, smallest first, .*got \(1.2, 0.8\)"),
        ({"scale": (0.0, 1.0)}, "--scale needs two numbers"),
        ({"scale": (1.0,)}, "--scale needs two numbers"),
    ],
)
def test_impossible_values_are_told_by_option(values: dict[str, float], message: str) -> None:
    with pytest.raises(SegError, match=message):
        Config(**values)  # type: ignore[arg-type]


def test_a_list_from_a_file_is_a_scale() -> None:
    assert Config(scale=[0.8, 1.25]).scale == (0.8, 1.25)  # type: ignore[arg-type]
