"""Write the pages of docs/ that follow from the code: python docs/generate.py (with --check: say if one is stale)."""

import ast
import re
import sys
from itertools import groupby
from pathlib import Path

from prep.checking.kinds import FINDING_KINDS, SEVERITIES, filled
from prep.labels.registry import BUILT_IN
from train.config.config import SETTINGS
from train.config.settings import Setting

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("prep", "synth", "train")
_INTRODUCTION = """# Which file holds what

Written by `python docs/generate.py` from the first line of each file; a test compares. `prep/` never imports torch,
`synth/` and `train/` never meet, and only `prep/cli/` and `train/cli/` know the terminal. The rooms stand on floors: a
file imports from its own room and from rooms below it (`tests/test_structure.py` draws the floors).
"""


def folders_page() -> str:
    """docs/folders.md: each room with its files, and what the first line of each says."""
    rooms = sorted({path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")})
    return "\n".join([_INTRODUCTION, *(_room(folder) for folder in rooms)])


def _room(folder: Path) -> str:
    name = folder.relative_to(ROOT).as_posix()
    files = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    lines = [f"| `{path.name}` | {_first_line(path)} |" for path in files]
    table = ["", "| file | what it does |", "|---|---|", *lines] if lines else []
    return "\n".join([f"## {name}/", "", _first_line(folder / "__init__.py"), *table, ""])


def _first_line(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.partition("\n\n")[0].split()).replace("|", "\\|")


_SETTINGS = """# Settings of a training

Written by `python docs/generate.py` from the fields of `train.config.config.Config`; a test compares. Each is an
option of `seg-train`, `seg-train plan` and `seg-train bench`, a line of a recipe (with `_` for `-`), and an argument of
`Config`. Options replace what the recipe says, and the recipe replaces the defaults.
"""


def settings_page() -> str:
    """docs/settings.md: each section with its settings, what they may be, and what they are without being set."""
    in_sections = sorted(SETTINGS.values(), key=lambda each: _sections().index(each.section))
    tables = [
        "\n".join([f"## {section}", "", "| option | value | default | what it does |", "|---|---|---|---|",
                   *map(_setting_row, settings), ""])
        for section, settings in groupby(in_sections, key=lambda each: each.section)
    ]  # fmt: skip
    return "\n".join([_SETTINGS, *tables])


def _sections() -> list[str]:
    return list(dict.fromkeys(each.section for each in SETTINGS.values()))


def _setting_row(setting: Setting) -> str:
    cells = (f"`{setting.flag}`", _values(setting), setting.shown_default, setting.help)
    return f"| {' | '.join(cell.replace('|', ', ') for cell in cells)} |"


def _values(setting: Setting) -> str:
    """What a setting may be, with its unit."""
    if setting.kind in (int, float, tuple):
        return f"{setting.unit}: {setting.within}" + ", twice" * (setting.kind is tuple)
    return ", ".join(setting.choices) or setting.unit or "yes or no"


_CHECKS = """# What `seg-prep check` finds

Written by `python docs/generate.py` from `prep/checking/kinds.py`; a test compares. An error makes results wrong or a
command fail, a warning may, a remark is good to know. `seg-prep check --json` names the kind of each finding.
"""


def checks_page() -> str:
    """docs/checks.md: each kind of finding with its words and its advice."""
    parts = [_CHECKS]
    for severity in SEVERITIES:
        kinds = [kind for kind in FINDING_KINDS if kind.severity == severity]
        rows = [f"| `{kind.name}` | {_in_words(kind.text)} | {_in_words(kind.advice)} |" for kind in kinds]
        head = ["| kind | what is found | what to do |", "|---|---|---|"]
        parts.append("\n".join([f"## {severity.capitalize()}s", "", *head, *rows, ""]))
    return "\n".join(parts)


def _in_words(template: str) -> str:
    """A template of a text as one reads it of several things: N masks hold ..., of TOTAL."""
    return filled(re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), template), 2, {})


_FORMATS = """# Label formats

Written by `python docs/generate.py` from the registry of formats; a test compares. `seg-prep masks inspect --formats`
lists them too. `seg-prep masks convert FOLDER-OR-FILE` recognises a format by names of files and by what stands in
them; where two could be meant, `--from FORMAT` says which.

Of 110 small sets with the habits of other tools (2026-11-27), each converted by the obvious command, 96 came out right
at once, 9 after the advice that the command prints, 5 were refused by name (two photos of one name, a mask turned
without EXIF, an odd number of coordinates, 300 classes, pages without partners); none came out wrong or without a word.
`tests/test_cases.py` converts the sets of a folder that `SEG_CASES` names and compares the pixels.

Of 127 further ones, made up for the purpose (2026-11-28: odd names and encodings, junk of systems, damage, several
kinds of masks, numbers with gaps), a program typed the obvious command and then what the answer advised, to the letter:
61 came out right at once, 50 after advice, 16 were named: refused, or with a line that says what is missing or forced.

Two further hunts, by the same program (2026-11-28): 198 commands for 165 other sets (class lists in their many forms,
values that mean "not labelled", palettes, transparency, shifted numbers, split files, sets that people download), and
298 for 262 others (three and more for each kind of fault and each tool: numbers of classes, videos of CVAT, services,
zip files as downloaded, NumPy and MATLAB, names, lists of splits, class lists of other names and forms). What came out
wrong at first was mended; in the end:

| | 198 commands | 298 commands |
|---|---|---|
| right at once | 103 | 162 |
| right after the printed advice | 68 | 104 |
| named: refused with the way out | 22 | 27 |
| made, with a line that says what is missing, cut off or doubtful | 5 | 5 |
| wrong, or without a word | 0 | 0 |

Two further looks with fresh eyes (2026-11-28), with pixels computed apart for each set: 321 cases of what is read
(exports of all tools below in older and newer versions, zipped, wrapped, in folders of splits), of which 25 were wrong
or silent and one a traceback at first, about 230 right, 20 after advice and the others named; and about 330 of what
must never go wrong (class tables in 46 spellings, grey and softened masks, photos and masks in one folder, turned
photos, points in shares, deep photos, splits that came with the data). All that was wrong is mended, with a test; none
is known now.

Softened edges are the one thing that advice brings back only nearly: `--unknown nearest` gives their pixels to one of
the colours that were mixed.

Folders of train, val and test are splits, of whatever format: those of the label files, else of the photos, else of the
paths that a label file says. Photos of equal names in them are told apart. A zip file is read as its folder would be.

Photos that lie with those of a label file, and that it does not name, are counted in one line and left out.
Datasets of ours below SOURCE are left out, and named.

A folder of photos and labels that has grown is converted again by the same command: new photos join the dataset. Photos
that lie with labels and have the names of images there are compared with these; other photos are refused. A label file
that was renumbered together with its photo, and says the old name inside, is of the photo of its own name, which is
said. Masks of ids that were stored as JPEG, or scaled with interpolation, are refused, since their edges are of classes
that nobody drew; so are two lists of the same classes in another order.

A label file that is damaged, one among many, is named with its place, left out and listed at the end, with exit code 1
(`--max-failed` bounds how many may be); a damaged file of all photos is refused with the place.

Points of polygons that all lie between 0 and 1 are shares of their images, whatever the format; it is said. A share
of points outside their images is told.

A class list may say names alone, one a line, or with ids before or behind them (`0: road`, `[0] road`, `road,0`,
`road (0)`), with colours (`255 0 0 road`, `road,#ff0000`, `road;ff0000`), or both (`0 255 0 0 road`, with alpha or
without, ITK-SNAP's and FreeSurfer's). Rows called void, unlabeled, ignore and the like keep their numbers and are
ignored; in a list of ours (`name,#rrggbb`) only `ignore` is. What is neither is refused with the line.

A split that the labels came in stays: index.csv says it in the column `source_split`, and images that came
as test are in no other split, whatever `split` is asked; what is like them, or in a group with them, goes to test with
them. Deleting the column lets go of them.

The pages of a TIFF are samples `name_page1`, `name_page2`, ... (`name_page01` of ten and more).

Another package adds a format by the entry-point group `seg_prep.labels`; it names a `LabelFormat`
(`prep/labels/formats.py`):

    [project.entry-points."seg_prep.labels"]
    mytool = "my_package.labels:FORMAT"
"""


def formats_page() -> str:
    """docs/formats.md: each label format, and its rules."""
    rows = [f"| `{each.name}` | {each.title} | {'yes' if each.writes else ''} | {each.rules} |" for each in BUILT_IN]
    return "\n".join(
        [_FORMATS, "| format | labels | `masks export` writes it | rules |", "|---|---|---|---|", *rows, ""]
    )


PAGES = {"docs/formats.md": formats_page, "docs/folders.md": folders_page, "docs/checks.md": checks_page,
         "docs/settings.md": settings_page}  # fmt: skip


def main() -> None:
    """Write each page; with --check, leave them and exit with 1 if one differs."""
    pages = {ROOT / name: make() for name, make in PAGES.items()}
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        sys.exit("\n".join(f"{path.relative_to(ROOT)} is stale: type python docs/generate.py" for path in stale) or 0)
    for path in stale:
        path.write_text(pages[path], encoding="utf-8")


if __name__ == "__main__":
    main()
