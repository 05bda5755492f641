"""seg-train export."""

from pathlib import Path

import click

from prep.cli.console import finish, note
from prep.cli.options import AnyPath, json_option, overwrite_option
from train.cli.torch_needed import need_torch


@click.command()
@click.argument("run", required=False, type=AnyPath(path_type=Path))
@click.option(
    "--to",
    "form",
    type=click.Choice(["onnx", "torchscript"]),
    required=True,
    help="ONNX for other programs and languages; TorchScript for LibTorch (PyTorch means to drop it one day).",
)
@click.option(
    "-o",
    "--output",
    type=AnyPath(path_type=Path, dir_okay=False),
    metavar="FILE",
    show_default="RUN/model.onnx or RUN/model.torchscript",
    help="File to write.",
)
@overwrite_option
@json_option
def export(run: Path | None, form: str, output: Path | None, overwrite: bool, as_json: bool) -> None:
    """Export the model of a run (the latest by default) to run without seg-train.

    \b
    image          in   uint8   (batch, height, width, 3), RGB as it comes from
                                an upright image file; any size
    probabilities  out  float32 (batch, classes, height, width)
    labels         out  uint8   (batch, height, width), the likeliest class

    Normalisation is inside. Classes with names and colours, mean, std, window and overlap stand in the metadata
    (ONNX) or in the extra file seg-train.json (TorchScript). The file is run beside PyTorch on images of the dataset
    and kept only if no probability differs by more than 0.001.

    Example:

    \b
        seg-train export --to onnx -o model.onnx
        seg-train predict photos/ -o predictions --run model.onnx
    """
    need_torch()
    from train.exporting.export_run import export_run
    from train.runs.runs import find_run

    chosen = find_run(run, note)
    done = export_run(chosen, form, output, overwrite=overwrite)
    finish(
        chosen,
        {"file": done.path, "to": form, "checked_on": done.checked_on, "largest_difference": done.difference},
        f"largest difference of a probability to PyTorch {done.difference:.1g} ({done.checked_on})\n{done.path}",
    )
