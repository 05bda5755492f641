"""Who imports whom, what the commands say of themselves, and how they fail."""

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Set
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import click
import pytest

from prep.cli.console import PREPARING, TRAINING
from prep.cli.main import main as prep_main
from prep.core.errors import SegError
from tests.commands import COMMANDS, all_mains, check_typed
from tests.support import SCRIPTS, run_error, run_prep, run_script, run_train

ROOT = Path(__file__).parents[1]
PACKAGES = ("prep", "synth", "train")
TORCH_FAMILY = {"torch", "torchvision", "lightning_fabric", "lightning", "timm", "segmentation_models_pytorch", "train"}
HEAVY = (
    "torch",
    "lightning_fabric",
    "numpy",
    "pandas",
    "cv2",
    "skimage",
    "scipy",
    "PIL",
    "matplotlib",
    "rasterio",
    "pyogrio",
    "pyarrow",
    "fsspec",
)

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}


@cache
def imports(path: Path) -> frozenset[str]:
    """Names of all modules that a file imports; `from a import b` gives a and a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def packages_of(names: Set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def test_imports_have_no_cycle() -> None:
    graph = {name: (imports(path) & MODULES.keys()) - {name} for name, path in MODULES.items()}
    assert "prep.core.errors" in graph["prep.dataset.dataset"]  # the graph is not empty by mistake
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {error.args[1]}")


@pytest.mark.parametrize("module", [name for name in MODULES if not name.startswith("train")])
def test_prep_and_synth_know_no_torch(module: str) -> None:
    assert not packages_of(imports(MODULES[module])) & TORCH_FAMILY


@pytest.mark.parametrize("group", ["seg_prep.proposers", "seg_prep.trainers"])
def test_prep_finds_what_trains_by_entry_points_that_load_nothing_heavy(group: str) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, function = settings["project"]["entry-points"][group]["run"].partition(":")
    program = f"import sys; from {module} import {function}; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not packages_of(set(result.stdout.split())) & set(HEAVY)


@pytest.mark.parametrize("module", [name for name in MODULES if ".cli" not in name])
def test_click_only_in_cli(module: str) -> None:
    used = imports(MODULES[module])
    assert not packages_of(used) & {"click", "rich"}
    assert not any(name.startswith(("prep.cli", "train.cli")) for name in used)


@pytest.mark.parametrize("module", MODULES)
def test_synth_and_train_never_meet(module: str) -> None:
    other = {"synth": "train", "train": "synth", "prep": "train"}[module.partition(".")[0]]
    assert other not in packages_of(imports(MODULES[module]))


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("prep") and ".cli" not in name])
def test_prep_library_knows_no_synth(module: str) -> None:
    assert "synth" not in packages_of(imports(MODULES[module]))


@pytest.mark.parametrize("path", [path for name, path in MODULES.items() if "." in name and path.name == "__init__.py"])
def test_init_files_only_say_what_the_room_is_for(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_offer_their_names_lazily(package: str) -> None:
    """A docstring, the names for type checkers, the same for Python when they are used, and __all__; no more."""
    tree = ast.parse(MODULES[package].read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    _, typing, choice, public = tree.body
    assert ast.unparse(typing) == "from typing import TYPE_CHECKING"
    assert isinstance(choice, ast.If)
    assert ast.unparse(choice.test) == "TYPE_CHECKING"
    homes: dict[str, list[str]] = {}
    for node in choice.body:
        assert isinstance(node, ast.ImportFrom)
        homes[f"{node.module}"] = [alias.name for alias in node.names]
    begin, lazily = choice.orelse
    assert ast.unparse(begin) == "from seg_prep import lazy"
    assert ast.unparse(lazily) == f"__getattr__, __dir__ = lazy(__name__, {homes})"
    assert isinstance(public, ast.Assign)
    assert ast.literal_eval(public.value) == sorted(name for names in homes.values() for name in names)


FLOORS = {
    "prep": ("core", "images web", "dataset geo", "patching photos storage",
             "labels splitting checking annotate cutting", "converting exporting packing reporting", "face", "cli"),
    "train": ("config windows", "networks data", "runs", "predicting", "scoring exporting", "reporting",
              "fitting auditing serve", "planning folding", "face", "cli"),
}  # fmt: skip
"""From the lowest to the highest; rooms of one floor do not import from each other."""


@pytest.mark.parametrize("package", FLOORS)
def test_rooms_import_from_lower_floors_only(package: str) -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS[package]) for room in rooms.split()}
    rooms = {path.stem for path in (ROOT / package).iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    assert floor.keys() == rooms - {"__init__"}
    upwards = {
        f"{module} imports {name}"
        for module, path in MODULES.items()
        if (room := module.split(".")[1:2]) and module.startswith(f"{package}.")
        for name in imports(path) & MODULES.keys()
        if name.startswith(f"{package}.")
        and (other := name.split(".")[1]) != room[0]
        and floor[other] >= floor[room[0]]
    }
    assert not upwards


@pytest.mark.parametrize("room", sorted({path.parent for path in MODULES.values()}), ids=lambda room: str(room.name))
def test_no_room_is_crowded(room: Path) -> None:
    assert len([path for path in room.glob("*.py") if path.name != "__init__.py"]) <= 14


LONG_MODULES = {"prep/face.py": 530, "prep/dataset/dataset.py": 370, "train/face.py": 370}
LONG_FUNCTIONS = {
    "train/cli/predict.py": 105,
    "train/cli/fit.py": 90,
    "prep/cli/annotate.py": 90,
    "prep/cli/split.py": 90,
}
"""Lines at most: what is longest shall not grow. All others have 340 lines at most, and functions of 80."""


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_functions_stay_small(module: str) -> None:
    path = MODULES[module]
    name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONG_MODULES.get(name, 340)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    lengths = [(n.name, n.end_lineno - n.lineno + 1) for n in ast.walk(ast.parse(text)) if isinstance(n, functions)]
    assert [each for each in lengths if each[1] > LONG_FUNCTIONS.get(name, 80)] == []


def test_contributing_says_the_floors_and_what_is_longest() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for package, floors in FLOORS.items():
        said = re.search(rf"^ {{4}}{package} +(\w.*\n(?: +<.*\n)*)", text, re.MULTILINE)
        assert said
        assert [set(re.findall(r"\w+", floor)) for floor in said[1].split("<")] == [set(f.split()) for f in floors]
    assert f"{max(LONG_MODULES.values())} lines (`prep/face.py`)" in text
    assert f"functions {max(LONG_FUNCTIONS.values())}\n" in text


TESTS = {path.parent for path in (ROOT / "tests").rglob("*.py")}


@pytest.mark.parametrize("package", PACKAGES)
def test_tests_mirror_the_packages(package: str) -> None:
    """Every folder of tests is called after the room that it tests, and every room has one; page/ has no Python."""
    folders = {path.relative_to(ROOT / "tests") for path in TESTS if path.is_relative_to(ROOT / "tests" / package)}
    assert [folder.as_posix() for folder in sorted(folders) if not (ROOT / folder).is_dir()] == []
    rooms = {path.parent.relative_to(ROOT) for path in MODULES.values() if path.is_relative_to(ROOT / package)}
    assert [room.as_posix() for room in sorted(rooms - folders)] == []


def test_no_test_module_imports_from_another() -> None:
    """What several tests use lies in a conftest.py, or in a module without tests."""
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for name in imports(path)
        if name.startswith("tests.") and any(part.startswith("test_") for part in name.split("."))
    }
    assert found == set()


def public_names(path: Path) -> Iterator[str]:
    """Classes, functions and values at the top of a module; no names of types that a function may take (TypeVar)."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in ("TypeVar", "ParamSpec"):
                found = []
        else:
            found = []
        yield from (name for name in found if not name.startswith("_"))


def test_a_public_name_has_one_meaning() -> None:
    """The faces offer functions under the names that these have inside, and so do commands; each format is FORMAT."""
    homes: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        if module not in ("prep.face", "synth.face", "train.face") and ".cli." not in module:
            for name in set(public_names(path)):  # one that takes several kinds of arguments stands in it several times
                homes.setdefault(name, []).append(module)
    assert homes["Dataset"] == ["prep.dataset.dataset"]  # names are found
    assert {name: found for name, found in homes.items() if len(found) > 1 and name != "FORMAT"} == {}


CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
"""What is code in a page of the documentation."""


def defined(tree: ast.Module) -> set[str]:
    """Functions, classes and values at the top of a module, but those that Python itself looks for."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return {name for name in names if not name.startswith("__")}


def read_in(tree: ast.AST) -> set[str]:
    """Names that a module reads, in annotations too."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def taken_from(tree: ast.AST) -> Iterator[str]:
    """module.name for what a module imports, or reads of a module that it imports as a whole."""
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            modules |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (module := modules.get(ast.unparse(node.value))):
            yield f"{module}.{node.attr}"


def unused(trees: dict[str, ast.Module], told: set[str]) -> set[str]:
    """Public names that no module takes or reads, and private ones that their own does not; told: named elsewhere."""
    taken = {name for tree in trees.values() for name in taken_from(tree)} | told
    return {
        f"{module}.{name}"
        for module, tree in trees.items()
        for name in defined(tree) - read_in(tree)
        if name.startswith("_") or not (f"{module}.{name}" in taken or name in told)
    }


def test_nothing_is_unused() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    code = [text for page in pages for text in CODE.findall(page.read_text(encoding="utf-8"))]
    code += re.findall(r'"([\w.]+:\w+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))  # entry points
    scripts = [ast.parse((ROOT / name).read_text(encoding="utf-8")) for name in ("seg_prep.py", "seg_train.py")]
    told = {*re.findall(r"\w+", " ".join(code)), *(name for script in scripts for name in taken_from(script))}
    trees = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in MODULES.items()}
    assert unused(trees, told) == set()


def test_what_is_unused_is_found() -> None:
    one = "from b import used\nimport c\n_READ, _DEAD = used, c.KEPT\ndef told(): return _READ\ndef lost(): ..."
    trees = {"a": one, "b": "used = 1\nunused = 2", "c": "KEPT, DEAD = 1, 2"}
    found = unused({module: ast.parse(text) for module, text in trees.items()}, {"told"})
    assert found == {"a._DEAD", "a.lost", "b.unused", "c.DEAD"}


def test_packages_are_explicit() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["project"]["name"] == "seg-prep"
    assert settings["tool"]["setuptools"]["packages"]["find"]["include"] == ["prep*", "synth*", "train*"]
    assert settings["project"]["scripts"] == {"seg-prep": "seg_prep:main", "seg-train": "seg_train:main"}
    assert settings["tool"]["setuptools"]["py-modules"] == ["seg_prep", "seg_train"]
    assert not any("torch" in requirement for requirement in settings["project"]["dependencies"])
    assert any(requirement.startswith("torch") for requirement in settings["project"]["optional-dependencies"]["train"])


@pytest.mark.parametrize("module", ["prep.cli.main", "train.cli.main"])
def test_help_loads_nothing_heavy(module: str) -> None:
    if module not in MODULES:
        pytest.skip(f"{module} does not exist yet")
    program = (
        f"import sys; from {module} import main; main(['--help'], standalone_mode=False); "
        "print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    text, _, loaded = result.stdout.partition("LOADED")
    assert "Usage:" in text
    assert "click" in loaded.split()
    assert not set(loaded.split()) & set(HEAVY)


def test_importing_the_packages_loads_nothing_heavy() -> None:
    program = "import sys, prep, synth, train; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert {"prep", "synth", "train"} <= set(result.stdout.split())
    assert not set(result.stdout.split()) & {*HEAVY, "click", "rich"}


# What the commands say of themselves.


def example_lines(command: click.Command) -> list[list[str]]:
    """The commands of the example as words; a line that ends in a backslash goes on in the next one."""
    _, marker, example = (command.help or "").partition("Example:")
    assert marker, "no 'Example:' in the help text"
    example = example.split("\f")[0].replace("\b", "")
    return [shlex.split(line, comments=True) for line in re.sub(r"\\\n\s*", "", example).splitlines() if line.strip()]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_works(name: str, flag: str) -> None:
    from click.testing import CliRunner

    root, *path = name.split()
    result = CliRunner().invoke(all_mains()[root], [*path, flag])
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    assert "Example:" in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_one_sentence(name: str) -> None:
    sentence = " ".join((COMMANDS[name].help or "").partition("\n\n")[0].split())
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert sentence[0].isupper()
    assert len(sentence) < 160


@pytest.mark.parametrize("name", COMMANDS)
def test_example_is_runnable(name: str) -> None:
    """Every line of an example is a command that exists, with options and values that this command takes."""
    lines = example_lines(COMMANDS[name])
    assert lines
    assert any(" ".join(words).startswith(name) for words in lines) or isinstance(COMMANDS[name], click.Group)
    for words in lines:
        check_typed(words)


@pytest.mark.parametrize("name", COMMANDS)
def test_readme_names_the_command(name: str) -> None:
    assert name in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["seg-prep", "seg-train", "seg-prep masks"])
def test_help_lists_commands_in_the_order_of_the_work_with_whole_sentences(name: str) -> None:
    root, _, rest = name.partition(" ")
    group = all_mains()[root]
    group = group.commands[rest] if rest else group
    assert isinstance(group, click.Group)
    from click.testing import CliRunner

    listed = CliRunner().invoke(group, ["--help"]).stdout.split("Commands:")[1]
    for command in group.commands.values():
        assert " ".join((command.help or "").split("\n\n")[0].split()) in " ".join(listed.split())
    places = [listed.index(f"\n  {each} ") for each in group.commands]
    assert places == sorted(places)
    assert "..." not in listed


def test_generated_pages_are_fresh() -> None:
    result = subprocess.run([sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", COMMANDS)
def test_options_have_help_and_show_defaults(name: str) -> None:
    for param in COMMANDS[name].params:
        if isinstance(param, click.Option):
            assert param.help, f"{param.name} has no help"
    assert COMMANDS[name].context_settings.get("show_default") or name.count(" ")


@pytest.mark.parametrize("option", ["--json", "--seed", "--workers"])
@pytest.mark.parametrize(
    "name", ["seg-prep synth", "seg-prep masks convert", "seg-prep stats", "seg-prep split", "seg-prep patches"]
)
def test_every_preparation_takes_the_shared_options(name: str, option: str) -> None:
    assert option in {flag for param in COMMANDS[name].params for flag in param.opts}


# How they fail.


def test_seg_error_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    result = run_script("seg-prep", "stats", tmp_path / "nowhere")
    assert result.returncode == 1
    assert result.stdout == ""
    assert re.fullmatch(r"Error: .*nowhere: no such folder; .*\n", result.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["synth", "--n", "0"],
        ["synth", "--n", "many"],
        ["synth", "--size", "200"],
        ["synth", "--size", "8x8"],
        ["synth", "--seed", "-1"],
        ["synth", "--workers", "0"],
        ["split", "--ratios", "80/20"],
        ["split", "--ratios", "0/50/50"],
        ["split", "--ratios", "80/-10/30"],
        ["patches", "--foreground", "1.5"],
        ["patches", "--format", "tiff"],
        ["masks", "convert", "/no/such/folder"],
        ["masks", "convert", "--unknown", "guess"],
        ["stats", "--split", "training"],
        ["stats", "--bogus"],
        ["nonsense"],
    ],
    ids=" ".join,
)
def test_wrong_options_exit_with_2(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_prep(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert list(tmp_path.iterdir()) == []


def commands_of(main: click.Command) -> set[str]:
    """Names of the commands of a program, and of those in its groups."""
    names: set[str] = set()
    for name, command in main.commands.items() if isinstance(main, click.Group) else ():
        names |= {name} | commands_of(command)
    return names


def test_commands_of_the_other_program_are_known_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert set(PREPARING) == commands_of(prep_main)
    for name in TRAINING.keys() - commands_of(prep_main):
        assert f"No such command {name!r}. Did you mean 'seg-train {name}'?" in run_prep(name).stderr
    assert "Did you mean 'seg-prep masks export'?" in run_prep("export").stderr
    if (train_main := all_mains().get("seg-train")) is not None:
        assert set(TRAINING) == commands_of(train_main)
        for name in PREPARING.keys() - commands_of(train_main):
            assert f"No such command {name!r}. Did you mean {PREPARING[name]!r}?" in run_train(name).stderr


def test_a_bug_keeps_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("our own mistake")

    monkeypatch.setattr("synth.dataset.generate", broken)
    assert isinstance(run_prep("synth", "-o", tmp_path / "s").exception, ZeroDivisionError)


def test_an_interruption_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("synth.dataset.generate", interrupted)
    result = run_prep("synth", "-o", tmp_path / "s")
    assert result.exit_code == 130
    assert "The same command goes on where it stopped" in result.stderr


def test_errors_of_every_command_have_one_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise SegError("what is wrong, where, what to do")

    monkeypatch.setattr("synth.dataset.generate", refuses)
    assert run_error("synth", "-o", tmp_path / "s") == "what is wrong, where, what to do"


def test_scripts_are_installed() -> None:
    assert run_script("seg-prep", "--version").stdout.startswith("seg-prep, version ")
    assert (SCRIPTS / "seg-train").exists()
