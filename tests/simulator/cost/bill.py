"""Units of a checkout as AWS bills them for one kind of saga, and their dollars."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from math import ceil

from tests.simulator.cost.deployment import Deployment
from tests.simulator.cost.meter import is_machine
from tests.simulator.cost.plays import Counted
from tests.simulator.cost.prices import (
    CALL,
    EXPRESS_GB,
    EXPRESS_STEP,
    MILLION,
    OWN,
    PLATFORM,
    PROCESSOR,
    UNITS,
)
from tests.support.wiring import TASKS

KINDS = ("express", "standard")
ALWAYS_STANDARD = "CheckoutRepair"  # it has to outlive five minutes
SANDBOX = "acquirer"  # stands for a card processor outside, so its units are shown apart
PLAIN = (
    "write units",
    "read units",
    "events",
    "SQS requests",
    "Lambda requests",
    "API requests",
    "SDK calls",
)
Bill = Mapping[str, Mapping[str, float]]  # units by function


def billed(counted: Counted, deployment: Deployment, kind: str) -> Bill:
    """By function or machine. SDK calls are among them, and cost nothing by themselves."""
    functions = {function for function, _ in counted.counts}
    bill = {name: _function(name, counted, deployment) for name in functions - _machines(counted)}
    bill |= {name: _machine(name, counted, kind) for name in _machines(counted)}
    return {name: bill[name] for name in sorted(bill)}


def _machines(counted: Counted) -> set[str]:
    return {machine for machine, _ in counted.steps}


def _function(name: str, counted: Counted, deployment: Deployment) -> Mapping[str, float]:
    units = {unit: counted.counts[name, unit] for unit in PLAIN if (name, unit) in counted.counts}
    if "Lambda requests" in units:
        units["Lambda GB-ms"] = _milliseconds(name, counted) * deployment.memory[name] / 1024
        platform = PLATFORM * units["Lambda requests"] if deployment.talks[name] else 0
        units["log KB"] = (counted.counts.get((name, "log bytes"), 0) + platform) / 1000
    return units


def _milliseconds(name: str, counted: Counted) -> float:
    times = {"Lambda requests": OWN, "SDK calls": CALL, "processor calls": PROCESSOR}
    return sum(counted.counts.get((name, unit), 0) * each for unit, each in times.items())


def _machine(name: str, counted: Counted, kind: str) -> Mapping[str, float]:
    """An Express execution pays for its own start, and for the time of its functions."""
    if kind == "standard" or name == ALWAYS_STANDARD:
        return {"state transitions": counted.counts[name, "states"]}
    executions = counted.counts[name, "executions"]
    times = [
        count * _mean(TASKS[state], counted)
        for (machine, state), count in counted.steps.items()
        if machine == name and state in TASKS
    ]
    each = ceil(sum(times) / executions / EXPRESS_STEP) * EXPRESS_STEP
    return {"express requests": executions, "express GB-ms": executions * each * EXPRESS_GB}


def _mean(function: str, counted: Counted) -> float:
    runs = counted.counts.get((function, "Lambda requests"), 0)
    return _milliseconds(function, counted) / runs if runs else 0


# Dollars of a million


def dollars(units: Mapping[str, float]) -> float:
    return sum(count * UNITS[unit].dollars * MILLION for unit, count in units.items() if unit in UNITS)


def service(function: str) -> str:
    """A machine belongs to the service that starts it."""
    return "checkout" if is_machine(function) else function.replace(":", ".").partition(".")[0]


def ours(bill: Bill) -> Bill:
    return {name: units for name, units in bill.items() if service(name) != SANDBOX}


def sandbox(bill: Bill) -> Bill:
    return {name: units for name, units in bill.items() if service(name) == SANDBOX}


def summed(bill: Bill, by: Callable[[str, str], str]) -> Mapping[str, float]:
    """Dollars by whatever a function and a unit belong to, in order of price."""
    found: dict[str, float] = defaultdict(float)
    for name, units in bill.items():
        for unit, count in units.items():
            found[by(name, unit)] += dollars({unit: count})
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def total(bill: Bill) -> float:
    return sum(dollars(units) for units in bill.values())
