"""Owns which files of a package of `functions/` ship: all but READMEs, caches and tests."""

import shutil
from collections.abc import Iterable
from pathlib import Path

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "README*", "tests")


def copy_packages(names: Iterable[str], functions: Path, *, into: Path) -> None:
    """Copies the packages into a folder that holds none of them yet. Raises FileExistsError."""
    for name in names:
        shutil.copytree(functions / name, into / name, ignore=LEFT_OUT)
