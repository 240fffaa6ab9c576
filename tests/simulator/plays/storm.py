"""Random schedules: many checkouts at once over few SKUs, faults by chance, people and AWS at their worst."""

import copy
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from tests.simulator.faults.kinds import Chance
from tests.simulator.faults.weather import DAY, Storm
from tests.simulator.plays.playing import come_to_rest, sealed, sweep, tick
from tests.simulator.plays.verdict import glance, orders, verdict
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.people import SimulatedShop
from tests.simulator.settle.world import EXPRESS, STANDARD, SimulatedWorld, definitions

METHODS = (
    "pm_approve",
    "pm_approve",
    "pm_approve",
    "pm_decline",
    "pm_error_after",
    "pm_error_before",
    "pm_stall",
)
SKUS = ("cup", "mug", "pot")
SEALED_AFTER = (0.5, 2, 5, 12)  # hours; the first seal looks back no more than a day
RATES = (0.0, 0.01, 0.03, 0.08, 0.2)
BUCKETS = 3  # in every fourth schedule
HOUR = 3600.0
ROUGH = 3 * HOUR  # how long faults happen


@dataclass(frozen=True)
class Schedule:
    """What came of one: what is wrong, how the orders ended, and how much there was of it."""

    wrong: list[str]
    ends: Mapping[str, int]
    calls: int
    faults: int


class Stormy:
    """One schedule being played; everything in it follows from the seed. With `buckets`, stock is spread."""

    def __init__(self, world: SimulatedWorld, fate: Chance, random: Random, *, buckets: int) -> None:
        self.world, self.fate, self.random, self.buckets = world, fate, random, buckets
        self.shop = SimulatedShop(world)

    def play(self) -> None:
        plenty, within = self.random.choice((3, 12, 60)), self.random.choice((0.5, 60, 600))
        stock = {sku: self.random.randint(1, plenty) for sku in SKUS[: self.random.randint(1, 3)]}
        self.shop.stocked(stock)
        for method in dict.fromkeys(METHODS):
            self.shop.method(method)
        self.world.boundary.armed = True
        self.world.connections.forgetful = self.random.random() < 0.2
        self.world.machines.definitions = lambda name: self._release(definitions()[name])
        self.world.machines.start = by_any_release(self.world.machines.start)  # type: ignore[method-assign]
        for number in range(self.random.randint(3, 20)):
            self._sometime(within, self._checkout(f"order-{number}", list(stock)))
        self._sometimes(10, ROUGH, self._anything)
        if self.buckets > 1:
            for sku in stock:
                self._sometime(within, partial(self.shop.spread, sku, self.buckets))
                self._sometimes(1, ROUGH, partial(self.shop.adjust, sku, -1, key=f"correction-{sku}"))
        tick(self.world)
        for hours in SEALED_AFTER:
            self.world.engine.after(3600 * hours, partial(self.world.invoke, "payments.sealing.seal"))
        self.world.engine.after(ROUGH, self._calm)
        self.world.run()
        come_to_rest(self.world, self.shop)
        sealed(self.world)
        self._replay()

    def _checkout(self, key: str, skus: list[str]) -> Callable[[], None]:
        """A customer orders, perhaps twice at once, perhaps with something else under the same key."""
        lines = {
            sku: self.random.randint(1, 4)
            for sku in self.random.sample(skus, self.random.randint(1, len(skus)))
        }
        method = self.random.choice(METHODS)

        def act() -> None:
            for _ in range(self.random.choice((1, 1, 1, 2, 3))):
                self.shop.checkout(lines, method, key=key)
            if self.random.random() < 0.1:
                self.shop.checkout(dict.fromkeys(lines, 5), method, key=key)

        return act

    def _anything(self) -> None:
        """What a customer, an operator or AWS might do at any moment."""
        usual = (self._cancel, self._operate, self._abort, self._redrive, self._sweep, self._again)
        self.random.choice((*usual, self._cancel, self._reprice))()

    def _reprice(self) -> None:
        self.shop.reprice(self.random.choice(SKUS), self.random.choice((0, 1000, 1250, 1500, 2000)))

    def _cancel(self) -> None:
        self._with_any(orders(self.world), lambda order: self.shop.cancel(order["order_id"]))

    def _operate(self) -> None:
        self.shop.seen += glance(self.world)
        self.shop.operate(resolve=self.random.choice(("", "CONFIRMED", "CANCELLED")))

    def _abort(self) -> None:
        self._with_any(self.world.machines.executions, self.world.machines.abort)

    def _redrive(self) -> None:
        machines = self.world.machines
        self._with_any([one for one in machines.executions if machines.may_redrive(one)], machines.redrive)

    def _sweep(self) -> None:
        if self.random.choice((True, False)):
            sweep(self.world)
        else:
            self.world.invoke("checkout.repair.reconcile")

    def _again(self) -> None:
        """EventBridge delivers something once more."""
        self._with_any(self.world.bus.published, self.world.bus.hand_out)

    def _with_any(self, things: list[Any], act: Callable[[Any], object]) -> None:
        if things:
            act(self.random.choice(things))

    def _calm(self) -> None:
        self.fate.left = 0

    def _replay(self) -> None:
        """Days later somebody replays a part of the archive, and gives ranges of the outboxes out again."""
        self.world.run(self.random.uniform(1, 10) * DAY)
        published = list(self.world.bus.published)
        for event in self.random.sample(published, len(published) // 3):
            self.world.bus.hand_out(event)
        began = self.world.engine.began
        if self.random.random() < 0.3:
            later = began + timedelta(minutes=3)
            self.shop.republish(
                self.random.choice(("orders", "inventory", "payments")), began.isoformat(), later.isoformat()
            )
        self.world.run()

    def _release(self, definition: Mapping[str, Any]) -> Mapping[str, Any]:
        """The saga's file of another release: old input for the new code, or a new field it does not know."""
        match self.random.randrange(4):
            case 0:
                older = copy.deepcopy(dict(definition))
                del older["States"]["CancelOrder"]["Parameters"]["saga.$"]
                return older
            case 1:
                newer = copy.deepcopy(dict(definition))
                for state in newer["States"].values():
                    state.get("Parameters", {})["release"] = "next"
                return newer
        return definition

    def _sometime(self, within: float, act: Callable[[], object]) -> None:
        self.world.engine.after(self.random.uniform(0, within), act)

    def _sometimes(self, most: int, within: float, act: Callable[[], object]) -> None:
        for _ in range(self.random.randint(0, most)):
            self._sometime(within, act)


def by_any_release(start: Callable[..., Any]) -> Callable[..., Any]:
    """Every fourth execution has the input that the release before gave, for a file of whichever release.

    The release before said in the error that an operator resumed the order, and had no field for it.
    """

    def started(*, name: str, input: str, **request: Any) -> Any:
        given = json.loads(input)
        if zlib.crc32(name.encode()) % 4 == 0 and given.pop("resumed"):
            given["failure"]["Error"] = "Resumed"
        return start(name=name, input=json.dumps(given), **request)

    return started


def storm(seed: int) -> Schedule:
    """Plays the schedule of this seed to its end."""
    random = Random(seed)
    fate = Chance(Random(seed + 1), rate=random.choice(RATES), left=random.choice((1, 3, 10, 100, 1_000)))
    weather = Storm(random=Random(seed + 2))
    with simulated(fate=fate, weather=weather, saga=EXPRESS if seed % 2 else STANDARD) as world:
        played = Stormy(world, fate, random, buckets=BUCKETS if seed % 4 == 2 else 1)
        played.play()
        played.shop.ask_again()
        sealed(world)
        ended = [order["status"] for order in orders(world)]
        return Schedule(
            wrong=verdict(world, played.shop, heals=True),
            ends={status: ended.count(status) for status in sorted(set(ended))},
            calls=fate.calls,
            faults=len(fate.happened),
        )
