"""A try: a scenario with faults at some of its calls, written in one line that replays it."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.simulator.faults.kinds import Call, Kind, Planned
from tests.simulator.plays.playing import Troubled, discovered, played
from tests.simulator.plays.scenarios import SCENARIOS


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
        return cls(scenario, tuple((int(number), Kind[kind]) for number, kind in pairs))

    def play(self) -> list[str]:
        """What is wrong at its end."""
        return self.watched()[0]

    def watched(self) -> tuple[list[str], list[Call]]:
        """The same, and every call that it made. A crash is a finding like any other."""
        plan = Planned(dict(self.faults))
        try:
            return self.attempt(plan), plan.calls
        except Exception as error:  # noqa: BLE001
            return [f"{type(error).__name__}: {error}"], plan.calls

    def attempt(self, plan: Planned) -> list[str]:
        """What is wrong at its end, a scenario that ended otherwise than it should included."""
        scenario = SCENARIOS[self.scenario]
        wrong, ends = played(scenario, Troubled(scenario.troubles, plan))
        if self._must_end(plan.calls) and ends != [scenario.ends]:
            wrong.append(f"ends-as-it-should: it ended {', '.join(ends) or 'refused'}")
        return wrong

    def _must_end(self, calls: list[Call]) -> bool:
        """One fault costs nobody an order, unless the execution dies of it."""
        scenario, hit = SCENARIOS[self.scenario], dict(self.faults)
        dies = any(call.service == "execution" for call in calls if call.number in hit)
        sold = scenario.ends == "CONFIRMED" and not scenario.troubles
        return not hit or (len(hit) == 1 and sold and not dies)

    def then(self, calls: list[Call]) -> Iterator["Try"]:
        """This and one more fault at each call that came after."""
        last = max((number for number, _ in self.faults), default=0)
        for call in calls:
            if call.number > last:
                for kind in call.kinds:
                    yield Try(self.scenario, (*self.faults, (call.number, kind)))


def singles(scenario: str) -> list[Try]:
    """Every fault of every call of the scenario."""
    calm = Try(scenario, ())
    return list(calm.then(discovered(SCENARIOS[scenario])))


def sample(count: int, *, seed: int) -> Iterator[Try]:
    """Pairs drawn by chance: any first fault, then any later call and any fault of it."""
    random = Random(seed)
    first = [one for scenario in SCENARIOS for one in singles(scenario)]
    for single in (random.choice(first) for _ in range(count)):
        _, calls = single.watched()
        pairs = list(single.then(calls))
        if pairs:  # the last call has none after it
            yield random.choice(pairs)
