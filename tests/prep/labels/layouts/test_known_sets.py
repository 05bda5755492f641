"""Twins of sets that people download: what their folders and lists mean, and never another class or photo."""

import json

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from tests.prep.labels.layouts.downloads import Download
from tests.support import by_stem, random_mask, run_ok, save, smooth_image

IDS = [random_mask(seed) for seed in range(4)]
"""(24, 32) of 0, 1, 2."""

VOID, PERSON, CAR, WOOD = 0, 1, 3, 182
COCO_STUFF = ["unlabeled", "person", "bicycle", "car", *(f"name{raw}" for raw in range(4, 182)), "wood"]
COCO_STUFF[92] = "banner"


def coco_stuff(download: Download, values: tuple[int, int, int]) -> None:
    for number, split in enumerate(("train2017", "val2017")):
        download.photo(f"images/{split}/{number}.jpg")
        download.mask(f"annotations/{split}/{number}.png", np.array(values)[IDS[number]])
    download.write("labels.txt", "".join(f"{raw}: {name}\n" for raw, name in enumerate(COCO_STUFF)))


@pytest.mark.parametrize("options", [(), ("--first-id", 0)])
def test_coco_stuffs_maps_are_one_below_its_list(download: Download, options: tuple[object, ...]) -> None:
    coco_stuff(download, (255, PERSON - 1, WOOD - 1))
    said = download.convert(*options)
    assert np.array_equal(download.named("train2017_0"), np.array(["", "person", "wood"])[IDS[0]])
    assert "COCO-Stuff's list counts from 1 and these masks from 0: that is person" in said
    values = run_ok("masks", "inspect", download.path).stdout.splitlines()
    assert any(line.startswith("181 ") and line.endswith(" wood") for line in values)


@pytest.mark.parametrize("values", [(VOID, CAR, WOOD), (VOID, CAR, WOOD + 1)])
def test_coco_stuffs_pixel_maps_are_as_its_list(download: Download, values: tuple[int, int, int]) -> None:
    coco_stuff(download, values)
    download.convert("--unknown", "ignore")
    names = ["", "car", "wood" if values[2] == WOOD else ""]
    assert np.array_equal(download.named("val2017_1"), np.array(names)[IDS[1]])


def test_coco_stuffs_maps_that_do_not_tell_are_asked_about(download: Download) -> None:
    coco_stuff(download, (VOID, PERSON, CAR))
    said = download.error()
    assert "which number is person?" in said
    download.convert("--first-id", 1)
    assert np.array_equal(download.named("train2017_0"), np.array(["", "person", "car"])[IDS[0]])
    download.convert("--first-id", 0, "--overwrite")
    assert np.array_equal(download.named("train2017_0"), np.array(["person", "bicycle", "name4"])[IDS[0]])


@pytest.mark.parametrize("values", [(VOID, CAR, WOOD), (255, CAR, WOOD)])
def test_coco_stuffs_last_number_tells_that_it_counts_from_1(download: Download, values: tuple[int, int, int]) -> None:
    coco_stuff(download, values)
    said = download.error("--first-id", 0)
    assert "the masks hold 182, which would be of no class" in said
    assert "  --first-id 1" in said.splitlines()
    download.convert("--first-id", 1)
    assert np.array_equal(download.named("val2017_1"), np.array(["", "car", "wood"])[IDS[1]])


def test_train_ids_that_are_not_cityscapes_get_none_of_its_names(download: Download) -> None:
    download.photo("images/1.jpg")
    download.mask("annotations/1.png", IDS[1])
    download.mask("annotations/1_labelTrainIds.png", IDS[0])
    assert "which value is which class?" in download.error()


@pytest.mark.parametrize(
    ("photo", "mask", "tool", "numbers"),
    [
        ("images/10k/train/{}.jpg", "labels/sem_seg/masks/train/{}.png", "BDD100K", (0, 13, 255)),
        ("seg/images/train/{}.jpg", "seg/labels/train/{}_train_id.png", "BDD100K", (0, 13, 255)),
        ("training/image_2/{}.png", "training/semantic/{}.png", "KITTI", (7, 26, 4)),
    ],
)
def test_classes_of_driving_sets(
    download: Download, photo: str, mask: str, tool: str, numbers: tuple[int, int, int]
) -> None:
    for number in (0, 1):
        download.photo(photo.format(f"00000{number}_10"))
        download.mask(mask.format(f"00000{number}_10"), np.array(numbers)[IDS[number]])
    assert f"the classes are those of {tool}" in download.convert()
    stem = next(stem for stem in download.masks if stem.endswith("000001_10"))
    assert np.array_equal(download.named(stem), np.array(["road", "car", ""])[IDS[1]])


def test_celebamask_pairs_numbers_and_paints_skin_first(download: Download) -> None:
    for number, chunk in ((0, 0), (7, 0), (12, 1)):
        download.photo(f"CelebA-HQ-img/{number}.jpg")
        for name, inside in (("skin", IDS[2] >= 1), ("l_eye", IDS[2] == 2), ("r_eye", IDS[number % 2] == 2)):
            download.part(f"CelebAMask-HQ-mask-anno/{chunk}/{number:05}_{name}.png", inside)
    said = download.convert()
    assert download.names == ("background", "skin", "l_eye", "r_eye")
    assert sorted(download.masks) == ["0", "12", "7"]
    assert np.array_equal(download.masks["7"], np.where(IDS[1] == 2, 3, IDS[2]))
    assert np.array_equal(download.masks["12"], np.where(IDS[0] == 2, 3, IDS[2]))
    assert "9 masks of 3 classes (skin, l_eye, r_eye) merged into one mask for each of 3 photos" in said


def test_numbers_with_and_without_leading_zeros_pair(download: Download) -> None:
    for number in (1, 2, 10):
        download.photo(f"images/{number}.jpg")
        download.mask(f"masks/{number:04}.png", IDS[number % 4])
    download.write("classes.txt", "a\nb\nc\n")
    assert "paired by names that differ in leading zeros only: 1 with 0001" in download.convert()
    assert np.array_equal(download.masks["10"], IDS[2])


def test_parts_that_every_photo_has_are_classes_and_not_objects(download: Download) -> None:
    parts = np.random.default_rng(0).integers(0, 5, (3, 24, 32))
    for number in range(3):
        download.photo(f"images/{number}_1.jpg")
        for part in range(5):
            download.part(f"labels/{number}_1/{number}_1_lbl{part:02}.png", parts[number] == part)
    download.convert()
    assert download.names == tuple(f"lbl{part:02}" for part in range(5))
    assert np.array_equal(download.masks["2_1"], parts[2])


def test_agriculture_vision_is_ignored_outside_of_the_field(download: Download) -> None:
    field, good = np.ones((2, 24, 32), np.bool_)
    field[:4], good[:, -3:] = False, False
    for number, split in enumerate(("train", "train", "val")):
        download.photo(f"{split}/images/rgb/{number}.jpg")
        save(download.path / f"{split}/images/nir/{number}.jpg", smooth_image(24, 32)[..., 0])
        download.part(f"{split}/boundaries/{number}.png", field)
        download.part(f"{split}/masks/{number}.png", good)
        for place, name in enumerate(("double_plant", "water"), start=1):
            download.part(f"{split}/labels/{name}/{number}.png", IDS[number] == place)
    said = download.convert()
    assert download.names == ("background", "double_plant", "water")
    assert np.array_equal(download.masks["val_2"], np.where(field & good, IDS[2], 255))
    assert "outside of boundaries/ and masks/, and so ignored: of 3 photos" in said
    assert "a photo is of three colours; left out: 3 images in train/images/nir, val/images/nir" in said
    assert {sample.split for sample in by_stem(download.path.parent / "set").values()} == {"train", "val"}


def test_of_vistas_versions_the_newest_is_taken(download: Download) -> None:
    for number, split in enumerate(("training", "validation")):
        download.photo(f"{split}/images/{number}.jpg")
        for version, ids in (("v1.2", IDS[3]), ("v2.0", IDS[number])):
            download.mask(f"{split}/{version}/labels/{number}.png", ids)
    for version in ("1.2", "2.0"):
        names = [f"{name} {version}" for name in ("bird", "curb", "person")]
        labels = [{"name": name, "readable": name, "color": [place, 8, 7]} for place, name in enumerate(names)]
        download.write(f"config_v{version}.json", json.dumps({"version": version, "labels": labels}))
    assert "of v1.2, v2.0 the newest is taken; left out: 2 masks" in download.convert()
    assert download.names == ("bird 2.0", "curb 2.0", "person 2.0")
    assert np.array_equal(download.masks["validation_1"], IDS[1])


def test_photos_of_one_name_in_several_folders_are_told_by_the_folder_that_coco_names(download: Download) -> None:
    """TACO: data/annotations.json names batch_1/0.jpg, and the person names the folder above."""
    images, annotations = [], []
    for number, batch in enumerate(("batch_1", "batch_2")):
        save(download.path / f"data/{batch}/0.jpg", np.full((24, 32, 3), 60 + 100 * number, np.uint8))
        images.append({"id": number, "file_name": f"{batch}/0.jpg", "width": 32, "height": 24})
        corners = [4, 4, 12, 4, 12, 12 + 4 * number, 4, 12 + 4 * number]
        annotations.append({"id": number, "image_id": number, "category_id": 0, "segmentation": [corners]})
    content = {"images": images, "annotations": annotations, "categories": [{"id": 0, "name": "Bottle"}]}
    download.write("data/annotations.json", json.dumps(content))
    download.convert()
    sizes = [int((download.masks[f"batch_{number}_0"] == 1).sum()) for number in (1, 2)]
    assert sizes == [64, 96]


def test_pairs_of_a_list_where_no_folder_tells_photos_from_masks(download: Download) -> None:
    """RELLIS-3D: pylon_camera_node and pylon_camera_node_label_id, in each of several folders, and three lists."""
    lists: dict[str, list[str]] = {}
    for number, split in enumerate(("train", "val", "test")):
        folder = f"0000{number}/pylon_camera_node"
        download.photo(f"{folder}/frame{number}.jpg")
        download.mask(f"{folder}_label_id/frame{number}.png", IDS[number])
        download.mask(f"{folder}_label_color/frame{number}.png", IDS[3])
        lists.setdefault(split, []).append(f"{folder}/frame{number}.jpg {folder}_label_id/frame{number}.png")
    for split, lines in lists.items():
        download.write(f"split/{split}.lst", "\n".join(lines))
    download.write("classes.txt", "void\ndirt\ngrass\n")
    said = download.convert()
    assert "in no list, and left out: 3 images (00000/pylon_camera_node_label_color/frame0.png" in said
    assert {stem: sample.split for stem, sample in by_stem(download.path.parent / "set").items()} == {
        "frame0": "train",
        "frame1": "val",
        "frame2": "test",
    }
    assert np.array_equal(download.named("frame1"), np.array(["", "dirt", "grass"])[IDS[1]])


ADE = {"wall": 2978, "building, edifice": 312}
"""Numbers in ADE20K's index of 3,688 names."""


@pytest.mark.parametrize("new", [True, False])
def test_ade20k_in_full_is_read_by_the_names_beside_its_masks(download: Download, new: bool) -> None:
    numbers = np.array([0, *ADE.values()])
    for number, split in enumerate(("training", "validation")):
        stem = f"images/{split}/street/ADE_{number}"
        classes, objects = numbers[IDS[number]], np.array([0, 7, 200])[IDS[number]]
        download.photo(f"{stem}.jpg")
        download.mask(f"{stem}_seg.png", np.stack([classes // 256 * 10, classes % 256, objects], -1))
        download.mask(f"{stem}_parts_1.png", np.zeros((24, 32, 3)))
        entries = [{"id": place, "name": name, "name_ndx": ADE[name]} for place, name in enumerate(ADE)]
        lines = [f"{place:03} # 0 # 0 # {name} # {name} # " for place, name in enumerate(ADE, start=1)]
        if new:
            download.write(f"{stem}.json", json.dumps({"annotation": {"object": entries}}))
        else:
            download.write(f"{stem}_atr.txt", "\n".join([*lines, "001 # 1 # 0 # door # door # "]))
    assert "parts of objects left out: 2 files" in download.convert()
    assert download.names == ("building, edifice", "wall")
    assert np.array_equal(download.named("validation_street_ADE_1"), np.array(["", *ADE])[IDS[1]])
    assert {sample.split for sample in by_stem(download.path.parent / "set").values()} == {"train", "val"}


def test_ade20k_with_an_object_that_nothing_names_is_refused(download: Download) -> None:
    download.photo("ADE_0.jpg")
    download.mask("ADE_0_seg.png", np.stack([IDS[0] * 10, IDS[0], IDS[0]], -1))
    download.write("ADE_0.json", json.dumps({"annotation": {"object": [{"name": "wall", "name_ndx": 257}]}}))
    assert "holds the number 514, which the file beside it does not name" in download.error()


def test_run_lengths_find_their_photos_by_folders(download: Download) -> None:
    """UW-Madison: case1_day2_slice_0001 is case1/case1_day2/scans/slice_0001_32_24_1.50_1.50.png."""
    rows = ["id,class,segmentation"]
    for number in range(3):
        day = f"case{number}_day2"
        for place in (1, 2):
            save(
                download.path / f"train/case{number}/{day}/scans/slice_000{place}_32_24_1.50_1.50.png",
                smooth_image(24, 32),
            )
        inside = np.zeros((24, 32), np.bool_)
        inside[4 + number : 12, 5:20] = True
        runs = " ".join(f"{row * 32 + 6} 15" for row in range(4 + number, 12))
        rows += [f"{day}_slice_0001,stomach,{runs}", f"{day}_slice_0001,large_bowel,", f"{day}_slice_0002,stomach,"]
    download.write("train.csv", "\n".join(rows) + "\n")
    download.convert()
    masks = download.masks
    assert len(masks) == 6
    assert [int((masks[f"case{number}_day2_slice_0001"] > 0).sum()) for number in range(3)] == [120, 105, 90]


def test_names_of_classes_of_several_words(download: Download) -> None:
    """ISIC's task 2: ISIC_0_attribute_milia_like_cyst."""
    for number in range(2):
        download.photo(f"Input/ISIC_{number}.jpg")
        for place, name in enumerate(("globules", "milia_like_cyst"), start=1):
            download.part(f"GroundTruth/ISIC_{number}_attribute_{name}.png", IDS[number] == place)
    download.convert("--images", download.path / "Input", source="GroundTruth")
    assert download.names == ("background", "attribute_globules", "attribute_milia_like_cyst")
    assert np.array_equal(download.masks["ISIC_1"], IDS[1])


@pytest.mark.parametrize("source", ["set/annotations", "set", "set/stuffthingmaps", "set/stuffthingmaps/train2017"])
def test_a_list_with_numbers_is_found_above_the_folder_that_is_named(download: Download, source: str) -> None:
    """COCO-Stuff: labels.txt lies beside all folders of the download."""
    masks = "stuffthingmaps" if "stuff" in source else "annotations"
    for number in range(2):
        download.photo(f"photos/train2017/{number}.jpg")
        download.mask(f"set/{masks}/train2017/{number}.png", np.array([255, PERSON - 1, WOOD - 1])[IDS[number]])
    listed = "set/labels.txt" if masks == "stuffthingmaps" else "labels.txt"
    download.write(listed, "".join(f"{raw}: {name}\n" for raw, name in enumerate(COCO_STUFF)))
    photos = "photos/train2017" if source.endswith("train2017") else "photos"
    said = download.convert("--images", download.path / photos, source=source)
    assert np.array_equal(download.named(min(download.masks)), np.array(["", "person", "wood"])[IDS[0]])
    assert f"classes: {download.path / listed}" in said


def test_a_list_of_names_alone_above_the_folder_is_of_something_else(download: Download) -> None:
    download.photo("set/images/a.jpg")
    download.mask("set/annotations/a.png", IDS[0])
    download.write("classes.txt", "cat\ndog\nbird\n")
    assert "which value is which class?" in download.error(source="set")


CONTEXT = "".join(f"{raw}: name{raw}\n" for raw in range(1, 460))


@pytest.mark.parametrize("source", ["", "trainval"])
def test_a_list_that_is_too_long_names_the_classes_that_occur(download: Download, source: str) -> None:
    """PASCAL-Context."""
    (download.path / "trainval").mkdir(parents=True)
    for number in range(2):
        download.photo(f"JPEGImages/{number}.jpg")
        values = np.array([23, 45, 458])[IDS[number]].astype(np.uint16)
        savemat(download.path / f"trainval/{number}.mat", {"LabelMap": values})
    download.write("labels.txt", CONTEXT)
    images = ("--images", download.path / "JPEGImages") if source else ()
    said = download.error(*images, source=source)
    assert f"{download.path / 'labels.txt'} has 459 classes, a dataset at most 250; these are those of" in said
    download.write("mine.txt", said.split(":\n\n")[-1])
    download.convert(*images, "--classes", download.path / "mine.txt", source=source)
    assert np.array_equal(download.named("1"), np.array(["name23", "name45", "name458"])[IDS[1]])


@pytest.mark.parametrize("source", ["", "59_context_labels"])
def test_of_several_lists_that_of_the_number_of_the_folder_is_taken(download: Download, source: str) -> None:
    for number in range(2):
        download.photo(f"JPEGImages/{number}.jpg")
        download.mask(f"59_context_labels/{number}.png", np.array([1, 5, 59])[IDS[number]])
    download.write("labels.txt", "".join(CONTEXT.splitlines(keepends=True)[:100]))
    for count in (33, 59):
        download.write(f"{count}_labels.txt", "".join(f"{raw}: of{count}-{raw}\n" for raw in range(1, count + 1)))
    download.convert(*(("--images", download.path / "JPEGImages") if source else ()), source=source)
    assert np.array_equal(download.named("1"), np.array(["of59-1", "of59-5", "of59-59"])[IDS[1]])


@pytest.mark.parametrize("other", ["classMapping40.mat", "splits.mat"])
def test_names_beside_arrays_hold_where_other_files_of_matlab_lie_there(download: Download, other: str) -> None:
    """NYUv2, and what comes with it."""
    download.path.mkdir()
    stack = np.stack([smooth_image(24, 32)] * 4, -1)
    names = np.array(["book", "bottle", "cabinet"], object)
    savemat(download.path / "nyu.mat", {"images": stack, "labels": np.stack(IDS, -1) + 1, "names": names})
    savemat(download.path / other, {"trainNdxs": np.array([[1], [2]]), "classNames": np.array(["wall"], object)})
    said = download.convert()
    assert np.array_equal(download.named("nyu_page3"), names.astype(str)[IDS[2]])
    assert f"and left out: {other[:-4]}#trainNdxs" in said


@pytest.mark.parametrize("colors", [False, True])
def test_the_lines_to_save_are_of_all_values_however_many(download: Download, colors: bool) -> None:
    ids = random_mask(0, 40, 50, classes=60)
    save(download.path / "images/a.jpg", smooth_image(40, 50))
    painted = np.random.default_rng(0).integers(0, 256, (60, 3))
    download.mask("masks/a.png", painted[ids] if colors else ids)
    said = download.error()
    assert "... and 40 more" in said
    download.write("mine.txt", said.split(":\n\n")[-1])
    download.convert("--classes", download.path / "mine.txt")
    pairs = set(zip(ids.ravel().tolist(), download.masks["a"].ravel().tolist(), strict=True))
    assert len(pairs) == len({first for first, _ in pairs}) == len({second for _, second in pairs}) == 60


def test_near_colors_are_classes_where_nothing_else_would_be_left(download: Download) -> None:
    """DIVA-HisDB: #000001 is the background."""
    ids = random_mask(0, 100, 100)
    ids[:98] = 0
    save(download.path / "images/a.jpg", smooth_image(100, 100))
    save(download.path / "masks/a.png", np.stack([ids * 0, ids * 0, np.array([1, 2, 8], np.uint8)[ids]], -1))
    said = download.error()
    assert "--unknown nearest" not in said
    download.write("mine.txt", said.split(":\n\n")[-1])
    download.convert("--classes", download.path / "mine.txt")
    assert np.array_equal(download.masks["a"], ids)


def test_colors_of_16_bits_are_named_without_advice_that_leads_back(download: Download) -> None:
    """SYNTHIA: classes in one channel, objects in another."""
    download.photo("images/a.png")
    (download.path / "masks").mkdir()
    colors = np.stack([IDS[0]] * 3, -1).astype(np.uint16) * 1000
    assert cv2.imwrite(str(download.path / "masks/a.png"), colors)
    said = download.error()
    assert "16 bits a channel; colour masks have 8. Export it with 8 bits, or, where one channel holds the" in said
    assert "--from" not in said
