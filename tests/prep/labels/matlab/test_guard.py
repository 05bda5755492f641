"""Files that declare more than they hold are refused before a parser believes them; honest ones never are."""

import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from prep.core.errors import SegError
from prep.core.words import counted
from prep.labels.matlab import guard as matguard
from prep.labels.matlab.guard import check_declared
from prep.labels.matlab.hdf_guard import declared_hdf
from prep.labels.matlab.matfile import load_mat
from tests.hostile.seeds import deep_mat, enormous_cell
from tests.prep.labels.matlab.matlab_files import cell, matrix, write_categorical, write_ground_truth, write_hdf
from tests.prep.labels.matlab.matlab_files import struct as struct_array
from tests.support import random_mask

_INT8, _UINT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 2, 5, 6, 14, 15
_CELL_CLASS, _UINT8_CLASS = 1, 9


def element(kind: int, content: bytes, order: str = "<") -> bytes:
    """Tag, content, and what fills it up to eight bytes."""
    return struct.pack(f"{order}II", kind, len(content)) + content + bytes(-len(content) % 8)


def array(kind: int, sides: tuple[int, ...], parts: bytes, order: str = "<") -> bytes:
    """A matrix element named x: flags, dimensions, name, and its parts."""
    flags = element(_UINT32, struct.pack(f"{order}II", kind, 0), order)
    dimensions = element(_INT32, struct.pack(f"{order}{len(sides)}i", *sides), order)
    return element(_MATRIX, flags + dimensions + element(_INT8, b"x", order) + parts, order)


def file_of(*elements: bytes, order: str = "<") -> bytes:
    mark = b"\x00\x01IM" if order == "<" else b"\x01\x00MI"
    return b"MATLAB 5.0 MAT-file".ljust(124) + mark + b"".join(elements)


def packed(*elements: bytes) -> bytes:
    data = zlib.compress(b"".join(elements))
    return struct.pack("<II", _COMPRESSED, len(data)) + data


def pixels(count: int, order: str = "<") -> bytes:
    return array(_UINT8_CLASS, (count, 1), element(_UINT8, bytes(count), order), order)


def saved(variables: dict[str, object], **options: object) -> bytes:
    stream = io.BytesIO()
    savemat(stream, variables, **options)
    return stream.getvalue()


VALUES = st.recursive(
    st.integers(0, 9).map(lambda side: np.ones((side, 3)))
    | st.text("abc", max_size=9)
    | st.integers(0, 5).map(lambda side: np.ones((2, side)) > 0)
    | st.floats(allow_nan=False).map(lambda value: np.array([[value + 1j]])),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(cell)
        | st.dictionaries(st.sampled_from("abcd"), inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["L", "labels", "m"]), VALUES, min_size=1), st.booleans())
def test_no_honest_file_is_refused(variables: dict[str, object], compressed: bool) -> None:
    check_declared(saved(variables, do_compression=compressed))


def test_no_honest_file_of_other_versions_is_refused(tmp_path: Path) -> None:
    check_declared(saved({"L": random_mask(0), "z": np.ones((2, 3)) * 1j}, format="4"))
    check_declared(file_of(pixels(300, ">"), pixels(1, ">"), order=">"))
    check_declared(write_hdf(tmp_path / "h.mat", L=random_mask(0), M=random_mask(0) > 0).read_bytes())
    data = struct_array([{"sky": cell([matrix([1.0, 2.0], [3.0, 4.0], [5.0, 1.0])])}])
    for version in ("v7", "v7.3"):
        check_declared(write_categorical(tmp_path / "c.mat", ("a", "b"), random_mask(0), version).read_bytes())
        definitions = [("sky", "Polygon", (0.0, 0.0, 1.0), None)]
        path = write_ground_truth(tmp_path / "g.mat", ["a.png"], definitions, data, version=version)
        check_declared(path.read_bytes())


def test_real_exports_are_not_refused(real_data: Path) -> None:
    files = sorted(real_data.rglob("*.mat"))
    assert files
    for file in files:
        check_declared(file.read_bytes())


@pytest.mark.parametrize("order", ["<", ">"])
def test_elements_longer_than_the_file(order: str) -> None:
    honest = file_of(pixels(300, order), order=order)
    check_declared(honest)
    for extra in (1, 1 << 20, (1 << 32) - 1 - 1000):
        (length,) = struct.unpack_from(f"{order}I", honest, 132)
        lying = honest[:132] + struct.pack(f"{order}I", length + extra) + honest[136:]
        with pytest.raises(ValueError, match="it declares more than it holds"):
            check_declared(lying)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compressed", [False, True])
def test_cut_files(order: str, compressed: bool) -> None:
    """Wherever an element is cut, the file says so, in a ValueError."""
    if compressed and order == ">":
        pytest.skip("written on no machine that anybody has")
    inner = [pixels(90, order), array(_CELL_CLASS, (2, 1), pixels(5, order) + pixels(0, order), order)]
    whole = file_of(packed(*inner) if compressed else b"".join(inner), order=order)
    check_declared(whole)
    first_ends = 128 + len(inner[0])
    for length in range(136, len(whole)):
        if compressed or not first_ends <= length < first_ends + 8:  # a tag that is cut is none
            with pytest.raises(ValueError, match=r"declares|cells|damaged"):
                check_declared(whole[:length])


@given(st.binary(max_size=400), st.sampled_from(["<", ">"]), st.booleans())
def test_any_bytes(content: bytes, order: str, nested: bool) -> None:
    """Nothing but a ValueError, whatever stands behind the header."""
    try:
        check_declared(file_of(array(_CELL_CLASS, (1, 1), content, order) if nested else content, order=order))
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize("length", range(1, 5))
def test_flags_that_are_too_short(length: int) -> None:
    for order in "<>":
        data = file_of(element(_MATRIX, element(_UINT32, b"\x01" * length, order), order), order=order)
        check_declared(data)  # no number of elements is declared; the parser refuses it


def test_cells_that_are_not_there() -> None:
    check_declared(file_of(array(_CELL_CLASS, (2, 1), pixels(1) + pixels(1))))
    for sides in ((3, 1), (1, 1), (1 << 15, 1 << 13)):
        with pytest.raises(ValueError, match=rf"it declares {counted(sides[0] * sides[1], 'cell')} and holds 2"):
            check_declared(file_of(array(_CELL_CLASS, sides, pixels(1) + pixels(1))))
    with pytest.raises(ValueError, match="it declares more than 512 MB"):
        check_declared(enormous_cell())


@pytest.mark.parametrize(("kind", "count"), [(2, 3 << 20), (3, 3 << 20), (4, 1 << 26), (6, 1 << 27), (16, 1 << 27)])
def test_elements_weigh_what_they_become(kind: int, count: int) -> None:
    """224 bytes of structs without fields took 5 GB, doubles stored as bytes eight times what was counted."""
    with pytest.raises(ValueError, match="it declares more than 512 MB"):
        check_declared(file_of(array(kind, (count, 1), b"")))


def test_cells_weigh_though_they_hold_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = file_of(array(_CELL_CLASS, (2_000, 1), pixels(0) * 2_000))
    check_declared(cells)
    monkeypatch.setattr(matguard, "MAX_BYTES", 1 << 20)
    with pytest.raises(ValueError, match="it declares more than"):
        check_declared(cells)


def test_sides_below_0_declare_nothing() -> None:
    with pytest.raises(ValueError, match="it declares 0 cells and holds 1"):
        check_declared(file_of(array(_CELL_CLASS, (-(1 << 31), -(1 << 31)), pixels(1))))


def test_declared_elements_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matguard, "MAX_BYTES", 1000)
    check_declared(file_of(pixels(600)))
    check_declared(file_of(pixels(600), pixels(400)))
    with pytest.raises(ValueError, match="it declares more than"):
        check_declared(file_of(pixels(600), pixels(401)))
    with pytest.raises(ValueError, match="it declares more than"):
        check_declared(file_of(array(_UINT8_CLASS, (11, 10, 10), b"")))  # declared, and not there at all


def test_nested_cells() -> None:
    def nested(depth: int) -> bytes:
        content = pixels(1)
        for _ in range(depth):
            content = array(_CELL_CLASS, (1, 1), content)
        return file_of(content)

    check_declared(nested(99))
    for data in (nested(100), deep_mat(2_000)):
        with pytest.raises(ValueError, match="it nests cells too deeply"):
            check_declared(data)


def test_a_file_in_a_file() -> None:
    """Objects are saved as bytes that are a file of their own."""

    def holding(inner: bytes) -> bytes:
        content = b"\x00\x01IM\x00\x00\x00\x00" + inner
        return file_of(array(_UINT8_CLASS, (len(content), 1), element(_UINT8, content)))

    check_declared(holding(array(_CELL_CLASS, (1, 1), pixels(7))))
    with pytest.raises(ValueError, match="it declares 7 cells and holds 1"):
        check_declared(holding(array(_CELL_CLASS, (7, 1), pixels(7))))


def test_unpacking_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 1 << 20
    monkeypatch.setattr(matguard, "MAX_BYTES", limit)
    bomb = file_of(packed(pixels(16 * limit)))
    assert len(bomb) < limit
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="it declares more than"):
            check_declared(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.7 * limit, "it is held once, not twice"
    with pytest.raises(ValueError, match="it declares more than"):  # each alone is small enough
        check_declared(file_of(*[packed(pixels(limit // 4))] * 5))


def test_packed_in_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matguard, "MAX_BYTES", 1 << 20)
    for times in (1, 5):
        data = pixels((1 << 20) + 1)
        for _ in range(times):
            data = packed(data)
        with pytest.raises(ValueError, match="it declares more than"):
            check_declared(file_of(data))


def test_damaged_packed_data() -> None:
    content = bytearray(packed(pixels(90)))
    content[8:12] = b"\xff\xff\xff\xff"
    with pytest.raises(ValueError, match="damaged"):
        check_declared(file_of(bytes(content)))


@pytest.mark.parametrize("sides", [(1 << 20, 1 << 20), (30, 1000)])
def test_version_4(sides: tuple[int, int]) -> None:
    head = struct.pack("<5I", 0, *sides, 0, 2) + b"L\x00"
    with pytest.raises(ValueError, match="it declares more than it holds"):
        check_declared(head + bytes(100))


@pytest.mark.parametrize(("kind", "code", "side"), [(2, "d", 1e9), (22, "i", 1 << 30), (2, "d", np.inf)])
def test_sparse_matrices_of_version_4(kind: int, code: str, side: float) -> None:
    """70 bytes, whose last row states the sides, took 8 GB."""
    for sides in ((20, 24), (side, 24), (24, side)):
        rows = struct.pack(f"<6{code}", 1, sides[0], 1, sides[1], 1, 0)
        data = struct.pack("<5I", kind, 2, 3, 0, 2) + b"L\x00" + rows
        if sides == (20, 24):
            check_declared(data)
        else:
            with pytest.raises(ValueError, match="it declares more than 512 MB"):
                check_declared(data)
    check_declared(struct.pack("<5I", kind, 0, 3, 0, 2) + b"L\x00")


def test_version_7_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HDF5 declares what it does not store: chunks that are not there are zeros."""
    path = write_hdf(tmp_path / "a.mat", L=np.zeros((40, 25), np.uint8), M=np.zeros((4, 5), np.uint8))
    monkeypatch.setattr(matguard, "MAX_BYTES", 1020)
    check_declared(path.read_bytes())
    monkeypatch.setattr(matguard, "MAX_BYTES", 1019)
    with pytest.raises(ValueError, match="it declares more than"):
        check_declared(path.read_bytes())


@pytest.mark.parametrize("kind", ["file", "link", "view"])
def test_version_7_3_never_opens_other_files(tmp_path: Path, kind: str) -> None:
    """HDF5 can keep pixels in another file, or point to one: a label file must not read what it likes."""
    (tmp_path / "secret.bin").write_bytes(bytes(range(100)))
    write_hdf(tmp_path / "other.mat", L=np.ones((10, 10), np.uint8))
    path = write_hdf(tmp_path / "a.mat", M=np.ones((1, 1), np.uint8))
    header = path.read_bytes()[:512]
    with h5py.File(path, "r+") as file:
        if kind == "file":
            file.create_dataset("L", (10, 10), "u1", external=[(str(tmp_path / "secret.bin"), 0, 100)])
        elif kind == "link":
            file["L"] = h5py.ExternalLink(str(tmp_path / "other.mat"), "L")
        else:
            layout = h5py.VirtualLayout((10, 10), "u1")
            layout[:] = h5py.VirtualSource(str(tmp_path / "other.mat"), "L", (10, 10))
            file.create_virtual_dataset("L", layout)
        if kind != "link":
            file["L"].attrs["MATLAB_class"] = np.bytes_("uint8")
    path.write_bytes(header + path.read_bytes()[512:])
    with pytest.raises(SegError, match=r"a\.mat: cannot be read as a MATLAB file \(it points to other files\)"):
        load_mat(path)


@pytest.mark.parametrize("kind", [0, 8, 10, 11, 19, 255])
def test_elements_of_unknown_kinds(kind: int) -> None:
    """scipy's parser ends the process on them."""
    for data in (element(kind, bytes(8)), array(_CELL_CLASS, (1, 1), element(kind, bytes(8)))):
        with pytest.raises(ValueError, match=f"unknown kind {kind}"):
            check_declared(file_of(data))


def refer(path: Path, make: Callable[[h5py.File], None]) -> bytes:
    """A version 7.3 file with cells that `make` writes."""
    header = write_hdf(path, M=np.ones((1, 1), np.uint8)).read_bytes()[:512]
    with h5py.File(path, "r+") as file:
        make(file)
    path.write_bytes(header + path.read_bytes()[512:])
    return path.read_bytes()


def hdf_cell(file: h5py.File, name: str, inside: list[h5py.Dataset]) -> h5py.Dataset:
    made = file.create_dataset(name, data=np.array([each.ref for each in inside], h5py.ref_dtype))
    made.attrs["MATLAB_class"] = np.bytes_("cell")
    return made


def test_references_that_double(tmp_path: Path) -> None:
    """Cells that hold the next cell twice: a few kilobytes, and 2^60 visits."""

    def make(file: h5py.File) -> None:
        inner = file["M"]
        for depth in range(60):
            inner = hdf_cell(file, f"#refs#/c{depth}" if depth < 59 else "L", [inner, inner])

    data = refer(tmp_path / "a.mat", make)
    assert len(data) < 100_000
    with pytest.raises(ValueError, match=r"over and over|declares more than"):
        check_declared(data)


def test_one_large_array_that_many_refer_to(tmp_path: Path) -> None:
    def make(file: h5py.File) -> None:
        big = file.create_dataset("#refs#/big", (1 << 22,), "u1", compression="gzip")
        big.attrs["MATLAB_class"] = np.bytes_("uint8")
        hdf_cell(file, "L", [big] * 200)

    with pytest.raises(ValueError, match="it declares more than 512 MB"):
        check_declared(refer(tmp_path / "a.mat", make))


@pytest.mark.parametrize("kind", ["chunk", "text", "structs"])
def test_what_becomes_larger_than_it_is(tmp_path: Path, kind: str) -> None:
    """A chunk is unpacked whole, text takes four bytes a letter, and structs without fields are objects."""

    def make(file: h5py.File) -> None:
        if kind == "chunk":
            file.create_dataset("L", (4, 5), "f8", chunks=(9_000, 9_000), maxshape=(None, None))
        elif kind == "text":
            file.create_dataset("L", (1, 1 << 26), "u2", chunks=(1, 1 << 20))
        else:
            file["L"] = np.array([4_000, 4_000], np.uint64)
            file["L"].attrs["MATLAB_empty"] = 1
        file["L"].attrs["MATLAB_class"] = np.bytes_({"chunk": "double", "text": "char", "structs": "struct"}[kind])

    with pytest.raises(ValueError, match="it declares more than 512 MB"):
        check_declared(refer(tmp_path / "a.mat", make))


def test_cells_that_refer_to_themselves(tmp_path: Path) -> None:
    def make(file: h5py.File) -> None:
        own = hdf_cell(file, "L", [file["M"]])
        own[0] = own.ref

    with pytest.raises(ValueError, match="it nests cells too deeply"):
        check_declared(refer(tmp_path / "a.mat", make))


def test_many_references_to_themselves_are_told_before_they_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 400 in each of 100 levels, 40,000 objects were opened."""

    def make(file: h5py.File) -> None:
        own = hdf_cell(file, "L", [file["M"]] * 400)
        own[:] = [own.ref] * 400

    data = refer(tmp_path / "a.mat", make)
    opened: list[object] = []
    get = h5py.File.__getitem__
    monkeypatch.setattr(h5py.File, "__getitem__", lambda file, name: opened.append(name) or get(file, name))
    with pytest.raises(ValueError, match="it nests cells too deeply"):
        check_declared(data)
    assert len(opened) < 200


def test_empty_arrays_that_declare_sides(tmp_path: Path) -> None:
    def make(file: h5py.File) -> None:
        file.create_dataset("L", data=np.array([1 << 20, 1 << 12], np.uint64)).attrs["MATLAB_empty"] = np.uint8(1)

    with pytest.raises(ValueError, match="it declares more than 512 MB"):
        check_declared(refer(tmp_path / "a.mat", make))


def test_one_empty_cell_that_many_refer_to_is_honest(tmp_path: Path) -> None:
    def make(file: h5py.File) -> None:
        hdf_cell(file, "L", [file["M"]] * 15_000)

    check_declared(refer(tmp_path / "a.mat", make))


def heap_of(fields: list[str]) -> bytes:
    """HDF5 with an attribute of texts, which lie in a global heap."""
    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        made.create_dataset("x", data=np.zeros(3)).attrs["MATLAB_fields"] = np.array(fields, h5py.string_dtype())
    return file.getvalue()


def test_a_heap_that_has_no_end_is_refused() -> None:
    """HDF5 walks over an object of no size again and again, and nothing stops it."""
    data = bytearray(heap_of(["a", "longer name", "c" * 40]))
    list(declared_hdf(bytes(data), 100))  # an honest one is weighed
    first = data.index(b"GCOL") + 16
    data[first : first + 2], data[first + 8 : first + 16] = bytes(2), bytes(8)
    with pytest.raises(ValueError, match="one of its heaps is damaged"):
        list(declared_hdf(bytes(data), 100))


def test_heaps_in_heaps_are_not_walked_over_and_over() -> None:
    """A megabyte of them would be a billion objects to look at."""
    inner = b"GCOL" + struct.pack("<B3xQ", 1, 1 << 20)
    one = struct.pack("<HH4xQ", 1, 1, len(inner)) + inner
    began = time.process_time()
    with pytest.raises(ValueError, match="one of its heaps is damaged"):
        list(declared_hdf(heap_of(["a"]) + one * ((1 << 20) // len(one)), 100))
    assert time.process_time() - began < 10


@given(st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1), min_size=1, max_size=300))
def test_honest_heaps_are_never_refused(fields: list[str]) -> None:
    list(declared_hdf(heap_of(fields), 100))
