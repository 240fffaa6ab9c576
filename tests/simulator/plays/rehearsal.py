"""Schedules that share their beginning or their end share the work: no play repeats what another has shown.

A schedule is rehearsed once, and moments of it are kept. A schedule with one more fault goes on from the last
moment before that fault. From then on its world is compared with worlds that were seen to end right: once it
is like one of those, it ends as that world did. Some schedules go on all the same and must end as foretold.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache

from tests.simulator.faults.kinds import Kind, Planned
from tests.simulator.plays.digest import digest
from tests.simulator.plays.playing import TICKS, Troubled, concluded, left_to_people, opened
from tests.simulator.plays.scenarios import scenario_of
from tests.simulator.plays.verdict import disputing, leaving, logged, unfinished
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.moments import Moment
from tests.simulator.settle.people import SimulatedShop

PlannedFault = tuple[int, Kind]

# Seconds since the beginning after which worlds are compared.
COMPARED_AT = (1, 2, 5, 15, 30, 50, *(60 * minute for minute in TICKS))
DOUBTED = 40  # one schedule in so many is played to its end although the end is known


@dataclass(frozen=True)
class Ending:
    """What is wrong at the end of a schedule, how each order ended, and the digest of its last world."""

    wrong: list[str]
    ends: list[str]
    last: bytes

    @classmethod
    def of(cls, shop: SimulatedShop) -> "Ending":
        """Plays the schedule to its end."""
        return cls(*concluded(shop), digest(shop))


Seen = dict[bytes, Ending]


class Foretold(Exception):
    """The world is like one that was seen to end right."""


@dataclass
class Comparison:
    """Compares a world, once the call of its `last` fault was made, with worlds whose ending was seen."""

    shop: SimulatedShop
    seen: Seen
    last: int
    foretold: Ending | None = None
    _met: list[bytes] = field(default_factory=list)
    _passed: int = 0
    _compared: int = -1

    def compare(self, *, stops: bool) -> None:
        """Raises Foretold, if it `stops`, for a world whose ending is known. Nobody may be under way."""
        world = self.shop.world
        is_time = self._is_time()
        if world.boundary.number < self.last or not (is_time or self._is_first) or self._rests():
            return
        if is_time:
            self._compared = world.boundary.number
        found = digest(self.shop)
        self._met.append(found)
        if self.foretold is None and found in self.seen and not logged(world, self.shop):
            self.foretold = self.seen[found]
        if stops and self.foretold:
            raise Foretold

    def remember(self, ending: Ending) -> None:
        """Every world that was met has this ending. Raises AssertionError if another was foretold."""
        assert self.foretold in (None, ending), "worlds with the same digest have come to different ends"
        if not ending.wrong:
            self.seen.update(dict.fromkeys(self._met, ending))

    @property
    def _is_first(self) -> bool:
        """Whether the fault has just left its trace: another one of the same call may have left the same."""
        return self.last > 0 and not self._met

    def _rests(self) -> bool:
        """Whether nobody has called anything since it was compared, and nothing is left to do."""
        world = self.shop.world
        is_same = world.boundary.number == self._compared
        is_idle = not unfinished(world) and not disputing(world) and not leaving(world)
        return is_same and is_idle and not left_to_people(world)

    def _is_time(self) -> bool:
        """Whether the world is about to pass one of the points in time."""
        engine, before = self.shop.world.engine, self._passed
        behind = (engine.due - engine.began).total_seconds() if engine.due else COMPARED_AT[-1]
        while self._passed < len(COMPARED_AT) and COMPARED_AT[self._passed] <= behind:
            self._passed += 1
        return self._passed > before


class Rehearsal:
    """A schedule played to its end: how it ended or crashed, its calls, and moments to go on from.

    The first moment is one of the schedule with a fault less: in it the last fault is not planned yet.
    """

    def __init__(self, scenario: str, faults: tuple[PlannedFault, ...]) -> None:
        self.scenario, self.faults = scenario, faults
        self.moments, self.seen = _before(scenario, faults)
        self.crash: Exception | None = None
        with self._from(self.moments[0], faults) as (shop, troubled, plan):
            self.troubled, self.calls = troubled, plan.calls
            self._comparison = Comparison(shop, self.seen, self._last)
            shop.world.engine.quiet = self._keep
            try:
                self._ending = Ending.of(shop)
            except Exception as error:  # noqa: BLE001 - whoever asks for the ending is told
                self.crash = error
            else:
                self._comparison.remember(self._ending)

    @property
    def _last(self) -> int:
        """The number of the call that has the last fault."""
        return self.faults[-1][0] if self.faults else 0

    @property
    def ending(self) -> Ending:
        """Raises what the play itself raised."""
        if self.crash:
            raise self.crash
        return self._ending

    def and_then(self, number: int, kind: Kind) -> Ending:
        """How it ends when that call has this fault too."""
        doubted = zlib.crc32(f"{self.scenario} {self.faults} {number} {kind}".encode()) % DOUBTED == 0
        assert number > self._last, "faults are added in the order of their calls"
        with self._from(self.before(number), (*self.faults, (number, kind))) as (shop, _, _):
            comparison = Comparison(shop, self.seen, number)
            shop.world.engine.quiet = lambda: comparison.compare(stops=not doubted)
            try:
                ending = Ending.of(shop)
            except Foretold:
                assert comparison.foretold
                ending = comparison.foretold
        comparison.remember(ending)
        return ending

    def before(self, number: int) -> tuple[int, Moment]:
        """The last moment before that call, with the number of the call that it follows."""
        return [moment for moment in self.moments if moment[0] < number][-1]

    def _keep(self) -> None:
        """Keeps the first quiet moment after each call. Only timers and deliveries come between two calls."""
        shop = self._comparison.shop
        if shop.world.boundary.number > self.moments[-1][0]:
            self.moments.append((shop.world.boundary.number, Moment.of(shop)))
        self._comparison.compare(stops=False)

    @staticmethod
    @contextmanager
    def _from(
        moment: tuple[int, Moment], faults: tuple[PlannedFault, ...]
    ) -> Iterator[tuple[SimulatedShop, Troubled, Planned]]:
        """The shop of that moment, with these faults to come."""
        with moment[1].again() as shop:
            troubled = shop.world.boundary.fate
            assert isinstance(troubled, Troubled)
            assert isinstance(troubled.fate, Planned)
            troubled.fate.faults.update(faults)
            yield shop, troubled, troubled.fate


def _before(scenario: str, faults: tuple[PlannedFault, ...]) -> tuple[list[tuple[int, Moment]], Seen]:
    """Where such a schedule begins, and the endings that are known for its scenario."""
    if not faults:
        return [(0, _opening(scenario))], {}
    earlier = rehearsal(scenario, faults[:-1])
    return [earlier.before(faults[-1][0])], earlier.seen


def _opening(scenario: str) -> Moment:
    chosen = scenario_of(scenario)
    troubled = Troubled(chosen.troubles, Planned())
    with simulated(fate=troubled, saga=chosen.saga) as world:
        return Moment.of(opened(world, chosen, troubled))


def rehearsal(scenario: str, faults: tuple[PlannedFault, ...] = ()) -> Rehearsal:
    """The schedule's only rehearsal, for as long as it is remembered."""
    return _further(scenario, faults) if faults else _calm(scenario)


def forget() -> None:
    """Every schedule is rehearsed anew."""
    _calm.cache_clear()
    _further.cache_clear()


@cache
def _calm(scenario: str) -> Rehearsal:
    return Rehearsal(scenario, ())


@lru_cache(maxsize=8)
def _further(scenario: str, faults: tuple[PlannedFault, ...]) -> Rehearsal:
    return Rehearsal(scenario, faults)
