"""What the simulation does not know is not asked of it: no fault hides an error of its own or of people's."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.simulator.engine import Engine, Outcome, Process
from tests.simulator.faults.kinds import Planned
from tests.simulator.plays import playing, storm
from tests.simulator.plays.playing import Troubled
from tests.simulator.plays.scenarios import SCENARIOS
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.world import SimulatedWorld

OWN = {
    "AssertionError",
    "AttributeError",
    "IndexError",
    "KeyError",
    "NameError",
    "NotImplementedError",
    "ParamValidationError",
    "RuntimeError",
    "StopIteration",
    "TypeError",
    "UnboundLocalError",
    "Unsupported",
    "ValidationError",
    "ValueError",
}


class Witness:
    """Hears how every process ends, and reads every log."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.ended: list[str] = []
        self.worlds: list[SimulatedWorld] = []
        self._spawn = Engine.spawn
        witness = self

        def spawn(engine: Engine, body: Callable[[], Any], **options: Any) -> Process:
            ended = options.pop("ended")

            def heard(outcome: Outcome) -> None:
                witness.ended.append(type(outcome.error).__name__)
                ended(outcome)

            return witness._spawn(engine, body, ended=heard, **options)

        @contextmanager
        def remembered(**options: Any) -> Iterator[SimulatedWorld]:
            with simulated(**options) as world:
                self.worlds.append(world)
                yield world

        patch.setattr(Engine, "spawn", spawn)
        for module in (playing, storm):
            patch.setattr(module, "simulated", remembered)

    def errors(self) -> set[str]:
        """The names of all errors, those that consumers caught as well."""
        lines = [line for world in self.worlds for line in world.logs]
        failed = [one for line in lines for one in _failed(line)]
        return {line["outcome"] for line in lines} | {one["outcome"] for one in failed} | {*self.ended}


def _failed(line: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(line.get("failed", {}).values())


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_scenario_ends_in_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch, scenario: str) -> None:
    witness = Witness(monkeypatch)
    chosen = SCENARIOS[scenario]
    assert playing.played(chosen, Troubled(chosen.troubles, Planned())) == ([], [chosen.ends])
    assert {"done", "NoneType"} <= witness.errors()
    assert not witness.errors() & OWN


@pytest.mark.parametrize("seed", range(1, 31))
def test_no_storm_ends_in_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    witness = Witness(monkeypatch)
    storm.storm(seed)
    assert {"done", "NoneType"} <= witness.errors()
    assert not witness.errors() & OWN
