"""A rush: many buyers of one SKU within a second, while every transaction keeps its items for 10 ms.

`python -m tests.simulator.plays.rush` prints what became of the buyers, and what buckets cost.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from ops.invariants import stock as invariants
from tests.simulator.aws.functions import Answer
from tests.simulator.faults.kinds import Call, Kind
from tests.simulator.faults.weather import Rush
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.people import SimulatedShop
from tests.simulator.settle.world import SimulatedWorld

SKU = "mug"
BUYING, SELLING = "inventory.tasks.reserve_stock", "inventory.tasks.commit_stock"
SOLD_AFTER = 0.3


@dataclass
class Counted:
    """Lets each call go well, and counts those of the two tasks by operation."""

    calls: Counter[str] = field(default_factory=Counter)

    def __call__(self, call: Call) -> Kind | None:
        if call.caller in (BUYING, SELLING):
            self.calls[f"{call.caller} {call.operation}"] += 1
        return None


@dataclass(frozen=True)
class Sale:
    """`buyers` of one SKU within a second, each of `quantity` units. The stock lies in so many `buckets`.

    With `grown_at`, it lies in one bucket until that second. Every tenth order `undone` is released again.
    """

    buyers: int
    stock: int
    buckets: int = 1
    quantity: int = 1
    grown_at: float = 0
    seed: int = 1


@dataclass
class Outcome:
    """What became of a sale: answers by task, the calls it took, the buckets that are left, what is wrong."""

    answers: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    seconds: float = 0
    available: int = 0
    wrong: list[str] = field(default_factory=list)


def played(sale: Sale) -> Outcome:
    """Every buyer's reservation is one run of the task, without the retries of the saga."""
    random, fate, outcome = Random(sale.seed), Counted(), Outcome()
    with simulated(fate=fate, weather=Rush(random=Random(sale.seed + 1))) as world:
        shop = SimulatedShop(world).stocked({SKU: sale.stock})
        if sale.buckets > 1 and not sale.grown_at:
            shop.spread(SKU, sale.buckets)
            world.run()
        world.boundary.armed = True
        world.bus.rules.clear()  # no other service has a part in this
        if sale.grown_at:
            world.engine.after(sale.grown_at, partial(shop.spread, SKU, sale.buckets))
        for number in range(sale.buyers):
            world.engine.after(random.random(), partial(_buy, world, sale, f"order-{number}", outcome))
        world.run()
        evidence = world.evidence()
        rules = (invariants.stock_adds_up, invariants.stock_is_held_by_somebody)
        outcome.wrong = [f"{about}: {what}" for rule in rules for about, what in rule(evidence)]
        outcome.available = sum(item["available"] for item in world.items("inventory", f"stock#{SKU}"))
        outcome.calls = fate.calls
    return outcome


def _buy(world: SimulatedWorld, sale: Sale, order_id: str, outcome: Outcome) -> None:
    """Reserves; what is reserved is sold soon after."""
    step: dict[str, Any] = {"order_id": order_id, "lines": [{"sku": SKU, "quantity": sale.quantity}]}
    began = world.engine.now

    def reserved(answer: Answer) -> None:
        outcome.answers[f"{BUYING} {answer.error or answer.payload['status']}"] += 1
        outcome.seconds = max(outcome.seconds, (world.engine.now - began).total_seconds())
        if not answer.error:
            world.engine.after(SOLD_AFTER, lambda: world.functions.invoke(SELLING, step, heard=sold))

    def sold(answer: Answer) -> None:
        outcome.answers[f"{SELLING} {answer.error or answer.payload['status']}"] += 1

    world.functions.invoke(BUYING, step, heard=reserved)


SALES = (
    *(Sale(buyers, 1_000) for buyers in (50, 100, 200, 500)),
    *(Sale(500, 1_000, buckets) for buckets in (2, 4, 8, 16, 32)),
    *(Sale(500, 300, buckets) for buckets in (1, 8, 16, 32)),
    *(Sale(500, 1_000, 16, grown_at=0.3, seed=seed) for seed in (1, 2, 3)),
    *(Sale(200, 1_000, 16, grown_at=0.3, seed=seed) for seed in (1, 2, 3)),
)


def main() -> None:
    for sale in SALES:
        outcome = played(sale)
        print(sale, f"longest {outcome.seconds:.1f} s, left {outcome.available}, wrong {outcome.wrong}")
        for counts in (outcome.answers, outcome.calls):
            print("   ", ", ".join(f"{name}: {number}" for name, number in sorted(counts.items())))


if __name__ == "__main__":
    main()
