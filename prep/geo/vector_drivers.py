"""Vector files of strangers are data only: GDAL opens the formats that we name, and nothing that leads elsewhere.

Other drivers take any file for a description of what to read in its place, whatever its name ends with: another file
of this computer (OGR_VRT, GDALG), an address on the network (WFS, OAPIF).
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from prep.core.errors import SegError

DRIVERS = frozenset(
    {"ESRI Shapefile", "ESRIJSON", "FlatGeobuf", "GML", "GPKG", "GeoJSON", "GeoJSONSeq", "JSONFG", "KML", "LIBKML"}
    | {"TopoJSON"}
)
"""Of GDAL, that read polygons out of the file itself."""

_SQLITE = b"SQLite format 3\0"
_SETTINGS = {"GML_DOWNLOAD_SCHEMA": "NO", "GML_SKIP_RESOLVE_ELEMS": "ALL"}
_LOCK = threading.RLock()

_COMPUTED = """
    SELECT name FROM sqlite_master WHERE (type = 'view' OR rootpage = 0 OR EXISTS (
        SELECT 1 FROM pragma_table_xinfo(sqlite_master.name) WHERE hidden IN (2, 3))) AND type IN ('table', 'view')
    AND (lower(name) LIKE 'gpkg!_%' ESCAPE '!' OR lower(name) IN (SELECT lower(table_name) FROM gpkg_contents))
"""
"""Views, virtual tables and generated columns: what a file computes may have no end, where a table has its rows."""

_MOST_STEPS = 50_000_000
"""Of SQLite's machine, for the list of tables: it takes some thousands."""


@contextmanager
def only_polygons(path: Path) -> Iterator[None]:
    """A block in which GDAL opens files of DRIVERS alone; SegError where a GeoPackage computes what it holds."""
    from pyogrio import list_drivers, set_gdal_config_options
    from pyogrio._ogr import _register_drivers  # GDAL leaves drivers out while it registers them, at no other time

    _refuse_computed(path)
    with _LOCK:
        others = sorted(set(list_drivers()) - DRIVERS)
        set_gdal_config_options({"OGR_SKIP": ",".join(others), **_SETTINGS})
        _register_drivers()
        try:
            yield
        finally:
            set_gdal_config_options(dict.fromkeys(["OGR_SKIP", *_SETTINGS]))
            _register_drivers()


def _refuse_computed(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            base.set_progress_handler(lambda: 1, _MOST_STEPS)
            base.execute("PRAGMA trusted_schema = OFF")
            computed = [str(name) for (name,) in base.execute(_COMPUTED)]
    except sqlite3.Error as error:
        raise SegError(f"{path}: no GeoPackage, or a damaged one ({error}); save it anew") from error
    if computed:
        raise SegError(
            f"{path}: {computed[0]} is computed when it is read (a view, a virtual table or generated columns); save "
            "it as a plain layer (in QGIS: Export, Save Features As)"
        )
