"""Whether the images that a model is least sure of teach more than as many drawn at random.

    python -m tests.bench.order DATASET --work FOLDER --seeds 3

A dataset that is labelled already plays one that is not: of `POOL` train images, `STEP` are labelled at first, then
twice `STEP` more, once those that `seg-prep annotate --order uncertainty` lists first, once random ones. Each time a
network is trained from the start with the same number of steps; the score is the test mean IoU.
"""

import argparse
import json
import os
import random
from pathlib import Path

import numpy as np

from prep.annotate.model.uncertainty import uncertainty
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, write_index
from tests.support import run_ok, run_train
from train.serve.proposer import open_run

POOL, STEP, ROUNDS = 60, 8, 3
CROPS, EPOCHS = 480, 6


def trained(source: Dataset, labelled: set[str], folder: Path, seed: int) -> tuple[float, Path]:
    """Train on these images of the train split; the test mean IoU and the run."""
    folder.mkdir(parents=True)
    for name in ("images", "masks"):
        (folder / name).symlink_to((source.root / name).resolve())
    (folder / "classes.json").write_bytes((source.root / "classes.json").read_bytes())
    kept = [each for each in source.of_split() if each.split != "train" or each.stem in labelled]
    write_index(folder / "index.csv", kept)
    run_ok("stats", folder, "--workers", 1)
    crops = ("--crops", CROPS // len(labelled), "--epochs", EPOCHS, "--size", 64, "--width", 8, "--depth", 3)
    result = run_train("fit", folder, *crops, "--seed", seed, "--json")
    assert result.exit_code == 0, result.output
    run = Path(json.loads(result.stdout)["run"])
    return json.loads((run / "metrics.json").read_text())["mean_iou"], run


def most_uncertain(source: Dataset, run: Path, candidates: list[Sample]) -> list[str]:
    proposer = open_run(run, print)
    values = {}
    for sample in candidates:
        found = proposer(source.image(sample), lambda share: None, sample)
        values[sample.stem] = uncertainty(found.entropy, np.full((sample.height, sample.width), 255, np.uint8))
    return sorted(values, key=lambda stem: -values[stem])


def compare(source: Dataset, work: Path, seed: int) -> dict[str, list[float]]:
    """Test mean IoU after each round, by the way of choosing."""
    pool = random.Random(seed).sample(source.of_split("train"), POOL)
    first = {sample.stem for sample in pool[:STEP]}
    begun = trained(source, first, work / f"{source.root.name}-{seed}-first", seed)
    scores: dict[str, list[float]] = {}
    for way in ("uncertain", "random"):
        labelled, (score, run), scores[way] = set(first), begun, [begun[0]]
        for number in range(1, ROUNDS):
            left = [sample for sample in pool if sample.stem not in labelled]
            chosen = most_uncertain(source, run, left) if way == "uncertain" else [sample.stem for sample in left]
            labelled |= set(chosen[:STEP])
            score, run = trained(source, labelled, work / f"{source.root.name}-{seed}-{way}-{number}", seed)
            scores[way].append(score)
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    source = Dataset.open(arguments.dataset.resolve())
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    os.chdir(work)
    for seed in range(arguments.seeds):
        for way, scores in compare(source, work, seed).items():
            print(source.root.name, seed, way, *(f"{score:.3f}" for score in scores), flush=True)


if __name__ == "__main__":
    main()
