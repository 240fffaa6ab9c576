"""Owns which files of a package of `functions/` ship: all but what only people, caches and tests read."""

import shutil
from collections.abc import Iterable
from pathlib import Path

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "README*", "tests")


def copy_packages(names: Iterable[str], functions: Path, *, into: Path) -> None:
    """Copies them to where none of them is yet. Raises FileExistsError."""
    for name in names:
        shutil.copytree(functions / name, into / name, ignore=LEFT_OUT)
