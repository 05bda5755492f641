"""seg-train networks."""

import click

from prep.cli.console import emit
from prep.cli.options import json_option
from train.cli.torch_needed import need_torch


@click.command()
@json_option
def networks(as_json: bool) -> None:
    """List the architectures that --arch takes, and the encoders that --encoder takes.

    Example:

    \b
        seg-train networks
    """
    need_torch()
    from train.networks.networks import architectures, encoders

    arches, names = architectures(), encoders()
    text = "\n".join(
        [
            "--arch:", *(f"  {name}" for name in arches),
            "--encoder, or tu-NAME for any network of timm:", *(f"  {name}" for name in names),
        ]
    )  # fmt: skip
    emit({"architectures": arches, "encoders": names}, text)
