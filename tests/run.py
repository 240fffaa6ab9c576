"""Runs the checks that a change must pass, each step to its end, and closes with a plain summary.

`python -m tests.run everything`, or `quick`, or the names of steps. Exits non-zero if any step failed. A task
runner would say which steps failed, but not how many tests passed and failed in total.
"""

import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

from localstack.machine import environment

REPORTS = environment.LOCAL / "reports"
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider")
PARALLEL = (*PYTEST, "-n", "2", "--dist")
QUICK = ("tests/unit", "tests/service", "tests/architecture", "tests/contracts")
PLAYS = "tests/simulator/plays"
STEPS: dict[str, tuple[str, ...]] = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "types": ("mypy",),
    "quick tests": (*PARALLEL, "loadfile", *QUICK),
    "tests": (*PARALLEL, "loadfile", "tests", f"--ignore={PLAYS}", "--ignore=tests/e2e"),
    "chaos": (*PARALLEL, "worksteal", PLAYS),
    "e2e": (*PYTEST, "tests/e2e"),
}
STATIC = ("format", "lint", "types")
SETS = {"quick": (*STATIC, "quick tests"), "everything": (*STATIC, "tests", "chaos", "e2e")}


def counted(report: Path, code: int) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of a JUnit report; a step without tests counts as one."""
    suites = list(ElementTree.parse(report).iter("testsuite")) if report.exists() else []
    tests, failures, errors, skipped = (
        sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
    )
    passed = tests - failures - errors - skipped
    failed = (failures + errors) or int(code != 0)
    return passed or int(not failed), failed, skipped


def run(step: str) -> tuple[int, int, int]:
    print(f"\n== {step}", flush=True)
    report = REPORTS / f"{step}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", *STEPS[step]]
    command += [f"--junitxml={report}"] if "pytest" in command else []
    seen = environment.child(environment.HOME)
    ended = subprocess.run(command, cwd=environment.REPOSITORY, env=seen, check=False)
    return counted(report, ended.returncode)


def main(names: list[str]) -> int:
    REPORTS.mkdir(parents=True, exist_ok=True)
    lines, passed, failed = [], 0, 0
    for step in [step for name in names for step in SETS.get(name, (name,))]:
        began = time.monotonic()
        well, badly, skipped = run(step)
        passed, failed = passed + well, failed + badly
        counts = f"{well} passed, {badly} failed" + (f", {skipped} skipped" if skipped else "")
        verdict = "FAILED" if badly else "ok"
        lines.append(f"{step:<12} {verdict:<7} {counts} ({time.monotonic() - began:.0f} s)")
    print("\n== summary", *lines, f"{passed} passed, {failed} failed", sep="\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["everything"]))
