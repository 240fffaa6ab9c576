"""The sweep works off the orders of an outage faster than they came, counted on the world's own clock."""

from dataclasses import dataclass

import pytest

from kernel.table import items, open_index
from orders import domain
from tests.simulator.faults.weather import Weather
from tests.simulator.plays.playing import sweep
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.people import SimulatedShop
from tests.simulator.settle.world import SimulatedWorld

ORDERS, SECONDS = 1_000, 20
ENDS = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@dataclass
class Ordinary(Weather):
    """Every call takes as long as calls of AWS take on an ordinary day. The index may be seconds behind."""

    seconds: float = 0.02
    behind: bool = False

    def latency(self) -> float:
        return self.seconds

    def lags(self) -> bool:
        return self.behind


def left_open(world: SimulatedWorld, *, orders: int = ORDERS, unreadable: int = 0) -> None:
    """As many orders as an outage leaves: each was accepted, and its saga was never started."""
    world.functions.outages["checkout.saga.start"] = "Lambda.ServiceException"
    SimulatedShop(world).stocked({"cup": 1}).checkout({"cup": 1})
    world.run(130)
    (order,) = world.items("orders", "order#")
    for number in range(orders + unreadable):
        order_id = f"order-{number}" if number else order["order_id"]
        marks = open_index.opened(order_id, world.engine.now - domain.PATIENCE)
        more = {**order, **marks, "pk": f"order#{order_id}", "order_id": order_id}
        if number < unreadable:
            del more["total"]
        for version in (0, 1):  # a read that is behind sees the item as it was before its last write
            item = items.pack({**more, "version": version})
            world.dynamo.put_item(TableName="orders-table", Item=item)


@pytest.mark.parametrize(
    ("behind", "unreadable"),
    [(False, 0), (True, 0), (True, 150)],
    ids=["", "while the index is behind", "past orders that cannot be read"],
)
def test_a_backlog_of_fifty_orders_a_second_is_worked_off_as_fast_as_it_came(
    behind: bool, unreadable: int
) -> None:
    weather = Ordinary()
    with simulated(weather=weather) as world:
        world.machines.definitions = lambda name: ENDS
        left_open(world, unreadable=unreadable)
        weather.behind = behind
        sweep(world)
        world.run(SECONDS + unreadable * SECONDS / ORDERS)
        started = [one.name for one in world.machines.executions]
        assert len(set(started)) == len(started) == ORDERS


def test_a_backlog_is_worked_off_while_every_call_takes_most_of_a_second() -> None:
    """A batch that is not over when its function's time is up would leave its orders claimed for nothing."""
    weather = Ordinary()
    with simulated(weather=weather) as world:
        world.machines.definitions = lambda name: ENDS
        left_open(world, orders=200)
        weather.seconds = 0.7
        for _ in range(10):
            sweep(world)
            world.run(60)
        started = {one.name.partition("-f")[0] for one in world.machines.executions}
        assert len(started) == 200
