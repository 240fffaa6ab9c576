"""Reports each function's size, and how long its import takes with this machine's packages.

`python -m infrastructure.packaging.report` synthesizes the embedded target to learn the functions.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aws_cdk import App

from infrastructure.packaging.assets import stage
from infrastructure.packaging.bundle import interpreter, size
from infrastructure.target import BUNDLE, ROOT, target_of

RUNS = 3
MEASURE = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def report() -> str:
    """A table of all functions, and remarks about the packages."""
    with tempfile.TemporaryDirectory() as scratch:
        functions = sorted(_functions(Path(scratch)))
        services = {service for service, _ in functions}
        own = {service: _own_size(service, Path(scratch)) for service in services}
    packages = BUNDLE / "aarch64"
    shared = size(packages) if packages.is_dir() else 0
    lines = [f"{'function':44} {'own kB':>8} {'all MB':>8} {'import ms':>10}"]
    for service, handler in functions:
        total = f"{(own[service] + shared) / 1e6:.1f}" if shared else "-"
        name = f"{service}: {handler}"
        module = handler.rpartition(".")[0]
        lines.append(f"{name:44} {own[service] / 1e3:8.1f} {total:>8} {import_time(module):10.0f}")
    return "\n".join([*lines, "", *_remarks(packages)])


@cache
def import_time(module: str) -> float:
    """A module's import time in a fresh interpreter, in milliseconds: the best of three."""
    command = [sys.executable, "-c", MEASURE.format(module)]
    return min(float(_said(command, PYTHONPATH=str(ROOT / "functions"))) for _ in range(RUNS)) * 1000


def _functions(scratch: Path) -> Iterator[tuple[str, str]]:
    """Service and handler of every function in the templates."""
    assembly, context = scratch / "assembly", json.dumps({"target": "embedded"})
    _said([sys.executable, str(ROOT / "app.py")], CDK_OUTDIR=str(assembly), CDK_CONTEXT_JSON=context)
    for template in assembly.glob("*.template.json"):
        resources: Mapping[str, Any] = json.loads(template.read_text())["Resources"]
        for resource in resources.values():
            if resource["Type"] == "AWS::Lambda::Function":
                properties = resource["Properties"]
                yield properties["Environment"]["Variables"]["SERVICE"], properties["Handler"]


def _said(command: list[str], **environment: str) -> str:
    environment = {**os.environ, **environment}
    return subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def _own_size(service: str, scratch: Path) -> int:
    return size(stage(service, target_of(App()), into=scratch / "cloud"))


def _remarks(packages: Path) -> Iterator[str]:
    if not packages.is_dir():
        yield "No packages yet: run `make bundle` to see what they weigh."
    else:
        compiled = any(packages.rglob("*.pyc"))
        yield f"The packages are {'' if compiled else 'not '}byte-code compiled (unchecked-hash)."
    yield f"An interpreter of the target's version runs here: {'yes' if interpreter() else 'no'}."
    yield "Import times are this machine's, with its own Python and byte-code; on Lambda they differ."


if __name__ == "__main__":
    print(report())  # noqa: T201
