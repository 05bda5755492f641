"""Lists of train, val and test beside labels: splits, and pairs that names do not tell."""

import json
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.support import by_stem, masks_of, random_image, random_mask, run_error, run_ok, save, smooth_image

STEMS = ("a1", "a2", "a3", "a4")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    for number, stem in enumerate(STEMS):
        save(folder / f"JPEGImages/{stem}.jpg", smooth_image(24, 32))
        save(folder / f"Annotations/{stem}.png", random_mask(number))
    (folder / "labels.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    return folder


def write(raw: Path, name: str, *lines: str) -> None:
    (raw / name).parent.mkdir(parents=True, exist_ok=True)
    (raw / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def convert(raw: Path, source: str = "") -> str:
    return run_ok("masks", "convert", raw / source, "-o", raw.parent / "dataset", "--overwrite").stdout


def splits(raw: Path) -> dict[str, str]:
    return {stem: sample.split for stem, sample in by_stem(raw.parent / "dataset").items()}


def test_paddleseg_lists_are_splits(raw: Path) -> None:
    write(raw, "train_list.txt", "JPEGImages/a1.jpg Annotations/a1.png", "JPEGImages/a2.jpg Annotations/a2.png")
    write(raw, "val_list.txt", "JPEGImages/a3.jpg Annotations/a3.png")
    said = convert(raw)
    assert splits(raw) == {"a1": "train", "a2": "train", "a3": "val", "a4": ""}
    assert "splits are from train_list.txt, val_list.txt" in said
    assert "in none of these lists, and so in no split: 1 (a4)" in said
    assert "stay so: 2 train, 1 val, 0 test" in said


@pytest.mark.parametrize("folder", ["", "ImageSets/Segmentation/", "splits/"])
def test_lists_of_names(raw: Path, folder: str) -> None:
    write(raw, f"{folder}train.txt", "a1", "a2")
    write(raw, f"{folder}val.txt", "a3")
    write(raw, f"{folder}test.txt", "a4")
    write(raw, f"{folder}trainval.txt", *STEMS)
    write(raw, "ImageSets/Main/car_train.txt", "a4 -1", "a3  1")
    convert(raw)
    assert splits(raw) == {"a1": "train", "a2": "train", "a3": "val", "a4": "test"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("split.csv", "a1,train\na2,train\na3,valid\na4,test\n"),
        ("split.csv", "image,split\na1.jpg,train\na2.jpg,training\na3.jpg,val\na4.jpg,test\n"),
        ("meta.csv", "id;age;Subset\na1;3;train\na2;4;train\na3;4;valid\na4;5;test\n"),
        ("splits.json", '{"train": ["a1", "a2"], "val": ["a3.jpg"], "test": ["JPEGImages/a4.jpg"]}'),
    ],
)
def test_tables_and_json_files_of_splits(raw: Path, name: str, text: str) -> None:
    write(raw, name, text)
    assert f"splits are from {name}\n" in convert(raw)
    assert splits(raw) == {"a1": "train", "a2": "train", "a3": "val", "a4": "test"}


@pytest.mark.parametrize(
    "text", ["image,split\na1.jpg,0\n", "image,training\na1.jpg,train\n", '{"train": 1}', "train\0"]
)
def test_tables_of_something_else_are_no_splits(raw: Path, text: str) -> None:
    write(raw, "split.csv", text)
    write(raw, "split.json", text)
    convert(raw)
    assert set(splits(raw).values()) == {""}


@pytest.mark.parametrize("folders", [("Training", "Dev", "Evaluation"), ("trainset", "ValSet", "test_set")])
def test_folders_of_other_words_are_splits(folders: tuple[str, ...], tmp_path: Path) -> None:
    for number, folder in enumerate(folders):
        save(tmp_path / f"raw/{folder}/images/a.jpg", smooth_image(24, 32))
        save(tmp_path / f"raw/{folder}/masks/a.png", random_mask(number))
    (tmp_path / "raw/classes.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    convert(tmp_path / "raw")
    assert sorted(splits(tmp_path / "raw").values()) == ["test", "train", "val"]


def test_lists_beside_the_folder_of_labels(raw: Path) -> None:
    write(raw, "ImageSets/Segmentation/train.txt", "a1", "a2", "a3")
    write(raw, "ImageSets/Segmentation/val.txt", "a4")
    convert(raw, "Annotations")
    assert splits(raw) == {"a1": "train", "a2": "train", "a3": "train", "a4": "val"}


def test_lists_of_voc(tmp_path: Path) -> None:
    raw = tmp_path / "VOC2012"
    for number, stem in enumerate(STEMS):
        save(raw / f"JPEGImages/{stem}.jpg", smooth_image(24, 32))
        save(raw / f"SegmentationClass/{stem}.png", random_mask(number))
    write(raw, "ImageSets/Segmentation/train.txt", "a1", "a2", "a3")
    write(raw, "ImageSets/Segmentation/val.txt", "a4")
    convert(raw)
    assert splits(raw) == {"a1": "train", "a2": "train", "a3": "train", "a4": "val"}


def test_a_name_in_train_and_test_is_not_trained_on(raw: Path) -> None:
    write(raw, "train.txt", "a1", "a2", "a3")
    write(raw, "test.txt", "a3", "a4")
    assert "1 name in several lists, and put into the last of train, val, test that has it: a3" in convert(raw)
    assert splits(raw) == {"a1": "train", "a2": "train", "a3": "test", "a4": "test"}


@pytest.mark.parametrize("lines", [["one", "two"], ["a1"], ["these words are", "no names"]])
def test_lists_of_something_else_are_passed_over(raw: Path, lines: list[str]) -> None:
    write(raw, "train.txt", *lines)
    write(raw, "val.txt", "nothing")
    assert "splits are from" not in convert(raw)
    assert set(splits(raw).values()) == {""}


def test_folders_say_more_than_lists(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for number, split in enumerate(("train", "val")):
        save(raw / f"{split}/images/a.jpg", smooth_image(24, 32))
        save(raw / f"{split}/masks/a.png", random_mask(number))
    write(raw, "train.txt", "val/images/a.jpg")
    write(raw, "val.txt", "train/images/a.jpg")
    (raw / "labels.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    convert(raw)
    assert splits(raw) == {"train_a": "train", "val_a": "val"}


def test_pairs_that_only_a_list_tells(raw: Path) -> None:
    for number, stem in enumerate(STEMS):
        (raw / f"Annotations/{stem}.png").rename(raw / f"Annotations/{number + 70}.png")
    write(raw, "train.txt", r"JPEGImages\a1.jpg Annotations\72.png", "JPEGImages/a2.jpg Annotations/71.png")
    write(raw, "val.txt", "JPEGImages/a3.jpg,Annotations/70.png", "JPEGImages/gone.jpg,Annotations/79.png")
    write(raw, "test.txt", "JPEGImages/a4.jpg")
    said = convert(raw)
    assert splits(raw) == {"a1": "train", "a2": "train", "a3": "val"}
    for stem, seed in (("a1", 2), ("a2", 1), ("a3", 0)):
        assert np.array_equal(masks_of(raw.parent / "dataset")[stem], random_mask(seed))
    assert "pairs are from test.txt, train.txt, val.txt" in said
    assert "in no list, and left out: 2 images (Annotations/73.png, JPEGImages/a4.jpg)" in said
    assert "JPEGImages/gone.jpg Annotations/79.png" in said


def test_a_list_of_files_elsewhere_is_told(raw: Path) -> None:
    for number, stem in enumerate(STEMS):
        (raw / f"Annotations/{stem}.png").rename(raw / f"Annotations/{number + 70}.png")
    write(raw, "train.txt", "x/b1.jpg y/1.png")
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset")
    assert "train.txt: none of the 1 pair that it names is below" in said


def test_trainval_is_train_beside_a_test_and_its_columns_are_passed_over(raw: Path) -> None:
    write(raw, "annotations.d/trainval.txt", "a1 1 1 1", "a2 1 2 1", "a3 2 1 1")
    write(raw, "annotations.d/test.txt", "a4 1 1 1")
    convert(raw)
    assert splits(raw) == {"a1": "train", "a2": "train", "a3": "train", "a4": "test"}


def test_a_list_of_val_alone_leaves_the_others_to_train(raw: Path) -> None:
    write(raw, "valid.txt", "a2.jpg")
    said = convert(raw)
    assert splits(raw) == {"a1": "train", "a2": "val", "a3": "train", "a4": "train"}
    assert "valid.txt lists those of val; the others are put into train" in said


NEIGHBORS = [
    "image_id,neighbor\na1.jpg,a2.png\na2.jpg,a3.png\n",
    "a1.jpg,a2.png\na2.jpg,a1.png\n",
    "photo;comment\na1.jpg;a2.png\n",
]


@pytest.mark.parametrize("table", NEIGHBORS)
def test_a_table_that_does_not_say_mask_is_asked_about_where_names_pair(table: str, raw: Path) -> None:
    """Two columns of names of images were taken for pairs, also against what --match says."""
    (raw / "train.csv").write_text(table, encoding="utf-8")
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset")
    assert "train.csv: a2.png stands beside a1.jpg there, and would be the mask of a2.jpg." in said
    assert "keep two columns of names of images in it, called image and mask" in said
    run_ok("masks", "convert", raw, "-o", raw.parent / "dataset", "--match", "{}", "{}")
    made = masks_of(raw.parent / "dataset")
    assert all(np.array_equal(made[stem], random_mask(seed)) for seed, stem in enumerate(STEMS))


NUMBERED = [
    ("duplicates.txt", "i1.jpg i2.jpg\n"),
    ("rename.txt", "".join(f"DSC{number}.jpg i{number}.jpg\n" for number in range(1, 5))),
    ("t.csv", "image,next\ni1.jpg,i2.jpg\n"),
    ("t.csv", "mask,duplicate_of\nm2.png,m1.png\n"),
]


@pytest.mark.parametrize(("name", "text"), NUMBERED)
def test_tables_of_something_else_do_not_stop_names_that_have_numbers_in_common(
    name: str, text: str, crossed: Path
) -> None:
    write(crossed, name, text.rstrip("\n"))
    convert_crossed()
    made = masks_of(Path("dataset"))
    assert all(np.array_equal(made[f"i{number}"], random_mask(5 - number)) for number in range(1, 5))


def test_lines_of_some_other_pairs_are_asked_about(crossed: Path) -> None:
    """They took the masks of other photos, and dropped the rest."""
    write(crossed, "propagation.txt", *(f"i{number}.jpg m{number - 1}.png" for number in (2, 3, 4)))
    assert "propagation.txt: m1.png stands beside i2.jpg there, and would be the mask of i1.jpg" in refused("raw")
    (crossed / "propagation.txt").unlink()
    write(crossed, "t.csv", "file,previous_seg", "i2.jpg,m1.png")
    assert "t.csv: m1.png stands beside i2.jpg there" in refused("raw")


def test_match_goes_before_a_table_that_says_mask(raw: Path) -> None:
    (raw / "pairs.csv").write_text("image,mask\na1.jpg,a2.png\n", encoding="utf-8")
    assert "pairs are from pairs.csv" in convert(raw)
    assert np.array_equal(masks_of(raw.parent / "dataset")["a1"], random_mask(1))
    run_ok("masks", "convert", raw, "-o", raw.parent / "other", "--match", "{}", "{}")
    assert np.array_equal(masks_of(raw.parent / "other")["a1"], random_mask(0))


def test_a_pair_in_lists_of_two_splits_is_told(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for number in range(3):
        save(raw / f"p{number}.jpg", smooth_image(24, 32))
        save(raw / f"m_{number + 7}.png", random_mask(number))
    (raw / "labels.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    write(raw, "train.txt", "p0.jpg m_7.png", "p1.jpg m_8.png")
    write(raw, "test.txt", "p1.jpg m_8.png", "p2.jpg m_9.png")
    assert "in lists of several splits, and put into the last of them: p1\n" in convert(raw)
    assert splits(raw) == {"p0": "train", "p1": "test", "p2": "test"}


def test_a_table_of_each_split_names_what_lies_beside_it(tmp_path: Path) -> None:
    """Names that stand in both were found in several places, and so in none."""
    raw = tmp_path / "raw"
    for number, split in enumerate(("train", "val")):
        for pair in range(2):
            save(raw / f"{split}/images/p{pair}.jpg", smooth_image(24, 32))
            save(raw / f"{split}/masks/m_{9 - pair}.png", random_mask(2 * number + pair))
        pairs = [{"image": f"images/p{pair}.jpg", "mask": f"masks/m_{9 - pair}.png"} for pair in range(2)]
        (raw / split / "pairs.json").write_text(json.dumps(pairs), encoding="utf-8")
    (raw / "labels.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    convert(raw)
    assert list(splits(raw).values()) == ["train", "train", "val", "val"]
    made = masks_of(raw.parent / "dataset")
    assert all(np.array_equal(made[stem], random_mask(seed)) for seed, stem in enumerate(sorted(made)))


TABLES = {
    "train.csv": "id,image,mask\n1,all/p1.jpg,all/m_9.png\n2,all/p2.jpg,all/m_8.png\n",
    "list.csv": "segmentation;photo\nall/m_9.png;all/p1.jpg\nall/m_8.png;all/p2.jpg\n",
    "metadata.jsonl": '{"file_name": "all/p1.jpg", "mask_file_name": "all/m_9.png"}\n'
    '{"file_name": "all/p2.jpg", "mask_file_name": "all/m_8.png"}\n',
    "data.json": json.dumps(
        [{"img": "all/p1.jpg", "annotation": "all/m_9.png"}, {"img": "all/p2.jpg", "annotation": "all/m_8.png"}]
    ),
    "output.manifest": '{"source-ref": "s3://x/all/p1.jpg", "seg-ref": "s3://x/all/m_9.png", "seg-ref-metadata": {}}\n'
    '{"source-ref": "s3://x/all/p2.jpg", "seg-ref": "s3://x/all/m_8.png", "seg-ref-metadata": {}}\n',
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_images_and_masks_pair_what_names_do_not(name: str, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for number, (photo, mask) in enumerate((("p1", "m_9"), ("p2", "m_8"))):
        save(raw / f"all/{photo}.jpg", smooth_image(24, 32))
        save(raw / f"all/{mask}.png", random_mask(number))
    (raw / "labels.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    (raw / name).write_text(TABLES[name], encoding="utf-8")
    assert f"pairs are from {name}" in convert(raw)
    made = masks_of(raw.parent / "dataset")
    assert np.array_equal(made["p1"], random_mask(0)) and np.array_equal(made["p2"], random_mask(1))


@pytest.mark.parametrize(
    "table", ["a1.jpg,b.jpg", "photo,other\na1.jpg,a2.jpg\na2.jpg,a3.jpg\n", "a1.jpg;old/m7.png\n"]
)
def test_a_stray_table_does_not_stop_masks_that_have_the_names_of_photos(table: str, raw: Path) -> None:
    """A damaged table, one of photos only, and one of files of another folder."""
    (raw / "x.csv").write_text(table, encoding="utf-8")
    assert "no pair is taken from x.csv: no mask has such a name (" in convert(raw)
    assert sorted(masks_of(raw.parent / "dataset")) == ["a1", "a2", "a3", "a4"]


def test_a_column_says_the_split(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for number, (photo, mask) in enumerate((("p1", "m_9"), ("p2", "m_8"))):
        save(raw / f"{photo}.jpg", smooth_image(24, 32))
        save(raw / f"{mask}.png", random_mask(number))
    (raw / "labels.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    (raw / "all.csv").write_text("split,image,mask\nvalid,p1.jpg,m_9.png\ntrain,p2.jpg,m_8.png\n", encoding="utf-8")
    convert(raw)
    assert splits(raw) == {"p1": "val", "p2": "train"}


@pytest.mark.parametrize("keys", [("train", "val", "test"), ("training", "validation", "test")])
@pytest.mark.parametrize("masks", ["m_{}", "p{}"])
def test_a_json_file_of_pairs_by_splits_keeps_them(tmp_path: Path, keys: tuple[str, str, str], masks: str) -> None:
    """As MSD's and MONAI's dataset.json: what names do not pair it pairs, and its splits were lost also of others."""
    raw = tmp_path / "raw"
    pairs = []
    for number in range(4):
        save(raw / f"photos/p{number}.jpg", smooth_image(24, 32))
        save(raw / f"truth/{masks.format(3 - number if masks == 'm_{}' else number)}.png", random_mask(number))
        name = masks.format(3 - number if masks == "m_{}" else number)
        pairs.append({"image": f"./photos/p{number}.jpg", "label": f"./truth/{name}.png"})
    content = {"labels": {"0": "background", "1": "road", "2": "car"}, keys[0]: pairs[:2], keys[1]: pairs[2:3]}
    (raw / "dataset.json").write_text(json.dumps({**content, keys[2]: pairs[3:]}), encoding="utf-8")
    said = convert(raw)
    assert splits(raw) == {"p0": "train", "p1": "train", "p2": "val", "p3": "test"}
    made = masks_of(raw.parent / "dataset")
    assert all(np.array_equal(made[f"p{number}"], random_mask(number)) for number in range(4))
    assert "are from dataset.json" in said


def test_photos_of_test_without_a_mask_are_left_out_of_a_json_file_of_pairs(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for number in range(3):
        save(raw / f"photos/p{number}.jpg", smooth_image(24, 32))
        save(raw / f"truth/m_{number + 7}.png", random_mask(number))
    (raw / "truth/m_9.png").unlink()
    pairs = [{"image": f"photos/p{number}.jpg", "mask": f"truth/m_{number + 7}.png"} for number in range(2)]
    for test in (["photos/p2.jpg"], [{"image": "photos/p2.jpg"}]):
        content = {"labels": {"0": "background", "1": "road", "2": "car"}, "train": pairs[:1], "val": pairs[1:]}
        (raw / "dataset.json").write_text(json.dumps({**content, "test": test}), encoding="utf-8")
        assert "images that the lists name without a mask left out: 1" in convert(raw)
        assert splits(raw) == {"p0": "train", "p1": "val"}


@pytest.mark.parametrize("name", ["data.json", "metadata.jsonl"])
def test_a_table_of_pairs_that_is_named_alone_says_to_name_its_folder(name: str, tmp_path: Path) -> None:
    write(tmp_path, name, TABLES[name].strip())
    said = run_error("masks", "convert", tmp_path / name, "-o", tmp_path / "out")
    assert said.endswith(f"names images with their masks; name the folder that its paths begin in:\n  {tmp_path}")


def test_a_json_file_of_what_photos_show_pairs_nothing(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for number in range(2):
        save(raw / f"images/p{number}.jpg", smooth_image(24, 32))
        save(raw / f"masks/p{number}.png", random_mask(number))
    (raw / "labels.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    several = {"image": "images/p0.jpg", "gt": "masks/p0.png", "label": "masks/p1.png"}
    for content in ([{"image": "images/p0.jpg", "label": "cat.png or dog.png?"}], [several]):
        (raw / "tags.json").write_text(json.dumps(content), encoding="utf-8")
        assert "are from tags.json" not in convert(raw)
        assert np.array_equal(masks_of(raw.parent / "dataset")["p0"], random_mask(0))


@pytest.fixture
def crossed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos i1 .. i4 with the masks m4 .. m1, beside pictures o1 .. o4."""
    monkeypatch.chdir(tmp_path)
    raw = Path("raw")
    for number in range(1, 5):
        save(raw / f"images/i{number}.jpg", random_image(number))
        save(raw / f"masks/m{5 - number}.png", random_mask(number))
        save(raw / f"ov/o{number}.jpg", random_image(number + 9))
    Path("classes.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    return raw


def rows_of(*columns: str) -> list[dict[str, str]]:
    """The rows of the photos above, in columns for photo, mask, picture and split."""
    return [
        dict(zip(columns, values, strict=False))
        for number in range(1, 5)
        for values in [
            (f"images/i{number}.jpg", f"masks/m{5 - number}.png", "train" if number < 3 else "val", f"ov/o{number}.jpg")
        ]
    ]


def convert_crossed(source: str = "raw") -> str:
    return run_ok("masks", "convert", source, "--classes", "classes.txt", "-o", "dataset").stdout


def refused(*arguments: str) -> str:
    return run_error("masks", "convert", *arguments, "--classes", "classes.txt", "-o", "dataset")


def is_crossed() -> bool:
    made = masks_of(Path("dataset"))
    return all(np.array_equal(made[f"i{number}"], random_mask(number)) for number in range(1, 5))


@pytest.mark.parametrize(
    "columns",
    [
        ("image", "mask", "split", "overlay"),
        ("image_path", "label_path", "Split", "thermal"),
        ("img", "annotation", "partition", "seg_pred"),
        ("filename", "seg_mask", "phase", "depth"),
        ("input", "output", "set"),
        ("input_image", "output_mask", "fold"),
        ("target_image", "target", "subset"),
        ("rgb", "gt", "set", "mask_preview"),
    ],
)
@pytest.mark.parametrize("form", ["list", "data", "csv"])
def test_columns_that_say_photo_and_mask_are_enough(crossed: Path, columns: tuple[str, ...], form: str) -> None:
    rows = rows_of(*columns)
    if form == "csv":
        write(crossed, "pairs.csv", ",".join(columns), *(",".join(row.values()) for row in rows))
    else:
        write(crossed, "pairs.json", json.dumps(rows if form == "list" else {"about": "cells", "data": rows}))
    assert "pairs are from pairs." in convert_crossed()
    assert is_crossed()
    assert [sample.split for sample in by_stem(Path("dataset")).values()] == ["train", "train", "val", "val"]


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_a_json_file_of_pairs_in_other_encodings_keeps_its_splits(crossed: Path, encoding: str) -> None:
    rows = rows_of("image", "label")
    text = json.dumps({"name": "\u6570\u636e", "training": rows[:2], "validation": rows[2:]}, ensure_ascii=False)
    (crossed / "dataset.json").write_bytes(text.encode(encoding))
    convert_crossed()
    assert is_crossed()
    assert [sample.split for sample in by_stem(Path("dataset")).values()] == ["train", "train", "val", "val"]


@pytest.mark.parametrize("key", ["set", "Partition", "phase", "fold"])
def test_the_split_of_a_json_file_of_pairs_has_the_names_that_it_has_in_tables(raw: Path, key: str) -> None:
    rows = [
        {"image": f"JPEGImages/{stem}.jpg", "mask": f"Annotations/{stem}.png", key: split}
        for stem, split in zip(STEMS, ("train", "train", "val", "test"), strict=True)
    ]
    write(raw, "pairs.json", json.dumps(rows))
    assert "splits are from pairs.json" in convert(raw)
    assert splits(raw) == {"a1": "train", "a2": "train", "a3": "val", "a4": "test"}


def test_numbers_of_folds_are_no_splits(raw: Path) -> None:
    rows = [{"image": f"JPEGImages/{stem}.jpg", "mask": f"Annotations/{stem}.png", "fold": "1"} for stem in STEMS]
    write(raw, "pairs.json", json.dumps(rows))
    convert(raw)
    assert set(splits(raw).values()) == {""}


def test_predictions_of_a_json_file_are_no_masks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = []
    for number in range(1, 5):
        save(Path(f"raw/a/i{number}.jpg"), random_image(number))
        save(Path(f"raw/b/i{number}_x.png"), random_mask(number))
        save(Path(f"raw/p/q{number}.png"), random_mask(number + 9))
        rows.append({"image": f"a/i{number}.jpg", "seg_pred": f"p/q{number}.png"})
    write(Path("raw"), "log.json", json.dumps(rows))
    Path("classes.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    assert "raw/b --images raw/a" in refused("raw")
    run_ok("masks", "convert", "raw/b", "--images", "raw/a", "--classes", "classes.txt", "-o", "dataset")
    made = masks_of(Path("dataset"))
    assert all(np.array_equal(made[f"i{number}"], random_mask(number)) for number in range(1, 5))


@pytest.mark.parametrize(
    ("name", "columns"),
    [("pairs.json", ("image", "mask", "set", "photo")), ("pairs.json", ("a", "b")), ("p.csv", ("x", "y", "z", "w"))],
)
def test_names_that_contradict_a_table_that_is_not_read_are_refused(
    crossed: Path, name: str, columns: tuple[str, ...]
) -> None:
    rows = rows_of(*columns)
    lines = [",".join(columns), *(",".join(row.values()) for row in rows)]
    write(crossed, name, *([json.dumps(rows)] if name.endswith("json") else lines))
    said = refused("raw")
    assert f"raw/{name}: m4.png stands beside i1.jpg there, and would be the mask of i4.jpg" in said
    assert (
        "move the table out of raw; if the table is right, keep two columns of names of images in it, called image"
        in said
    )
    (crossed / name).unlink()
    write(crossed, "pairs.json", json.dumps(rows_of("image", "mask")))
    convert_crossed()
    assert is_crossed()


def test_a_table_beside_the_folder_of_masks_is_told_where_names_contradict_it(crossed: Path) -> None:
    write(crossed, "pairs.json", json.dumps(rows_of("image", "mask")))
    said = refused("raw/masks", "--images", "raw/images")
    assert said.endswith("if the table is right, name the folder that its paths begin in as SOURCE:\n  raw")
    convert_crossed()
    assert is_crossed()
    (crossed / "pairs.json").rename("pairs.json")
    run_ok("masks", "convert", "raw/masks", "--images", "raw/images", "--classes", "classes.txt", "-o", "by_name")
    assert np.array_equal(masks_of(Path("by_name"))["i1"], random_mask(4))


PAIRS = [(f"i{number}", f"m{5 - number}") for number in range(1, 5)]
BARE = "".join(f"{photo},{mask}\n" for photo, mask in PAIRS)
FULL = "".join(f"{photo}.jpg,{mask}.png\n" for photo, mask in PAIRS)
WRITTEN = {
    "bare names": ("p.csv", "image,mask\n" + BARE),
    "bare names without a header": ("p.csv", BARE),
    "other words": ("p.csv", "first,second\n" + BARE),
    "bare names and splits": ("p.csv", "image,mask,who\n" + BARE.replace("\n", ",anna\n")),
    "bare names in a text": ("pairs.txt", BARE.replace(",", " ")),
    "an empty line": ("p.csv", "\nimage,mask\n" + FULL),
    "a comment": ("p.csv", "# made by Anna\nimage,mask\n" + FULL),
    "a header that is a comment": ("p.csv", "#image,mask\n" + FULL),
    "the mask first": ("p.csv", "# mask|image\n" + "".join(f"{mask}.png|{photo}.jpg\n" for photo, mask in PAIRS)),
    "bars": ("p.csv", ("image,mask\n" + FULL).replace(",", "|")),
    "Excel": ("p.csv", "sep=;\n" + ("image,mask\n" + FULL).replace(",", ";")),
    "Excel, in quotes": ("p.csv", '"sep=;"\r\n' + ("image,mask\n" + FULL).replace(",", ";").replace("\n", "\r\n")),
    "blanks": ("p.csv", ("image,mask\n" + FULL).replace(",", "  ")),
    "a text": ("pairs.txt", FULL.replace(",", " ")),
    "a text with commas": ("pairs.lst", FULL),
}


@pytest.mark.parametrize(("name", "text"), WRITTEN.values(), ids=WRITTEN)
def test_tables_as_people_write_them_name_the_pairs(crossed: Path, name: str, text: str) -> None:
    write(crossed, name, text.rstrip("\n"))
    assert f"pairs are from {name}" in convert_crossed()
    assert is_crossed()


@pytest.mark.parametrize(("name", "text"), WRITTEN.values(), ids=WRITTEN)
def test_tables_as_people_write_them_contradict_names(crossed: Path, name: str, text: str) -> None:
    write(crossed, name, text.rstrip("\n"))
    (crossed / name).rename(name)
    Path("raw/masks").rename("masks")
    said = refused("masks", "--images", "raw/images")
    assert "m4.png stands beside i1.jpg there, and would be the mask of i4.jpg" in said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", "image,label\ni1,cat\ni2,dog\ni3,m1\n"),  # what photos show; one class is called as a mask is
        ("labels.csv", "i1,m1\ni2,m1\ni3,m1\n"),
        ("same.csv", "image,duplicate_of\ni1,i2\ni2,i3\n"),
        ("same.txt", "i1 i2\ni3 i4"),
        ("names.txt", "i1 Anna\ni2 Bob"),
        ("notes.csv", "# nothing\n"),
        ("empty.csv", "\n\n"),
    ],
)
def test_tables_of_bare_names_of_something_else_are_harmless(crossed: Path, name: str, text: str) -> None:
    for number in range(1, 5):
        (crossed / f"masks/m{number}.png").rename(crossed / f"masks/i{number}_m{number}.png")
        save(crossed / f"other/m{number}.png", random_mask(number))
        save(crossed / f"other/i{number}.png", random_mask(number))
    write(crossed, name, text)
    (crossed / "other").rename("elsewhere")
    convert_crossed()
    assert np.array_equal(masks_of(Path("dataset"))["i1"], random_mask(4))


@pytest.mark.parametrize("text", ["id,label\n1,3\n2,1\n3,2\n", "id,target\n1,2\n2,1\n", "1,2\n2,1\n"])
def test_numbers_of_classes_are_no_masks(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(1, 5):
        save(Path(f"raw/images/{number}.jpg"), random_image(number))
        save(Path(f"raw/masks/{number}.png"), random_mask(number))
    Path("classes.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    write(Path("raw"), "train.csv", text)
    convert_crossed()
    assert is_numbered(1)
    write(Path("raw"), "train.csv", "image,mask\n1,3\n2,1\n3,2\n")
    said = run_ok("masks", "convert", "raw", "--classes", "classes.txt", "-o", "other").stdout
    assert "pairs are from train.csv" in said  # that column says mask


def is_numbered(number: int) -> bool:
    return np.array_equal(masks_of(Path("dataset"))[str(number)], random_mask(number))


def test_a_table_in_gbk_names_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        save(Path(f"raw/images/街道{number}.png"), random_image(number))
        save(Path(f"raw/masks/x{3 - number}.png"), random_mask(number))
    Path("classes.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    Path("raw/pairs.csv").write_text("image,mask\n街道1.png,x2.png\n街道2.png,x1.png\n", "gbk")
    assert "pairs are from pairs.csv" in convert_crossed()
    assert np.array_equal(masks_of(Path("dataset"))["街道1"], random_mask(1))


def test_a_table_in_the_other_form_of_unicode_names_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        save(Path(f"raw/images/b\u00e4{number}.png"), random_image(number))
        save(Path(f"raw/masks/x{3 - number}.png"), random_mask(number))
    Path("classes.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    text = "image,mask\nba\u03081.png,x2.png\nba\u03082.png,x1.png\n"
    Path("raw/pairs.csv").write_text(text, "utf-8")
    assert "pairs are from pairs.csv" in convert_crossed()
    assert np.array_equal(masks_of(Path("dataset"))["b\u00e41"], random_mask(1))
    said = refused("raw/masks", "--images", "raw/images")
    assert "x2.png stands beside b\u00e41.png there" in said


def test_two_lists_with_a_mask_each_for_a_photo_are_told(crossed: Path) -> None:
    for number in range(1, 5):
        save(crossed / f"old/m{number}.png", random_mask(number + 9))
    old = [{**row, "mask": f"old/m{number}.png"} for number, row in enumerate(rows_of("image", "mask"), 1)]
    write(crossed, "v1.json", json.dumps(old))
    write(crossed, "v2.json", json.dumps(rows_of("image", "mask")))
    said = refused("raw")
    assert "i1.jpg has two masks in lists: raw/old/m1.png in raw/v1.json, and raw/masks/m4.png in raw/v2.json" in said
    assert said.endswith("move one of the lists out of the folder")
    (crossed / "v1.json").rename("v1.json")
    convert_crossed()
    assert is_crossed()
    write(
        crossed, "v2.json", json.dumps([*rows_of("image", "mask"), {"image": "images/i1.jpg", "mask": "masks/m1.png"}])
    )
    assert "keep one of these entries" in refused("raw")


def test_a_pair_in_two_lists_counts_once_and_keeps_its_split(crossed: Path) -> None:
    rows = rows_of("image", "mask", "split")
    write(crossed, "a.json", json.dumps([{**row, "image": f"./{row['image']}"} for row in rows_of("image", "mask")]))
    write(crossed, "b.json", json.dumps(rows))
    write(crossed, "c.json", json.dumps({"test": rows[:1]}))
    write(crossed, "d.json", json.dumps([{**row, "mask": f"./{row['mask']}"} for row in rows]))
    convert_crossed()
    assert is_crossed()
    assert [sample.split for sample in by_stem(Path("dataset")).values()] == ["test", "train", "val", "val"]


def test_in_order_is_refused_where_a_list_says_the_pairs(crossed: Path) -> None:
    write(crossed, "pairs.json", json.dumps(rows_of("image", "mask")))
    said = refused("raw", "--in-order")
    assert "of which photo each is (pairs are from pairs.json); leave --in-order out" in said


def test_a_manifest_of_sagemaker_says_the_classes_of_its_masks(tmp_path: Path) -> None:
    colors = np.array([[255, 255, 255], [44, 160, 44], [31, 119, 180]], np.uint8)
    said = {str(at): {"class-name": name, "hex-color": color} for at, (name, color) in enumerate(
        (("BACKGROUND", "#ffffff"), ("road", "#2ca02c"), ("car", "#1f77b4"))
    )}  # fmt: skip
    rows = []
    for number in range(2):
        save(tmp_path / f"raw/input/p{number}.jpg", smooth_image(24, 32))
        save(tmp_path / f"raw/output/consolidated/{number}_2026.png", colors[random_mask(number)])
        rows.append(
            {
                "source-ref": f"s3://bucket/input/p{number}.jpg",
                "job-ref": f"s3://bucket/output/consolidated/{number}_2026.png",
                "job-ref-metadata": {"internal-color-map": said, "type": "groundtruth/semantic-segmentation"},
            }
        )
    (tmp_path / "raw/output.manifest").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    convert(tmp_path / "raw")
    assert Dataset.open(tmp_path / "dataset").classes.names == ("BACKGROUND", "road", "car")
    masks = masks_of(tmp_path / "dataset")
    assert all(np.array_equal(masks[f"p{number}"], random_mask(number)) for number in range(2))


def test_lists_of_another_computer_count_and_lists_of_other_names_are_told(raw: Path) -> None:
    write(raw, "train.txt", "C:\\data\\JPEGImages\\a1.jpg", "C:\\data\\JPEGImages\\a2.jpg")
    write(raw, "val.txt", "/home/me/JPEGImages/a3.jpg", "/home/me/JPEGImages/a4.jpg")
    convert(raw)
    assert splits(raw) == {"a1": "train", "a2": "train", "a3": "val", "a4": "val"}
    write(raw, "train.txt", "tree.jpg", "lake.jpg")
    write(raw, "val.txt", "dog.jpg")
    text = run_ok("masks", "convert", raw, "-o", raw.parent / "other").stdout
    assert "no split is taken from train.txt, val.txt: they list other names (tree.jpg)" in text
