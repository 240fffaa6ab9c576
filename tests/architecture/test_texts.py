"""Texts that no file of the repository may hold: paths of a machine, names of package indexes, secrets."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, repository

# Written in pieces, so that this file does not hold them.
INDEXES = ["py" + "pi.org", "pythonhosted" + ".org", "npm" + "js.org", "npm" + "js.com", "yarn" + "pkg.com"]
INDEXES += ["arti" + "factory", "nexus" + ".", "index" + "-url", "dev" + "pi"]
PLACES = re.compile(r"(?<![\w.$)}])/(?:ho" + r"me|ro" + r"ot|wo" + r"rk|Use" + r"rs)/[\w.]")
WINDOWS = re.compile(r"\b[A-Z]:\\\\?Use" + "rs")
KEYS = re.compile(
    "-----BEGIN [A-Z ]*PRIV"
    + "ATE KEY-----|\\bAK"
    + "IA[0-9A-Z]{16}\\b|\\bsk_"
    + "live_[0-9a-zA-Z]+|\\bgh"
    + "p_[0-9A-Za-z]{30,}"
)
LARGEST = 300_000


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", repository(), ids=named)
def test_a_file_knows_no_machine_no_package_index_and_no_secret(path: Path) -> None:
    text = text_of(path)
    assert PLACES.findall(text) + WINDOWS.findall(text) == []
    assert [index for index in INDEXES if index in text.lower()] == []
    assert KEYS.findall(text) == []


@pytest.mark.parametrize("path", repository(), ids=named)
def test_a_file_is_plain_text_of_a_bearable_size(path: Path) -> None:
    assert path.stat().st_size <= LARGEST
    text = text_of(path)
    assert b"\r" not in path.read_bytes()
    assert not text or text.endswith("\n")


@pytest.mark.parametrize("path", [path for path in repository() if "lock" in path.name], ids=named)
def test_a_lock_file_names_packages_and_no_addresses(path: Path) -> None:
    assert re.findall(r'"resolved"|https?://\S+\.(?:tgz|whl|tar\.gz)', text_of(path)) == []


def test_generated_files_are_not_committed() -> None:
    made = {".venv", "node_modules", ".local", "cdk.out", "build", "__pycache__", ".hypothesis"}
    assert [named(path) for path in repository() if made & set(path.parts[len(ROOT.parts) :])] == []
