"""The card processor's circuit in the simulated world: on its clock, and known to no other world."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from payments import circuit
from payments.breaker import NAME, PARTITION, WINDOW
from tests.simulator.faults.kinds import Call, Kind, Planned
from tests.simulator.plays.playing import Troubled, opened, played
from tests.simulator.plays.scenario import ALWAYS, Scenario, Trouble
from tests.simulator.plays.scenarios import SCENARIOS
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.people import SimulatedShop

CHARGE = "payments.tasks.charge_payment"
BOUGHT = SCENARIOS["bought"]
DOWN = SCENARIOS["half a minute without the processor, in which the charge is cut off"]
# Its single faults would be those of DOWN, so it is played once.
DOWN_FOR_LONGER = Scenario(
    "four minutes without the processor",
    "CONFIRMED",
    troubles=(Trouble(CHARGE, "POST", Kind.REFUSED, ALWAYS, minutes=4),),
)
Made = list[tuple[Call, float, bool]]


@contextmanager
def while_it_is_down() -> Iterator[SimulatedShop]:
    """Twenty seconds after the customer has ordered."""
    troubled = Troubled(DOWN.troubles, Planned())
    with simulated(fate=troubled) as world:
        shop = opened(world, DOWN, troubled)
        world.run(20)
        yield shop


def row(shop: SimulatedShop) -> dict[str, Any]:
    found = shop.world.item("payments", PARTITION, NAME)
    assert found
    return found


def calls_of(scenario: Scenario) -> Made:
    """Each call until the order has ended well, when it was made in seconds, and whether it was refused."""
    plan = Planned()
    troubled = Troubled(scenario.troubles, plan)
    assert played(scenario, troubled) == ([], ["CONFIRMED"])
    return [(call, 60 * troubled.minutes[call.number], call.number in troubled.hit) for call in plan.calls]


def asked(made: Made) -> list[tuple[int, bool]]:
    """When the processor was asked for a new payment, in whole seconds, and whether it refused."""
    return [(int(at), hit) for call, at, hit in made if call.operation == "POST create"]


def test_the_circuit_opens_and_closes_by_the_clock_of_the_world() -> None:
    with while_it_is_down() as shop:
        opening = row(shop)
        began = int(shop.world.engine.began.timestamp())
        assert opening["state"] == "OPEN"
        assert began < opening["opened_at"] < began + 20
        shop.world.run(20)
        assert row(shop)["state"] == "CLOSED"


def test_while_it_is_open_nothing_is_asked_and_then_a_single_charge_is() -> None:
    *opening, tried = asked(calls_of(DOWN))
    assert [hit for _, hit in opening] == [True, True, True]
    assert tried[1] is False
    assert tried[0] >= opening[-1][0] + WINDOW


def test_a_charge_that_is_cut_off_for_longer_than_its_retries_is_finished_forward() -> None:
    made = calls_of(DOWN_FOR_LONGER)
    noted = next(call.number for call, *_ in made if call.caller == "orders.tasks.note_fault")
    assert any(call.caller == "checkout.repair.sweep" for call, *_ in made if call.number > noted)
    times = [at for at, _ in asked(made)]
    apart = [later - earlier for earlier, later in pairwise(times[2:])]
    assert len(apart) > 3
    assert min(apart) >= WINDOW


def test_as_long_as_charges_go_well_nothing_is_read_or_written_for_the_circuit() -> None:
    made = [call.operation for call, *_ in calls_of(BOUGHT) if call.caller == CHARGE]
    assert made.count("GetItem") == 1  # the payment method
    assert "PutItem" not in made


def test_a_world_knows_no_circuit_of_another_world() -> None:
    with while_it_is_down() as shop:
        assert circuit.is_in_doubt()
        assert shop.world.counters.counting() != [{}, {}, {}]
    assert not circuit.is_in_doubt()
    with simulated() as world:
        assert world.counters.counting() == [{}, {}, {}]
