"""Label photos and videos that have no masks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prep.core.cluster.crews import cluster_at_hand
from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.progress import Bar, Say, no_bar, say_nothing
from prep.dataset.dataset import is_dataset
from prep.geo.extra import has_geo
from prep.images.finding import FoundFile
from prep.photos.rendering import Rendering, need_bands
from prep.photos.rows.tiff_rows import is_large_tiff
from prep.photos.survey import BANDS_OPTION, RANGE_OPTION, survey_photos
from train.predicting.label_photo import label_photo, looking
from train.predicting.large import predict_large
from train.predicting.maps.map_outputs import make_map_outputs
from train.predicting.maps.places import Places
from train.predicting.maps.probability_map import scores_path
from train.predicting.maps.tolerance import Tolerance
from train.predicting.output_folder import OutputFolder
from train.predicting.outputs import COCO, COCO_FILE, finish_outputs
from train.predicting.predict_video import VIDEO_KINDS, predict_video
from train.predicting.remote_photos import LabelPhotos, RemotePhotoJob, label_remotely
from train.runs.remote import RemoteModel
from train.windows.predictor import Predictor
from train.windows.probability_file import PROBABILITIES
from train.windows.rescaled import RescaledPhotos

_ONE_PIXEL = Tolerance(1.0)
_SIMPLIFIED = ("geojson", "geopackage", "coco", "labelme")


@dataclass(frozen=True)
class Prediction:
    """The folder with the predictions, the number of files that were predicted, and a text for each that was not."""

    folder: Path
    predicted: int
    problems: tuple[str, ...]


def as_rendered(predictor: Predictor, photos: Sequence[FoundFile], note: Callable[[str], None]) -> Predictor:
    """The same with a range for each kind of deep photo among these: the model's, else what is in use in all of them.
    Bands of TIFFs are those of the model.

    Very large TIFFs are left out; each of a kind that nobody knows has its own. `note` tells what was decided.
    Raises SegError for the images of a dataset that show other bands.
    """
    for root in dict.fromkeys(photo.path.parent.parent for photo in photos):
        if is_dataset(root):
            need_bands(root, predictor.rendering.bands)
    small = [photo for photo in photos if not _is_large(photo)]
    known = predictor.rendering
    survey = survey_photos(small, known=known, bands=known.bands, source="the photos that the model was trained on")
    for text in survey.notes:
        note(text.removesuffix(RANGE_OPTION).removesuffix(BANDS_OPTION))
    return replace(predictor, rendering=Rendering({**known.ranges, **survey.rendering.ranges}, known.bands))


def photo_settings(predictor: Predictor) -> dict[str, object]:
    """What is done with photos before they are labelled, and so changes predictions, as plain data."""
    ranges = predictor.rendering.to_plain()
    scale: dict[str, object] = {"scale": predictor.scale.wanted, "images_of_training": predictor.scale.known}
    if predictor.scale.ground is not None:
        scale["metres_a_pixel"] = predictor.scale.ground.words if has_geo() else "not measured without the extra geo"
    return scale | ({"ranges": ranges} if ranges else {})


def polygon_settings(tolerance: Tolerance, smallest: int) -> dict[str, object]:
    """What changes polygons, as plain data: the extra `geo` too, with which those of maps are in map units."""
    settings: dict[str, object] = {"simplify": tolerance.plain, "min_area": smallest}
    return settings | ({"maps": True} if has_geo() else {})


def _is_large(photo: FoundFile) -> bool:
    try:
        return is_large_tiff(photo.path)
    except SegError:  # predicting it says what is wrong with it
        return False


def predict_photos(
    predictor: Predictor,
    photos: Sequence[FoundFile],
    folder: OutputFolder,
    kinds: Sequence[str],
    failures: Failures,
    *,
    tolerance: Tolerance = _ONE_PIXEL,
    smallest: int = 1,
    bar: Bar = no_bar,
    note: Say = say_nothing,
    remote: RemoteModel | None = None,
) -> None:
    """Write the outputs of each photo, upright and in its full size; those that cannot be read are left out.

    kinds: of outputs.py, and probabilities; very large TIFFs come last and get those of large.py only, which
    `note` tells.
    smallest: in pixels, as of region_polygons; tolerance is as of it, in pixels or metres.
    remote: the same model, for the workers of the cluster that is at hand, if one is.
    A photo whose files are all there, made of it with this model, is left as it is: an interrupted command goes on.
    Raises SegError if more photos fail than `failures` allows.
    """
    look = looking(predictor, RescaledPhotos(note))
    pictures = [kind for kind in kinds if kind != PROBABILITIES]
    simplifies = bool(set(kinds) & set(_SIMPLIFIED))
    measures = predictor.scale.ground is not None or (simplifies and tolerance.is_metres)
    places = Places(kinds, measures=measures)
    sends = remote is not None and cluster_at_hand() is not None
    sent: list[RemotePhotoJob] = []
    if COCO in kinds:
        folder.lacks([folder.root / COCO_FILE])  # refuses one of others before there is any work
    large = []
    with bar("Predicting") as advance:
        for done, photo in enumerate(photos, start=1):
            with failures.leaving_out():
                place = places.of(photo)
                scores = scores_path(folder.root, photo, place) if PROBABILITIES in kinds else None
                moving = tolerance.pixels(photo, place) if simplifies else 0.0
                if is_large_tiff(photo.path):
                    large.append((_only_page(photo), place, moving))
                else:
                    outputs = make_map_outputs(pictures, folder.root, predictor.classes, moving, smallest, place)
                    wanted = [each.path(photo) for each in outputs] + ([scores] if scores else [])
                    if folder.lacks(wanted, photo.path):
                        if sends:
                            made_of = folder.begin(wanted, photo.path)
                            sent.append(RemotePhotoJob(len(sent), photo, tuple(wanted), made_of, scores, moving))
                        else:
                            with folder.making(wanted, photo.path):
                                label_photo(predictor, photo, outputs, scores, place, look)
            if not sends:
                advance(done, len(photos))
        if remote is not None and sent:
            with folder.staging() as staging:
                work = LabelPhotos(remote, folder.root, staging, tuple(kinds), smallest, measures)
                label_remotely(work, sent, folder, failures, look, advance)
    finish_outputs(kinds, folder, predictor.classes)
    places.tell(note)
    for photo, place, moving in large:
        with failures.leaving_out(), bar(f"Predicting {photo.name}") as advance:
            predict_large(
                predictor, photo, place, folder, kinds, tolerance=moving, smallest=smallest, progress=advance,
                note=note,
            )  # fmt: skip


def predict_videos(
    predictor: Predictor,
    videos: Sequence[FoundFile],
    folder: OutputFolder,
    kinds: Sequence[str],
    failures: Failures,
    *,
    bar: Bar = no_bar,
    note: Say = say_nothing,
) -> None:
    """Label each video; those that cannot be read are left out.

    kinds: as of photos; those that there are not of videos are left out, which `note` tells.
    """
    for video in videos:
        if left_out := [kind for kind in kinds if kind not in VIDEO_KINDS]:
            note(f"{video.name}: videos have no {', '.join(left_out)}; left out")
        with failures.leaving_out(), bar(f"Predicting {video.name}") as advance:
            predict_video(predictor, video, folder, kinds, progress=advance, note=note)


def _only_page(photo: FoundFile) -> FoundFile:
    if photo.page:
        raise SegError(
            f"{photo.path}: several pages of a size that is read row by row; save them as files of their own"
        )
    return photo
