"""Labels that could be read in a way that nobody meant: told, or refused, and the advice leads to what was meant."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prep.dataset.dataset import Dataset
from prep.labels.layouts.affixes import relate
from tests.support import masks_of, random_image, run_error, run_ok, save

SQUARE = [[10, 10], [30, 10], [30, 30], [10, 30]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "classes.txt").write_text("background\ncar\ntree\nbus\nbike\nsky\n")
    return tmp_path


def photo(name: str, seed: int = 0) -> None:
    save(Path(name), random_image(seed, 80, 120))


def labelme(name: str, label: str, says: str) -> None:
    shape = {"label": label, "points": SQUARE, "shape_type": "polygon"}
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    about = {"imagePath": says, "imageData": None, "imageHeight": 80, "imageWidth": 120}
    Path(name).write_text(json.dumps({"shapes": [shape], **about}))


def voc(name: str, label: str, says: str) -> None:
    corners = "".join(f"<x{n}>{x}</x{n}><y{n}>{y}</y{n}>" for n, (x, y) in enumerate(SQUARE, 1))
    shape = f"<object><name>{label}</name><polygon>{corners}</polygon></object>"
    size = "<size><width>120</width><height>80</height><depth>3</depth></size>"
    Path(name).write_text(f"<annotation><filename>{says}</filename>{size}{shape}</annotation>")


def pairs(*options: object) -> dict[int, int]:
    """Seed of the photo of each sample, and the class in the middle of its square."""
    run_ok("masks", "convert", "d", "-o", "out", *options)
    seeds = {random_image(seed, 80, 120).tobytes(): seed for seed in range(20)}
    images = {stem: np.asarray(Image.open(f"out/images/{stem}.png")).tobytes() for stem in masks_of(Path("out"))}
    return {seeds[images[stem]]: int(mask[20, 20]) for stem, mask in masks_of(Path("out")).items()}


@pytest.mark.parametrize(("write", "ending"), [(labelme, "json"), (voc, "xml")])
@pytest.mark.parametrize("shift", [1, 2])
def test_photos_and_labels_that_were_renumbered_together(write: object, ending: str, shift: int) -> None:
    """1.png with 1.json was 2.png with 2.json before: what the label says inside is of that time."""
    for number, label in enumerate("abc", start=1):
        photo(f"d/{number}.png", number)
        write(f"d/{number}.{ending}", label, f"{number + shift}.png")  # type: ignore[operator]
    said = run_ok("masks", "convert", "d", "-o", "other").output
    assert "says 2.png" in said or "says 3.png" in said
    assert "the photos of their own names are taken" in said
    assert pairs() == {1: 1, 2: 2, 3: 3}


@pytest.mark.parametrize(("write", "ending"), [(labelme, "json"), (voc, "xml")])
def test_labels_of_two_photos_that_name_one(write: object, ending: str) -> None:
    for number in (1, 2, 11, 12):
        photo(f"d/{number}.png", number)
        write(f"d/{number}.{ending}", "ab"[number > 2], f"{number % 10}.png")  # type: ignore[operator]
    assert pairs() == {1: 1, 2: 1, 11: 2, 12: 2}


@pytest.mark.parametrize(("write", "ending"), [(labelme, "json"), (voc, "xml")])
def test_where_only_some_labels_have_names_of_photos_nobody_knows(write: object, ending: str) -> None:
    for number in (1, 2, 3):
        photo(f"d/{number}.png", number)
    for number in (0, 1, 2):
        write(f"d/{number}.{ending}", "a", f"{number + 1}.png")  # type: ignore[operator]
    message = run_error("masks", "convert", "d", "-o", "out")
    assert f"d/1.{ending}: has the name of the photo 1.png and says inside that it is of 2.png" in message
    for number in (2, 1, 0):  # as it advises
        Path(f"d/{number}.{ending}").rename(f"d/{number + 1}.{ending}")
    assert pairs() == {1: 1, 2: 1, 3: 1}


@pytest.mark.parametrize(("write", "ending"), [(labelme, "json"), (voc, "xml")])
def test_labels_that_name_other_photos_than_those_they_are_called_after_are_doubted(write: object, ending: str) -> None:
    """They may have numbers of their own, or have got the numbers of photos: both are there."""
    for number in (1, 2, 7, 9):
        photo(f"d/{number}.png", number)
    for number, named in ((1, 7), (2, 9)):
        write(f"d/{number}.{ending}", "a", f"{named}.png")  # type: ignore[operator]
    message = run_error("masks", "convert", "d", "-o", "out")
    assert f"d/1.{ending}: has the name of the photo 1.png and says inside that it is of 7.png" in message


def test_labels_called_after_the_whole_name_of_a_photo_that_were_renumbered() -> None:
    for number, label in enumerate("abc", start=1):
        photo(f"d/{number}.png", number)
        labelme(f"d/{number}.png.json", label, f"{number % 3 + 1}.png")
    assert pairs() == {1: 1, 2: 2, 3: 3}


def test_equal_names_in_several_folders_are_those_that_labels_name() -> None:
    for name, seed in (("x/1", 1), ("x/2", 2), ("y/3", 3)):
        photo(f"d/{name}.png", seed)
    for name, label, named in (("x/1", "a", "1"), ("x/2", "b", "2"), ("y/1", "c", "3")):
        labelme(f"d/{name}.json", label, f"{named}.png")
    assert pairs() == {1: 1, 2: 2, 3: 3}


def test_paths_that_climb_out_of_the_folder_of_the_label_are_followed() -> None:
    for site, seed in (("A", 0), ("B", 5)):
        for number in range(2):
            photo(f"d/{site}/images/p{number}.png", seed + number)
            labelme(f"d/{site}/labels/p{number}.json", site, f"..\\images\\p{number}.png")
    assert pairs() == {0: 1, 1: 1, 5: 2, 6: 2}


def drawn() -> np.ndarray:
    mask = np.zeros((80, 120), np.uint8)
    mask[13:33, 10:31] = 5
    mask[43:70, 20:90] = 3
    return mask


def scaled(mask: np.ndarray, smaller: tuple[int, int]) -> Image.Image:
    return Image.fromarray(mask).resize(smaller, Image.Resampling.BILINEAR).resize((120, 80), Image.Resampling.BILINEAR)


@pytest.mark.parametrize("kind", ["jpg", "webp", "smaller", "smooth", "twice"])
def test_ids_that_were_stored_with_loss_or_scaled_smoothly_are_refused(kind: str) -> None:
    mask = np.minimum(drawn(), 2) if kind in ("jpg", "webp") else drawn()  # JPEG adds a little more
    pictures = {
        "smaller": scaled(mask, (50, 33)),
        "smooth": Image.fromarray(np.kron(mask, np.ones((3, 3), np.uint8))).resize(
            (121, 81), Image.Resampling.BILINEAR
        ),
        "twice": scaled(mask, (119, 79)),
    }
    picture, suffix = pictures.get(kind, Image.fromarray(mask)), kind if kind in ("jpg", "webp") else "png"
    for number in range(3):
        save(Path(f"d/images/{number}.png"), random_image(number, picture.height, picture.width))
        save(Path(f"d/masks/{number}.{suffix}"), picture.convert("RGB") if suffix == "webp" else picture, quality=80)
    typed = ("masks", "convert", "d", "-o", "out", "--classes", "classes.txt")
    message = run_error(*typed)
    assert ("stored with loss" if suffix != "png" else "scaled with interpolation") in message
    assert "add --from ids" in message
    assert not Path("out/index.csv").exists()
    assert "taken as they are" in run_ok(*typed, "--from", "ids").output


def test_a_damaged_mask_does_not_hide_that_the_others_were_scaled() -> None:
    for number in range(3):
        photo(f"d/images/{number}.png", number)
        save(Path(f"d/masks/{number}.png"), scaled(drawn(), (50, 33)))
    whole = Path("d/masks/0.png").read_bytes()
    Path("d/masks/0.png").write_bytes(whole[: len(whole) // 2])
    assert "scaled with interpolation" in run_error("masks", "convert", "d", "-o", "out", "--classes", "classes.txt")


def test_drawn_ids_and_noise_are_not_taken_for_scaled_ones() -> None:
    thin = drawn()
    thin[::8] = 4
    chance = np.random.default_rng(0).integers(0, 6, (80, 120)).astype(np.uint8)
    outlined = np.where(drawn() == 5, 2, 0).astype(np.uint8)
    outlined[12:34, 9:32][outlined[12:34, 9:32] == 0] = 1  # a rim of 1 between 0 and 2
    for number, mask in enumerate((drawn(), thin, chance, outlined)):
        photo(f"d/images/{number}.png", number)
        save(Path(f"d/masks/{number}.png"), mask)
    run_ok("masks", "convert", "d", "-o", "out", "--classes", "classes.txt")
    assert (masks_of(Path("out"))["2"] == chance).all()


@pytest.mark.parametrize(("outer", "inner"), [("classes.txt", "classes.txt"), ("codes.txt", "classes.txt")])
def test_lists_of_the_same_classes_in_another_order_are_refused(outer: str, inner: str) -> None:
    mask = np.zeros((80, 120), np.uint8)
    mask[10:30, 10:30] = 1
    photo("d/images/0.png")
    save(Path("d/masks/0.png"), mask)
    Path("d", outer).write_text("background\ncar\ntree\n")
    Path("d/masks", inner).write_text("background\ntree\ncar\n")
    message = run_error("masks", "convert", "d", "-o", "out")
    assert "have the same classes in another order" in message
    assert pairs("--classes", f"d/masks/{inner}") == {0: 1}
    Path("d/masks", inner).write_text("background\ncar\ntree\nbus\n")  # a longer one in the same order is none
    assert pairs("--overwrite", "--classes", f"d/{outer}") == {0: 1}


def test_a_list_of_yolo_in_another_order_is_refused() -> None:
    photo("d/images/0.png")
    Path("d/labels").mkdir()
    Path("d/labels/0.txt").write_text("0 .1 .1 .3 .1 .3 .4 .1 .4\n")
    Path("d/data.yaml").write_text("names: [car, tree]\n")
    Path("d/labels/classes.txt").write_text("tree\ncar\n")
    assert "d/data.yaml and d/labels/classes.txt have the same" in run_error("masks", "convert", "d", "-o", "out")
    Path("d/labels/classes.txt").write_text("person\nbus\ncar\n")  # of something else
    run_ok("masks", "convert", "d", "-o", "out")
    Path("d/data.yaml").write_text("names: [car, tree]\nkpt_shape: [1, 2]\n")
    assert "boxes with key points, no regions" in run_error("masks", "convert", "d", "-o", "other")


def test_dark_greys_among_colors_are_numbers_and_no_noise() -> None:
    """Plain masks of ids among coloured ones: taken for blends of black, all of their classes were background."""
    mask = np.zeros((80, 120), np.uint8)
    mask[10:30, 10:30], mask[10:30, 50:70] = 1, 2
    for number in range(3):
        photo(f"d/images/{number}.png", number)
        picture = Image.fromarray(mask)
        if number:
            picture = picture.convert("P")
            picture.putdata(mask.ravel().tolist())
            picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
        save(Path(f"d/masks/{number}.png"), picture)
    message = run_error("masks", "convert", "d", "-o", "out")
    assert "#010101, #020202 look like numbers of classes: do some of the masks hold ids?" in message
    assert "blended edges" not in message
    assert "class4,#020202" in message


def test_greys_with_transparent_pixels_are_proposed_as_classes() -> None:
    mask = np.zeros((80, 120, 2), np.uint8)
    mask[..., 1], mask[10:30, 10:30, 0], mask[10:30, 50:70, 0], mask[50:60, 10:30, 1] = 255, 1, 2, 0
    photo("d/images/0.png")
    save(Path("d/masks/0.png"), Image.fromarray(mask, "LA"))
    message = run_error("masks", "convert", "d", "-o", "out", "--classes", "classes.txt")
    assert "class0,#000000\nclass1,#010101\nclass2,#020202" in message


def test_labels_without_a_size_are_of_the_photos_that_the_images_were_made_of() -> None:
    photo("photos/0.png")
    shape = {"name": "polygon", "all_points_x": [10, 30, 30, 10], "all_points_y": [10, 10, 30, 30]}
    region = {"shape_attributes": shape, "region_attributes": {"type": "car"}}
    Path("labels").mkdir()
    entry = {"filename": "0.png", "size": 9, "regions": [region], "file_attributes": {}}
    Path("labels/via.json").write_text(json.dumps({"0.png9": entry}))
    run_ok("resize", "photos", "-o", "out", "--size", 60)
    run_ok("masks", "convert", "labels", "-o", "out")
    expected = np.zeros((40, 60), np.uint8)
    expected[5:15, 5:15] = 1
    assert (masks_of(Path("out"))["0"] == expected).all()


def test_masks_that_begin_one_before_the_images_are_doubted() -> None:
    for number in range(1, 6):
        photo(f"d/images/img_{number}.png", number)
        save(Path(f"d/masks/img_{number - 1}.png"), drawn()) if number < 5 else None
    message = run_error("masks", "convert", "d", "-o", "out", "--classes", "classes.txt")
    assert "their numbers begin one apart" in message


@pytest.mark.parametrize(
    ("images", "labels"),
    [(("IMG_0000", "IMG_0001"), ("IMG_0007_mask", "IMG_0001_mask")), (("p1_0000",), ("p1_5_seg",))],
)
def test_numbers_cut_off_both_names_do_not_pair(images: list[str], labels: list[str]) -> None:
    assert labels[0] in relate(images, labels).alone


@pytest.mark.parametrize(
    ("image", "label"),
    [
        *[("00{}_img", "00{}_mask"), ("frame_00000{}", "00000{}"), ("slice_0{}_0000", "slice_0{}")],
        *[("tile_1{}_34", "1{}_34"), ("case{}_0000", "case{}"), ("0{}_test", "0{}_manual1"), ("img_{}", "{}_mask")],
    ],
)
def test_usual_names_pair(image: str, label: str) -> None:
    assert relate([image.format(number) for number in (1, 2)], [label.format(number) for number in (1, 2)]).alone == ()


def test_dates_in_another_order_do_not_pair() -> None:
    for number, (image, mask) in enumerate((("2020_01_02", "02_01_2020"), ("2020_02_01", "01_02_2020"))):
        photo(f"d/images/{image}.png", number)
        save(Path(f"d/masks/{mask}.png"), drawn())
    message = run_error("masks", "convert", "d", "-o", "out", "--classes", "classes.txt")
    assert "--match '2020_{}'" not in message


def test_a_background_that_is_not_first_in_a_list_is_told_where_it_is_the_smaller_part() -> None:
    photo("raw/images/a.png")
    mask = np.zeros((80, 120), np.uint8)
    mask[40:44, 20:100] = 1
    save(Path("raw/masks/a.png"), mask)
    Path("raw/classes.txt").write_text("crack\nbackground\n")
    said = run_ok("masks", "convert", "raw", "-o", "d").stdout
    assert "background has 3.33% of the pixels (value 1), and crack 96.67% (value 0), as the list counts them" in said
    Path("raw/classes.txt").write_text("background\ncrack\n")
    said = run_ok("masks", "convert", "raw", "-o", "d", "--overwrite").stdout
    assert "as the list counts them" not in said
    classes, made = Dataset.open(Path("d")).classes.names, masks_of(Path("d"))["a"]
    assert (classes[made[0, 0]], classes[made[41, 50]]) == ("background", "crack")


def test_a_crack_drawn_in_black_is_told_and_the_two_lines_turn_it_round() -> None:
    photo("raw/images/a.png")
    mask = np.full((80, 120), 255, np.uint8)
    mask[40:44, 20:100] = 0
    save(Path("raw/masks/a.png"), mask)
    Path("raw/classes.txt").write_text("background\ncrack\n")
    said = run_ok("masks", "convert", "raw", "-o", "d").stdout
    assert "black, background, is 3.33% of the pixels, and white, crack, the rest: if black is crack, save" in said
    Path("classes.txt").write_text(said.partition("--overwrite:\n\n")[2].partition("\n\n")[0])
    said = run_ok("masks", "convert", "raw", "-o", "d", "--classes", "classes.txt", "--overwrite").stdout
    assert "if black is" not in said
    made = masks_of(Path("d"))["a"]
    assert (made[0, 0], made[41, 50], int((made == 1).sum())) == (0, 1, 320)


def test_a_list_of_colours_whose_rows_are_counted_is_compared_with_a_list_of_names() -> None:
    photo("raw/images/a.png")
    save(Path("raw/masks/a.png"), np.repeat(np.arange(3, dtype=np.uint8), 40)[None].repeat(80, 0))
    Path("raw/labelmap.txt").write_text("background:0,0,0::\ncar:255,0,0::\nroad:0,255,0::\n")
    Path("raw/names.txt").write_text("background\nroad\ncar\n")
    said = run_error("masks", "convert", "raw", "-o", "d")
    assert "labelmap.txt and " in said and "have the same classes in another order; say which of them" in said
    for name, first in (("labelmap", "car"), ("names", "road")):
        run_ok("masks", "convert", "raw", "-o", "d", "--overwrite", "--classes", f"raw/{name}.txt")
        classes, mask = Dataset.open(Path("d")).classes.names, masks_of(Path("d"))["a"]
        assert classes[mask[0, 60]] == first


@pytest.mark.parametrize(("gone", "said"), [(None, False), (5, True), (0, False)])
def test_numbers_that_fall_out_of_step_are_told(gone: int | None, said: bool) -> None:
    """Photos 10 to 18 and masks 1 to 9; or one photo was deleted, and the last of the masks never made."""
    numbers = [number for number in range(10) if number != gone][: 9 if gone is not None else 10]
    for place, number in enumerate(numbers):
        photo(f"raw/images/IMG_{10 + number:04d}.png", place)
        save(Path(f"raw/masks/mask{place + 1}.png"), np.full((80, 120), place % 2, np.uint8))
    Path("list.txt").write_text("background\nroad\n")
    told = run_ok("masks", "convert", "raw", "-o", "d", "--in-order", "--classes", "list.txt").stdout
    step = "the numbers keep step up to IMG_0014 with mask5, and then comes IMG_0016 with mask6: an image or a mask may"
    assert (step in told) == said
    assert ("keep step" in told) == said


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_photos_without_a_mask_are_not_lost_where_a_person_says_how_masks_are_called(ending: str) -> None:
    """The last eight show nothing but background; other masks of the first ones (_color) are no photos."""
    for number in range(12):
        photo(f"raw/img{number}.{ending}", number)
        if number < 4:
            save(Path(f"raw/img{number}_mask.png"), np.eye(80, 120, dtype=np.uint8))
            save(Path(f"raw/img{number}_color.png"), np.eye(80, 120, dtype=np.uint8) * 200)
    Path("list.txt").write_text("background\nroad\n")
    command = ("masks", "convert", "raw", "-o", "d", "--classes", "list.txt", "--match", "{}", "{}_mask")
    assert "8 images have no mask: img10, img11, img4, img5, img6 and 3 more" in run_error(*command)
    assert "and so background all over: 8 images" in run_ok(*command, "--without-mask", "background").stdout
    assert masks_of(Path("d")).keys() == {f"img{number}" for number in range(12)}


@pytest.mark.parametrize("options", [(), ("--unknown", "nearest", "--classes", "classes.txt")], ids=str)
def test_photos_and_masks_that_were_swapped_are_told_before_all_else(options: tuple[str, ...]) -> None:
    for n in range(5):
        photo(f"photos/a{n}.png", n)
        save(Path(f"labels/{n}.png"), np.full((80, 120), n, np.uint8))
    assert run_error("masks", "convert", "photos", "--images", "labels", "-o", "out", *options) == (
        "photos: these look like photos, and like masks the images in labels; type the same command with this as "
        "SOURCE:\n  labels --images photos"
    )
    assert not Path("out").exists()
