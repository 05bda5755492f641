"""seg-prep annotate."""

from __future__ import annotations

from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prep.cli.console import end_with_left_out, finish, note, progress
from prep.cli.options import AnyPath, Existing, dataset_argument
from prep.cli.page import address_options, announce
from prep.core.errors import SegError
from prep.core.words import counted

if TYPE_CHECKING:
    from prep.annotate.audit import Findings
    from prep.annotate.model.proposals import Order, Proposals
    from prep.annotate.network.network import Network
    from prep.annotate.sam.encodings import Encodings
    from prep.annotate.store.store import AnnotationStore

_RISK = (
    "everyone who has this address can read and change this dataset over the network, unencrypted. "
    "Without --host only this computer can. Elsewhere, put the name of this computer in place of localhost."
)


@click.command()
@dataset_argument
@address_options(8010, "those on your networks in who have the address with its token")
@click.option(
    "--no-open",
    "open_browser",
    flag_value=False,
    default=True,
    show_default=False,
    help="Do not open the page in the browser.",
)
@click.option(
    "--model",
    "run",
    type=AnyPath(path_type=Path),
    metavar="RUN",
    show_default="none",
    help="Run whose model proposes masks, or latest; needs the extra train.",
)
@click.option(
    "--scale",
    default="auto",
    metavar="auto|fit|FACTOR",
    help="Size at which the model labels: that of its training where it can tell, that in any case (fit), or the image "
    "times FACTOR.",
)
@click.option(
    "--train-network",
    is_flag=True,
    help="Train a network on what is labelled, again and again; it proposes once it is better than strokes. The page "
    "has the switch, too; needs the extra train.",
)
@click.option(
    "--order",
    type=click.Choice(["name", "uncertainty"]),
    default="name",
    help="Order of the list; uncertainty: what the model is least sure of first.",
)
@click.option(
    "--audit",
    type=Existing(),
    metavar="FOLDER",
    show_default="none",
    help="Findings to work through: the folder that 'seg-train audit' wrote, or its audit.csv.",
)
@click.option(
    "--sam",
    "sam_files",
    type=Existing(),
    multiple=True,
    metavar="FOLDER",
    show_default="none",
    help="ONNX files of SAM to point at objects with: a folder, or twice a file; needs the extra assist.",
)
@click.option(
    "--prepare", is_flag=True, help="Encode the unfinished photos for --sam, and end; it goes on where it stopped."
)
def annotate(
    dataset: Path | None,
    port: int,
    host: str,
    open_browser: bool,
    run: Path | None,
    scale: str,
    train_network: bool,
    order: Order,
    audit: Path | None,
    sam_files: tuple[Path, ...],
    prepare: bool,
) -> None:
    """Label the images of a dataset by hand, on a page in the browser that saves every stroke at once.

    Masks are written into the dataset itself, pixels that were never touched as 255 (ignored). It stops with Ctrl-C,
    and goes on where it stopped when it is started again.

    Example:

    \b
        seg-prep resize photos/ -o datasets/campus --size 1024
        seg-prep annotate datasets/campus
        seg-prep annotate datasets/campus --model latest --order uncertainty
        seg-prep annotate datasets/campus --train-network
        seg-prep annotate datasets/campus --sam models/mobile_sam
    """
    from prep.annotate.access import new_token
    from prep.annotate.app import annotate_app
    from prep.annotate.learn.learner import Learner
    from prep.annotate.sam.objects import Objects
    from prep.annotate.store.server_lock import one_server
    from prep.annotate.store.store import AnnotationStore
    from prep.dataset.dataset import find_dataset, opened_alone
    from prep.web.server import bind, is_loopback, make_server, url_of

    if order == "uncertainty" and run is None and not train_network:
        raise click.UsageError(
            "--order uncertainty asks a model: name one with --model RUN or --model latest, or add --train-network"
        )
    if train_network and run is not None:
        raise click.UsageError("--train-network trains what proposes, and --model names it; leave one of them out")
    if scale != "auto" and run is None:
        raise click.UsageError("--scale is the size at which a model labels: name one with --model RUN")
    if prepare and not sam_files:
        raise click.UsageError("--prepare encodes photos for SAM: name its files with --sam FOLDER")
    root = find_dataset(dataset)
    with opened_alone(root):  # fails here, before anything is written into a folder that is no dataset
        pass
    context = click.get_current_context()
    context.with_resource(one_server(root))
    store = context.with_resource(closing(AnnotationStore(root)))
    encodings = _open_sam(store, sam_files) if sam_files else None
    if prepare and encodings:
        _prepare(root, encodings)
        return
    model = _open_model(store, run, order, scale) if run else None
    network = None if run else _open_network(store, order, is_asked=train_network)
    findings = _open_findings(store, audit) if audit else None
    learner = Learner(store)
    listener = bind(host, port)
    token = None if is_loopback(listener) else new_token()
    app = annotate_app(
        store,
        only_here=token is None,
        token=token,
        model=model,
        findings=findings,
        learner=learner,
        objects=Objects(store, encodings) if encodings else None,
        network=network,
    )
    server = make_server(app, listener)
    address = url_of(listener) + (f"?token={token}" if token else "")
    finish(root, {}, f"{store.name} at {address}")
    announce(address, _RISK if token else None, open_browser=open_browser)
    with (
        model.working() if model else nullcontext(),
        encodings.working() if encodings else nullcontext(),
        learner.working(),
        network.working() if network else nullcontext(),
    ):
        server.run()


def _open_model(store: AnnotationStore, run: Path, order: Order, scale: str) -> Proposals:
    from prep.annotate.model.proposals import Proposals
    from prep.annotate.model.proposer import open_proposer

    model = Proposals(store, open_proposer(run, note, scale), order)
    if model.left_out:
        names = ", ".join(model.left_out)
        note(f"{model.name} knows classes that this dataset lacks, and proposes nothing there: {names}")
    return model


def _open_network(store: AnnotationStore, order: Order, *, is_asked: bool) -> Network | None:
    """What trains while people label; None where nothing can train and nobody has asked for it."""
    from prep.annotate.network.network import Network
    from prep.annotate.network.trainer import open_trainer

    try:
        network = Network(store, open_trainer(), order)
    except SegError:
        if is_asked:
            raise
        return None
    if is_asked:
        network.turn(on=True)
    return network


def _open_sam(store: AnnotationStore, named: tuple[Path, ...]) -> Encodings:
    from prep.annotate.sam.encodings import Encodings
    from prep.annotate.sam.files import find_sam_files
    from prep.annotate.sam.model import Sam

    return Encodings(store, Sam(find_sam_files(named)))


def _prepare(root: Path, encodings: Encodings) -> None:
    with progress("Encoding") as report:
        done, problems = encodings.prepare(report, note)
    finish(root, {"encoded": done, "left_out": problems}, f"{counted(done, 'photo')} encoded for {encodings.sam.name}")
    end_with_left_out(problems)


def _open_findings(store: AnnotationStore, audit: Path) -> Findings:
    from prep.annotate.audit import MARKS, Findings, in_dataset, read_findings
    from prep.dataset.dataset_files import HIDDEN

    found, left_out = in_dataset(read_findings(audit), map(store.sample, (entry.stem for entry in store.entries())))
    for words in left_out:
        note(words)
    return Findings(found, store.root / HIDDEN / MARKS)
