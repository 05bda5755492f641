"""Vector files of strangers: no other file is read through them, no network is asked, nothing is computed."""

import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from prep.core.errors import SegError
from prep.geo.vectors import read_vectors, text_attributes
from tests.rasters import needs_geo

pytestmark = needs_geo

_SQUARE = [[9.0, 45.1], [9.1, 45.1], [9.1, 45.0], [9.0, 45.0], [9.0, 45.1]]
_ENDLESS = "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT i AS fid, 'a' AS class, "


def geojson(path: Path, *geometries: dict[str, object]) -> Path:
    features = [{"type": "Feature", "properties": {"class": "a"}, "geometry": each} for each in geometries]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def geopackage(path: Path) -> Path:
    """Of one layer, a."""
    from pyogrio.raw import read, write

    meta, _, shapes, fields = read(geojson(path.with_suffix(".json"), {"type": "Polygon", "coordinates": [_SQUARE]}))
    write(
        path, shapes, fields, fields=meta["fields"], layer="a", geometry_type="Polygon", crs="EPSG:4326", driver="GPKG"
    )
    return path


def leading_to(source: str) -> str:
    """What GDAL takes for a virtual layer, whatever the file is called."""
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{source}</SrcDataSource><SrcLayer>secret</SrcLayer>'
        '<LayerSRS>EPSG:4326</LayerSRS><GeometryField encoding="WKT" field="WKT"/></OGRVRTLayer></OGRVRTDataSource>'
    )


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".fgb", ".kml", ".gml", ".json", ".geojson"])
def test_no_other_file_is_read(tmp_path: Path, suffix: str) -> None:
    """The polygons and attributes of another file of this computer became samples."""
    secret = tmp_path / "secret.csv"
    secret.write_text('class,WKT\nprivate,"POLYGON((9 45,9 46,10 46,9 45))"\n')
    path = tmp_path / f"labels{suffix}"
    path.write_text(leading_to(str(secret)))
    for read in (read_vectors, text_attributes):
        with pytest.raises(SegError, match=r"labels.*cannot be read"):
            read(path)


@pytest.mark.parametrize("kind", ["layer", "service"])
def test_nothing_is_asked_on_the_network(tmp_path: Path, kind: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/secret.csv"
        path = tmp_path / "labels.gml"
        asked = leading_to(f"/vsicurl/{address}")
        path.write_text(asked if kind == "layer" else f"<OGRWFSDataSource><URL>{address}</URL></OGRWFSDataSource>")
        with pytest.raises(SegError, match=r"labels\.gml: cannot be read"):
            read_vectors(path)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("statement", ["DROP TABLE a; CREATE VIEW a AS {}zeroblob(9) AS geom FROM r", "{}1 FROM r"])
def test_views_without_end(tmp_path: Path, statement: str) -> None:
    """A view of a few words has any number of rows: reading it never ended."""
    path = geopackage(tmp_path / "labels.gpkg")
    with closing(sqlite3.connect(path)) as base:
        base.executescript("DROP TRIGGER IF EXISTS rtree_a_geom_delete;")
        if statement.startswith("{"):
            statement = "DROP TABLE gpkg_geometry_columns; CREATE VIEW gpkg_geometry_columns AS " + statement
        base.executescript(statement.format(_ENDLESS))
    with pytest.raises(SegError, match=r"labels\.gpkg: (a|gpkg_geometry_columns) is computed when it is read"):
        read_vectors(path)


def test_generated_columns(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "labels.gpkg")
    with closing(sqlite3.connect(path)) as base:
        base.executescript("ALTER TABLE a ADD COLUMN much BLOB GENERATED ALWAYS AS (zeroblob(900000000)) VIRTUAL")
    with pytest.raises(SegError, match=r"labels\.gpkg: a is computed when it is read"):
        read_vectors(path)


def test_all_drivers_are_there_afterwards(tmp_path: Path) -> None:
    from pyogrio import list_drivers

    before = list_drivers()
    (layer,) = read_vectors(geopackage(tmp_path / "labels.gpkg"))
    assert [region.name for region in layer.regions] == ["a"]
    assert list_drivers() == before
    assert "OGR_VRT" in before


def test_polygons_among_points_and_lines(tmp_path: Path) -> None:
    """Several points before a polygon, in one collection, were a traceback."""
    line = _SQUARE[:2]
    parts = [
        {"type": "MultiPoint", "coordinates": line},
        {"type": "MultiLineString", "coordinates": [line, line]},
        {"type": "Point", "coordinates": line[0]},
        {"type": "Polygon", "coordinates": [_SQUARE]},
    ]
    path = geojson(tmp_path / "labels.geojson", {"type": "GeometryCollection", "geometries": parts}, parts[0])
    (layer,) = read_vectors(path)
    assert layer.left_out == 1
    assert [len(region.polygons) for region in layer.regions] == [1]
    assert layer.regions[0].polygons[0][0].tolist() == _SQUARE
