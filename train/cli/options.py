"""Options that several seg-train commands share."""

import click

device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    help="Where to compute; auto takes an NVIDIA GPU if there is one.",
)
