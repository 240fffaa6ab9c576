"""A try: a scenario with faults at some of its calls, written in one line that replays it."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.simulator.faults.kinds import Call, Kind
from tests.simulator.plays.rehearsal import Ending, rehearsal
from tests.simulator.plays.scenarios import SCENARIOS, scenario_of


@dataclass(frozen=True)
class Try:
    """`bought / 13 LOST / 20 KILLED_AFTER`: the call's number in the scenario, and the fault that it has."""

    scenario: str
    faults: tuple[tuple[int, Kind], ...]

    def __str__(self) -> str:
        return " / ".join([self.scenario, *(f"{number} {kind.name}" for number, kind in self.faults)])

    @classmethod
    def parse(cls, line: str) -> "Try":
        scenario, *faults = (part.strip() for part in line.split("/"))
        pairs = (fault.split() for fault in faults)
        return cls(scenario, tuple(sorted((int(number), Kind[kind]) for number, kind in pairs)))

    def play(self) -> list[str]:
        """What is wrong at its end. A crash is a finding like any other."""
        try:
            return self.attempt()
        except Exception as error:  # noqa: BLE001
            return [f"{type(error).__name__}: {error}"]

    def calls(self) -> list[Call]:
        """Every call that it makes, until it crashes."""
        return rehearsal(self.scenario, self.faults).calls

    def attempt(self) -> list[str]:
        """What is wrong at its end, a scenario that ended otherwise than it should included."""
        if not self.faults:
            return self._wrong(rehearsal(self.scenario).ending)
        earlier = rehearsal(self.scenario, self.faults[:-1])
        return self._wrong(earlier.and_then(*self.faults[-1]))

    def _wrong(self, ending: Ending) -> list[str]:
        scenario, ends = scenario_of(self.scenario), ending.ends
        is_refused = bool(self.faults and scenario.outages) and not ends  # nobody had accepted it
        if self._must_end and ends != [scenario.ends] and not is_refused:
            return [*ending.wrong, f"ends-as-it-should: it ended {', '.join(ends) or 'refused'}"]
        return ending.wrong

    @property
    def _must_end(self) -> bool:
        """One fault costs nobody an order, whatever it hits; nor does one fault after an outage."""
        is_sold = scenario_of(self.scenario).ends == "CONFIRMED"
        return not self.faults or (len(self.faults) == 1 and is_sold)

    def then(self, calls: list[Call]) -> Iterator["Try"]:
        """This and one more fault at each call that came after."""
        last = max((number for number, _ in self.faults), default=0)
        more = [Kind.HESITANT] if scenario_of(self.scenario).at_once else []
        for call in calls:
            if call.number > last:
                for kind in (*call.kinds, *more):
                    yield Try(self.scenario, (*self.faults, (call.number, kind)))


def singles(scenario: str) -> list[Try]:
    """Every fault of every call of the scenario."""
    return list(Try(scenario, ()).then(discovered(scenario)))


def discovered(scenario: str) -> list[Call]:
    """The calls that the scenario makes when nothing else goes wrong.

    Where it has troubles of its own, only what comes after the first of them: before it, it is as any other.
    """
    assert Try(scenario, ()).attempt() == []
    calm, since = rehearsal(scenario), scenario_of(scenario).since
    hit, minutes = calm.troubled.hit, calm.troubled.minutes
    late = [call for call in calm.calls if minutes[call.number] >= since]
    return [call for call in late if call.number > min(hit, default=0) and call.number not in hit]


def sample(count: int, *, seed: int) -> Iterator[Try]:
    """Pairs drawn by chance: any first fault, then any later call and any fault of it."""
    random = Random(seed)
    every = [one for scenario in SCENARIOS for one in singles(scenario)]
    for single in (random.choice(every) for _ in range(count)):
        pairs = list(single.then(single.calls()))
        if pairs:  # the last call has none after it
            yield random.choice(pairs)
