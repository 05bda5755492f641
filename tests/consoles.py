"""Commands of a tutorial, and whether they print what stands there."""

import re
from collections.abc import Iterator


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of the console blocks and what it prints."""
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command = re.match(r"(?:[^\n]*\\\n)*[^\n]*\n", part)[0]
            yield command, part[len(command) :]


def matches(expected: str, printed: str) -> bool:
    """Whether the output is the expected one, where "..." stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, expected.split("..."))), printed, re.DOTALL) is not None
