"""Owns what a function's code asset holds: its service and the kernel, and what its target adds to them."""

import shutil
from pathlib import Path

from infrastructure.target import ROOT, Target

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "README*", "tests")


def stage(service: str, target: Target, *, into: Path) -> Path:
    """The folder that becomes the code of the service's functions: the same sources, the same bytes."""
    folder = into / service
    if not folder.exists():
        for package in (service, "kernel"):
            shutil.copytree(ROOT / "functions" / package, folder / package, ignore=LEFT_OUT)
        match target.name:
            case "embedded":
                _add_bootstrap(folder, target.python)
            case "localstack":
                shutil.copytree(packages(target) / "python", folder, dirs_exist_ok=True)
    return folder


def packages(target: Target) -> Path:
    """The third-party packages for the target's machine, as a layer has them. Ends when there are none."""
    folder = target.bundle / target.machine
    if not folder.is_dir():
        raise SystemExit(
            f"There are no packages for {target.name} ({target.machine}): run `make bundle` first."
        )
    return folder


def _add_bootstrap(folder: Path, python: str) -> None:
    """The embedded emulator's functions run on this machine's own Python and its packages."""
    shutil.copy(ROOT / "localstack" / "machine" / "runtime.py", folder)
    bootstrap = folder / "bootstrap"
    bootstrap.write_text(f'#!/bin/sh\nexec "{python}" "$(dirname "$0")/runtime.py" "$_HANDLER"\n')
    bootstrap.chmod(0o755)
