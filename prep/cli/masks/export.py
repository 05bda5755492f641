"""seg-prep masks export."""

from collections.abc import Iterator
from pathlib import Path

import click

from prep.cli.console import emit, end_with_left_out, naming_left_out, progress, table
from prep.cli.options import (
    AnyPath,
    cluster_option,
    dataset_argument,
    json_option,
    max_failed_option,
    overwrite_option,
    workers_option,
)
from prep.core.words import counted


@click.command()
@dataset_argument
@click.option(
    "--to",
    "layout",
    type=click.Choice(["rgb", "voc", "coco", "labelme", "cvat", "yolo"]),
    required=True,
    help="Layout of which tool: RGB masks, Pascal VOC, COCO, LabelMe, CVAT 'segmentation mask 1.1', YOLO segmentation.",
)
@click.option(
    "-o",
    "--output",
    type=AnyPath(path_type=Path),
    metavar="FOLDER",
    required=True,
    help="New or empty folder, or a file ending in .zip.",
)
@workers_option
@max_failed_option
@overwrite_option
@json_option
@cluster_option
def export(
    dataset: Path | None,
    layout: str,
    output: Path,
    workers: int | None,
    max_failed: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Export images and masks to the layout of another tool, without loss.

    Ignored pixels get the name "ignore" and a colour that no class has. Samples without image or mask are left out.
    Only voc and yolo keep the split; yolo keeps no colours; none keeps places on the earth, which is said. Samples with
    a damaged file are left out, too, and listed, and the exit code is 1 then.

    Example:

    \b
        seg-prep masks export datasets/campus --to voc -o campus-voc
        seg-prep masks export datasets/campus --to cvat -o campus.zip
    """
    from prep.core.failures import Failures
    from prep.dataset.dataset import Dataset, find_dataset
    from prep.exporting.export import export_dataset

    root, failures = find_dataset(dataset), Failures(max_failed)
    with progress("Exporting") as advance, naming_left_out(failures):
        result = export_dataset(
            root, output, layout, overwrite=overwrite, workers=workers, progress=advance, failures=failures
        )
    names = [*Dataset.open(root).classes.names, "ignore"]
    pixels = [*result.pixels[: len(names) - 1].tolist(), int(result.pixels[255])]
    rows = [[name, f"{count:,}", f"{count / sum(pixels):.2%}"] for name, count in zip(names, pixels, strict=True)]
    lines = [table(["class", "pixels", "share"], rows)]
    if result.left_out:
        lines.append(f"left out for want of an image or a mask: {len(result.left_out)} ({result.left_out[0]} ...)")
    lines += _lost(layout, result.buffer, result.placed)
    emit(
        {
            "dataset": root,
            "output": output,
            "to": layout,
            "exported": result.samples,
            "pixels": [[name, count] for name, count in zip(names, pixels, strict=True)],
            "left_out": list(result.left_out),
            "buffer": result.buffer,
            "placed": result.placed,
            "problems": failures.problems,
        },
        "\n".join([*lines, f"{counted(result.samples, 'sample')} -> {output} ({layout})"]),
    )
    end_with_left_out(failures.problems)


_BUFFER_IN = {
    "voc": "in the list buffer.txt, and in no other",
    "yolo": "in images/buffer, which data.yaml does not name",
}


def _lost(layout: str, buffer: int, placed: int) -> Iterator[str]:
    """What other programs do not know of the samples: dividing them again may put neighbours into two splits."""
    if buffer:
        where = _BUFFER_IN.get(layout, "not to be told from the others, as this layout keeps no split")
        yield f"{counted(buffer, 'sample')} in buffer, next to another split on the ground: {where}"
    if placed:
        yield f"places of {counted(placed, 'sample')} on the earth are not kept: divide the dataset itself by place"
