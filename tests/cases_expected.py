"""What the sets of labels in the folder of cases have to become, read off the words and the drawings of each case.

Most cases show one drawing: a road and a car, the car one pixel further right in each next sample.
"""

from dataclasses import dataclass

Rectangle = tuple[str, int, int, int, int]
ROAD = (10, 20, 50, 60)


@dataclass(frozen=True)
class Drawing:
    """One mask: rectangles (class, left, top, right, bottom) over a class that fills the rest."""

    rectangles: tuple[Rectangle, ...]
    rest: str = "background"
    width: int = 120
    height: int = 80


@dataclass(frozen=True)
class Case:
    """A folder of cases, how it is converted, and what has to come of it.

    In arguments and advice LIST stands for a list of names and colours, NAMES for one of names only, and PROPOSED for
    the lines that the refusal proposes, saved as they are. The advice is added after a refusal in the words of refusal.
    """

    name: str
    arguments: str = "data"
    drawings: tuple[Drawing, ...] = ()
    advice: str = ""
    refusal: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    splits: str = ""
    unused: tuple[str, ...] = ()


def scenes(*shifts: int, rest: str = "background", road: str = "road", car: str = "car") -> tuple[Drawing, ...]:
    """Draw a road and a car, once for each shift of the car."""
    return tuple(Drawing(((road, *ROAD), (car, 60 + shift, 5, 90 + shift, 25)), rest, 120, 80) for shift in shifts)


def things(name: str, count: int, rest: str = "background") -> tuple[Drawing, ...]:
    """Draw both regions as one class, as masks of two classes have it."""
    return scenes(*range(count), rest=rest, road=name, car=name)


def roads(count: int, name: str = "road") -> tuple[Drawing, ...]:
    """Draw a road only."""
    return (Drawing(((name, *ROAD),)),) * count


def with_border(drawings: tuple[Drawing, ...], top: int) -> tuple[Drawing, ...]:
    """Ignore everything from a row on down."""
    return tuple(Drawing((*drawing.rectangles, ("ignore", 0, top, 120, 80)), drawing.rest) for drawing in drawings)


_CITYSCAPES = (
    *("sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation", "terrain"),
    *("sky", "person", "rider", "truck", "bus", "train", "motorcycle", "bicycle"),
)
TWO, THREE = scenes(0, 1), scenes(0, 1, 2)
PROPOSE = ("which value is which class?", "Save these lines with your own names as classes.txt")
COUNTED = "its rows were counted (0 background, 1 road, 2 car)"
CLASS_LISTS = [
    "bom_crlf.txt",
    "utf16.txt",
    "numbered.txt",
    "numbered_colon.txt",
    "equals.txt",
    "nnunet.json",
    "dataset.json",
    "id2label.json",
    "id_name.csv",
    "name_id.csv",
    "_classes.csv",
    "label_classes.json",
    "blankline.txt",
    "data.yaml",
    "trailing_space.txt",
    "list.json",
]
PHOTO_KINDS = ["cmyk", "float01", "gray12in16", "gray16", "gray8", "la", "onebit", "palette", "rgba"]

BLACK_AND_WHITE = (
    *(
        Case(f"binary_{kind}", "data --classes c.txt", things("crack", 3))
        for kind in ("0_1", "0_255", "1bit", "inverted_palette", "rgb", "rgba")
    ),
    Case(
        "binary_jpeg",
        "data --classes c.txt",
        things("crack", 3),
        advice="--unknown nearest",
        refusal=("belong to no class", "--unknown nearest"),
    ),
    Case("binary_jpeg_ids", "data --classes c.txt --unknown nearest", things("crack", 3)),
    Case("kvasir_like_rgb_jpeg", "data --classes c.txt --unknown nearest", things("polyp", 2)),
    Case("drive_gif", "data/training", things("class1", 2, "class0"), "--classes PROPOSED", PROPOSE),
    Case(
        "carvana_gif",
        "data/train_masks --images data/train --match {} {}_mask --classes c.txt",
        things("car", 2),
    ),
    Case("kaggle_rle_carvana", "data/train_masks.csv --images data/train", things("object", 2)),
    Case(
        "isbi_stack",
        "data/train-labels.tif --images data/train-volume.tif --classes c.txt",
        things("cell", 5, "membrane"),
        notes=("1 file of several pages, each page a sample",),
    ),
)

LISTS = (
    *(Case("classlists", f"data --classes {name}", TWO) for name in CLASS_LISTS),
    Case("classlists", "data --classes nonlatin.txt", scenes(0, 1, rest="фон", road="道路")),
    Case("classlists", "data --classes comma.txt", refusal=("comma.txt", "line 2", "sofa, couch")),
    Case("classlists", "data --classes cp1251.txt", refusal=("cp1251.txt", "is not UTF-8")),
    Case("classlists", "data --classes dup.txt", refusal=("dup.txt", "road stands twice")),
    Case("classlists", "data --classes label_map.pbtxt", refusal=("belongs to no class",)),
    Case("classes_300", "data --classes c.txt", refusal=("at most 250 classes", "300")),
    Case("class_id_255", "data --classes c.txt", THREE),
    Case("ignore_id_0", "data --classes c.txt", scenes(0, 1, 2, rest="ignore")),
    Case("ignore_id_0", "data --classes c2.txt", scenes(0, 1, 2, rest="ignore"), notes=("as its name says: ignore",)),
    *(
        Case("names_list_ignore_first", f"data --classes {name}", scenes(0, 1, 2, rest="ignore"), notes=("ignored, ",))
        for name in ("c.txt", "c2.txt", "c3.txt")
    ),
    Case("names_list_ignore_first", "data --classes c4.txt", THREE),
    Case("names_list_ignore_first", "data --classes labels.txt", THREE),
    *(
        Case(
            "class_dict_unlabeled_ids",
            f"data/{folder} --images data/original_images --classes data/class_dict_seg.csv",
            with_border(scenes(0, 1, rest="paved-area", road="dirt", car="grass"), 70),
            notes=("ignored, as its name says: unlabeled",),
            unused=("gravel",),
        )
        for folder in ("RGB_color_image_masks", "label_images_semantic")
    ),
    Case(
        "ids_not_consecutive",
        "data",
        scenes(0, 1, rest="class0", road="class100", car="class201"),
        "--classes PROPOSED",
        PROPOSE,
    ),
    Case(
        "proposal_255_as_class",
        "data",
        with_border(scenes(0, 1, rest="class0", road="class1", car="class2"), 75),
        "--classes PROPOSED",
        (*PROPOSE, "255 is ignored"),
    ),
    Case("labelme2voc_own_classes", "data", TWO, notes=("class_names.txt",)),
    Case("ids_as_rgb_grey", "data --classes NAMES", TWO),
    Case("ids_as_rgb_grey", "data --classes LIST --from ids", TWO, notes=(COUNTED,)),
    *(
        Case("ultralytics_semantic_png", f"data{given}", with_border(THREE, 75), splits="train train val")
        for given in ("", " --classes data/data.yaml")
    ),
)

REGIONS = (
    *(
        Case(name, "data", roads(1), unused=("car",))
        for name in (
            "coco_flat_segmentation",
            "coco_float_size",
            "coco_keypoints_boxes_mixed",
            "coco_no_annotation_id",
            "coco_orphan_annotation",
        )
    ),
    Case("coco_missing_image", "data", roads(2), notes=("masks without their photo", "IMG_1"), unused=("car",)),
    Case("coco_normalized_points", "data", roads(1), notes=("all points lie between 0 and 1",)),
    Case("coco_odd_count", "data", refusal=("annotation 1 of IMG_0.jpg",)),
    Case(
        "coco_odd_segmentations",
        "data",
        (
            *roads(1),
            *(Drawing(()),) * 2,
            Drawing((("road", *ROAD), ("road", 60, 5, 90, 25))),
            *(Drawing(()),) * 2,
            *roads(1),
        ),
        notes=("points or lines without area: 3", "boxes without a region: 2"),
        unused=("car",),
    ),
    Case("coco_overlap_order", "data", (Drawing((("road", *ROAD), ("car", 20, 30, 30, 40))),)),
    Case("coco_subfolders_same_name", "data", (*roads(1), Drawing((("car", 60, 5, 90, 25),)))),
    Case("coco_supercategory_dummy", "data", roads(1, "crack"), notes=("category 0 'cracks-Xy12'",)),
    Case(
        "exif_coco_swapped_size",
        "data",
        (Drawing((("road", 5, 10, 40, 60), ("car", 50, 70, 75, 115)), width=80, height=120),),
        notes=("look at some: IMG_0.jpg",),
    ),
    Case("exif_labelme", "data", (Drawing((("road", 5, 10, 40, 60),), width=80, height=120),)),
    Case("labelme_ignore", "data", scenes(0, car="ignore")),
    Case("labelme_case_space", "data", scenes(0, road="Road", car="road "), notes=("differ only in case or spaces",)),
    *(
        Case(name, arguments, TWO)
        for name, arguments in (
            ("coco_ls_internal_paths", "data"),
            ("cvat_images_xml", "data"),
            ("cvat_images_xml", "data/annotations.xml --images data/images"),
            ("labelme_json_to_dataset", "data"),
            ("labelme_windows_paths", "data/labels --images data/photos"),
            ("labelstudio_coco", "data"),
            ("supervisely_project", "data"),
            ("via_json", "data"),
            ("zip_coco", "data/coco.zip"),
        )
    ),
    *(Case(name, "data", scenes(0)) for name in ("labelme_no_size", "xanylabeling")),
    Case("imagej_roiset", "data/RoiSet.zip", scenes(0)),
    Case("labelstudio_json_poly", "data/project-1-at-2025-01-10-10-05-5b8d7102.json", THREE),
    Case("yolo_seg", "data", scenes(0, 1, 2, 3), splits="train train train val"),
    Case("roboflow_coco_splits", "data", scenes(0, 1, 2, 3), splits="train train val test"),
    Case("cvat_zip_subfolders", "data/task.zip", scenes(0, 1, road="road (main)")),
    Case("labelme_mask_shape", "data", notes=("575       575",)),
    Case("polygons_odd", "data", notes=("1 x point\n", "1 x polygon of 2 points", "3,600     3,600", "600       600")),
    Case("panoptic_coco", "data", scenes(0, rest="ignore")),
)

FOLDERS = (
    *(
        Case(name, f"{arguments} --classes LIST", drawings, notes=(COUNTED,))
        for name, arguments, drawings in (
            ("double_extension", "data", TWO),
            ("file_names", "data", scenes(4, 3, 0, 1, 2, 5)),
            ("lay_ground_truth", "'data/Ground Truth' --images data/Original", THREE),
            ("lay_labels_suffix_lab", "data", THREE),
            ("lay_same_folder_plain_mask", "data --match {} {}_mask", THREE),
            ("lip_atr", "data/train_segmentations --images data/train_images", TWO),
            ("names_case", "data", THREE),
            ("names_mixed_suffix", "data", scenes(0, 1, 2, 3)),
            ("names_nfd", "data", scenes(0)),
            ("pixel_annotation_tool", "data", TWO),
            ("jp2_photos", "data", scenes(0)),
            *((f"photo_kind_{kind}", "data", scenes(0)) for kind in PHOTO_KINDS),
        )
    ),
    *(
        Case(name, "data --classes LIST", THREE, splits="train train val")
        for name in ("lay_images_train_masks_train", "lay_img_ann_mmseg", "lay_train_val_images_masks")
    ),
    *(Case(name, "data --classes NAMES", TWO) for name in ("geotiff_mask", "imagej_float_tiff", "imagej_label_tiff")),
    Case("npy_masks", "data/masks --images data/images --classes NAMES", TWO),
    Case("paddleseg_lists", "data --classes data/labels.txt", THREE),
    Case("one_file_per_class", "data", TWO, notes=("merged into one mask for each of 2 photos",)),
    Case(
        "cityscapes",
        "data",
        scenes(0, 1, 2, rest="ignore"),
        notes=("Cityscapes: labelIds", "the classes are those of Cityscapes"),
        splits="train train val",
        unused=_CITYSCAPES,
    ),
    Case(
        "roboflow_png_masks",
        "data",
        scenes(4, 0, 1, 2, 3),
        notes=("_classes.csv",),
        splits="test train train train val",
    ),
    *(
        Case("supervisely_masks", f"data{below}", TWO, notes=("classes: data/meta.json",))
        for below in ("", "/ds0/masks_machine")
    ),
    Case("supervisely_masks", "data/ds0/masks_human --classes data/meta.json", TWO),
    Case(
        "supervisely_masks_shift",
        "data/ds0/masks_machine --images data/ds0/img --classes data/meta.json",
        roads(2),
        unused=("car",),
    ),
    Case("labelstudio_png", "data --images photos", THREE, "--in-order", ("3 images have no mask", "--in-order")),
    Case(
        "negatives_without_mask",
        "data --classes LIST",
        (*TWO, Drawing(()), Drawing(())),
        "--without-mask background",
        ("2 images have no mask: i2, i3", "--without-mask background"),
    ),
    Case(
        "mask_soft_alpha", "data --classes c.txt", TWO, "--unknown background", ("transparent", "--unknown background")
    ),
    Case("dup_stems", "data --classes LIST", refusal=("a.jpg", "a.png", "rename one of them")),
    Case("photo_kind_multipage", "data --classes LIST", refusal=("multipage.tif", "holds 2 pages")),
    Case("mask_turned_no_exif", "data --classes LIST", refusal=("80 x 120 pixels", "120 x 80", "another shape")),
    Case("photo_4band_uint8", "data --classes LIST", scenes(0), notes=("1 photo with more bands than colours",)),
    Case("mask_half_size", "data --classes LIST", notes=("to the size of the image by nearest neighbour: 1 mask",)),
    Case("mask_off_by_one", "data --classes LIST", notes=("to the size of the image by nearest neighbour: 1 mask",)),
    Case("exif_180", "data --classes LIST", notes=("sizes do not tell how masks lie", "look at images/a.jpg")),
    Case("one_class_only", "data --classes LIST", refusal=("--first-id 1", "--first-id 0")),
)

CASES = (*BLACK_AND_WHITE, *LISTS, *REGIONS, *FOLDERS)
