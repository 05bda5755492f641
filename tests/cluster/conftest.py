"""One cluster for all tests of a process."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cluster.machines import Machines, running


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    if find_spec("distributed") is None:
        pytest.skip("needs the extra cluster: pip install -e '.[cluster]'")
    with running(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture
def cluster(machines: Machines) -> Path:
    """What --cluster takes."""
    return machines.file
