"""The reference bugs: mistakes of well-known kinds, seeded one at a time into a copy of the code.

`python -m tests.simulator.plays.reference_bugs [NAME ...]` replays every known killer, with `--hunt` it looks
for killers anew and writes them down, `--table` prints the README's list.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copy2, copytree
from tempfile import TemporaryDirectory
from typing import Any

from tests.simulator.plays.changes import Change, applied
from tests.simulator.plays.records import REPOSITORY, record

SCRIPT = Path(__file__).with_name("nursery.py")
BUGS = Path(__file__).parents[1] / "bugs"
COPIED = ("functions", "contracts", "ops", "tests/support", "tests/simulator")
MACHINES = ("infrastructure/checkout_saga.asl.json", "infrastructure/checkout_repair.asl.json")
SECONDS = 240.0
MARGIN = 120.0  # a single schedule may take this long before its child is given up
AT_ONCE = 2
_OWN = threading.local()


@dataclass(frozen=True)
class Bug:
    """What it breaks, where its kind is seen, what a customer would see, and the line known to kill it."""

    name: str
    breaks: str
    seen: str
    customer: str
    killed_by: str
    change: tuple[Change, ...]

    @property
    def path(self) -> Path:
        return BUGS / f"{self.name}.toml"


@dataclass(frozen=True)
class Found:
    """`sells`: an order comes through on a good day. `kills`: by line played, None where all was well."""

    sells: bool
    kills: list[Mapping[str, str] | None]
    seconds: float


def bugs() -> list[Bug]:
    return [_bug(path) for path in sorted(BUGS.glob("*.toml"))]


def _bug(path: Path) -> Bug:
    told: dict[str, Any] = tomllib.loads(path.read_text())
    return Bug(**told | {"change": tuple(map(_change, told["change"]))})


def _change(told: Mapping[str, Any]) -> Change:
    return Change(**{"place" if name == "in" else name: value for name, value in told.items()})


@contextmanager
def seeded(changes: Sequence[Change]) -> Iterator[Path]:
    """A copy of all that a schedule needs, with the changes in it."""
    with TemporaryDirectory(prefix="settle-bug-") as place:
        root = Path(place)
        for folder in COPIED:
            copytree(REPOSITORY / folder, root / folder)
        for file in (*MACHINES, "pyproject.toml"):
            (root / file).parent.mkdir(exist_ok=True)
            copy2(REPOSITORY / file, root / file)
        for file, text in applied(changes).items():
            (root / file).write_text(text)
        yield root


def run(changes: Sequence[Change], *arguments: str, timeout: float = MARGIN) -> Found:
    """What `tests.simulator.plays.hunt` finds in a copy with these changes."""
    began = time.monotonic()
    with seeded(changes) as root:
        code, said = _nursery().hunt(root, arguments, timeout=timeout)
    assert code == 0, said[-2_000:]
    first, *kills = map(json.loads, said.splitlines())
    return Found(first["sells"], kills, time.monotonic() - began)


def _nursery() -> "Nursery":
    """The nursery of the running thread."""
    if not hasattr(_OWN, "nursery"):
        _OWN.nursery = Nursery()
        atexit.register(_OWN.nursery.close)
    nursery: Nursery = _OWN.nursery
    return nursery


class Nursery:
    """The process of `nursery.py`, which is started again when it had to be killed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def hunt(self, root: Path, arguments: Sequence[str], *, timeout: float) -> tuple[int, str]:
        """The exit code of the hunt and what it has printed. Raises TimeoutExpired, and kills it then."""
        said, process = root / "said.jsonl", self._started()
        assert process.stdin
        assert process.stdout
        asked = {"root": str(root), "arguments": arguments, "said": str(said)}
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], timeout)[0]:
            os.killpg(process.pid, signal.SIGKILL)
            self.close()
            raise subprocess.TimeoutExpired(process.args, timeout)
        code = int(process.stdout.readline())
        return code, said.read_text() if code == 0 else Path(f"{said}.err").read_text()

    def close(self) -> None:
        """Ends the process: it has nothing more to read."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait()
        self._process = None

    def _started(self) -> "subprocess.Popen[str]":
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": "", "PYTHONHASHSEED": "0"},
                start_new_session=True,
            )
        return self._process


def replayed(bug: Bug) -> Found:
    """What the known killer does to it."""
    return run(bug.change, "play", bug.killed_by)


def hunted(bug: Bug, *, seconds: float = SECONDS) -> Found:
    return run(bug.change, str(seconds), timeout=seconds + MARGIN)


def note(bug: Bug, found: Found) -> Mapping[str, str]:
    """Puts what came of it on record and answers the kill, empty for a bug that survived."""
    kill = found.kills[0] or {}
    killed_by = kill["line"] if kill.get("rule") else ""
    record("bugs", name=bug.name, killed_by=killed_by, rule=kill.get("rule", ""), seconds=found.seconds)
    return kill


def table() -> str:
    """What the README lists."""
    return "\n".join(f"- [{bug.name}]({bug.name}.toml): {bug.breaks}.\n  {bug.customer}" for bug in bugs())


def _attempt(bug: Bug, hunting: bool) -> bool:
    """Prints a row of what came of it; whether it was killed."""
    try:
        found = hunted(bug) if hunting else replayed(bug)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        print(f"BROKEN    {bug.name}: {error}", flush=True)
        return False
    kill = note(bug, found)
    sells = "" if found.sells else "  SELLS NOTHING"
    killed = bool(kill.get("rule"))
    state = "killed  " if killed else "CRASHED " if kill else "SURVIVED"
    said = kill.get("crash", "").strip().rpartition("\n")[2] or kill.get("says", "")
    line = kill.get("line", "")
    print(f"{state}  {bug.name}  {found.seconds:.0f} s  [{line}]  {said[:160]}{sells}", flush=True)
    if hunting and killed:
        control = run((), "play", kill["line"]).kills[0]
        if control:
            print(f"UNSOUND   {bug.name}: the code without the bug does not survive it either", flush=True)
            return False
        _write(bug, kill["line"])
    return killed


def _write(bug: Bug, line: str) -> None:
    text = bug.path.read_text()
    bug.path.write_text(text.replace(f'killed_by = "{bug.killed_by}"', f'killed_by = "{line}"', 1))


def main(arguments: Sequence[str]) -> int:
    if "--table" in arguments:
        print(table())
        return 0
    hunting, names = "--hunt" in arguments, {name for name in arguments if not name.startswith("--")}
    chosen = [bug for bug in bugs() if bug.name in names or not names]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        killed = list(pool.map(lambda bug: _attempt(bug, hunting), chosen))
    print(f"{sum(killed)} of {len(killed)} killed")
    return len(killed) - sum(killed)


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
