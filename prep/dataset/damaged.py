"""Samples whose files cannot be read: a job over many leaves them out and lists them, or refuses to go without them."""

from collections.abc import Mapping
from pathlib import Path

from prep.core.failures import Failures, refused
from prep.dataset.dataset_files import INDEX


def leave_out(problems: Mapping[str, str], samples: int, root: Path, failures: Failures | None) -> None:
    """Leave out samples of a dataset by what is wrong with them, by stem, of so many that are worked on.

    failures: gets what is left out, and says how many may be; None where nothing may.
    Raises SegError if none may be, or if none is left; TooManyFailed.
    """
    if not problems:
        return
    texts = [problems[stem] for stem in sorted(problems)]
    if failures is None:
        raise refused(texts, f"Mend or replace these files, or delete the lines of their samples in {root / INDEX}")
    if len(texts) == samples:
        raise refused(texts, "Nothing was written: no sample can be read")
    for text in texts:
        failures.add(text)
