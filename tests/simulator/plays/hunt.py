"""Looks for the first schedule that goes wrong: without a fault, then with one, insisting ones, and storms.

`python -m tests.simulator.plays.hunt [SECONDS]` hunts; with `play LINE ...` instead it plays these lines
only. Either prints a JSON line per finding. What is judged is the code that it is started in.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count, islice
from random import Random

from tests.simulator.faults.kinds import Call, Planned
from tests.simulator.plays import twins
from tests.simulator.plays.playing import Troubled, played
from tests.simulator.plays.scenarios import SCENARIOS, STANDARDLY
from tests.simulator.plays.storm import storm
from tests.simulator.plays.tries import Try
from tests.support import aws

RESTLESS = "the world does not come to rest"
MOST_TIMES = 6  # a call that fails this often is given up by every retry
HAPPY = "bought"


@dataclass(frozen=True)
class Kill:
    """A line that replays it and the first thing wrong; or the harness's own `crash`, which is no kill."""

    line: str
    rule: str = ""
    says: str = ""
    crash: str = ""


def sells() -> bool:
    """Whether an order comes through on a good day; what cannot even do that was never anybody's code."""
    _, ends = played(SCENARIOS[HAPPY], Troubled((), Planned()))
    return "CONFIRMED" in ends


def hunt(*, seconds: float) -> Kill | None:
    """The first schedule within that time that goes wrong."""
    until = time.monotonic() + seconds
    for line in schedules():
        kill = judged(line)
        if kill and kill.rule:
            return kill
        if time.monotonic() > until:
            return None
    return None


def judged(line: str) -> Kill | None:
    """What is wrong when the line is played, if anything.

    What the code under test raises stays in its process, so whatever comes out of a play is the harness's own
    failure, with one exception: that the world never comes to rest is the code's doing.
    """
    try:
        wrong = _wrong(line)
    except Exception as error:  # noqa: BLE001 - told apart below
        if str(error) != RESTLESS:
            return Kill(line, crash=traceback.format_exc())
        wrong = [f"comes to rest: {error}"]
    return Kill(line, wrong[0].partition(":")[0], wrong[0]) if wrong else None


def schedules() -> Iterator[str]:
    """Lines without end: the scenarios, a purchase with each fault, twins, anything and storms."""
    yield from SCENARIOS
    yield from (name + STANDARDLY for name in SCENARIOS)
    yield from map(str, _singles(HAPPY))
    yield from map(str, twins.schedules())
    every = [_with_faults(name) for name in SCENARIOS]
    for seed in count(1):
        for tries in every:
            yield from map(str, islice(tries, 1))
        yield f"storm {seed}"


def _with_faults(scenario: str) -> Iterator[Try]:
    """Every single fault, in an order of chance; some also at all calls that repeat the first."""
    singles = _singles(scenario)
    Random(scenario).shuffle(singles)
    for number, single in enumerate(singles):
        yield single
        if number % 3 == 0:
            yield _insisting(single)


def _singles(scenario: str) -> list[Try]:
    calm = Try(scenario, ())
    return list(calm.then(calm.calls()))


def _insisting(one: Try) -> Try:
    """The fault at each later call of the same caller to the same operation too."""
    for _ in range(MOST_TIMES - 1):
        number, kind = one.faults[-1]
        calls = one.calls()
        hit = next(call for call in calls if call.number == number)
        same = ((call.number, kind) for call in calls if call.number > number and _alike(call, hit))
        more = next(same, None)
        if more is None:
            return one
        one = Try(one.scenario, (*one.faults, more))
    return one


def _alike(call: Call, other: Call) -> bool:
    return (call.caller, call.operation) == (other.caller, other.operation)


def _wrong(line: str) -> list[str]:
    name, _, seed = line.partition(" ")
    if name == "storm":
        return storm(int(seed)).wrong
    if name == twins.NAME:
        return twins.Twins.parse(line).attempt()
    return Try.parse(line).attempt()


def main(arguments: Sequence[str]) -> None:
    os.environ.update(aws.DUMMY_ENVIRONMENT)
    print(json.dumps({"sells": sells()}), flush=True)
    if arguments[:1] == ["play"]:
        kills = [judged(line) for line in arguments[1:]]
    else:
        kills = [hunt(seconds=float(next(iter(arguments), 60)))]
    for kill in kills:
        print(json.dumps(kill and asdict(kill)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
