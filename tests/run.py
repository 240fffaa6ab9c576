"""Runs the checks that a change must pass, each step to its end, and closes with a plain summary.

`python -m tests.run everything`, or `quick`, or the names of steps. Exits non-zero if any step failed. A task
runner would say which steps failed, but not how many tests passed and failed in total.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from localstack.machine import environment

REPORTS = environment.LOCAL / "reports"
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider")
PARALLEL = (*PYTEST, "-n", "2", "--dist")
PLAYS, ITSELF, E2E = "tests/simulator/plays", "tests/simulator/itself", "tests/e2e"
UNIT = ("tests/unit", "tests/architecture", "tests/contracts")
APART = [f"--ignore={folder}" for folder in (*UNIT, PLAYS, ITSELF, E2E)]
STEPS: dict[str, tuple[str, ...]] = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "types": ("mypy",),
    "quick tests": (*PARALLEL, "loadfile", *UNIT, "tests/service"),
    "tests": (*PARALLEL, "loadfile", "tests", *APART),
    "chaos": (*PARALLEL, "worksteal", PLAYS),
    "simulator": (*PYTEST, ITSELF),
    "unit": (*PYTEST, *UNIT),
    "e2e": (*PYTEST, E2E),
}
STATIC = ("format", "lint", "types")
# End to end, a core is idle half of the time. These use one core, one after the other.
BESIDE: Mapping[str, Sequence[str]] = {"e2e": ("types", "simulator", "unit")}
SETS = {
    "quick": (*STATIC, "quick tests"),
    "everything": (*STATIC, "unit", "simulator", "tests", "chaos", "e2e"),
}


@dataclass(frozen=True)
class Result:
    """How many tests of a step passed, failed and were skipped, and how long it took."""

    step: str
    passed: int
    failed: int
    skipped: int
    seconds: float

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        counts = f"{self.passed} passed, {self.failed} failed{skipped}"
        return f"{self.step:<12} {'FAILED' if self.failed else 'ok':<7} {counts} ({self.seconds:.0f} s)"


def counted(report: Path, code: int) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of a JUnit report; a step without tests counts as one."""
    suites = list(ElementTree.parse(report).iter("testsuite")) if report.exists() else []
    tests, failures, errors, skipped = (
        sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
    )
    passed = tests - failures - errors - skipped
    failed = (failures + errors) or int(code != 0)
    return passed or int(not failed), failed, skipped


def run(step: str, *, held: bool = False) -> Result:
    """Runs the step. If it is `held`, what it prints is printed when it has ended."""
    if not held:
        print(f"\n== {step}", flush=True)
    report, began = REPORTS / f"{step}.xml", time.monotonic()
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", *STEPS[step]]
    command += [f"--junitxml={report}"] if "pytest" in command else []
    ended = subprocess.run(
        command,
        cwd=environment.REPOSITORY,
        env=environment.child(environment.HOME),
        stdout=subprocess.PIPE if held else None,
        stderr=subprocess.STDOUT if held else None,
        text=True,
        check=False,
    )
    if held:
        print(f"\n== {step}", ended.stdout, sep="\n", flush=True)
    return Result(step, *counted(report, ended.returncode), time.monotonic() - began)


def results(steps: Sequence[str]) -> Iterator[Result]:
    """Runs the steps in order. Steps that run beside another, one after the other, wait for that."""
    beside = {step: [other for other in BESIDE.get(step, ()) if other in steps] for step in steps}
    held = {other for others in beside.values() for other in others}
    for step in steps:
        if step in held:
            continue
        with ThreadPoolExecutor(max_workers=1) as pool:
            others = [pool.submit(run, other, held=True) for other in beside[step]]
            yield run(step)
            yield from (other.result() for other in others)


def main(names: list[str]) -> int:
    REPORTS.mkdir(parents=True, exist_ok=True)
    ran = list(results([step for name in names for step in SETS.get(name, (name,))]))
    failed = sum(result.failed for result in ran)
    passed = sum(result.passed for result in ran)
    print("\n== summary", *ran, f"{passed} passed, {failed} failed", sep="\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["everything"]))
