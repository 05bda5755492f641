"""seg-train predict."""

from pathlib import Path
from typing import Any

import click

from prep.cli.console import end_with_left_out, finish, note, progress
from prep.cli.options import (
    AnyPath,
    Existing,
    WholeNumber,
    cluster_option_of,
    json_option,
    max_failed_option,
    overwrite_option,
)
from train.cli.options import device_option, scale_option, window_options
from train.cli.torch_needed import need_torch
from train.windows.scale import Scale

_PICTURES = ("masks", "colors", "overlays")
_POLYGONS = ("geojson", "geopackage", "coco", "labelme")
_PROBABILITIES = "probabilities"
_KINDS = (*_PICTURES, *_POLYGONS, _PROBABILITIES)
_OF_VIDEOS = ("overlays",)


def _parse_kinds(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Read masks,geojson as a tuple of kinds, each once; an unknown one is a usage error."""
    if value is None:
        return None
    kinds = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    unknown = [kind for kind in kinds if kind not in _KINDS]
    if unknown or not kinds:
        raise click.BadParameter(f"{', '.join(unknown) or value!r} is not among {', '.join(_KINDS)}")
    return kinds


def _check_tolerance(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Pixels as in 1.5, or metres as in 0.5m; wrong text is a usage error."""
    from prep.core.errors import SegError
    from train.predicting.maps.tolerance import parse_tolerance

    try:
        parse_tolerance(value)
    except SegError as error:
        raise click.BadParameter(str(error)) from error
    return value


@click.command()
@click.argument("images", nargs=-1, required=True, type=Existing())
@click.option(
    "-o",
    "--output",
    required=True,
    type=AnyPath(path_type=Path, file_okay=False),
    metavar="OUT",
    help="Folder to write into; each kind of file gets a folder in it.",
)
@click.option(
    "--run",
    "runs",
    type=AnyPath(path_type=Path),
    multiple=True,
    metavar="RUN",
    show_default="the latest",
    help="Model to use: a run, or a file that 'seg-train export --to onnx' wrote; given several times, or a "
    "cross-validation, the mean of the models.",
)
@click.option(
    "--save",
    "kinds",
    show_default=f"{','.join(_PICTURES)}; of a video overlays",
    metavar="KINDS",
    callback=_parse_kinds,
    help=f"What to write, joined by commas: {', '.join(_KINDS)}.",
)
@click.option(
    "--simplify",
    "tolerance",
    default="1",
    metavar="PIXELS|METRES",
    callback=_check_tolerance,
    help="How far the line of a polygon may move to have fewer corners: 2 are pixels, 0.5m are metres on the ground; 0 "
    "follows the pixels exactly.",
)
@click.option(
    "--min-area",
    "smallest",
    type=WholeNumber(min=1),
    default=1,
    metavar="PIXELS",
    help="Leave regions with fewer pixels out of polygons (labelme has them all), and fill holes as small.",
)
@scale_option
@window_options
@click.option(
    "--engine",
    type=click.Choice(["torch", "onnx"]),
    show_default="onnx for a file, else torch",
    help="What computes; onnx exports RUN/model.onnx where it is missing, and takes no --device.",
)
@device_option
@max_failed_option
@overwrite_option
@cluster_option_of(lambda given: [given["output"]])
@json_option
def predict(
    images: tuple[Path, ...],
    output: Path,
    runs: tuple[Path, ...],
    kinds: tuple[str, ...] | None,
    tolerance: str,
    smallest: int,
    scale: Scale,
    engine: str | None,
    device: str,
    max_failed: int | None,
    overwrite: bool,
    as_json: bool,
    **windows: Any,  # noqa: ANN401
) -> None:
    """Label photos, folders of photos, the images of a dataset, or videos.

    \b
    masks     class indices, PNG           geojson  polygons with holes, in pixels
    colors    the classes' colours, PNG    coco     one annotations.json, polygons
    overlays  colours over the photo, PNG  labelme  to correct by hand; 'seg-prep
                                                    masks convert' reads it back
    geopackage  polygons on the map, of photos with a place on the earth

    probabilities     (classes, height, width) float16, which np.load(PATH,
                      mmap_mode="r") opens: 120 MB for 12 megapixels and 5 classes;
                      of a GeoTIFF a GeoTIFF with a band for each class, uint8:
                      250 is 1 (steps of 0.004, the scale of its bands), 255 no data

    geojson, geopackage and coco have a polygon for each region of each class but the background. Photos in
    subfolders get the names of their folders: "Tile 1/part.jpg" becomes "Tile 1_part.png". TIFFs above 64
    megapixels, BigTIFF too, are read and written row by row, so they need not fit in memory: the mask becomes a
    tiled TIFF, the overlay a small PNG, probabilities stay in full size; colors are left out, and polygons but for
    those on the map.

    The mask of a photo with a place on the earth lies there, too: of a GeoTIFF it is one, with the colours and
    names of the classes and 255 where the photo holds no data; beside that of a JPEG or PNG with a world file lies
    the same world file. With the extra geo, geojson of such photos is in degrees of WGS84, and geopackage has
    polygons in map units; both state areas in square metres.

    A photo of another size than the images of the training is labelled at their size, and the labels are brought
    back to the photo: a model knows things by how large they were. Of rasters the metres a pixel count, if the model
    learned from such. --scale 1 labels all as they are.

    A video becomes a video: H.264 in MP4 without sound, upright, each frame at its time; masks of a video are one PNG
    a frame. Videos in folders are left out, name them one by one. What cannot be read is left out and listed at the
    end; the exit code is 1 then.

    Example:

    \b
        seg-train predict photos/ -o predictions
        seg-train predict photos/ -o predictions --save masks,geojson --simplify 2 --min-area 50
        seg-train predict photos/ -o predictions --save masks,probabilities
        seg-train predict photos/ -o predictions --run runs/a --run runs/b
        seg-train predict mosaic.tif -o map --save masks,geopackage,probabilities --simplify 0.5m
        seg-train predict flight.mp4 -o predictions
    """
    need_torch()
    from train.exporting.engine import open_predictor, remote_predictor, told
    from train.predicting.maps.tolerance import parse_tolerance
    from train.predicting.output_folder import note_on_removed, opened_output
    from train.predicting.predict import (
        as_rendered,
        photo_settings,
        polygon_settings,
        predict_photos,
        predict_videos,
    )
    from train.predicting.sources import find_photos_and_videos
    from train.windows.rescaled import note_unknown

    moving = parse_tolerance(tolerance)
    found = find_photos_and_videos(images, output, note)
    loaded, identities = open_predictor(runs, engine, device, note, scale)
    predictor = loaded.changed(**windows)
    note_unknown(predictor.scale, note)
    predictor = as_rendered(predictor, found.photos, note)
    remote = remote_predictor(runs, identities, engine, device, scale).with_settings(windows, predictor.rendering)
    failures = found.failures(max_failed)
    settings: dict[str, object] = {"model": told(identities), **vars(predictor.windows), **photo_settings(predictor)}
    if set(kinds or ()) & set(_POLYGONS):
        settings |= polygon_settings(moving, smallest)
    with opened_output(output, predictor.classes, settings, overwrite=overwrite) as folder:
        predict_photos(
            predictor, found.photos, folder, kinds or _PICTURES, failures, tolerance=moving, smallest=smallest,
            bar=progress, note=note, remote=remote,
        )  # fmt: skip
        predict_videos(predictor, found.videos, folder, kinds or _OF_VIDEOS, failures, bar=progress, note=note)
        if removed := folder.remove_others():
            note(note_on_removed(removed))
    asked = len(found)
    done = asked - len(failures.problems)
    kinds_found = (("photo", found.photos), ("video", found.videos))
    what = " and ".join(one if asked == 1 else f"{one}s" for one, files in kinds_found if files)
    finish(
        output,
        {"output": output, "predicted": done, "problems": failures.problems},
        f"{done} of {asked} {what} -> {output}",
    )
    end_with_left_out(failures.problems)
