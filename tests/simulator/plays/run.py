"""Runs what is too much for every change: all ordered pairs of faults, or any number of random schedules.

`python -m tests.simulator.plays.run pairs [SCENARIO ...]`, `seeds COUNT [FIRST]`, `replay LINE`. A run that
is stopped goes on where it was; each failure is one line that replays it. Exits 1 if anything was wrong.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulator.plays import twins
from tests.simulator.plays.records import record, recorded
from tests.simulator.plays.scenarios import SCENARIOS
from tests.simulator.plays.storm import Schedule, storm
from tests.simulator.plays.tries import Try, singles
from tests.support import aws

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


@dataclass
class Result:
    """What came of one piece of work: how much was played, how it ended, and a line for each failure."""

    name: str
    schedules: int = 0
    calls: int = 0
    faults: int = 0
    seconds: float = 0
    ends: Mapping[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def pairs_after(line: str) -> Result:
    """Every second fault after this first one."""
    first, result, began = Try.parse(line), Result(line), time.perf_counter()
    for pair in first.then(first.calls()):
        result.schedules += 1
        if wrong := pair.play():
            result.wrong.append(f"{pair}: {'; '.join(wrong[:3])}")
    result.faults, result.seconds = 2 * result.schedules, time.perf_counter() - began
    return result


def one_storm(name: str) -> Result:
    """The random schedule of a seed."""
    began = time.perf_counter()
    try:
        played = storm(int(name))
    except Exception:  # noqa: BLE001 - a crash is a finding, with its seed
        played = Schedule(wrong=[traceback.format_exc()], ends={}, calls=0, faults=0)
    seconds = time.perf_counter() - began
    lines = [f"storm {name}: {'; '.join(played.wrong[:3])}"] if played.wrong else []
    return Result(name, 1, played.calls, played.faults, seconds, played.ends, lines)


def run(kind: str, work: Callable[[str], Result], names: Sequence[str]) -> int:
    """Does what is not done yet, on every core, and answers how many went wrong."""
    done = recorded(kind)
    left = [name for name in names if name not in done]
    print(f"{len(names)} to do, {len(names) - len(left)} done before")
    failures = sum(len(done[name]["wrong"]) for name in names if name in done)
    began, schedules = time.perf_counter(), 0
    with get_context("fork").Pool(initializer=_prepare) as pool, Progress(*COLUMNS) as progress:
        bar = progress.add_task(kind, total=len(left))
        for result in pool.imap_unordered(work, left):
            record(kind, **vars(result))
            for line in result.wrong:
                progress.console.print(f"WRONG  {line}", markup=False, soft_wrap=True)
            schedules += result.schedules
            failures += len(result.wrong)
            progress.advance(bar)
    seconds = time.perf_counter() - began
    rate = schedules / max(seconds, 0.001)
    print(f"{schedules} schedules in {seconds:.0f} s, {rate:.1f} per second, {failures} wrong")
    return failures


def _prepare() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the pool
    os.environ.update(aws.DUMMY_ENVIRONMENT)


def replay(line: str) -> int:
    """Plays one line again, as it was printed or without what was wrong, and says what is wrong."""
    line = line.strip().partition(": ")[0]
    name, _, seed = line.partition(" ")
    match name:
        case "storm":
            wrong = storm(int(seed)).wrong
        case twins.NAME:
            wrong = twins.Twins.parse(line).attempt()
        case _:
            wrong = Try.parse(line).play()
    print(*(wrong or ["nothing is wrong"]), sep="\n")
    return len(wrong)


def main(command: str, arguments: Sequence[str]) -> int:
    os.environ.update(aws.DUMMY_ENVIRONMENT)
    match command:
        case "pairs":
            names: Iterable[Any] = arguments or SCENARIOS
            return run("pairs", pairs_after, [str(one) for name in names for one in singles(name)])
        case "seeds":
            count, first = int(arguments[0]), int((*arguments, "1")[1])
            return run("storms", one_storm, [str(seed) for seed in range(first, first + count)])
        case "replay":
            return replay(" ".join(arguments))
    raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1], sys.argv[2:])))
