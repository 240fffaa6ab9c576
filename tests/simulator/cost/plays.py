"""What is metered: checkouts of every end, one alone or ten at the same moment, and idle schedules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.simulator.cost.deployment import Deployment
from tests.simulator.cost.meter import Meter
from tests.simulator.cost.metered import Observed, metered
from tests.simulator.plays.playing import sweep
from tests.simulator.plays.verdict import orders
from tests.simulator.settle.people import SimulatedShop
from tests.simulator.settle.world import EXPRESS, SimulatedWorld
from tests.support.wiring import MANIFEST

AT_ONCE = 10
MINUTES = 150  # by then every order has ended
CUSTOMER = "5f3c8a52-8f0e-4c53-9f0b-2d6b8f9f7a11"  # as long as the subject of a token is
BOUGHT = ("CONFIRMED",)
FINAL = ("CONFIRMED", "CANCELLED")


@dataclass(frozen=True)
class Case:
    """A checkout of so many lines. `cancels` and `dies` name the state before which that happens to it."""

    name: str
    lines: int = 1
    method: str = "pm_approve"
    stock: int = 1_000
    cancels: str = ""
    dies: str = ""
    ends: Sequence[str] = BOUGHT


CASES: Sequence[Case] = (
    *(Case(f"bought, {lines} line{'s' if lines > 1 else ''}", lines) for lines in (1, 5, 20, 50)),
    Case("declined", method="pm_decline", ends=("CANCELLED",)),
    Case("sold out", stock=1, ends=("CANCELLED",)),
    Case("cancelled by the customer", cancels="ConfirmOrder", ends=("CANCELLED",)),
    Case("died, then swept", dies="ChargePayment", ends=FINAL),
)
Counts = Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Counted:
    """Units of one checkout by function and unit, and its machines' steps by machine and state."""

    counts: Counts
    steps: Counts


def checkout(case: Case, deployment: Deployment, *, alone: bool, saga: str = EXPRESS) -> Counted:
    """The average of orders placed at the same moment. Raises AssertionError for an end not foreseen."""
    many = 1 if alone else AT_ONCE
    fate = Observed(deaths=many if case.dies else 0, before=case.dies)
    with metered(deployment, alone=alone, fate=fate, saga=saga) as (world, meter):
        method = _opened(world, case)
        warm = {order["order_id"] for order in orders(world)}
        meter.clear()
        world.boundary.armed = True
        if case.cancels:
            world.machines.entering[case.cancels] = [partial(_cancel, world)]
        for place in range(many):
            _place(world, case, method, f"order-{place}")
        world.run()
        _swept(world, meter)
        ended = [order["status"] for order in orders(world) if order["order_id"] not in warm]
        assert len(ended) == many, ended
        assert set(ended) <= {*case.ends}, ended
        return _each(meter, many)


def schedules(deployment: Deployment) -> Mapping[str, tuple[float, Counted]]:
    """By handler: minutes from run to run, and the units of a run with nothing to do."""
    return {
        schedule["handler"]: (schedule["minutes"], _idle(schedule, deployment))
        for schedule in MANIFEST["schedules"]
    }


def _idle(schedule: Mapping[str, Any], deployment: Deployment) -> Counted:
    with metered(deployment, alone=True, fate=Observed()) as (world, meter):
        world.boundary.armed = True
        for shard in range(schedule.get("shards", 1)):
            world.invoke(schedule["handler"], {"shard": shard})
        world.run()
        return _each(meter, 1)


def _opened(world: SimulatedWorld, case: Case) -> str:
    """A shop in which everything was called once, so that no function asks for its secret again.

    Answers the customer's payment method.
    """
    SimulatedShop(world).stocked({"warm": 1, **{line["sku"]: case.stock for line in _lines(case)}})
    method = _asked(world, "payments", "/payments/methods", {"token": case.method}, "method")[
        "payment_method"
    ]
    warm = {"lines": [{"sku": "warm", "quantity": 1}], "payment_method": method}
    _asked(world, "orders", "/checkout", warm, "warm")
    return str(method)


def _asked(world: SimulatedWorld, service: str, path: str, body: Any, key: str) -> Any:
    ended = world.process(lambda: world.ask(service, "POST", path, body, key=key, customer=CUSTOMER))
    world.run()
    status, answer = ended[0].value
    assert status < 300, answer
    return answer


def _place(world: SimulatedWorld, case: Case, method: str, key: str) -> None:
    body = {"lines": _lines(case), "payment_method": method}
    world.process(lambda: world.ask("orders", "POST", "/checkout", body, key=key, customer=CUSTOMER))


def _lines(case: Case) -> list[dict[str, Any]]:
    """Two of each product, which no one gets where the stock is one."""
    return [{"sku": f"tea-{number:010}", "quantity": 2} for number in range(case.lines)]


def _cancel(world: SimulatedWorld) -> None:
    for order in orders(world):
        if order["status"] == "PENDING":
            path = f"/orders/{order['order_id']}/cancel"
            world.process(partial(world.ask, "orders", "POST", path, customer=CUSTOMER))


def _swept(world: SimulatedWorld, meter: Meter) -> None:
    """A minute's sweep that starts nothing belongs to the idle month."""
    for _ in range(MINUTES):
        if all(order["status"] in FINAL for order in orders(world)):
            return
        world.run(60)
        kept, before = meter.kept(), _executions(meter)
        sweep(world)
        world.run()
        if _executions(meter) == before:
            meter.back_to(kept)


def _executions(meter: Meter) -> float:
    return sum(count for (_, unit), count in meter.counts.items() if unit == "executions")


def _each(meter: Meter, many: int) -> Counted:
    return Counted(
        {what: count / many for what, count in meter.counts.items()},
        {what: count / many for what, count in meter.steps.items()},
    )
