"""Every scenario ends as it should while each read that need not be consistent is behind.

In storms reads lag as well, but there any ending is right that keeps the rules.
"""

from dataclasses import dataclass

import pytest

from tests.simulator.engine import Engine
from tests.simulator.faults.kinds import Planned
from tests.simulator.faults.weather import Weather
from tests.simulator.plays.playing import Troubled, concluded, opened
from tests.simulator.plays.scenarios import SCENARIOS, scenario_of
from tests.simulator.settle.interpreter import simulated

# Whoever looks through an index may find an entry late, and looks again.
READERS = ("payments.tasks", "inventory.tasks", "orders.tasks", "storefront.projector")
LOOKERS = ("claim", "select")


@dataclass
class Behind(Weather):
    """What a reader sees is as it was before the last write, unless it asks for a consistent read."""

    engine: Engine | None = None

    def lags(self) -> bool:
        process = self.engine.running if self.engine else None
        name = process.name if process else ""
        return name.startswith(READERS) and not any(looker in name for looker in LOOKERS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_read_that_is_behind_changes_no_ending(name: str) -> None:
    scenario, weather = scenario_of(name), Behind()
    troubled = Troubled(scenario.troubles, Planned())
    with simulated(fate=troubled, weather=weather, saga=scenario.saga) as world:
        shop = opened(world, scenario, troubled)
        weather.engine = world.engine
        assert concluded(shop) == ([], [scenario.ends])
