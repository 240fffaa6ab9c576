"""The newest Python that really runs is found, and a plain sentence says what is missing."""

import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "localstack" / "machine" / "find-python"


def find(folder: Path, **interpreters: str) -> subprocess.CompletedProcess[str]:
    """Runs the script where only the given interpreters exist, each a shell script."""
    folder.mkdir(exist_ok=True)
    for name, script in interpreters.items():
        (folder / name.replace("_", ".")).write_text(f"#!/bin/sh\n{script}\n")
        os.chmod(folder / name.replace("_", "."), 0o755)
    return subprocess.run(
        ["/bin/sh", str(SCRIPT)], env={"PATH": str(folder)}, capture_output=True, text=True, check=False
    )


def test_the_newest_is_taken_and_a_shim_that_fails_is_passed_over(tmp_path: Path) -> None:
    found = find(tmp_path, python3_14="exit 127", python3_12="exit 0", python3_11="exit 0")
    assert found.stdout.strip() == str(tmp_path / "python3.12")


def test_an_older_python_that_can_make_environments_is_taken_before_a_newer_that_cannot(
    tmp_path: Path,
) -> None:
    no_venv = 'case "$2" in *ensurepip*) exit 1;; esac'
    found = find(tmp_path, python3_13=no_venv, python3="exit 0")
    assert found.stdout.strip() == str(tmp_path / "python3")


def test_a_missing_ensurepip_is_named_with_the_package_that_brings_it(tmp_path: Path) -> None:
    found = find(tmp_path, python3_13='case "$2" in *ensurepip*) exit 1;; esac')
    assert (found.returncode, found.stdout) == (1, "")
    assert "ensurepip" in found.stderr
    assert "python3.13-venv" in found.stderr


def test_no_python_at_all_says_which_is_needed(tmp_path: Path) -> None:
    found = find(tmp_path, python3="exit 1")
    assert (found.returncode, found.stdout) == (1, "")
    assert "Python 3.11 or newer" in found.stderr
