"""seg-prep masks."""

from pathlib import Path

import click

from prep.cli.console import finish, progress, table
from prep.cli.export import export
from prep.cli.options import CONTEXT, json_option, overwrite_option, seed_option, workers_option

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group(context_settings=CONTEXT)
def masks() -> None:
    """Turn raw label masks into the class indices of a dataset.

    Example:

    \b
        seg-prep masks convert labels/ -o datasets/campus --images photos/ --classes classes.txt
    """


masks.add_command(export)


@masks.command()
@click.argument("source", required=False, type=_FOLDER)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DATASET",
    show_default="the dataset here",
    help="Dataset folder to make or to add to.",
)
@click.option(
    "--images",
    "photos",
    type=_FOLDER,
    metavar="FOLDER",
    show_default="the dataset's images",
    help="Photos to bring in with the masks, upright and in full size.",
)
@click.option(
    "--classes",
    "classes_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    show_default="the dataset's",
    help="Class map: a classes.json, or lines name,#rrggbb or name,#rrggbb,id.",
)
@click.option(
    "--match",
    nargs=2,
    default=("{}", "{}"),
    metavar="'IMAGE_{}' 'MASK_{}'",
    help="Names (without ending) of an image and its mask; {} is the part that they share.",
)
@click.option(
    "--from",
    "reader",
    type=click.Choice(["rgb", "ids"]),
    show_default="by looking at the masks",
    help="What the masks hold: colours or class ids.",
)
@click.option(
    "--unknown",
    type=click.Choice(["error", "ignore", "nearest", "background"]),
    default="error",
    help="What becomes of values that are no class.",
)
@click.option("--skip-unpaired", is_flag=True, help="Leave out images without mask and masks without image.")
@seed_option
@workers_option
@overwrite_option
@json_option
def convert(
    source: Path | None,
    output: Path | None,
    photos: Path | None,
    classes_file: Path | None,
    match: tuple[str, str],
    reader: str | None,
    unknown: str,
    skip_unpaired: bool,
    seed: int,
    workers: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Convert the masks in SOURCE (by default the dataset's labels/) and pair them with their images.

    Nothing here is random: the seed is only recorded.

    Example:

    \b
        seg-prep masks convert labels/ -o datasets/campus --images photos/ --classes classes.txt
        seg-prep masks convert masks/ -o datasets/shapes --images images/ \\
            --classes classes.txt --match 'Img_{}' 'Mask_{}'
    """
    from prep.dataset import find_dataset
    from prep.masks import Options, convert_masks

    root = output or find_dataset(None)
    options = Options(match, unknown, reader, skip_unpaired)  # type: ignore[arg-type]  # click.Choice checked it
    with progress("Converting") as advance:
        result = convert_masks(
            root,
            source,
            photos=photos,
            classes_file=classes_file,
            options=options,
            workers=workers,
            overwrite=overwrite,
            progress=advance,
        )
    names = [*result.dataset.classes.names, "ignore"]
    pixels = [*result.pixels[: len(names) - 1].tolist(), int(result.pixels[255])]
    shares = [f"{count / max(1, sum(pixels)):.2%}" for count in pixels]
    lines = [
        table(
            ["class", "pixels", "share"],
            [[*row] for row in zip(names, map("{:,}".format, pixels), shares, strict=True)],
        )
    ]
    lines += [f"{value}: {count:,} pixels became {name}" for value, count, name in result.replaced[:20]]
    if len(result.replaced) > 20:
        lines.append(f"... and {len(result.replaced) - 20} more values")
    if result.unpaired:
        lines.append(f"left out for want of a partner: {len(result.unpaired)} ({result.unpaired[0]} ...)")
    finish(
        root,
        {
            "dataset": root,
            "converted": result.converted,
            "pixels": dict(zip(names, pixels, strict=True)),
            "replaced": [list(row) for row in result.replaced],
            "unpaired": list(result.unpaired),
        },
        "\n".join([*lines, f"{result.converted} masks -> {root}"]),
    )
