"""Class tables with a line that names their columns: names with numbers, colours, or train ids."""

import csv
import re
from collections.abc import Mapping, Sequence

from prep.core.classes import Color, parse_color
from prep.core.errors import SegError
from prep.core.words import counted
from prep.labels.tables.table import Row, rows_by_train_id

_HEX_ALONE = re.compile(r"(?:#|0x)?([0-9a-fA-F]{6})")
_SHARE = re.compile(r"0(\.\d*)?|1(\.0*)?|\.\d+")
HEADINGS_OF_NAMES = (
    *("name", "class", "class name", "class_name", "label", "label name", "label_name", "classname"),
    *(
        "klasse",
        "klassenname",
        "bezeichnung",
        "nom",
        "classe",
        "libellé",
        "nombre",
        "clase",
        "etiqueta",
        "nome",
        "naam",
    ),
    *("nazwa", "klasa", "название", "имя", "класс", "名称", "名字", "类别", "类别名称", "クラス", "クラス名"),
)
_ID_COLUMNS = (
    *("id", "idx", "index", "value", "pixel value", "pixel_value", "class id", "class_id", "classid", "label id"),
    *("label_id", "labelid", "pixellabelid", "grey", "gray", "number", "no", "no.", "nr", "nr.", "nummer", "wert"),
    *("klassennummer", "klassen-id", "klassen_id", "grauwert", "pixelwert", "numéro", "numero", "número", "n°", "nº"),
    *("valeur", "valor", "valore", "wartość", "numer", "номер", "значение", "编号", "序号", "值", "像素值", "番号"),
)
_TRAIN_COLUMNS = ("train_id", "trainid", "train id", "train-id")
_NOT_TRAINED = -1
_TRAIN_ID = re.compile(r"(-?\d{1,6})(?:\.0*)?")
_ADE_COLUMNS = {"idx", "ratio", "stuff", "name"}
_MOST_DIGITS = 9
_COLOR_COLUMNS = (("r", "red", "rot", "rouge"), ("g", "green", "grün", "vert"), ("b", "blue", "blau", "bleu"))
_COLOR_COLUMN = (
    *("color", "colour", "rgb", "hex", "hex color", "rgb color", "farbe", "farbcode", "couleur", "cor", "colore"),
    *("kleur", "kolor", "цвет", "颜色", "色", "class_color", "class color", "label_color", "label color"),
)
_GREY = re.compile(r"\d{1,3}")
_TRIPLE = re.compile(r"(?:rgb)?[\[(]?\s*(\d{1,3})[\s,;]+(\d{1,3})[\s,;]+(\d{1,3})\s*[\])]?")

Line = tuple[int, str]
"""Number of a line in its file, from 1, and what stands in it."""


def columns(lines: Sequence[Line]) -> list[Row] | None:
    """Rows of a CSV file whose first line names a column of names and one of ids or colours; else None."""
    delimiter = max(",;\t", key=lines[0][1].count)
    header = [cell.strip().strip('"').lower() for cell in lines[0][1].split(delimiter)]
    wanted = (HEADINGS_OF_NAMES, _ID_COLUMNS, _TRAIN_COLUMNS, _COLOR_COLUMN)
    name, raw, train, color = (_place(header, each) for each in wanted)
    channels = [place for each in _COLOR_COLUMNS if (place := _place(header, each)) is not None]
    if name is not None and raw is None and (other := _numbers_and_names(header, lines, delimiter)):
        raw, name = other
    if name is None or (raw is None and train is None and color is None and len(channels) < len(_COLOR_COLUMNS)):
        return None
    cells: dict[int, list[str]] = {}
    for number, line in lines[1:]:
        cells[number] = _cells(line, delimiter)
        if len(cells[number]) <= max(name, raw or 0):
            raise SegError(
                f"line {number}: expected {counted(len(header), 'column')} as in the first line, found {line!r:.80}"
            )
    if raw is None and color is not None and _only_greys(cells, color):
        raw, color = color, None
    colors = _of_channels(cells, channels) if len(channels) == len(_COLOR_COLUMNS) else _of_column(cells, color)
    trained = _train_ids(cells, train)
    if raw is None and cells and not colors and not trained:
        return None
    rows = [
        Row(
            row[name],
            colors.get(number),
            None if raw is None else whole(f"line {number}", row[raw]),
            f"line {number}",
            trained.get(number),
        )
        for number, row in cells.items()
    ]
    if raw is None and trained:
        return rows_by_train_id(rows)
    if set(header) >= _ADE_COLUMNS:
        rows.append(Row("void", None, 0, "line 1"))  # ADE20K: 0 is whatever is none of the 150
    return rows


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]


def _numbers_and_names(header: Sequence[str], lines: Sequence[Line], delimiter: str) -> tuple[int, int] | None:
    """The columns of numbers and of names where both are called as names are: class and name; else None."""
    places = [header.index(each) for each in HEADINGS_OF_NAMES if each in header]
    rows = [_cells(line, delimiter) for _, line in lines[1:]]
    if len(places) < 2 or not rows or any(len(row) <= max(places) for row in rows):
        return None
    numbers = [place for place in places if all(row[place].isdecimal() for row in rows)]
    names = [place for place in places if place not in numbers]
    return (numbers[0], names[0]) if len(numbers) == 1 and names else None


def _train_ids(cells: Mapping[int, Sequence[str]], column: int | None) -> dict[int, int]:
    """The train id of each line; an empty cell is a class that is not trained. None where other things stand there."""
    if column is None:
        return {}
    texts = {number: row[column] if column < len(row) else "" for number, row in cells.items()}
    found = {number: _TRAIN_ID.fullmatch(text) for number, text in texts.items()}
    if any(text and not found[number] for number, text in texts.items()):
        return {}
    return {number: int(match[1]) if match else _NOT_TRAINED for number, match in found.items()}


def _place(header: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((header.index(each) for each in wanted if each in header), None)


def _of_channels(cells: Mapping[int, Sequence[str]], channels: Sequence[int]) -> dict[int, Color]:
    """The colour of each line from its columns r, g and b: 0 to 255, or shares from 0 to 1 as MATLAB has them."""
    values = {number: [row[place] for place in channels if place < len(row)] for number, row in cells.items()}
    every = [value for row in values.values() for value in row]
    if every and all(map(_SHARE.fullmatch, every)) and any("." in value for value in every):
        values = {number: [str(round(255 * float(value))) for value in row] for number, row in values.items()}
    return {number: rgb(number, row) for number, row in values.items()}


def _of_column(cells: Mapping[int, Sequence[str]], column: int | None) -> dict[int, Color]:
    """The colour of each line from one column: #ff0000, (255, 0, 0), 255 0 0; none unless each line has its own."""
    found: dict[int, Color] = {}
    if column is None:
        return found
    for number, row in cells.items():
        text = row[column] if column < len(row) else ""
        if match := _TRIPLE.fullmatch(text):
            found[number] = rgb(number, match.groups())
        elif match := _HEX_ALONE.fullmatch(text):
            found[number] = parse_color(match[1])
        else:
            return {}
    return found if len(set(found.values())) == len(found) else {}


def _only_greys(cells: Mapping[int, Sequence[str]], column: int) -> bool:
    """Whether a column of colours holds single numbers: the grey of each class in its masks (V7's, saved in grey)."""
    texts = [row[column] if column < len(row) else "" for row in cells.values()]
    return bool(texts) and all(_GREY.fullmatch(text) and _is_byte(text) for text in texts)


def whole(where: str, value: object) -> int:
    """A whole number, or SegError."""
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,6}", str(value)):
        raise SegError(f"{where}: the id of a class is a whole number; found {value!r:.40}")
    return int(str(value))


def rgb(number: int, values: Sequence[str]) -> Color:
    """A colour of a line from three numbers, or SegError."""
    if len(values) != 3 or not all(map(_is_byte, values)):
        raise SegError(f"line {number}: a colour is three numbers from 0 to 255, found {','.join(values)}")
    red, green, blue = map(int, values)
    return red, green, blue


def _is_byte(value: str) -> bool:
    digits = value.strip()
    return digits.isdecimal() and len(digits) <= _MOST_DIGITS and int(digits) <= 255
