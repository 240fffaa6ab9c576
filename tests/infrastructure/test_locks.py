"""The lock files: they hold all packages that the project names, and agree on those that ship."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.infrastructure.synthesis import ROOT

EVERYTHING, SHIPPED = "requirements.txt", "requirements-functions.txt"
PROCESSOR = "requirements-processor.txt"  # what ships, besides, to functions that call the card processor
THE_PROJECT = "settle (pyproject.toml)"


@dataclass(frozen=True)
class Pin:
    """A package in a lock file. Only the lock file of the packages that ship tells `needed_by`."""

    version: str
    conditional: bool
    hashes: frozenset[str]
    needed_by: frozenset[str]


@cache
def pins(lock: str) -> dict[str, Pin]:
    blocks = re.split(r"\n(?=\S)", (ROOT / lock).read_text())
    return dict(pin(block) for block in blocks if not block.startswith("#"))


def pin(block: str) -> tuple[str, Pin]:
    pinned = Requirement(block.partition("\\")[0])
    (exactly,) = pinned.specifier
    assert exactly.operator == "=="
    hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", block)
    needed_by = re.findall(r"^ +#(?: via)? +(\w.*)$", block, re.MULTILINE)
    found = Pin(exactly.version, bool(pinned.marker), frozenset(hashes), frozenset(needed_by))
    return canonicalize_name(pinned.name), found


@cache
def named(*, tools: bool = False) -> dict[str, Requirement]:
    """The packages that pyproject.toml names: those that ship, or the tools of development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    lines = groups["dev"] + groups["processor"] if tools else project["project"]["dependencies"]
    wanted = [Requirement(line) for line in lines if isinstance(line, str)]  # a table includes another group
    return {canonicalize_name(requirement.name): requirement for requirement in wanted}


def not_as_named(lock: str, wanted: dict[str, Requirement]) -> list[str]:
    locked = pins(lock)
    return [
        str(requirement)
        for name, requirement in wanted.items()
        if name not in locked or not requirement.specifier.contains(locked[name].version)
    ]


def test_every_locked_package_has_its_hashes() -> None:
    for lock in (EVERYTHING, SHIPPED, PROCESSOR):
        assert [name for name, pin in pins(lock).items() if not pin.hashes] == []


def test_every_package_the_project_names_is_locked_in_a_version_it_wants() -> None:
    assert not_as_named(SHIPPED, named()) == []
    assert not_as_named(EVERYTHING, named() | named(tools=True)) == []


@pytest.mark.parametrize("lock", [SHIPPED, PROCESSOR])
def test_the_locks_agree_on_the_packages_that_ship(lock: str) -> None:
    everything = pins(EVERYTHING)
    differing = [
        name
        for name, pin in pins(lock).items()
        if name not in everything
        or (pin.version, pin.hashes) != (everything[name].version, everything[name].hashes)
    ]
    assert differing == []


def test_packages_of_functions_ship_and_tools_of_development_do_not() -> None:
    names = pins(SHIPPED).keys()
    assert {"aws-lambda-powertools", "botocore", "pydantic", "pyjwt", "cryptography"} <= names
    assert {"pydantic-core", "cffi", "jmespath", "urllib3"} <= names
    assert not names & {"aws-cdk-lib", "ministack", "moto", "pytest", "ruff", "mypy", "boto3", "s3transfer"}


def test_every_package_that_ships_is_needed_by_the_project_or_by_another() -> None:
    shipped = pins(SHIPPED)
    assert {name for name, pin in shipped.items() if THE_PROJECT in pin.needed_by} == named().keys()
    assert [name for name, pin in shipped.items() if not pin.needed_by & {THE_PROJECT, *shipped}] == []


def test_no_package_that_ships_depends_on_the_machine_that_builds() -> None:
    for lock in (SHIPPED, PROCESSOR):
        assert [name for name, pin in pins(lock).items() if pin.conditional] == []


def test_the_processors_packages_are_what_its_group_needs_and_shared_ones_are_the_same_everywhere() -> None:
    processor, shipped = pins(PROCESSOR), pins(SHIPPED)
    assert {"stripe", "boto3"} == {
        name
        for name, pin in processor.items()
        if "settle:processor" in {*pin.needed_by} or not pin.needed_by & {*processor}
    }
    assert not {"stripe", "boto3"} & {*shipped}
    assert {name: processor[name].version for name in processor.keys() & shipped.keys()} == {
        name: shipped[name].version for name in processor.keys() & shipped.keys()
    }
