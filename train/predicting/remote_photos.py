"""Photos that the workers of a cluster label: each opens the model once, and writes the files into a hidden folder.

Where the command is killed, workers are still at their photos for a while, and another command may write into the same
folder by then. So they write nothing there: the command, which has its lock, puts in place what they have made.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.files import explained, is_part, make_folder, put_in_place
from prep.core.jobs import run_jobs
from prep.core.progress import Progress
from prep.geo.pixel_size import PixelSize
from prep.images.finding import FoundFile
from train.predicting.label_photo import TellPhoto, label_photo
from train.predicting.maps.map_outputs import make_map_outputs
from train.predicting.maps.places import Places
from train.predicting.output_folder import OutputFolder
from train.predicting.region_polygons import Moving
from train.runs.remote import RemoteModel
from train.windows.probability_file import PROBABILITIES


@dataclass(frozen=True)
class RemotePhotoJob:
    """A photo that is to be labelled.

    wanted: the files to write.  made_of: what OutputFolder.begin told of it.  scores: that of its probabilities, or
    None.  moving: how far lines of polygons may move, in pixels.
    """

    number: int
    photo: FoundFile
    wanted: tuple[Path, ...]
    made_of: str
    scores: Path | None
    moving: Moving

    @property
    def name(self) -> str:
        """Of the photo, where something is said of it."""
        return str(self.photo.path)


@dataclass(frozen=True)
class _Labelled:
    """What became of a job: its problem in words, or what was seen of its photo, and the names of its files."""

    number: int
    problem: str = ""
    seen: tuple[tuple[str, int, int, PixelSize | None], ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelPhotos:
    """root: of what is written, which stands below `staging` until the command puts it in place.

    kinds: of that.  measures: whether the size of pixels on the ground is asked for.
    """

    model: RemoteModel
    root: Path
    staging: Path
    kinds: tuple[str, ...]
    smallest: int
    measures: bool

    def __call__(self, job: RemotePhotoJob) -> _Labelled:
        """Label and write, in a worker; what cannot be read is told."""
        seen: list[tuple[str, int, int, PixelSize | None]] = []
        here = self.folder_of(job)
        try:
            with explained(here):
                here.mkdir(exist_ok=True)  # without its parent: where that is gone, the command is
            predictor = self.model.open()
            place = Places(self.kinds, measures=self.measures).of(job.photo)
            pictures = [kind for kind in self.kinds if kind != PROBABILITIES]
            outputs = make_map_outputs(pictures, self.root, predictor.classes, job.moving, self.smallest, place)
            outputs = [each.staged(self.root, here) for each in outputs]
            scores = job.scores and here / job.scores.relative_to(self.root)
            label_photo(predictor, job.photo, outputs, scores, place, lambda *photo: seen.append(photo))
        except SegError as error:
            return _Labelled(job.number, str(error), tuple(seen))
        whole = [path for path in here.rglob("*") if path.is_file() and not is_part(path.name)]
        return _Labelled(job.number, "", tuple(seen), tuple(path.relative_to(here).as_posix() for path in whole))

    def folder_of(self, job: RemotePhotoJob) -> Path:
        """Where the files of a job stand below names as in `root`."""
        return self.staging / f"{job.number}"

    def killed(self, job: RemotePhotoJob, problem: str) -> _Labelled:
        """A photo that kills the worker that labels it."""
        return _Labelled(job.number, problem)


def label_remotely(
    work: LabelPhotos, jobs: Sequence[RemotePhotoJob], folder: OutputFolder, failures: Failures, look: TellPhoto,
    progress: Progress,
) -> None:  # fmt: skip
    """Let a cluster label photos; what is whole is put in place and noted here, by the one that writes the record.

    jobs: numbered from 0.  look: is told of each photo.  Raises SegError if more photos fail than `failures` allows.
    """

    def take(done: _Labelled) -> None:
        job = jobs[done.number]
        with failures.leaving_out():
            for photo in done.seen:
                look(*photo)
            if done.problem:
                raise SegError(done.problem)
            for name in done.files:
                make_folder((folder.root / name).parent)
                put_in_place(work.folder_of(job) / name, folder.root / name)
            shutil.rmtree(work.folder_of(job), ignore_errors=True)
            folder.end(job.wanted, job.made_of)

    run_jobs(work, jobs, progress=progress, take=take)
