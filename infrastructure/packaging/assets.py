"""Owns the content of a function's code asset: its service, the kernel, and what its target adds."""

import shutil
from pathlib import Path

from aws_cdk import AssetStaging

from infrastructure.packaging.bundle import fits
from infrastructure.packaging.sources import copy_packages
from infrastructure.target import ROOT, Target

SYNTHESIZED = (
    *("source", "asset.*", "*.assets.json", "*.template.json", "*.metadata.json"),
    *("cdk.out", "manifest.json", "tree.json", "validation-report.json"),
)

PROCESSOR = "-processor"
# The services that have functions that call the card processor. A function's asset is that of its service.
CALL_THE_PROCESSOR = {"payments"}


class Sources:
    """The code of the functions of one synthesis: a new folder for each service, made once."""

    def __init__(self, target: Target, assembly: Path) -> None:
        self._target = target
        self._into = assembly / "source"
        self._made: dict[str, Path] = {}

    def of(self, service: str) -> Path:
        if service not in self._made:
            self._made[service] = stage(service, self._target, into=self._into)
        return self._made[service]


def clear(assembly: Path) -> None:
    """Removes everything that an earlier synthesis left in this folder, and no other file.

    When the folder of an asset is there, CDK takes it for complete. It also caches its hash by its path.
    https://github.com/aws/aws-cdk/issues/2869
    """
    for pattern in SYNTHESIZED:
        for path in list(assembly.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    AssetStaging.clear_asset_hash_cache()


def stage(service: str, target: Target, *, into: Path) -> Path:
    """A new folder with the code of the service's functions. The same sources give the same bytes."""
    folder = into / service
    copy_packages((service, "kernel"), ROOT / "functions", into=folder)
    match target.name:
        case "embedded":
            _add_bootstrap(folder, target.python)
        case "localstack":
            shutil.copytree(packages(target) / "python", folder, dirs_exist_ok=True)
            if service in CALL_THE_PROCESSOR:
                shutil.copytree(packages(target, PROCESSOR) / "python", folder, dirs_exist_ok=True)
    return folder


def packages(target: Target, suffix: str = "") -> Path:
    """The third-party packages for the target's machine, as a layer. Ends when there are none that fit.

    With the suffix PROCESSOR they are those that only functions have that call the card processor.
    """
    folder = target.bundle / f"{target.machine}{suffix}"
    if not folder.is_dir():
        raise SystemExit(
            f"There are no packages for {target.name} ({target.machine}): run `make bundle` first."
        )
    if not fits(target.machine, target.bundle):
        place = f"{target.name} ({target.machine})"
        raise SystemExit(f"The packages for {place} do not fit the sources: run `make bundle` again.")
    return folder


def _add_bootstrap(folder: Path, python: str) -> None:
    """In the embedded emulator a function runs on this machine's own Python and its packages."""
    shutil.copy(ROOT / "localstack" / "machine" / "runtime.py", folder)
    bootstrap = folder / "bootstrap"
    bootstrap.write_text(f'#!/bin/sh\nexec "{python}" "$(dirname "$0")/runtime.py" "$_HANDLER"\n')
    bootstrap.chmod(0o755)
