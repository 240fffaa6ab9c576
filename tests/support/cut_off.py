"""New charges that fail, until the circuit is open; and another environment that comes after them."""

from functools import partial
from typing import Any

import pytest

from payments import breaker, circuit
from tests.support import aws, circuits
from tests.support.payments import charge, outcome
from tests.support.processor import Disturbance, Processor, request_lost

UNAVAILABLE, CUT_OFF = "ProcessorUnavailable", "ProcessorCutOff"


def charged(order_id: str, method: str = "pm_approve") -> str:
    """What came of the charge, or the name of the error."""
    return outcome(partial(charge, order_id, method))


def fails(processor: Processor, *orders: str, how: Disturbance = request_lost, call: str = "create") -> None:
    """A new charge of each order, which fails like this."""
    for order_id in orders:
        processor.disturb(call, how)
        assert charged(order_id) != "CAPTURED"


def opened(processor: Processor) -> None:
    """Charges have failed for so long that the circuit has opened."""
    names = iter("abc")
    while row()["state"] != "OPEN":
        fails(processor, next(names))


def row() -> dict[str, Any]:
    """The circuit's item; without one it is closed."""
    found = [item for item in aws.items("payments") if item["pk"] == breaker.PARTITION]
    return found[0] if found else {"state": "CLOSED"}


def another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on another environment runs, which has seen one charge fail."""
    circuits.install(monkeypatch, circuits.Counters(), owner=lambda: "another environment")
    circuit.breaker()
