"""Finds and opens the ONNX files that a person names: an encoder and a decoder of one dialect."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prep.annotate.sam.dialects import Dialect, dialects_of_decoder, dialects_of_encoder, known_inputs
from prep.core.errors import SegError
from prep.core.files import explained, open_to_read
from prep.core.words import counted

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]

LARGEST_FILE = 4 << 30
"""Bytes of a file and of what lies beside it: the largest encoder that people use on a laptop takes 1.3 GB."""

_TYPES: dict[str, Any] = {
    "tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(uint8)": np.uint8,
    "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_,
}  # fmt: skip
"""Other types than float32 that inputs may have."""

_MOST_FILES = 24
_CHUNK = 1 << 22

_VERSION = 1
"""Of what is done to photos before they are encoded: another one makes all embeddings anew."""


@dataclass(frozen=True)
class OnnxFile:
    """An ONNX file, opened; inputs and outputs: their names, in order."""

    path: Path
    session: "InferenceSession"
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class SamFiles:
    """Two files of one dialect; key: differs for every other content of them."""

    dialect: Dialect
    encoder: OnnxFile
    decoder: OnnxFile
    key: str


def find_sam_files(named: Sequence[Path]) -> SamFiles:
    """The encoder and the decoder in a folder, or those named; SegError if there is not one of each.

    Nothing is downloaded. Files of 4 GB and more, and data that lies outside of a file's own folder, are refused.
    """
    if find_spec("onnxruntime") is None:
        raise SegError("--sam needs onnxruntime; type: pip install 'seg-prep[assist]'")
    files = [open_file(path) for path in _paths(named)]
    pairs = [
        (dialect, encoder, decoder)
        for encoder in files
        for decoder in files
        for dialect in dialects_of_encoder(encoder.inputs)
        if dialect in dialects_of_decoder(decoder.inputs)
    ]
    if len(pairs) != 1:
        raise SegError(_several(pairs) if pairs else _none(named, files))
    dialect, encoder, decoder = pairs[0]
    return SamFiles(dialect, encoder, decoder, _key(dialect, encoder.path, decoder.path))


def open_file(path: Path) -> OnnxFile:
    """Open an ONNX file; SegError if it is too large, damaged, or needs what is not part of onnxruntime."""
    import onnxruntime

    for part in _with_data(path):
        with explained(part):
            size = part.stat().st_size
        if size >= LARGEST_FILE:
            raise SegError(f"{part}: {size / 1e9:.1f} GB; less than 4.3 GB is opened here, choose a smaller model")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises kinds of its own
        raise SegError(
            f"{path}: onnxruntime cannot open it: {_first_line(error)}. Copy or download it again"
        ) from error
    return OnnxFile(path, session, _names(session.get_inputs()), _names(session.get_outputs()))


class FileRunner:
    """Runs files, until it is stopped; several threads may call it."""

    def __init__(self) -> None:
        import onnxruntime

        self._options = onnxruntime.RunOptions()
        self._options.log_severity_level = 4

    def stop(self) -> None:
        """End what is running, and run nothing more."""
        self._options.terminate = True

    def __call__(self, file: OnnxFile, values: dict[str, Any], outputs: list[str]) -> list[NDArray[np.float32]]:
        """Outputs as float32; each value in the type that the file wants. SegError if the file fails."""
        feeds = {
            each.name: np.ascontiguousarray(values[each.name], _TYPES.get(each.type, np.float32))
            for each in file.session.get_inputs()
        }
        try:
            found = file.session.run(outputs, feeds, self._options)
        except Exception as error:  # onnxruntime raises kinds of its own
            raise SegError(f"{file.path}: failed: {_first_line(error)}") from error
        return [np.asarray(each, np.float32) for each in found]


def _first_line(error: Exception) -> str:
    """What an error of onnxruntime says, without its codes and with no more than a line."""
    text = " ".join(str(error).split())
    return text.rpartition("[ONNXRuntimeError] : ")[2][:200] or type(error).__name__


def _paths(named: Sequence[Path]) -> list[Path]:
    if len(named) == 1 and named[0].is_dir():
        with explained(named[0]):
            found = sorted(path for path in named[0].iterdir() if path.suffix.lower() == ".onnx")
        if len(found) > _MOST_FILES:
            raise SegError(
                f"{named[0]}: {counted(len(found), 'ONNX file')}; name two of them: --sam ENCODER --sam DECODER"
            )
        if not found:
            raise SegError(f"{named[0]}: no file ending in .onnx in this folder; docs/sam.md says which are needed")
        return found
    if len(named) != 2:
        raise SegError("--sam takes a folder, or twice a file: --sam ENCODER --sam DECODER")
    return list(named)


def _names(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(getattr(value, "name", "")) for value in values)


def _several(pairs: Sequence[tuple[Dialect, OnnxFile, OnnxFile]]) -> str:
    listed = "\n".join(f"  --sam {encoder.path} --sam {decoder.path}" for _, encoder, decoder in pairs)
    return f"several encoders and decoders fit each other; name two files, one of these lines:\n{listed}"


def _none(named: Sequence[Path], files: Sequence[OnnxFile]) -> str:
    encoders = [file for file in files if dialects_of_encoder(file.inputs)]
    decoders = [file for file in files if dialects_of_decoder(file.inputs)]
    place = ", ".join(map(str, named))
    if decoders and not encoders:
        words = f"{place}: {decoders[0].path.name} is a decoder; put the encoder that belongs to it beside it"
    elif encoders and not decoders:
        words = f"{place}: {encoders[0].path.name} is an encoder; put the decoder that belongs to it beside it"
    else:
        words = f"{place}: no encoder and decoder here that belong together"
    found = "\n".join(f"  {each.path.name}: {', '.join(each.inputs)} -> {', '.join(each.outputs)}" for each in files)
    known = f"Known are the inputs of encoder; decoder\n{known_inputs()}"
    return f"{words}. Found are the inputs and outputs\n{found}\n{known}"


def _with_data(path: Path) -> list[Path]:
    """A file, and the files beside it in which a large model keeps its weights."""
    beside = (path.with_name(path.name + ending) for ending in (".data", "_data"))
    return [path, *(each for each in beside if each.is_file())]


def _key(dialect: Dialect, *paths: Path) -> str:
    digest = hashlib.sha256(f"{_VERSION} {dialect.name}".encode())
    for path in (part for each in paths for part in _with_data(each)):
        with explained(path), open_to_read(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        digest.update(b"\0")
    return digest.hexdigest()[:32]
