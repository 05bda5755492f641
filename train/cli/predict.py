"""seg-train predict."""

from pathlib import Path

import click

from prep.cli.console import finish, progress
from prep.cli.options import json_option, overwrite_option
from train.cli.options import device_option
from train.cli.torch_needed import need_torch


@click.command()
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="OUT",
    help="Folder for masks/, colors/ and overlays/.",
)
@click.option("--run", type=click.Path(path_type=Path), metavar="RUN", show_default="the latest", help="Model to use.")
@device_option
@overwrite_option
@json_option
def predict(
    images: tuple[Path, ...], output: Path, run: Path | None, device: str, overwrite: bool, as_json: bool
) -> None:
    """Label photos, or folders of photos: index masks, colour masks and overlays.

    Example:

    \b
        seg-train predict photos/ -o predictions
    """
    need_torch()
    from prep.errors import SegError
    from train.checkpoint import MODEL, load_model, model_id
    from train.device import make_fabric
    from train.predict import find_photos, predict_photos
    from train.runs import find_run

    photos = find_photos(images)
    chosen = find_run(run)
    predictor, _ = load_model(chosen / MODEL, make_fabric(device))
    with progress("Predicting") as advance:
        problems = predict_photos(
            predictor, model_id(chosen / MODEL), photos, output, overwrite=overwrite, progress=advance
        )
    done = len(photos) - len(problems)
    finish(output, {"output": output, "predicted": done, "problems": problems}, f"{done} photos -> {output}")
    if problems:
        raise SegError("\n".join([f"{len(problems)} photos could not be predicted:", *problems]))
