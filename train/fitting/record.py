"""What a run is trained with, for its config.json and its log, so that a resumed one is known to find the same."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from prep.core.words import counted, verb
from train.data.streamed_store import StreamedStore
from train.fitting.loop import Trainer
from train.networks.depthwise import ways_of


def config_content(trainer: Trainer) -> dict[str, Any]:
    """The content of config.json: all settings, and what they became with this dataset."""
    dataset = trainer.dataset
    return {
        **trainer.config.to_plain(),
        "dataset": dataset.root.resolve().name,
        "dataset_path": dataset.root.resolve().as_posix(),
        "split_hash": dataset.split_hash(),
        "data_hash": _data_hash(trainer),
        "train_images": len(dataset.of_split("train")),
        "val_images": len(dataset.of_split("val")),
        "patches": len(trainer.store),
        "pixels": "patches" if trainer.store.is_cut else "random crops",
        "patch_size": trainer.store.size,
        "image_scale": trainer.card.image_scale and trainer.card.image_scale.to_plain(),
        "window_used": trainer.card.window,
        "parameters": sum(weight.numel() for weight in trainer.network.parameters()),
        "device": str(trainer.fabric.device),
        "precision_used": trainer.fabric._precision.precision,
        "gradient_ways": list(ways_of(trainer.network)),
    }


def opening(trainer: Trainer, settings: Mapping[str, Any]) -> str:
    """One line about a training that begins."""
    config = trainer.config
    network = config.arch if config.encoder is None else f"{config.arch} with {config.encoder}"
    forms = ("patch", "patches") if trainer.store.is_cut else ("random crop",)
    anew = " (images are read again in each, being more than the memory holds)" if _is_streamed(trainer) else ""
    return (
        f"{trainer.run}: {network} of {settings['parameters'] / 1e6:.2f} M parameters "
        f"on {settings['device']} in {settings['precision_used']}; "
        f"{counted(settings['patches'], *forms)} of {settings['patch_size']} px an epoch{anew}, "
        f"{settings['train_images']:,} training and {counted(settings['val_images'], 'validation image')}"
        f"{_unlabelled(trainer)}"
    )


def _unlabelled(trainer: Trainer) -> str:
    """What is said of training images without a labelled pixel; those that are streamed are not counted before."""
    number = 0 if isinstance(trainer.store, StreamedStore) else trainer.store.unlabelled
    what = f"{verb(number, 'holds', 'hold')} ignored pixels only, and {verb(number, 'teaches', 'teach')} nothing"
    return f"; {number:,} of the training images {what}" if number else ""


def _is_streamed(trainer: Trainer) -> bool:
    return isinstance(trainer.store, StreamedStore)


def _data_hash(trainer: Trainer) -> str:
    """Hash of what decides which pixels the training and its validation see, and how they are normalized."""
    store, card, dataset = trainer.store, trainer.card, trainer.dataset
    seen = [store.content, store.size, len(store), store.flips, dataset.files_hash("val")]
    content = [*seen, card.classes.to_json(), card.mean, card.std]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
