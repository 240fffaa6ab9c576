"""Reports each function's size, and how long its import takes; exits 1 when an import is over the budget.

`python -m infrastructure.packaging.report` synthesizes the embedded target to learn the functions. Imports
are measured in CPU time, since other work on the machine must not count. They are judged on the scale of the
machine that the budget was set on, where the packages of YARDSTICK take YARDSTICK_MS.
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

RUNS = 5
MEASURE = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"
BUDGET_MS = 175
# What calls the card processor imports its package too, at init.
PROCESSOR_BUDGET_MS = 270
ADAPTER = "payments.stripe_provider"
YARDSTICK, YARDSTICK_MS = "botocore.session, pydantic.main", 126


def report() -> tuple[str, list[str]]:
    """A table of all functions with remarks about the packages, and the functions that import too long."""
    with tempfile.TemporaryDirectory() as scratch:
        functions = sorted(_functions(Path(scratch)))
        services = {service for service, *_ in functions}
        own = {service: _own_size(service, Path(scratch)) for service in services}
    packages = BUNDLE / "aarch64"
    shared = size(packages) if packages.is_dir() else 0
    lines = [f"{'function':44} {'own kB':>8} {'all MB':>8} {'import ms':>10}"]
    times: dict[str, float] = {}
    budgets: dict[str, int] = {}
    for service, handler, calls_the_processor in functions:
        total = f"{(own[service] + shared) / 1e6:.1f}" if shared else "-"
        name, module = f"{service}: {handler}", handler.rpartition(".")[0]
        times[name] = import_time(f"{module}, {ADAPTER}" if calls_the_processor else module)
        budgets[name] = PROCESSOR_BUDGET_MS if calls_the_processor else BUDGET_MS
        lines.append(f"{name:44} {own[service] / 1e3:8.1f} {total:>8} {times[name]:10.0f}")
    slow = too_slow(times, budgets, yardstick=import_time(YARDSTICK))
    return "\n".join([*lines, "", *_remarks(packages), *_judged(slow)]), slow


@cache
def import_time(modules: str) -> float:
    """The CPU time that an import takes in a fresh interpreter, in milliseconds: the best of RUNS."""
    command = [sys.executable, "-c", MEASURE.format(modules)]
    return min(float(_said(command, PYTHONPATH=str(ROOT / "functions"))) for _ in range(RUNS)) * 1000


def too_slow(times: Mapping[str, float], budgets: Mapping[str, int], *, yardstick: float) -> list[str]:
    """What is over its budget on a machine on which the yardstick takes so many milliseconds."""
    return [name for name, time in times.items() if time * YARDSTICK_MS > budgets[name] * yardstick]


def _functions(scratch: Path) -> Iterator[tuple[str, str, bool]]:
    """Service and handler of every function in the templates, and whether it calls the card processor."""
    assembly, context = scratch / "assembly", json.dumps({"target": "embedded"})
    _said([sys.executable, str(ROOT / "app.py")], CDK_OUTDIR=str(assembly), CDK_CONTEXT_JSON=context)
    for template in assembly.glob("*.template.json"):
        resources: Mapping[str, Any] = json.loads(template.read_text())["Resources"]
        for resource in resources.values():
            if resource["Type"] == "AWS::Lambda::Function":
                properties = resource["Properties"]
                variables = properties["Environment"]["Variables"]
                yield variables["SERVICE"], properties["Handler"], "PROCESSOR_URL" in variables


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


def _judged(slow: list[str]) -> Iterator[str]:
    here = import_time(YARDSTICK)
    for budget, about in ((BUDGET_MS, "an import"), (PROCESSOR_BUDGET_MS, "what calls the processor")):
        limit = budget * here / YARDSTICK_MS
        yield f"The budget of {about}, {budget} ms, is {limit:.0f} ms here."
    yield f"`import {YARDSTICK}` takes {here:.0f} ms here, and {YARDSTICK_MS} ms where the budget was set."
    yield f"Over the budget: {', '.join(slow) or 'none'}."


def main() -> int:
    text, slow = report()
    print(text)  # noqa: T201
    return int(bool(slow))


if __name__ == "__main__":
    sys.exit(main())
