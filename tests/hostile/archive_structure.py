"""Ways to spoil what is packed: members of zip files, and what they hold; objects and references of HDF5."""

import io
import stat
import warnings
import zipfile
from collections.abc import Callable

import h5py
import numpy as np

from tests.hostile.mutations import Mutator, flip_bytes

_NAMES = (
    *(
        "../../escaped.png",
        "/tmp/h-escaped.png",
        "..\\..\\escaped.png",
        "C:\\escaped.png",
        "//server/share/escaped.png",
    ),
    *(
        "a/../../../escaped.png",
        "",
        "/",
        ".",
        "con.png",
        "a" * 300 + ".png",
        "a\u202egnp.exe",
        "a\x1b[2J.png",
        "a\nb.png",
    ),
)
_CLASSES = (
    "cell",
    "char",
    "struct",
    "logical",
    "double",
    "uint8",
    "table",
    "categorical",
    "function_handle",
    "",
    "canonical empty",
)
_HDF_START = b"\x89HDF\r\n\x1a\n"
_LARGEST = 32 << 20


def is_hdf(data: bytes) -> bool:
    """Whether a file is HDF5, at its beginning or behind the header of a .mat file."""
    return _HDF_START in (data[:8], data[512:520])


def spoil_zip(
    data: bytes, random: np.random.Generator, inside: Callable[[str, bytes, np.random.Generator], Mutator]
) -> bytes:
    """Change members and their names.  inside: gives what spoils the content of a member."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            members = [(each, file.read(each)) for each in file.infolist() if each.file_size < _LARGEST]
    except Exception:  # noqa: BLE001  # spoiled before
        return flip_bytes(data, random)
    if not members:
        return flip_bytes(data, random)
    place, way = int(random.integers(len(members))), random.integers(9)
    info, content = members[place]
    if way == 0:
        del members[place]
    elif way == 1:
        members.insert(0, members[place])
    elif way == 2:
        info.filename = _NAMES[int(random.integers(len(_NAMES)))] or info.filename + "/"
    elif way == 3:
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        members[place] = info, _NAMES[int(random.integers(5))].encode()
    elif way == 4:
        members[place] = info, (b"", bytes(_LARGEST), data)[int(random.integers(3))]
    elif way <= 7 and content:
        members[place] = info, inside(info.filename, content, random)(content, random)
    packed = _packed(members)
    return _misdeclared(packed, random) if way == 8 else packed


def _packed(members: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(stream, "w") as file:  # of names that stand twice
        for info, content in members:
            kept = zipfile.ZipInfo(info.filename or "a", info.date_time)
            kept.compress_type, kept.external_attr = info.compress_type, info.external_attr
            file.writestr(kept, content)
    return stream.getvalue()


def _misdeclared(data: bytes, random: np.random.Generator) -> bytes:
    """Other flags (encrypted), ways of packing, sums and sizes than the members have."""
    spoiled = bytearray(data)
    at = data.find((b"PK\x01\x02", b"PK\x03\x04")[int(random.integers(2))])
    place = at + int(random.choice([6, 8, 10, 16, 18, 20, 22, 24, 28, 42]))
    if at >= 0 and place + 2 <= len(spoiled):
        spoiled[place : place + 2] = int(random.choice([0, 1, 8, 9, 12, 14, 99, 0xFFFF])).to_bytes(2, "little")
    return bytes(spoiled)


def spoil_hdf(data: bytes, random: np.random.Generator) -> bytes:
    """Change objects, their classes, and what refers to what."""
    stream = io.BytesIO(data)
    try:
        with h5py.File(stream, "r+") as file:
            names: list[str] = ["/"]
            file.visit(names.append)
            name = names[int(random.integers(len(names)))]
            _HDF_WAYS[int(random.integers(len(_HDF_WAYS)))](file, name, random)
    except Exception:  # noqa: BLE001  # spoiled before, or more than HDF5 lets anybody write
        return flip_bytes(data, random)
    return data[:512] + stream.getvalue()[512:] if data[:6] == b"MATLAB" else stream.getvalue()


def _other_class(file: h5py.File, name: str, random: np.random.Generator) -> None:
    file[name].attrs["MATLAB_class"] = np.bytes_(_CLASSES[int(random.integers(len(_CLASSES)))])


def _other_attribute(file: h5py.File, name: str, random: np.random.Generator) -> None:
    attribute = (
        "MATLAB_empty",
        "MATLAB_sparse",
        "MATLAB_object_decode",
        "MATLAB_int_decode",
        "MATLAB_fields",
        "H5PATH",
    )
    value = (1, -1, 2**31, np.nan, b"\xff", np.arange(3), np.zeros(2000))[int(random.integers(7))]
    file[name].attrs[attribute[int(random.integers(len(attribute)))]] = value


def _without_attributes(file: h5py.File, name: str, random: np.random.Generator) -> None:
    for attribute in list(file[name].attrs):
        del file[name].attrs[attribute]


def _gone(file: h5py.File, name: str, random: np.random.Generator) -> None:
    del file[name if name != "/" else next(iter(file))]


def _references(file: h5py.File, name: str, random: np.random.Generator) -> None:
    """Cells that hold themselves, their parents, one another, many times over."""
    side = int(random.choice([1, 2, 40]))
    parent, _, own = name.rpartition("/")
    if own and isinstance(file[name], h5py.Dataset):
        del file[name]
    target = name if name in file else f"{parent}/cells"
    cells = file.create_dataset(
        f"{parent}/{own or 'cells'}" if target not in file else f"{target}/cells", (side, side), h5py.ref_dtype
    )
    cells.attrs["MATLAB_class"] = np.bytes_("cell")
    others = [file.ref, cells.ref, *(file[each].ref for each in list(file)[:3])]
    for row in range(side):
        cells[row] = [others[int(random.integers(len(others)))] for _ in range(side)]


def _links(file: h5py.File, name: str, random: np.random.Generator) -> None:
    """Soft, hard and outer links in the place of an object."""
    place = f"linked{random.integers(9)}"
    file[place] = (
        h5py.SoftLink(f"/{place}"),
        h5py.SoftLink("/nowhere"),
        h5py.ExternalLink("../../home/sentinel.png", "/"),
        h5py.ExternalLink("/etc/passwd", "/"),
        file[name],
    )[int(random.integers(5))]


def _other_data(file: h5py.File, name: str, random: np.random.Generator) -> None:
    """Numbers of another kind, shape, length and packing in the place of a dataset."""
    place = name if isinstance(file[name], h5py.Dataset) else f"{name}/more"
    attributes = dict(file[place].attrs) if place in file else {"MATLAB_class": np.bytes_("double")}
    if place in file:
        del file[place]
    way = random.integers(7)
    if way == 0:
        data = file.create_dataset(place, (1 << 18, 1 << 18), np.uint8, chunks=(64, 64))
    elif way == 1:
        data = file.create_dataset(
            place, data=np.zeros((4000, 4000), np.uint8), chunks=(4000, 4000), compression="gzip"
        )
    elif way == 2:
        data = file.create_dataset(place, data=np.array(["a", "bb"], object), dtype=h5py.string_dtype())
    elif way == 3:
        data = file.create_dataset(place, data=np.zeros(3, [("a", "i4"), ("b", "f8", (2, 2))]))
    elif way == 4:
        data = file.create_dataset(place, data=h5py.Empty("f8"))
    elif way == 5:
        shape = tuple(int(side) for side in random.integers(0, 5, int(random.integers(0, 7))))
        data = file.create_dataset(
            place, data=random.integers(-3, 300, shape).astype(random.choice(["i1", "f4", "u8", ">i4"]))
        )
    else:
        layout = h5py.VirtualLayout((4, 4), "u1")
        layout[:] = h5py.VirtualSource("../../home/sentinel.png", "labels", (4, 4))
        data = file.create_virtual_dataset(place, layout)
    for attribute, value in attributes.items():
        data.attrs[attribute] = value


_HDF_WAYS: tuple[Callable[[h5py.File, str, np.random.Generator], None], ...] = (
    _other_class,
    _other_attribute,
    _without_attributes,
    _gone,
    _references,
    _references,
    _links,
    _other_data,
    _other_data,
)
