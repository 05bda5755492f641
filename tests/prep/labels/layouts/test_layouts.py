"""Folders as people have them: photos and masks are told apart, paired and divided without a pattern."""

import shlex
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prep.dataset.dataset import Dataset
from prep.images.finding import FoundFile
from prep.labels.layouts.division import divide
from tests.support import by_stem, masks_of, random_image, random_mask, run_error, run_ok, save, smooth_image

IDS = [random_mask(seed) for seed in range(6)]
"""(24, 32) of 0, 1, 2."""


@dataclass(frozen=True)
class Folder:
    """A raw folder, a class list beside it, and the dataset that is made of it."""

    path: Path

    @property
    def target(self) -> Path:
        return self.path.parent / "dataset"

    def photo(self, name: str) -> None:
        save(self.path / name, smooth_image(24, 32))

    def mask(self, name: str, number: int) -> None:
        save(self.path / name, IDS[number])

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")

    def arguments(self, *options: object, source: str = "") -> tuple[object, ...]:
        classes = self.path.parent / "names.txt"
        classes.write_text("background\nroad\ncar\n", encoding="utf-8")
        return ("masks", "convert", self.path / source, "-o", self.target, "--classes", classes, *options)

    def convert(self, *options: object, source: str = "") -> str:
        return run_ok(*self.arguments(*options, source=source)).stdout

    def assert_masks(self, expected: dict[str, int]) -> None:
        made = masks_of(self.target)
        assert {stem: int(np.argmax([np.array_equal(mask, ids) for ids in IDS])) for stem, mask in made.items()} == (
            expected
        )
        assert all(np.array_equal(made[stem], IDS[number]) for stem, number in expected.items())
        assert all(sample.image for sample in Dataset.open(self.target).samples)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "raw")


LAYOUTS = {
    "one folder, x_mask": ([("a b (1).png", "a b (1)_mask.png"), ("a b (2).png", "a b (2)_mask.png")], ""),
    "DeepGlobe": ([("1_sat.jpg", "1_mask.png"), ("2_sat.jpg", "2_mask.png")], ""),
    "CamVid in one folder": ([("0001TP_1.png", "0001TP_1_L.png"), ("0001TP_2.png", "0001TP_2_L.png")], ""),
    "one folder, x.jpg and x.png": ([("1.jpg", "1.png"), ("2.jpg", "2.png")], ""),
    "all in images/": ([("images/1.jpg", "images/1_mask.png"), ("images/2.jpg", "images/2_mask.png")], ""),
    "Ground Truth": ([("Original/1.tif", "Ground Truth/1.tif"), ("Original/2.tif", "Ground Truth/2.tif")], ""),
    "LIP": ([("train_images/1.jpg", "train_segmentations/1.png")], ""),
    "suffixes": ([("images/1.png", "labels/1_L.png"), ("images/2.png", "labels/2_L.png")], ""),
    "prefixes": ([("images/Img_1.png", "masks/Mask_1.png"), ("images/Img_2.png", "masks/Mask_2.png")], ""),
    "endings inside": ([("images/1.jpg", "masks/1.jpg.png"), ("images/2.jpg", "masks/2.jpg.png")], ""),
    "case": ([("images/IMG_1.JPG", "masks/img_1.png"), ("images/IMG_2.JPG", "masks/img_2.png")], ""),
    "mixed": ([("images/1.jpg", "masks/1.png"), ("images/2.jpg", "masks/2_mask.png")], ""),
    "Carvana": ([("train/a_1.jpg", "train_masks/a_1_mask.png"), ("train/a_2.jpg", "train_masks/a_2_mask.png")], ""),
    "ISIC": ([("X_Training_Input/I_1.jpg", "X_Training_GroundTruth/I_1_segmentation.png")], ""),
    "CamVid raw": ([("701_StillsRaw_full/A_1.png", "LabeledApproved_full/A_1_L.png")], ""),
    "Potsdam": ([("2_Ortho_RGB/p_2_RGB.tif", "5_Labels_all/p_2_label.tif")], ""),
    "a folder around the photos": ([("CXR_png/C_1_0.png", "masks/C_1_0_mask.png")], ""),
    "photos called p1": ([("train/p1.jpg", "train/p1_mask.png"), ("test/p2.jpg", "test/p2_mask.png")], "train test"),
    "photos called l1": ([("l1.jpg", "l1_mask.png"), ("l2.jpg", "l2_mask.png")], ""),
    "a folder each": ([("a1/a1.jpg", "a1/mask.png"), ("a2/a2.jpg", "a2/mask.png")], ""),
    "a folder each, called p1": ([("p1/p1.jpg", "p1/label.png"), ("p2/p2.jpg", "p2/label.png")], ""),
    "gts": ([("train/imgs/1.jpg", "train/gts/1.png"), ("test/imgs/2.jpg", "test/gts/2.png")], "train test"),
    "lab": ([("train/img/1.jpg", "train/lab/1.png"), ("test/img/2.jpg", "test/lab/2.png")], "train test"),
    "X and Y": ([("train/X/1.jpg", "train/Y/1.png"), ("val/X/2.jpg", "val/Y/2.png")], "train val"),
    "prefixes in splits": ([("train/1.jpg", "train/gt_1.png"), ("val/2.jpg", "val/gt_2.png")], "train val"),
    "photos in no folder": ([("1.jpg", "masks/1.png"), ("2.jpg", "masks/2.png")], ""),
    "two names in one folder": ([("image_1.png", "mask_1.png"), ("image_2.png", "mask_2.png")], ""),
    "a folder a sample": ([("s1/image.png", "s1/mask.png"), ("s2/image.png", "s2/mask.png")], ""),
    "FloodNet": (
        [
            ("train/train-org-img/1.jpg", "train/train-label-img/1_lab.png"),
            ("val/val-org-img/2.jpg", "val/val-label-img/2_lab.png"),
        ],
        "train val",
    ),
    "LoveDA": (
        [
            ("Train/Urban/images_png/1.png", "Train/Urban/masks_png/1.png"),
            ("Val/Rural/images_png/2.png", "Val/Rural/masks_png/2.png"),
        ],
        "train val",
    ),
    "splits of masks only": ([("images/1.jpg", "masks/train/1.png"), ("images/2.jpg", "masks/val/2.png")], "train val"),
    "DRIVE": (
        [
            ("training/images/21_training.tif", "training/1st_manual/21_manual1.png"),
            ("test/images/01_test.tif", "test/1st_manual/01_manual1.png"),
        ],
        "train test",
    ),
    "mmsegmentation": (
        [("img_dir/train/1.jpg", "ann_dir/train/1.png"), ("img_dir/val/2.jpg", "ann_dir/val/2.png")],
        "train val",
    ),
    "ADE20K": (
        [
            ("images/training/A_1.jpg", "annotations/training/A_1.png"),
            ("images/validation/A_2.jpg", "annotations/validation/A_2.png"),
        ],
        "train val",
    ),
    "split in the names": (
        [("images_train/1.jpg", "masks_train/1.png"), ("images_val/2.jpg", "masks_val/2.png")],
        "train val",
    ),
    "nnU-Net": (
        [("imagesTr/1.png", "labelsTr/1.png"), ("imagesTs/2.png", "labelsTs/2.png")],
        "train test",
    ),
    "SegNet": ([("train/1.png", "trainannot/1.png"), ("val/2.png", "valannot/2.png")], "train val"),
    "split outside": (
        [("train/images/1.jpg", "train/masks/1.png"), ("val/images/2.jpg", "val/masks/2.png")],
        "train val",
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pairs_and_splits_without_a_pattern(folder: Folder, layout: str) -> None:
    pairs, splits = LAYOUTS[layout]
    for number, (photo, mask) in enumerate(pairs):
        folder.photo(photo)
        folder.mask(mask, number)
    said = folder.convert()
    found = by_stem(folder.target)
    parts = [(Path(photo).parent.name, Path(photo).stem) for photo, _ in pairs]
    ends = [stem if stem != "image" else f"{parent}_{stem}" for parent, stem in parts]
    stems = [next(stem for stem in found if stem.endswith(end)) for end in ends]
    folder.assert_masks({stem: number for number, stem in enumerate(stems)})
    assert [found[stem].split for stem in stems] == (splits.split() or [""] * len(pairs))
    assert ("the labels came divided, and stay so" in said) == bool(splits)
    assert run_ok("masks", "inspect", folder.path).stdout.splitlines()[
        -1
    ] == f"{len(pairs)} labels, read as ids".replace("1 labels", "1 label")


@pytest.mark.parametrize("pattern", ["road_{}", "{}_road"])
def test_patterns_of_names_in_the_folders_of_splits_are_printed_and_taken(folder: Folder, pattern: str) -> None:
    for number, place in ((1, "train"), (2, "train"), (3, "val")):
        save(folder.path / f"{place}/{number}.jpg", random_image(number, 24, 32))
        folder.mask(f"{place}/{pattern.format(number)}.png", number)
    assert shlex.join(["--match", "{}", pattern]) in run_error(*folder.arguments())
    folder.convert("--match", "{}", pattern)
    folder.assert_masks({"train_1": 1, "train_2": 2, "val_3": 3})


def test_how_names_pair_is_said_in_one_line(folder: Folder) -> None:
    for number in (1, 2, 3):
        folder.photo(f"images/{number}.jpg")
        folder.mask(f"masks/{number}{'_mask' if number == 3 else ''}.png", number)
    assert "paired by name: 2 as '{}' '{}' (1 with 1), 1 as '{}' '{}_mask' (3 with 3_mask)" in folder.convert()


def cityscapes(folder: Folder) -> None:
    for number, name in enumerate(("train/ulm/ulm_1", "train/ulm/ulm_2", "val/bonn/bonn_3")):
        folder.photo(f"leftImg8bit/{name}_leftImg8bit.png")
        folder.mask(f"gtFine/{name}_gtFine_labelIds.png", number)
        save(folder.path / f"gtFine/{name}_gtFine_color.png", smooth_image(24, 32))
        save(folder.path / f"gtFine/{name}_gtFine_instanceIds.png", IDS[0].astype(np.uint16) * 1000)


CITIES = {
    f"{name}_leftImg8bit": number
    for number, name in enumerate(("train_ulm_ulm_1", "train_ulm_ulm_2", "val_bonn_bonn_3"))
}


def test_cityscapes_label_ids_are_taken(folder: Folder) -> None:
    cityscapes(folder)
    said = folder.convert()
    folder.assert_masks(CITIES)
    assert "labelIds are the numbers of its classes; left out: 3 named {}_gtFine_color, 3 named" in said
    assert {sample.split for sample in by_stem(folder.target).values()} == {"train", "val"}
    folder.convert("--images", folder.path / "leftImg8bit", "--overwrite", source="gtFine")
    folder.assert_masks(CITIES)


def test_typed_patterns_are_enough(folder: Folder) -> None:
    cityscapes(folder)
    patterns = ("--match", "{}_leftImg8bit", "{}_gtFine_labelIds")
    assert "left out, because --match finds no partner for them: 6 images (gtFine/train/ulm/" in folder.convert(
        *patterns
    )
    folder.assert_masks(CITIES)
    said = folder.convert(*patterns, "--images", folder.path / "leftImg8bit", "--overwrite", source="gtFine")
    folder.assert_masks(CITIES)
    assert "left out, because --match takes others: 6 masks" in said


def test_masks_of_several_kinds_are_asked_about_and_the_answer_works(folder: Folder) -> None:
    for number in (0, 1):
        folder.photo(f"{number}.png")
        folder.mask(f"{number}_label.png", number)
        folder.mask(f"{number}_seg.png", number + 2)
    said = run_error(*folder.arguments())
    assert "2 images and 4 masks of several kinds: which masks are meant?" in said
    for start, expected in (("'{}' '{}_label'", {"0": 0, "1": 1}), ("'{}' '{}_seg'", {"0": 2, "1": 3})):
        line = next(line for line in said.splitlines() if start in line)
        folder.convert("--overwrite", *shlex.split(line)[:3])
        folder.assert_masks(expected)


def test_pixel_annotation_tool_takes_the_watershed(folder: Folder) -> None:
    for number in (0, 1):
        folder.photo(f"IMG_{number}.png")
        folder.mask(f"IMG_{number}_mask.png", 5)
        folder.mask(f"IMG_{number}_watershed_mask.png", number)
        save(folder.path / f"IMG_{number}_color_mask.png", smooth_image(24, 32))
    assert "the watershed mask is the finished one" in folder.convert()
    folder.assert_masks({"IMG_0": 0, "IMG_1": 1})


@pytest.mark.parametrize(
    ("classes", "others"),
    [
        ("label_images_semantic", "RGB_color_image_masks"),
        ("semantic", "semantic_rgb"),
        ("labels/gtLabels", "labels/rgbLabels"),
        ("sem_seg/masks", "sem_seg/colormaps"),
        ("labels", "color_labels"),
        ("gt", "gt_instances/annotations"),
    ],
)
def test_pictures_of_masks_and_instances_are_left_out(folder: Folder, classes: str, others: str) -> None:
    for number in (0, 1):
        folder.photo(f"images/{number}.jpg")
        folder.mask(f"{classes}/{number}.png", number)
        save(folder.path / others / f"{number}.png", smooth_image(24, 32))
    said = folder.convert()
    assert others in said
    folder.assert_masks({"0": 0, "1": 1})


def test_a_folder_that_only_masks_have_does_not_part_them_from_their_photos(folder: Folder) -> None:
    for number, split in enumerate(("training", "validation")):
        folder.photo(f"{split}/images/{number}.jpg")
        folder.mask(f"{split}/v2.0/labels/{number}.png", number)
        save(folder.path / split / "v2.0" / "instances" / f"{number}.png", smooth_image(24, 32))
    folder.convert()
    folder.assert_masks({"training_0": 0, "validation_1": 1})


def test_the_outer_folder_tells_where_all_inner_ones_are_called_images(folder: Folder) -> None:
    for number in (0, 1):
        folder.photo(f"train/images/images/{number}.png")
        folder.mask(f"train/Semantic_masks/images/{number}_instance_color_RGB.png", number)
    folder.convert()
    folder.assert_masks({"train_0": 0, "train_1": 1})


def test_pairs_by_ending_lie_in_folders_of_splits(folder: Folder) -> None:
    for number, split in enumerate(("traincrop", "valcrop")):
        folder.photo(f"{split}/{number}.jpg")
        folder.mask(f"{split}/{number}.png", number)
    folder.convert()
    folder.assert_masks({"traincrop_0": 0, "valcrop_1": 1})


def test_a_split_and_an_id_in_a_masks_name_pair_it(folder: Folder) -> None:
    for number, split in enumerate(("train", "val")):
        folder.photo(f"images/{split}/{number}.jpg")
        folder.mask(f"labels/{split}/{number}_{split}_id.png", number)
    folder.convert()
    folder.assert_masks({"train_0": 0, "val_1": 1})


@pytest.mark.parametrize(
    ("masks", "tool", "numbers", "names"),
    [
        ("gtFine/{}_gtFine_labelIds", "Cityscapes", (7, 26, 4), ("road", "car", "")),
        ("gtFine/{}_gtFine_labelTrainIds", "Cityscapes", (0, 13, 255), ("road", "car", "")),
        ("annotations/trimaps/{}", "the Oxford pets", (1, 2, 3), ("pet", "background", "border")),
        ("Urban/masks_png/{}", "LoveDA", (1, 3, 0), ("background", "road", "")),
    ],
)
def test_names_of_known_sets_are_a_guess(
    masks: str, tool: str, numbers: tuple[int, ...], names: tuple[str, ...], tmp_path: Path
) -> None:
    ids = np.array(numbers, np.uint8)[IDS[1] % 3]
    place = "Urban/images_png" if "Urban" in masks else "leftImg8bit"
    stem = "a_leftImg8bit" if "gtFine" in masks else "a"
    save(tmp_path / "raw" / place / f"{stem}.png", smooth_image(24, 32))
    save(tmp_path / "raw" / f"{masks.format('a')}.png", ids)
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    assert f"no class map lies beside these masks: the classes are those of {tool}" in text
    classes = Dataset.open(tmp_path / "set").classes.names
    (mask,) = masks_of(tmp_path / "set").values()
    for number, name in zip(numbers, names, strict=True):
        assert set(mask[ids == number].tolist()) == {classes.index(name) if name else 255}

    own = sorted(set(numbers) - {255})
    (tmp_path / "raw" / "classes.txt").write_text("".join(f"c{number},{number}\n" for number in own))
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "other")
    assert Dataset.open(tmp_path / "other").classes.names == tuple(f"c{number}" for number in own)


def test_folders_of_masks_with_the_same_names_are_asked_about(folder: Folder) -> None:
    for number in (0, 1):
        folder.photo(f"original_images/{number}.jpg")
        folder.mask(f"label_images_semantic/{number}.png", number)
        save(folder.path / f"annotations/{number}.png", smooth_image(24, 32))
    said = run_error(*folder.arguments())
    assert "2 names of masks stand in several folders" in said
    line = next(line for line in said.splitlines() if "label_images_semantic" in line)
    source, _, photos = shlex.split(line)[:3]
    run_ok(*folder.arguments("--images", photos, source=source))
    folder.assert_masks({"0": 0, "1": 1})


def test_test_images_without_masks_stay_out(folder: Folder) -> None:
    for number, split in enumerate(("train", "val")):
        folder.photo(f"images/{split}/{number}.jpg")
        folder.mask(f"masks/{split}/{number}.png", number)
    folder.photo("images/test/9.jpg")
    assert "1 image of the test folder without a mask left out" in folder.convert()
    folder.assert_masks({"train_0": 0, "val_1": 1})


def test_photos_alone_are_no_labels(folder: Folder) -> None:
    folder.photo("images/a.jpg")
    assert "no labels here" in run_error(*folder.arguments())


def test_photos_given_from_the_folder_of_the_masks_are_no_masks(folder: Folder) -> None:
    for number in (0, 1):
        folder.photo(f"{number}.png")
        folder.mask(f"{number}_mask.png", number)
    folder.convert("--images", folder.path)
    folder.assert_masks({"0": 0, "1": 1})


def noisy(folder: Folder, name: str, seed: int) -> None:
    save(folder.path / name, np.random.default_rng(seed).integers(0, 256, (60, 80, 3), dtype=np.uint8))


def test_photos_that_are_taken_for_masks_are_told(folder: Folder) -> None:
    """Two folders whose names say nothing: the values of photos are too many for masks."""
    for stem in ("a", "b"):
        folder.photo(f"images/{stem}.jpg")
        noisy(folder, f"other/{stem}.png", ord(stem))
    root = folder.path.parent / "new"
    said = run_error("masks", "convert", folder.path, "-o", root)
    assert "so many values are those of photos, not of masks" in said
    assert "nearest" not in said
    classes = folder.path.parent / "colors.txt"
    classes.write_text("background,#000000\nroad,#ff0000\n", encoding="utf-8")
    said = run_error("masks", "convert", folder.path, "-o", root, "--classes", classes)
    assert "so many values are those of photos, not of masks" in said
    assert "--unknown" not in said
    said = run_ok("masks", "inspect", folder.path).stdout
    assert "so many values are those of photos, not of masks" in said
    assert "--unknown nearest" not in said


def test_images_without_a_mask_are_background_where_that_is_said(folder: Folder) -> None:
    for number in (0, 1, 2):
        folder.photo(f"images/{number}.jpg")
    save(folder.path / "images/turned.tif", smooth_image(20, 10))
    folder.mask("masks/1.png", 1)
    said = run_error(*folder.arguments())
    assert "3 images have no mask: 0, 2, turned" in said
    assert "--without-mask background gives them that mask (or whatever the class map calls that class)" in said
    said = folder.convert("--without-mask", "background")
    made = masks_of(folder.target)
    assert np.array_equal(made["1"], IDS[1])
    assert made["turned"].shape == (20, 10)
    assert not any(made[stem].any() for stem in ("0", "2", "turned"))
    assert "without a mask, and so background all over: 3 images (0, 2, turned)" in said
    assert "left out" not in said


def test_images_without_a_mask_need_a_class_that_is_there(folder: Folder) -> None:
    folder.photo("images/1.jpg")
    folder.photo("images/2.jpg")
    folder.mask("masks/1.png", 1)
    said = run_error(*folder.arguments("--without-mask", "nothing"))
    assert "--without-mask nothing: no class has that name; there are background, road, car" in said
    assert not folder.target.exists()


@pytest.mark.parametrize(
    ("orientation", "size", "told"), [(3, (24, 32), True), (6, (24, 24), True), (6, (24, 32), False)]
)
def test_photos_whose_size_does_not_tell_how_masks_lie_are_told(
    folder: Folder, orientation: int, size: tuple[int, int], told: bool
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(folder.path / "images/a.jpg", smooth_image(*size), exif=exif)
    save(folder.path / "masks/a.png", random_mask(0, *size))
    for said in (folder.convert(), run_ok("masks", "inspect", folder.path).stdout):
        assert ("square and turned by EXIF" in said.replace("\n", " ")) == told


def test_drive_takes_the_first_observer_and_not_the_field_of_view(folder: Folder) -> None:
    for half, number in (("training", 21), ("test", 1)):
        folder.photo(f"{half}/images/{number}_{half}.tif")
        folder.mask(f"{half}/1st_manual/{number}_manual1.png", number % 3)
        folder.mask(f"{half}/mask/{number}_{half}_mask.png", 5)
    folder.mask("test/2nd_manual/1_manual2.png", 5)
    said = folder.convert()
    folder.assert_masks({"training_21_training": 0, "test_1_test": 1})
    assert "the first observer's masks are the truth, and mask is the field of view; left out: 3 masks" in said
    assert {stem: sample.split for stem, sample in by_stem(folder.target).items()} == {
        "training_21_training": "train",
        "test_1_test": "test",
    }


def test_a_zip_file_in_the_folder_is_named(folder: Folder) -> None:
    folder.photo("images/a.jpg")
    with zipfile.ZipFile(folder.path / "task.zip", "w") as archive:
        archive.write(save(folder.path.parent / "a.png", IDS[1]), "SegmentationClass/a.png")
    said = run_error(*folder.arguments())
    line = said.splitlines()[-1]
    assert line == f"  {folder.path / 'task.zip'}"
    run_ok(*folder.arguments(source="task.zip"))
    folder.assert_masks({"a": 1})


def test_folders_whose_names_say_nothing_are_told_by_what_they_hold(folder: Folder) -> None:
    for number, stem in enumerate(("a", "b")):
        noisy(folder, f"y/{stem}.png", number)
        save(folder.path / f"x/{stem}.png", np.repeat(np.repeat(IDS[number][:12, :16], 5, 0), 5, 1))
    said = folder.convert()
    assert "photos are taken from y/, and masks from x/" in said
    assert np.array_equal(masks_of(folder.target)["b"][::5, ::5], IDS[1][:12, :16])


def test_photos_that_were_brought_in_are_not_brought_again(folder: Folder) -> None:
    """Images of resize stay as they are, also where names of masks have a word more."""
    for number in (0, 1):
        folder.photo(f"images/{number}.png")
        save(folder.path / f"labels/{number}_L.png", IDS[number])
    run_ok("resize", folder.path / "images", "-o", folder.target, "--size", "16")
    before = (folder.target / by_stem(folder.target)["0"].image).read_bytes()
    folder.convert()
    assert (folder.target / by_stem(folder.target)["0"].image).read_bytes() == before
    assert masks_of(folder.target)["1"].shape == (12, 16)


@pytest.mark.parametrize(
    ("photos", "masks"), [("train", "train_masks"), ("train_images", "train_segmentations"), ("images", "masks")]
)
def test_photos_beside_a_folder_of_masks(folder: Folder, photos: str, masks: str) -> None:
    for number in (0, 1):
        folder.photo(f"{photos}/{number}.jpg")
        folder.photo(f"test_images/{number + 7}.jpg")
        folder.mask(f"{masks}/{number}_mask.png", number)
    folder.convert(source=masks)
    folder.assert_masks({"0": 0, "1": 1})


def test_telling_masks_of_several_kinds_takes_few_steps_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """20,000 photos must not take 20,000 times 20,000 steps."""
    names = [f"{place}/{number}.png" for place in ("images", "semantic", "semantic_rgb") for number in range(300)]
    files = [FoundFile(Path(name), name) for name in names]
    hashed = 0

    def count(file: FoundFile) -> int:
        nonlocal hashed
        hashed += 1
        return hash(file.name)

    monkeypatch.setattr(FoundFile, "__hash__", count)
    found = divide(files)
    assert (len(found.photos), len(found.masks)) == (300, 300)
    assert hashed < 20 * len(files)


def test_kittis_road_and_lane_are_asked_about(folder: Folder) -> None:
    for number in (0, 1):
        folder.photo(f"training/image_2/um_{number}.png")
        folder.mask(f"training/gt_image_2/um_road_{number}.png", number)
        folder.mask(f"training/gt_image_2/um_lane_{number}.png", 5)
    said = run_error(*folder.arguments(source="training"))
    line = next(line for line in said.splitlines() if "road" in line)
    folder.convert(*shlex.split(line)[:3], source="training")
    folder.assert_masks({"um_0": 0, "um_1": 1})


def test_folders_of_photos_are_groups(folder: Folder) -> None:
    for number, tile in enumerate(("Tile 1", "Tile 2", "Tile 3")):
        for part in (2 * number, 2 * number + 1):
            folder.photo(f"{tile}/images/part_{part % 2}.jpg")
            folder.mask(f"{tile}/masks/part_{part % 2}.png", part)
    folder.convert()
    run_ok("split", folder.target, "--group-by", "folder", "--no-dedupe")
    found = by_stem(folder.target)
    assert {stem: sample.group for stem, sample in found.items()} == {
        f"{tile}_part_{part}": f"{tile}/images" for tile in ("Tile 1", "Tile 2", "Tile 3") for part in (0, 1)
    }
    assert all(len({found[f"Tile {n}_part_{part}"].split for part in (0, 1)}) == 1 for n in (1, 2, 3))


@pytest.mark.parametrize("place", ["{0}/{1}", "{1}/{0}", "{0}/480p/{1}"])
@pytest.mark.parametrize("version", ["v{}", "V{}"])
def test_folders_of_videos_called_v1_and_v2_are_no_versions(place: str, version: str, folder: Folder) -> None:
    for number in range(4):
        name = version.format(1 + number // 2)
        folder.photo(f"{place.format('images', name)}/{number % 2}.png")
        folder.mask(f"{place.format('masks', name)}/{number % 2}.png", number)
    assert "newest" not in folder.convert()
    inner = "480p_" * ("480p" in place)
    folder.assert_masks({f"{inner}{version.format(1 + number // 2)}_{number % 2}": number for number in range(4)})


def test_batches_of_masks_called_v1_and_v2_are_no_versions(folder: Folder) -> None:
    for number in range(4):
        folder.photo(f"images/p{number}.png")
        folder.mask(f"masks/v{1 + number // 3}/p{number}.png", number)
    folder.convert()
    folder.assert_masks({f"p{number}": number for number in range(4)})


def test_a_newer_version_that_lacks_masks_is_asked_about(folder: Folder) -> None:
    for number in range(3):
        folder.photo(f"images/p{number}.png")
        folder.mask(f"masks/v1/p{number}.png", number)
    folder.mask("masks/v2/p0.png", 5)
    said = run_error(*folder.arguments())
    assert "\n  --match '{}' 'v1_{}'   3 masks, p0 with v1_p0\n  --match '{}' 'v2_{}' --skip-unpaired" in said
    assert "--from" not in said
    folder.convert("--match", "{}", "v1_{}")
    folder.assert_masks({f"p{number}": number for number in range(3)})


def test_versions_in_folders_of_splits_pair_also_where_a_split_is_a_word_of_photos(folder: Folder) -> None:
    for number, split in enumerate(("train", "val")):
        folder.photo(f"{split}/images/p{number}.png")
        folder.mask(f"{split}/v1.2/labels/p{number}.png", 5)
        folder.mask(f"{split}/v2.0/labels/p{number}.png", number)
    assert "of v1.2, v2.0 the newest is taken" in folder.convert()
    folder.assert_masks({"train_p0": 0, "val_p1": 1})
