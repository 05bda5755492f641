"""Photos and masks in arrays of NumPy and MATLAB: many samples in a file, and never a wrong pair."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import savemat

from prep.dataset.dataset import Dataset
from tests.support import by_stem, load, masks_of, random_image, random_mask, run_error, run_ok, run_prep, save, tree

PHOTOS = np.stack([random_image(seed) for seed in range(12)])
MASKS = np.stack([random_mask(seed) for seed in range(12)])
NAMES = "background\nroad\ncar\n"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "classes.txt").write_text(NAMES, encoding="utf-8")
    return tmp_path / "raw"


def npy(path: Path, values: NDArray[np.generic]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)


def convert(raw: Path, *options: object, source: str = "") -> str:
    return run_ok("masks", "convert", raw / source, "-o", raw.parent / "set", *options).stdout


def assert_samples(raw: Path, stems: dict[str, int], photos: NDArray[np.uint8] = PHOTOS) -> None:
    """The dataset's samples, each with the photo and the mask of this number."""
    root = raw.parent / "set"
    assert masks_of(root).keys() == stems.keys()
    for stem, sample in by_stem(root).items():
        assert np.array_equal(load(root / sample.mask), MASKS[stems[stem]]), stem
        assert np.array_equal(load(root / sample.image), photos[stems[stem]]), stem


PAGES = {f"train_page{number + 1:02}": number for number in range(12)}


@pytest.mark.parametrize(
    ("photos", "masks"),
    [
        (PHOTOS, MASKS),
        (PHOTOS.astype(np.float64), MASKS.astype(np.int64)[..., None]),
        (PHOTOS.transpose(0, 3, 1, 2), MASKS.astype(np.float32)),
        (np.asfortranarray(PHOTOS), np.asfortranarray(MASKS)),
    ],
    ids=["bytes", "doubles", "bands first", "columns first"],
)
@pytest.mark.parametrize("names", [("images/train", "masks/train"), ("X_train", "y_train")])
def test_stacks(raw: Path, names: tuple[str, str], photos: NDArray[np.generic], masks: NDArray[np.generic]) -> None:
    npy(raw / f"{names[0]}.npy", photos)
    npy(raw / f"{names[1]}.npy", masks)
    before = tree(raw)
    convert(raw)
    assert_samples(raw, PAGES)
    assert tree(raw) == before
    assert not [name for name in tree(raw.parent / "set") if name.startswith(".") and name.endswith("/")]


def test_one_sample_a_file(raw: Path) -> None:
    for number in range(3):
        npy(raw / f"images/a{number}.npy", PHOTOS[number])
        npy(raw / f"masks/a{number}.npy", MASKS[number])
    convert(raw)
    assert_samples(raw, {"a0": 0, "a1": 1, "a2": 2})


@pytest.mark.parametrize("compressed", [False, True])
def test_npz_with_a_photo_and_a_mask(raw: Path, compressed: bool) -> None:
    write = np.savez_compressed if compressed else np.savez
    for number in range(2):
        write(raw / f"case{number}.npz", image=PHOTOS[number], label=MASKS[number], spacing=np.ones(3))
    convert(raw)
    assert_samples(raw, {"case0": 0, "case1": 1})


@pytest.mark.parametrize("order", ["C", "F"])
def test_npz_with_stacks_and_splits(raw: Path, order: str) -> None:
    parts = {"train": slice(0, 8), "val": slice(8, 12)}
    arrays = {}
    for split, own in parts.items():
        arrays |= {f"x_{split}": PHOTOS[own].copy(order), f"y_{split}": MASKS[own].copy(order)}
    np.savez_compressed(raw / "data.npz", **arrays)
    convert(raw, source="data.npz")
    expected = {f"data_train_page{number + 1}": number for number in range(8)}
    expected |= {f"data_val_page{number + 1}": number + 8 for number in range(4)}
    assert_samples(raw, expected)
    assert {sample.split for stem, sample in by_stem(raw.parent / "set").items() if "val" in stem} == {"val"}


def matlab_stack(path: Path, *, new: bool) -> None:
    """images (H, W, 3, N), labels (H, W, N) and names, as NYUv2 has them; ids from 1, and 0 is unlabelled."""
    photos, labels = PHOTOS.transpose(1, 2, 3, 0), MASKS.transpose(1, 2, 0)
    names = ["road", "car"]
    if not new:
        values = {"images": photos, "labels": labels, "names": np.array(names, object), "depths": labels / 7}
        savemat(path, values)
        return
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in (("images", photos), ("labels", labels), ("depths", labels / 7)):
            file[name] = values.T
        group = file.create_group("#refs#")
        for number, name in enumerate(names):
            group[str(number)] = np.array([[ord(letter)] for letter in name], np.uint16)
        file.create_dataset("names", data=np.array([[group["0"].ref, group["1"].ref]], dtype=h5py.ref_dtype))
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


@pytest.mark.parametrize("new", [False, True])
def test_matlab_stacks_with_names(raw: Path, new: bool) -> None:
    (raw / "classes.txt").unlink()
    matlab_stack(raw / "depth.mat", new=new)
    said = convert(raw, source="depth.mat")
    root = raw.parent / "set"
    assert Dataset.open(root).classes.names == ("road", "car")
    masks = masks_of(root)
    assert len(masks) == 12
    assert np.array_equal(masks["depth_page03"], np.array([255, 0, 1])[MASKS[2]])
    assert np.array_equal(load(root / by_stem(root)["depth_page12"].image), PHOTOS[11])
    assert "without a partner, or neither photos nor masks, and left out: depth#depths" in said


def test_channels_that_do_not_overlap_are_classes(raw: Path) -> None:
    """PanNuke: numbers of objects in a channel for each class, the last one the background."""
    channels = np.stack([(number == MASKS) * (number + 7.0) for number in (1, 2, 0)], -1)
    npy(raw / "images/fold1/images.npy", PHOTOS.astype(np.float64))
    npy(raw / "images/fold1/types.npy", np.array(["Breast"] * 12))
    npy(raw / "masks/fold1/masks.npy", channels)
    (raw / "classes.txt").write_text("road\ncar\nbackground\n", encoding="utf-8")
    said = convert(raw)
    assert "3 channels are classes 0 to 2; a pixel in none of them is 3" in said
    assert "and left out: images/fold1/types.npy" in said
    assert np.array_equal(masks_of(raw.parent / "set")["fold1_page05"], np.array([2, 0, 1])[MASKS[4]])


def test_channels_that_overlap_are_asked_about_and_the_answer_works(raw: Path) -> None:
    """CoNIC: objects in the first channel, classes in the second."""
    npy(raw / "images.npy", PHOTOS)
    npy(raw / "labels.npy", np.stack([(MASKS > 0) * 9, MASKS], -1).astype(np.uint16))
    said = run_error("masks", "convert", raw, "-o", raw.parent / "set")
    assert "2 channels that overlap" in said
    assert said.endswith("--variable 'labels[1]'")
    convert(raw, "--variable", "labels[1]")
    assert_samples(raw, {f"images_page{number + 1:02}": number for number in range(12)})
    assert "has the channels 0 to 1; --variable says 2" in run_error(
        "masks", "convert", raw, "-o", raw.parent / "other", "--variable", "labels[2]"
    )


def test_masks_of_photos_that_are_files_pair_in_order(raw: Path) -> None:
    """Photos count from 0 and the stack from 1: names must not pair them."""
    for number in range(12):
        save(raw / f"images/{number}.png", PHOTOS[number])
    npy(raw / "masks.npy", MASKS)
    said = run_error("masks", "convert", raw, "-o", raw.parent / "set")
    assert "as numbers count, 2 is before 10; in a plain listing" in said
    told = convert(raw, "--in-order")
    assert "in order (as numbers count, 2 before 10): 0 with masks_page01 ... 11 with masks_page12; look at" in told
    assert_samples(raw, {str(number): number for number in range(12)})


def test_names_that_differ_in_a_word_pair_by_their_numbers(raw: Path) -> None:
    """LIDC: 0001_NI000_slice000 and 0001_MA000_slice000."""
    for number in range(3):
        npy(raw / f"Image/P1/0001_NI000_slice00{number}.npy", PHOTOS[number])
        npy(raw / f"Mask/P1/0001_MA000_slice00{number}.npy", MASKS[number])
    convert(raw)
    assert_samples(raw, {f"P1_0001_NI000_slice00{number}": number for number in range(3)})


@pytest.mark.parametrize(
    ("photos", "masks", "error"),
    [
        (PHOTOS[:11], MASKS, "save as many masks as photos, in one size"),
        (PHOTOS, MASKS + 0.5, "holds 0.5 in"),
    ],
)
def test_what_does_not_fit_is_refused(
    raw: Path, photos: NDArray[np.generic], masks: NDArray[np.generic], error: str
) -> None:
    npy(raw / "images/a.npy", photos)
    npy(raw / "masks/a.npy", masks)
    assert error in run_error("masks", "convert", raw, "-o", raw.parent / "set")
    assert not (raw.parent / "set" / "index.csv").exists()


def test_a_photo_whose_mask_is_damaged_is_told(raw: Path) -> None:
    for number in range(3):
        npy(raw / f"images/a{number}.npy", PHOTOS[number])
        npy(raw / f"masks/a{number}.npy", MASKS[number])
    (raw / "masks/a1.npy").write_bytes(b"")
    result = run_prep("masks", "convert", raw, "-o", raw.parent / "set")
    assert result.exit_code == 1
    assert "and left out: images/a1" in result.stdout
    assert f"1 left out:\n  {raw / 'masks/a1.npy'}: no NumPy file" in result.stderr
    assert_samples(raw, {"a0": 0, "a2": 2})


def test_a_file_that_ends_too_early_is_named(raw: Path) -> None:
    npy(raw / "images/a.npy", PHOTOS)
    npy(raw / "masks/a.npy", MASKS)
    path = raw / "masks/a.npy"
    path.write_bytes(path.read_bytes()[:-100])
    said = run_error("masks", "convert", raw, "-o", raw.parent / "set")
    assert f"{path}: ends before the (12, 24, 32) of uint8 that it declares" in said


def hdf(path: Path, number: int) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        file["images"], file["labels"] = PHOTOS[number].transpose(2, 1, 0), MASKS[number].T
    data = bytearray(path.read_bytes())
    data[:128] = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    path.write_bytes(data)


@pytest.mark.parametrize("kept", [0.1, 0.7, 0.95])
@pytest.mark.parametrize("kind", ["photos", "masks", "npz", "mat", "mat73"])
@pytest.mark.parametrize("spoiled", [0, 2])
def test_one_truncated_array_is_left_out_and_the_others_are_read(
    raw: Path, kind: str, kept: float, spoiled: int
) -> None:
    for number in range(3):
        if kind == "npz":
            np.savez_compressed(raw / f"a{number}.npz", image=PHOTOS[number], label=MASKS[number])
        elif kind == "mat":
            savemat(raw / f"a{number}.mat", {"image": PHOTOS[number], "label": MASKS[number]})
        elif kind == "mat73":
            hdf(raw / f"a{number}.mat", number)
        else:
            npy(raw / f"images/a{number}.npy", PHOTOS[number])
            npy(raw / f"masks/a{number}.npy", MASKS[number])
    name = {"photos": "images/a.npy", "masks": "masks/a.npy", "npz": "a.npz"}.get(kind, "a.mat")
    path = raw / name.replace("a.", f"a{spoiled}.")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    result = run_prep("masks", "convert", raw, "-o", raw.parent / "set", "--first-id", 0)
    assert result.exit_code == 1, result.output
    assert "1 left out:" in result.stderr
    assert str(path) in result.stderr
    assert_samples(raw, {f"a{number}": number for number in range(3) if number != spoiled})


def test_the_photo_and_the_mask_that_are_left_are_no_pair_by_themselves(raw: Path) -> None:
    for number in range(2):
        npy(raw / f"images/a{number}.npy", PHOTOS[number])
        npy(raw / f"masks/a{number}.npy", MASKS[number])
    for name in ("images/a0.npy", "masks/a1.npy"):
        (raw / name).write_bytes(b"\x93NUMPY")
    said = run_error("masks", "convert", raw, "-o", raw.parent / "set")
    assert str(raw / "images/a0.npy") in said
    assert str(raw / "masks/a1.npy") in said
    assert not (raw.parent / "set" / "index.csv").exists()


def test_inspect_reads_them_too(raw: Path) -> None:
    np.savez(raw / "data.npz", images=PHOTOS, masks=MASKS)
    said = run_ok("masks", "inspect", raw / "data.npz").stdout
    assert "12 labels, read as ids" in said
    assert " road" in said


def test_photos_with_numbers_that_are_none_end_in_words(raw: Path) -> None:
    photos = PHOTOS.astype(np.float32)
    photos[3, 2, 1] = np.nan, np.inf, 0
    npy(raw / "images/a.npy", photos)
    npy(raw / "masks/a.npy", MASKS)
    result = run_prep("masks", "convert", raw, "-o", raw.parent / "set")
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)


@pytest.mark.parametrize("first", [False, True])
def test_channels_of_a_mask_beside_a_photo_of_its_name_are_classes(raw: Path, first: bool) -> None:
    for stem in range(3):
        channels = np.stack([MASKS[stem] == number for number in range(3)], 0 if first else -1)
        npy(raw / f"masks/{stem}.npy", channels.astype(np.float32))
        save(raw / f"images/{stem}.png", PHOTOS[stem])
    assert "3 channels are classes 0 to 2" in convert(raw)
    assert_samples(raw, {str(stem): stem for stem in range(3)})
    (raw / "classes.txt").unlink()
    said = run_error("masks", "convert", raw, "-o", raw.parent / "other")
    assert "3 channels are classes 0 to 2; a pixel in none of them is 3" in said.partition("Save these lines")[0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_channel_that_holds_no_number_is_no_class(raw: Path, value: float) -> None:
    """It is not 0, so that it would be painted as the class of its channel."""
    for stem in range(3):
        channels = np.stack([MASKS[stem] == number for number in range(3)], -1).astype(np.float32)
        channels[2, 3, 1] = channels[4, 5, 2] = value
        npy(raw / f"masks/{stem}.npy", channels)
        save(raw / f"images/{stem}.png", PHOTOS[stem])
    said = run_error("masks", "convert", raw, "-o", raw.parent / "set")
    assert f"holds {value} in 2 places" in said
    assert "mask[~np.isfinite(mask)] = 0" in said


def test_layers_of_objects_and_of_fractions_are_no_classes(raw: Path) -> None:
    for stem in range(2):
        npy(raw / f"masks/{stem}.npy", np.stack([MASKS[stem] == number for number in range(1, 3 + stem)]))
        save(raw / f"images/{stem}.png", PHOTOS[stem])
    said = run_error("masks", "convert", raw, "-o", raw.parent / "set")
    assert "masks of 2, 3 layers, which are objects then, and no classes" in said
    assert "np.save(path, mask.any(0).astype(np.uint8))" in said
    for stem in range(2):
        fractions = np.stack([np.where(MASKS[stem] == number, 0.8, 0.1) for number in range(3)], -1)
        npy(raw / f"masks/{stem}.npy", fractions)
    said = run_error("masks", "convert", raw, "-o", raw.parent / "set")
    assert "channels of fractions, as networks predict" in said
    assert "np.save(path, mask.argmax(2).astype(np.uint8))" in said
