"""Two steps of payments about one order at once, which overtake each other between any two of their calls.

`twins charge refund pm_approve kept 0110` is a line that replays such a schedule: the steps, the payment
method, whether the processor's keys are kept or forgotten, and whose turn it is. A step that ends before its
turns are over leaves them out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from ops.invariants import violations
from tests.simulator.aws.functions import Answer
from tests.simulator.engine import Process
from tests.simulator.settle.interpreter import simulated
from tests.simulator.settle.people import SimulatedShop
from tests.simulator.settle.world import SimulatedWorld

NAME = "twins"
CALLS = 8  # as many turns has each of the two, and a charge makes seven calls
MOST_SWITCHES = 3
TURN, SOON = 0.5, 0.005
ORDER, TOTAL = "order-1", {"amount": 1250, "currency": "EUR"}
STEPS = {"charge": "payments.tasks.charge_payment", "refund": "payments.tasks.refund_payment"}
REFUSALS = {"ChargeVoided", "PaymentDeclined", "UnknownPaymentMethod"}
MOST_RUNS = 8
APART = 30.0  # seconds between two runs of a step, in which the processor settles
# No order was placed, since only payments is played.
UNASKED = {"nothing-without-an-order"}


@dataclass(frozen=True)
class Twins:
    """The two steps, and the `turns` of the first (0) and the second (1). Two refunds follow a charge."""

    first: str
    second: str
    method: str
    keys: str
    turns: str

    def __str__(self) -> str:
        return " ".join([NAME, self.first, self.second, self.method, self.keys, self.turns])

    @classmethod
    def parse(cls, line: str) -> "Twins":
        return cls(*line.split()[1:])

    def attempt(self) -> list[str]:
        """Everything that does not hold once both are done."""
        with simulated() as world:
            play = _Play(world, SimulatedShop(world).method(self.method))
            if self.first == "refund":
                play.until_done("charge")
            world.connections.forgetful = self.keys == "forgotten"
            turns = Turns(self.turns, world)
            world.boundary.latency = turns.latency
            for step in (self.first, self.second):
                play.begin(step)
            world.run()
            for step in (self.first, self.second):
                play.until_done(step)
            world.invoke("payments.sealing.seal")
            world.run()
            return [*self._money(world), *self._answers(play), *_rules(world)]

    @property
    def _undone(self) -> bool:
        return "refund" in (self.first, self.second)

    def _money(self, world: SimulatedWorld) -> Iterator[str]:
        intents = world.evidence().intents
        kept = sum(intent["amount_captured"] - intent["amount_refunded"] for intent in intents)
        if kept != (0 if self._undone or self.method == "pm_decline" else TOTAL["amount"]):
            yield f"money: the processor keeps {kept}"

    def _answers(self, play: "_Play") -> Iterator[str]:
        """A step that its own twin has done is done, and no refusal."""
        refused = {answer.error for answer in play.answers} & REFUSALS
        wanted = {"PaymentDeclined"} if self.method == "pm_decline" else set()
        if not self._undone and refused != wanted:
            yield f"answers: one of two charges was refused: {sorted(refused)}"


@dataclass
class Turns:
    """Lets each call of the first two steps wait for its turn. All others take a moment."""

    turns: str
    world: SimulatedWorld
    seen: list[Process] = field(default_factory=list)
    taken: list[int] = field(default_factory=lambda: [0, 0])

    def __post_init__(self) -> None:
        self.began = self.world.engine.elapsed

    def latency(self) -> float:
        """Seconds until the call of the running process takes effect."""
        process = self.world.engine.running
        if process is None or process.name not in STEPS.values():
            return SOON
        places = [place for place, each in enumerate(self.seen) if each is process]
        if not places and len(self.seen) < 2:
            places = [len(self.seen)]
            self.seen.append(process)
        return self._until_turn(places[0]) if places else SOON

    def _until_turn(self, which: int) -> float:
        mine = [place for place, turn in enumerate(self.turns) if turn == str(which)]
        turn, self.taken[which] = self.taken[which], self.taken[which] + 1
        last = len(self.turns) + turn
        due = self.began + TURN * (1 + (mine[turn] if turn < len(mine) else last))
        return max(SOON, due - self.world.engine.elapsed)


class _Play:
    """The runs of the two steps, and every answer."""

    def __init__(self, world: SimulatedWorld, method: str) -> None:
        self.world, self.answers = world, list[Answer]()
        common = {"order_id": ORDER}
        charged = {**common, "customer_id": "alice", "payment_method": method, "total": TOTAL}
        self.given: dict[str, Any] = {"charge": charged, "refund": common}

    def begin(self, step: str) -> None:
        self.world.functions.invoke(STEPS[step], self.given[step], heard=self.answers.append)

    def until_done(self, step: str) -> None:
        """Runs the step until it is done or refused, as the saga does."""
        for _ in range(MOST_RUNS):
            self.begin(step)
            self.world.run()
            if self.answers[-1].error in {"", *REFUSALS}:
                return
            self.world.run(APART)


def _rules(world: SimulatedWorld) -> Iterator[str]:
    for one in violations(world.evidence()):
        if one.rule not in UNASKED:
            yield f"{one.rule}: {one.about}: {one.what}"


PAIRS = (
    ("charge", "charge", "pm_approve", "kept"),
    ("charge", "charge", "pm_approve", "forgotten"),
    ("charge", "charge", "pm_decline", "forgotten"),
    ("charge", "refund", "pm_approve", "kept"),
    ("charge", "refund", "pm_stall", "forgotten"),
    ("refund", "refund", "pm_approve", "forgotten"),
)


def schedules() -> Iterator[Twins]:
    """Every way in which the two of each pair take turns, with up to MOST_SWITCHES changes of turn."""
    for pair in PAIRS:
        for turns in orders(CALLS, MOST_SWITCHES):
            if turns[0] == "0" or pair[0] != pair[1]:  # the two of a pair of equals are one and the same
                yield Twins(*pair, turns)


def orders(calls: int, switches: int) -> Iterator[str]:
    """Every text of as many zeros as ones, in which the digit changes at most so often."""
    for places in combinations(range(2 * calls), calls):
        turns = "".join("0" if place in places else "1" for place in range(2 * calls))
        if turns.count("01") + turns.count("10") <= switches:
            yield turns
