"""Playing a scenario: its troubles beneath the faults tried, and people and schedules until it rests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from kernel.table import open_index
from tests.simulator.aws.delivery import letters
from tests.simulator.engine import Engine
from tests.simulator.faults.kinds import Call, Fate, Kind
from tests.simulator.plays.scenario import BY_A_PERSON, Scenario, Trouble
from tests.simulator.plays.verdict import (
    disputing,
    glance,
    hinted,
    leaving,
    orders,
    parked,
    refunding,
    unfinished,
    verdict,
)
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.people import SimulatedShop
from tests.simulator.settle.world import SimulatedWorld

# Minutes at which the schedules fire while there is anything to do; at HOURLY the reconciliation too.
TICKS = (
    *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 23, 31, 39, 47, 61, 70, 90, 122, 127, 150, 183, 190, 200),
    *(225, 245, 250, 275, 310, 330, 355, 375, 400, 420, 440, 465, 500, 560, 620),
)
MOST_ROUNDS = 12
HOURLY = {61, 122, 183, 245, 310, 400, 500, 620}
RECONCILED = {61, 183, 400}
# While the ledger is written to, until a run looks back at none of that any more, and a few times later.
SEALED = {1, 2, 4, 8, 15, 18, 61, 190}
REFUNDED_AT = 25  # the minute of a scenario's first refund
ROUNDS = (190, 305, 480)  # when an operator looks, in minutes


@dataclass
class Troubled:
    """The scenario's troubles, and beneath them the fate that is being tried, which comes first."""

    troubles: tuple[Trouble, ...]
    fate: Fate
    engine: Engine | None = None

    def __post_init__(self) -> None:
        self._left = [trouble.times for trouble in self.troubles]
        self.hit: set[int] = set()
        self.minutes: dict[int, float] = {}

    def __call__(self, call: Call) -> Kind | None:
        assert self.engine is not None
        self.minutes[call.number] = self.engine.elapsed / 60
        return self.fate(call) or self._trouble(call)

    def _trouble(self, call: Call) -> Kind | None:
        minutes = self.minutes[call.number]
        for place, trouble in enumerate(self.troubles):
            is_such = trouble.operation in (call.operation, call.verb)
            hit = trouble.caller in call.caller and is_such
            if hit and self._left[place] > 0 and trouble.begins <= minutes < trouble.minutes:
                self._left[place] -= 1
                self.hit.add(call.number)
                return trouble.kind
        return None


def played(scenario: Scenario, troubled: Troubled) -> tuple[list[str], list[str]]:
    """Plays it to its end: what is wrong with what is left, and how each order ended."""
    with simulated(fate=troubled, saga=scenario.saga) as world:
        return concluded(opened(world, scenario, troubled))


def opened(world: SimulatedWorld, scenario: Scenario, troubled: Troubled) -> SimulatedShop:
    """The shop of the scenario with its checkout about to begin; from here on calls may fail."""
    troubled.engine = world.engine
    shop = SimulatedShop(world).stocked(dict(scenario.stock))
    shop.method(scenario.method)
    if scenario.credit:
        shop.deposit(scenario.credit)
    if scenario.leaves:
        shop.register()
    if scenario.listens:
        shop.listen()
    for sku in scenario.stock if scenario.buckets > 1 else ():
        shop.spread(sku, scenario.buckets)
    world.run()
    world.boundary.armed = True
    _prepare(world, shop, scenario)
    _at(world, 0, partial(shop.checkout, dict(scenario.lines), scenario.method))
    return shop


def concluded(shop: SimulatedShop) -> tuple[list[str], list[str]]:
    """Plays what was begun to its end: what is wrong with what is left, and how each order ended."""
    world = shop.world
    world.run()
    world.engine.quiet = None
    come_to_rest(world, shop)
    world.boundary.armed = False
    shop.ask_again()
    sealed(world)
    return verdict(world, shop, heals=True), ends(world)


def sealed(world: SimulatedWorld) -> None:
    """The ledger is sealed once more, and its totals counted."""
    for job in ("payments.sealing.seal", "payments.replay.replay"):
        world.invoke(job)
        world.run()


def ends(world: SimulatedWorld) -> list[str]:
    """How each order ended, and whether it was parked on its way."""
    parked = {event.data["order_id"] for event in world.bus.published if event.type == "OrderParked"}
    return [order["status"] + (BY_A_PERSON if order["order_id"] in parked else "") for order in orders(world)]


def _prepare(world: SimulatedWorld, shop: SimulatedShop, scenario: Scenario) -> None:
    world.connections.forgetful = scenario.forgetful
    for outage in scenario.outages:
        _at(world, outage.begins, partial(world.functions.outages.__setitem__, outage.function, outage.error))
        _at(world, outage.ends, partial(world.functions.outages.pop, outage.function))
    if scenario.cancels:
        world.machines.entering[scenario.cancels] = [partial(_cancel, world, shop)]
    if scenario.leaves:
        world.machines.entering[scenario.leaves] = [shop.leave]
    for minute, amount in enumerate(scenario.refunds, start=REFUNDED_AT):
        _at(world, minute, partial(_refund, world, shop, amount, key=f"refund-{minute}"))
    _at_each(world, sorted({*TICKS, *ROUNDS}), partial(_pass, world, shop, scenario))


def _cancel(world: SimulatedWorld, shop: SimulatedShop) -> None:
    shop.cancel(orders(world)[0]["order_id"])


def _refund(world: SimulatedWorld, shop: SimulatedShop, amount: int, *, key: str) -> None:
    for order in orders(world):
        shop.refund(order["order_id"], amount, key=key)


def attend(world: SimulatedWorld, shop: SimulatedShop, scenario: Scenario) -> None:
    """An operator has something to do when something is parked or given up on, or is known to be missing."""
    if left_to_people(world):
        shop.seen += glance(world)
        if scenario.disagree:
            shop.operate()
            world.engine.after(scenario.disagree, partial(shop.operate, resolve=scenario.resolve))
        else:
            shop.operate(resolve=scenario.resolve)
    if scenario.republish and letters([world.lost[scenario.republish]]):
        began = world.engine.began
        shop.republish(scenario.republish, began.isoformat(), (began + timedelta(minutes=2)).isoformat())


def tick(world: SimulatedWorld) -> None:
    """Sets the schedules going."""
    _at_each(world, TICKS, partial(fire, world))


def _pass(world: SimulatedWorld, shop: SimulatedShop, scenario: Scenario, minute: int) -> None:
    if minute in TICKS:
        fire(world, minute)
    if minute in SEALED and scenario.seals:
        world.invoke("payments.sealing.seal")
    if minute in ROUNDS:
        attend(world, shop, scenario)


def fire(world: SimulatedWorld, minute: int) -> None:
    if unfinished(world):
        sweep(world)
        if minute in HOURLY:
            world.invoke("payments.watch.watch")
            world.invoke("checkout.repair.reconcile")
    if refunding(world):
        world.invoke("payments.refunding.see_to_refunds")
    if disputing(world):
        if hinted(world):
            world.invoke("acquirer.webhooks.send")
        if minute in RECONCILED:
            world.invoke("payments.reconciliation.reconcile")
    if leaving(world, by=world.engine.now):  # a run at another time would find nothing
        world.invoke("customers.erasure.erase_due")


def sweep(world: SimulatedWorld) -> None:
    """A run for each shard with open orders, all at once. Runs of the other shards would find nothing."""
    marks = {order.get("open_shard", "") for order in orders(world)}
    shards = {int(mark.partition("#")[2]) for mark in marks if mark.startswith(open_index.OPEN)}
    for shard in sorted(shards or {0}):
        world.invoke("checkout.repair.sweep", {"shard": shard})


def come_to_rest(world: SimulatedWorld, shop: SimulatedShop) -> None:
    """Schedules and operators go on for as long as there is anything to do for them."""
    for _ in range(MOST_ROUNDS):
        if not (unfinished(world) or disputing(world) or leaving(world) or left_to_people(world)):
            return
        world.run(65 * 60)
        fire(world, min(HOURLY))
        world.run()
        if left_to_people(world):
            shop.operate()
        world.run()


def left_to_people(world: SimulatedWorld) -> bool:
    """Whether something is parked, was given up on, or could not be given back."""
    return parked(world) or bool(world.letters()) or "FAILED" in refunding(world)


def _at(world: SimulatedWorld, minute: float, act: Callable[[], Any]) -> None:
    world.engine.after(60 * minute, act)


def _at_each(world: SimulatedWorld, minutes: Sequence[int], act: Callable[[int], Any], now: int = 0) -> None:
    """Lets `act` happen at each minute. One timer waits at a time: worlds are copied with all that wait."""
    if now:
        act(now)
    if minutes:
        following, *rest = minutes
        _at(world, following - now, partial(_at_each, world, rest, act, following))
