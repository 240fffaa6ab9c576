"""Runs what a change must pass, each step to its end, and closes with a plain summary.

`python -m localstack.check [STEP ...]`: all steps without an argument. Exits non-zero if any step failed.
"""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from localstack.machine import environment

REPORTS = environment.LOCAL / "reports"
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider")
PARALLEL = ("-n", "2", "--dist")
STEPS: dict[str, tuple[str, ...]] = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "types": ("mypy",),
    "types of localstack": ("mypy", "--strict", "localstack"),
    "types of ops": ("mypy", "--strict", "ops"),
    "tests": (
        *PYTEST,
        *PARALLEL,
        "loadfile",
        "tests",
        "--ignore=tests/e2e",
        "--ignore=tests/simulator/plays",
    ),
    "chaos": (*PYTEST, *PARALLEL, "worksteal", "tests/simulator/plays"),
    "e2e": (*PYTEST, "tests/e2e"),
}


@dataclass(frozen=True)
class Outcome:
    """How a step ended; a step without tests counts as one."""

    step: str
    passed: int
    failed: int
    skipped: int
    seconds: float

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        word = "FAILED" if self.failed else "ok"
        counts = f"{self.passed} passed, {self.failed} failed{skipped}"
        return f"{self.step:<20} {word:<7} {counts} ({self.seconds:.0f} s)"


def _counts(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of a JUnit report, none when it was never written."""
    if not report.exists():
        return 0, 0, 0
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314 -- written by our own pytest
    numbers = [
        [int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")] for suite in suites
    ]
    tests, failures, errors, skipped = (sum(column) for column in zip(*numbers, strict=True))
    return tests - failures - errors - skipped, failures + errors, skipped


def run(step: str) -> Outcome:
    report = REPORTS / f"{step}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", *STEPS[step]]
    if STEPS[step][0] == "pytest":
        command.append(f"--junitxml={report}")
    print(f"\n== {step}", flush=True)
    began = time.monotonic()
    seen = environment.child(environment.HOME)
    code = subprocess.run(command, cwd=environment.REPOSITORY, env=seen, check=False).returncode
    passed, failed, skipped = _counts(report)
    if not passed + failed:
        passed = int(code == 0)
    return Outcome(step, passed, failed or int(code != 0), skipped, time.monotonic() - began)


def main(steps: list[str]) -> int:
    REPORTS.mkdir(parents=True, exist_ok=True)
    outcomes = [run(step) for step in steps or STEPS]
    print("\n== summary", *outcomes, sep="\n")
    passed, failed = sum(each.passed for each in outcomes), sum(each.failed for each in outcomes)
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
