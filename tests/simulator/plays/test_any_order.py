"""What hypothesis can think of, one step after the other, and shrinks when it finds something."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ops.invariants import violations
from tests.simulator.faults.kinds import Call, Kind
from tests.simulator.plays.playing import come_to_rest, fire, sealed
from tests.simulator.plays.verdict import orders, verdict
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.people import SimulatedShop
from tests.simulator.settle.world import SimulatedWorld

METHODS = ("pm_approve", "pm_decline", "pm_error_after", "pm_error_before", "pm_stall")
HOURLY = 61


class Next:
    """The fate of the very next call that can have it."""

    def __init__(self) -> None:
        self.waiting: list[Kind] = []

    def __call__(self, call: Call) -> Kind | None:
        if self.waiting and self.waiting[0] in call.kinds:
            return self.waiting.pop(0)
        return None


class AnyOrder(RuleBasedStateMachine):
    """A world in which customers, operators, schedules, faults and time take turns as hypothesis wants."""

    @initialize(cups=strategies.integers(1, 6), mugs=strategies.integers(0, 6))
    def open(self, cups: int, mugs: int) -> None:
        self.fate = Next()
        self._block = simulated(fate=self.fate)
        self.world: SimulatedWorld = self._block.__enter__()
        self.shop = SimulatedShop(self.world).stocked({"cup": cups} | ({"mug": mugs} if mugs else {}))
        self.skus = ["cup", "mug"] if mugs else ["cup"]
        for method in METHODS:
            self.shop.method(method)
        self.world.boundary.armed = True

    @rule(
        key=strategies.integers(1, 3),
        cups=strategies.integers(1, 3),
        both=strategies.booleans(),
        method=strategies.sampled_from(METHODS),
    )
    def checkout(self, key: int, cups: int, both: bool, method: str) -> None:
        lines = dict.fromkeys(self.skus if both else self.skus[:1], cups)
        self.shop.checkout(lines, method, key=f"key-{key}")

    @rule(which=strategies.integers(0, 5))
    def cancel(self, which: int) -> None:
        self._with(orders(self.world), which, lambda order: self.shop.cancel(order["order_id"]))

    @rule(seconds=strategies.sampled_from((0.02, 0.2, 0.5, 1.0, 5.0, 30.0, 300.0, 4_000.0)))
    def wait(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(kind=strategies.sampled_from(list(Kind)))
    def something_fails(self, kind: Kind) -> None:
        self.fate.waiting.append(kind)

    @rule(minute=strategies.sampled_from((1, HOURLY)))
    def a_schedule_fires(self, minute: int) -> None:
        fire(self.world, minute)

    @rule(resolve=strategies.sampled_from(("", "CONFIRMED", "CANCELLED")))
    def an_operator_looks(self, resolve: str) -> None:
        self.shop.operate(resolve=resolve)

    @rule(which=strategies.integers(0, 20))
    def an_event_comes_again(self, which: int) -> None:
        self._with(self.world.bus.published, which, self.world.bus.hand_out)

    @rule(which=strategies.integers(0, 5))
    def an_execution_is_aborted(self, which: int) -> None:
        self._with(self.world.machines.executions, which, self.world.machines.abort)

    @rule(which=strategies.integers(0, 5))
    def an_execution_is_redriven(self, which: int) -> None:
        machines = self.world.machines
        failed = [one for one in machines.executions if machines.may_redrive(one)]
        self._with(failed, which, machines.redrive)

    @invariant()
    def what_holds_always_holds_now(self) -> None:
        if hasattr(self, "world"):
            long_ago = self.world.engine.began - timedelta(days=1)
            found = violations(self.world.evidence(settled_before=long_ago))
            assert [one for one in found if one.rule != "seals-cover-the-ledger"] == []  # nobody seals yet

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.fate.waiting.clear()
            self.world.run()
            come_to_rest(self.world, self.shop)
            sealed(self.world)
            assert verdict(self.world, self.shop, heals=True) == []
        finally:
            self._block.__exit__(None, None, None)

    @staticmethod
    def _with(things: list[Any], which: int, act: Any) -> None:
        if things:
            act(things[which % len(things)])


AnyOrder.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestAnyOrder = AnyOrder.TestCase
