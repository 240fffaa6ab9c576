"""The vocabulary of the failure matrix: how an order can end, and the parts of a case."""

from dataclasses import dataclass, replace
from typing import Any

from tests.support.faults import ALWAYS, Mishap
from tests.support.shop import PRICE_OF_TWO, OrderEnd

LETTERS = {
    "ReserveStock": "R",
    "ChargePayment": "C",
    "ConfirmOrder": "K",
    "NoteFault": "N",
    "FenceOrder": "F",
    "RefundPayment": "B",
    "ReleaseStock": "L",
    "CancelOrder": "X",
}
TASK = {letter: task for task, letter in LETTERS.items()}

PLACED, FENCED, ENDED = "OrderPlaced", "CancellationStarted", "OrderCancelled"

CONFIRMED = OrderEnd(
    order=("CONFIRMED", ""),
    reservation="COMMITTED",
    stock=(3, 2),
    payment="SOLD",
    processor=(PRICE_OF_TWO, 0),
    events={
        "order": f"{PLACED} OrderConfirmed",
        "reservation": "StockReserved",
        "payment": "PaymentCaptured",
    },
)
# Cancelled by the whole undo lane, after stock was held and money captured.
REFUNDED = OrderEnd(
    order=("CANCELLED", "CancelledByCustomer"),
    reservation="RELEASED",
    stock=(5, 0),
    payment="REFUNDED",
    processor=(PRICE_OF_TWO, PRICE_OF_TWO),
    events={
        "order": f"{PLACED} {FENCED} {ENDED}",
        "reservation": "StockReserved StockReleased",
        "payment": "PaymentCaptured RefundStarted PaymentRefunded",
    },
)
# Cancelled after stock was held, with nothing at the processor: the void is a tombstone.
UNPAID = replace(
    REFUNDED,
    payment="VOIDED",
    processor=(0, 0),
    events={**REFUNDED.events, "payment": "PaymentVoided"},
)
# Cancelled before anything was done: two tombstones.
UNTOUCHED = replace(UNPAID, events={**UNPAID.events, "reservation": "StockReleased"})
DECLINED = replace(
    UNPAID,
    order=("CANCELLED", "PaymentDeclined"),
    payment="DECLINED",
    events={**UNPAID.events, "payment": "PaymentDeclined"},
)


def because(outcome: OrderEnd, reason: str) -> OrderEnd:
    return replace(outcome, order=(outcome.order[0], reason))


def parked(outcome: OrderEnd, **changes: Any) -> OrderEnd:
    """The same end, but the order is parked."""
    events = {**outcome.events, "order": f"{PLACED} {FENCED} OrderParked"}
    left = replace(outcome, order=("NEEDS_ATTENTION", outcome.order[1]), events=events)
    return replace(left, **changes)


def fencing(outcome: OrderEnd, reason: str) -> OrderEnd:
    """The same end, but the execution failed after the fence: nothing is undone yet."""
    events = {**outcome.events, "order": f"{PLACED} {FENCED}"}
    return replace(outcome, order=("CANCELLING", reason), events=events)


HELD_AND_PAID = OrderEnd(
    order=("PENDING", ""),
    reservation="RESERVED",
    stock=(3, 2),
    payment="CAPTURED",
    processor=(PRICE_OF_TWO, 0),
    events={
        "order": PLACED,
        "reservation": "StockReserved",
        "payment": "PaymentCaptured",
    },
)
# Stock is held for an order that nobody has charged; and an order of which nothing is done yet.
HELD = replace(
    HELD_AND_PAID,
    payment="NONE",
    processor=(0, 0),
    events={"order": PLACED, "reservation": "StockReserved"},
)
ACCEPTED = replace(HELD, reservation="NONE", stock=(5, 0), events={"order": PLACED})
HELD_AND_DECLINED = replace(
    HELD_AND_PAID,
    payment="DECLINED",
    processor=(0, 0),
    events={**HELD_AND_PAID.events, "payment": "PaymentDeclined"},
)


@dataclass(frozen=True)
class Case:
    """A mishap (`kind` hits `task`, `times` times, after `effects`), the calls that it leads to, and the end.

    `left` is how the order ended. `woken` is how it ended once the zombies have run, where that differs.
    `cancelled`: the customer cancels just before the confirmation. `gone`: after the mishap every call of the
    task fails. `fails`: every call of that other task fails.
    """

    task: str
    kind: Mishap | None
    calls: str
    left: OrderEnd
    times: int = 1
    effects: int = 0
    method: str = "pm_approve"
    cancelled: bool = False
    wanted: int = 2
    execution: str = "SUCCEEDED"
    woken: OrderEnd | None = None
    gone: bool = False
    fails: str = ""

    @property
    def label(self) -> str:
        often = "and gone" if self.gone else {1: "once", ALWAYS: "always"}[self.times]
        after = f" after {self.effects}" if self.effects else ""
        return f"{self.task}: {self.kind.value if self.kind else 'refusal'}{after} {often}"


def lasting(task: str, kind: Mishap, calls: str, left: OrderEnd, **more: Any) -> Case:
    """A case of a mishap of every call, which the execution notes before it fails."""
    return Case(task, kind, calls, left, times=ALWAYS, execution="FAILED", **more)


def unfinished(kind: Mishap, calls: str, **more: Any) -> Case:
    """A case of an execution that fails, since no stock can be reserved."""
    return Case("N", kind, calls, ACCEPTED, fails="R", execution="FAILED", **more)


def undo(task: str, kind: Mishap | None, calls: str, left: OrderEnd, **more: Any) -> Case:
    """A case of the undo lane: the money is captured when the customer cancels."""
    return Case(task, kind, calls, left, cancelled=True, **more)


def declined(task: str, kind: Mishap | None, calls: str, left: OrderEnd, **more: Any) -> Case:
    """A case of the undo lane in which the fence itself has something to write."""
    return Case(task, kind, calls, left, method="pm_decline", **more)
