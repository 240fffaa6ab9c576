"""The three targets' assemblies, shared by all tests and test processes of one run."""

from functools import cache
from pathlib import Path

import pytest

from tests.infrastructure.permissions import Grant, grants
from tests.infrastructure.synthesis import TARGETS, Assembly, once


@cache
def _assembly(shared: Path, target: str) -> Assembly:
    made = once(shared, target)
    assert made.code == 0, made.said
    return made


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder that all test processes of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if hasattr(request.config, "workerinput") else own


@pytest.fixture(scope="session")
def cloud_assembly(shared: Path) -> Assembly:
    return _assembly(shared, "cloud")


@pytest.fixture(scope="session", params=TARGETS)
def assembly(shared: Path, request: pytest.FixtureRequest) -> Assembly:
    return _assembly(shared, request.param)


@pytest.fixture(scope="session")
def target(assembly: Assembly) -> str:
    return assembly.folder.name.partition("-")[2]


@pytest.fixture(scope="module")
def given(assembly: Assembly) -> list[Grant]:
    """Everything that any role of the assembly may do."""
    return list(grants(assembly.templates))
