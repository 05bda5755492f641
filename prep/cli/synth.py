"""seg-prep synth."""

from pathlib import Path

import click

from prep.cli.console import finish, progress
from prep.cli.options import (
    AnyPath,
    WholeNumber,
    json_option,
    overwrite_option,
    parse_size,
    seed_option,
    workers_option,
)
from prep.core.words import counted


@click.command()
@click.option(
    "--n",
    type=WholeNumber(min=1),
    default=100,
    metavar="NUMBER",
    help="Training images; one of ten is for validation.",
)
@click.option("--test", type=WholeNumber(min=0), default=10, metavar="NUMBER", help="Test images besides.")
@click.option("--size", callback=parse_size, default="200x400", metavar="WIDTHxHEIGHT", help="Size in pixels.")
@click.option(
    "--max-shapes",
    type=WholeNumber(min=1),
    default=9,
    metavar="NUMBER",
    help="Ellipses, and lines, in an image: from 1 to this many.",
)
@click.option(
    "-o",
    "--output",
    type=AnyPath(path_type=Path, file_okay=False),
    default="datasets/synth",
    metavar="DATASET",
    help="Dataset folder to write.",
)
@seed_option
@workers_option
@overwrite_option
@json_option
def synth(
    n: int,
    test: int,
    size: tuple[int, int],
    max_shapes: int,
    output: Path,
    seed: int,
    workers: int | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Generate images of lines and ellipses with exact masks, to learn and to test with.

    Example:

    \b
        seg-prep synth --n 100
    """
    from prep.dataset.states import notes_on_rejected
    from prep.photos.commit import notes_on_others
    from synth.dataset import drawn_samples, generate

    width, height = size
    with progress("Drawing") as advance:
        dataset = generate(
            output,
            n=n,
            test=test,
            width=width,
            height=height,
            max_shapes=max_shapes,
            seed=seed,
            workers=workers,
            overwrite=overwrite,
            progress=advance,
        )
    drawn = drawn_samples(dataset)
    stems, of_split = [sample.stem for sample in drawn], [sample.split for sample in drawn if sample.is_labelled]
    others = notes_on_others([sample.stem for sample in dataset.samples], stems, "sample", "those that are drawn")
    notes = [*others, *notes_on_rejected(output, stems)]
    counts = {name: of_split.count(name) for name in ("train", "val", "test")}
    finish(
        output,
        {"dataset": output, "samples": len(drawn), **counts, "notes": notes},
        "\n".join(
            [
                *notes,
                f"{counted(len(drawn), 'image')} of {width} x {height} -> {output} "
                f"(train {counts['train']}, val {counts['val']}, test {counts['test']})",
            ]
        ),
    )
