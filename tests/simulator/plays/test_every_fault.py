"""Every single fault, at every call that checkouts, repairs, sweeps and operators were seen to make."""

import time
import zlib

import pytest

from tests.simulator.faults.kinds import Call
from tests.simulator.plays.records import record
from tests.simulator.plays.scenarios import SCENARIOS, STANDARDLY
from tests.simulator.plays.tries import Try, discovered, singles

CALLS = [(name, call) for name in SCENARIOS for call in discovered(name)]


@pytest.mark.parametrize(("scenario", "call"), CALLS, ids=[f"{name}-{call}" for name, call in CALLS])
def test_a_fault_of_this_call_leaves_everything_right(scenario: str, call: Call) -> None:
    """A failing line replays by `make chaos REPLAY="<line>"`."""
    began = time.perf_counter()
    tries = list(Try(scenario, ()).then([call]))
    wrong = {str(one): found for one in tries if (found := one.play())}
    seconds = time.perf_counter() - began
    record("singles", name=f"{scenario} {call}", schedules=len(tries), seconds=seconds, wrong=list(wrong))
    assert wrong == {}


def test_what_is_enumerated_reaches_every_function_of_a_checkout_and_its_repair() -> None:
    """Callers are seen, not listed; this names the few that would be missed first."""
    callers = {call.caller.partition(":")[0] for _, call in CALLS} | {call.caller for _, call in CALLS}
    assert callers >= {
        "orders.api.handler",
        "checkout.saga.start",
        "checkout.repair.sweep",
        "checkout.repair.reconcile",
        "checkout.api.handler",
        "operations.api.handler",
        "storefront.projector.handler",
        "acquirer.api.handler",
        "orders:kernel.triggers.relay.handler",
        "inventory:kernel.triggers.relay.republish",
    }


def test_something_of_every_scenario_is_enumerated() -> None:
    assert {scenario for scenario, _ in CALLS} == set(SCENARIOS)


PART = 25


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_part_of_the_faults_with_the_standard_saga_leaves_everything_right(scenario: str) -> None:
    """The Express machine promises less, so all of its faults are played. Standard must hold as well."""
    began = time.perf_counter()
    tries = singles(scenario + STANDARDLY)
    part = tries[zlib.crc32(scenario.encode()) % PART :: PART]
    wrong = {str(one): found for one in part if (found := one.play())}
    seconds = time.perf_counter() - began
    record("standard", name=scenario, schedules=len(part), seconds=seconds, wrong=list(wrong))
    assert wrong == {}
