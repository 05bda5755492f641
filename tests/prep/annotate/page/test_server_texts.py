"""What the server tells people has its words in the other languages of the page."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import prep

PREP = Path(prep.__file__).parent
TEXTS = PREP / "annotate" / "page" / "static" / "texts.js"
PROGRAMS = 400
"""Status of what no page sends: a program that is written wrongly reads English."""


def form(text: str) -> str:
    """A text with {} in the places of its values, as a sentence."""
    plain = re.sub(r"\{[^{}]*\}", "{}", text)
    return plain[:1].upper() + plain[1:].removesuffix(".")


def translated() -> set[str]:
    table = TEXTS.read_text(encoding="utf-8").partition("SERVER_TEXTS = ")[2]
    return {form(text) for text in re.findall(r'^    "((?:[^"\\]|\\.)*)":', table, re.MULTILINE)}


def words_of(node: ast.expr, constants: dict[str, ast.expr]) -> str:
    """A text of the code, with {} where a value goes; constants of its module stand for what they are."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(words_of(part, constants) for part in parts)
        case ast.FormattedValue(value=ast.Name(id=name)) | ast.Name(id=name) if name in constants:
            return words_of(constants[name], constants)
    return "{}"


def texts_in(path: Path, *kinds: str) -> Iterator[tuple[ast.Call, str]]:
    """Calls of these errors in a module, and what they say."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name))
    constants = {
        node.targets[0].id: node.value  # type: ignore[attr-defined]
        for node in texts
        if isinstance(node.value, ast.JoinedStr | ast.Constant)
        and not isinstance(getattr(node.value, "value", ""), int)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
            yield node, form(words_of(node.args[-1], constants))


def test_what_the_server_refuses_is_told_in_each_language() -> None:
    said = [
        text
        for folder in ("annotate", "web")
        for path in (PREP / folder).rglob("*.py")
        for call, text in texts_in(path, "Refusal")
        if ast.unparse(call.args[0]) != str(PROGRAMS)
    ]
    assert len(said) > 15, "the refusals are not found any more"
    whole = [text for text in said if re.sub(r"\{\}|\W", "", text)]  # others pass an error of below on
    assert set(whole) - translated() == set()


def test_nothing_is_translated_that_no_server_says() -> None:
    paths = [*(PREP / "annotate").rglob("*.py"), *(PREP / "web").rglob("*.py"), PREP / "dataset" / "lock.py"]
    said = {text for path in paths for _, text in texts_in(path, "Refusal", "Conflict", "SegError", "InUse")}
    [kept] = [text for text in said if text.startswith("{}. ")]  # after the reason, which is another error
    said |= {form(kept.replace("{}", text, 1)) for _, text in texts_in(PREP / "dataset" / "lock.py", "InUse")}
    assert translated() - said == set()
