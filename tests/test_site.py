"""The documentation site has a page for every command and every public name, and no broken link."""

import importlib.util
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import get_args, get_type_hints

import pytest

import prep
import synth
import train
from tests.commands import COMMANDS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_pages", DOCS / "site_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_command_has_a_page_with_its_help(site: ModuleType) -> None:
    pages = site.pages()
    assert pages.keys() == {"index.md", *(f"commands/{name.replace(' ', '-')}.md" for name in COMMANDS)}
    for name, command in COMMANDS.items():
        page = pages[f"commands/{name.replace(' ', '-')}.md"]
        assert f"\n# {name}\n" in page
        assert f"Usage: {name} " in page
        for param in command.params:
            assert all(flag in page for flag in param.opts if flag.startswith("--"))
        assert max(map(len, page.splitlines())) <= 160  # the first sentence; the help is narrower


def test_the_first_page_is_the_readme_and_its_links_lead_somewhere(site: ModuleType) -> None:
    page = site.start_page()
    links = re.findall(r"\]\(([^)#:]+)\)", page)
    assert links
    assert all((DOCS / link).is_file() for link in links)


def test_every_public_name_is_on_the_page_of_functions() -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    for package in (prep, synth, train):
        for name in package.__all__:
            assert re.search(rf"\b{name}\b", text), f"{package.__name__}.{name}"
    for module in re.findall(r"^::: (\S+)$", text, re.MULTILINE):
        parent, _, name = module.rpartition(".")
        assert (
            find_spec(module)
            if parent == "prep" or parent == "train"
            else hasattr(importlib.import_module(parent), name)
        )


def classes_in(hint: object) -> Iterator[type]:
    """The classes of ours that a type names, with those in it."""
    if isinstance(hint, type) and hint.__module__.split(".")[0] in ("prep", "synth", "train"):
        yield hint
    for part in get_args(hint):
        yield from classes_in(part)


def test_all_that_functions_return_is_on_the_page_of_functions() -> None:
    """Each class that a public function returns, and those that its fields `classes`, `metrics`, `audit`, ... hold."""
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    functions = [getattr(package, name) for package in (prep, synth, train) for name in package.__all__]
    functions = [function for function in functions if inspect.isfunction(function)]
    returned = {each for function in functions for each in classes_in(get_type_hints(function)["return"])}
    assert len(returned) > 15
    read = ("classes", "samples", "choices", "metrics", "audit", "suspects", "sample", "region")
    todo = list(returned)
    while todo:
        hints = get_type_hints(todo.pop())
        held = {each for name in read if name in hints for each in classes_in(hints[name])} - returned
        returned |= held
        todo += held
    names = set(re.findall(r"^::: (\S+)$", text, re.MULTILINE))
    shown = {f"{each.__module__}.{each.__qualname__}" for each in returned}
    assert shown <= names
    assert all(each.__doc__ for each in returned)
    results = [part for part in text.split("\n## ") if part.startswith("What functions of")]
    assert len(results) == 2
    for part in results:  # with their fields, which stand in the signature
        assert part.count("\n::: ") == part.count("\n      merge_init_into_class: true\n") > 5


def test_pages_are_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r": (\S+\.md)$", text, re.MULTILINE))
    assert named == {"index.md", *(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))}


@pytest.mark.skipif(find_spec("mkdocs") is None, reason="the extra docs is not installed (make docs installs it)")
def test_the_site_builds_and_fetches_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    pages = {path.relative_to(tmp_path).as_posix(): path.read_text("utf-8") for path in tmp_path.rglob("*.html")}
    assert {f"commands/{name.replace(' ', '-')}.html" for name in COMMANDS} < pages.keys()
    assert "Cut square patches" in pages["api.html"]
    for page in pages.values():
        assert not re.search(r'<(?:script|link|img)[^>]+(?:src|href)="https?://', page)
