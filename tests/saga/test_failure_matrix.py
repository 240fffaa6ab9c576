"""Every task, every way to fail: which tasks were called, and what was left behind.

Calls are spelled with one letter each: R(eserveStock) C(hargePayment) K (ConfirmOrder), then the undo lane
F(enceOrder) B (RefundPayment) L (ReleaseStock) X (CancelOrder). Five mugs are in stock, the order is for
two at 25.00 EUR together. Every expectation was written by hand from the design, none was recorded.
"""

from dataclasses import replace

import pytest

from tests.saga.cases import (
    CONFIRMED,
    CRASHED,
    DECLINED,
    HELD_AND_DECLINED,
    HELD_AND_PAID,
    KILLED,
    LETTERS,
    REFUNDED,
    TASK,
    TIMED_OUT,
    UNPAID,
    UNTOUCHED,
    Case,
    because,
    declined,
    fencing,
    parked,
    undo,
)
from tests.support import invariants
from tests.support.faults import ALWAYS, Kind
from tests.support.shop import PRICE_OF_TWO, TWO_MUGS, Outcome, SagaShop
from tests.support.world import MotoWorld

RESERVE = [
    Case("R", None, "RFBLX", because(UNTOUCHED, "OutOfStock"), wanted=6),
    Case("R", Kind.BEFORE, "RRCK", CONFIRMED),
    Case("R", Kind.BEFORE, "RRRRFBLX", because(UNTOUCHED, CRASHED), times=ALWAYS),
    Case("R", Kind.LOST, "RRCK", CONFIRMED),
    Case("R", Kind.LOST, "RRRRFBLX", because(UNPAID, CRASHED), times=ALWAYS),
    Case("R", Kind.KILLED, "RRCK", CONFIRMED, effects=1),
    Case("R", Kind.KILLED, "RRCK", CONFIRMED, effects=1, times=ALWAYS),
    Case("R", Kind.ZOMBIE, "RRCK", CONFIRMED),
    Case("R", Kind.ZOMBIE, "RRRRFBLX", because(UNTOUCHED, TIMED_OUT), times=ALWAYS),
]
VOIDED_ON_RECORD = replace(UNPAID, events={**UNPAID.events, "payment": "PaymentStarted PaymentVoided"})
# A charge has four effects: created, recorded, confirmed, recorded. Killed after every single one it comes
# no further than one effect a call, and the fourth call is the last.
CHARGE = [
    Case("C", None, "RCFBLX", DECLINED, method="pm_decline"),
    Case("C", None, "RCFBLX", because(UNPAID, "UnknownPaymentMethod"), method="nobody's"),
    Case("C", Kind.BEFORE, "RCCK", CONFIRMED),
    Case("C", Kind.BEFORE, "RCCCCFBLX", because(UNPAID, CRASHED), times=ALWAYS),
    Case("C", Kind.LOST, "RCCK", CONFIRMED),
    Case("C", Kind.LOST, "RCCCCFBLX", because(REFUNDED, CRASHED), times=ALWAYS),
    Case("C", Kind.KILLED, "RCCK", CONFIRMED, effects=1),
    Case("C", Kind.KILLED, "RCCK", CONFIRMED, effects=2),
    Case("C", Kind.KILLED, "RCCK", CONFIRMED, effects=3),
    Case("C", Kind.KILLED, "RCCK", CONFIRMED, effects=4),
    Case("C", Kind.KILLED, "RCCCCFBLX", because(REFUNDED, KILLED), effects=1, times=ALWAYS),
    Case("C", Kind.KILLED, "RCCCK", CONFIRMED, effects=2, times=ALWAYS),
    Case("C", Kind.KILLED, "RCCK", CONFIRMED, effects=3, times=ALWAYS),
    Case("C", Kind.KILLED, "RCCCCFBLX", because(UNPAID, CRASHED), effects=1, gone=True),
    Case("C", Kind.KILLED, "RCCCCFBLX", because(VOIDED_ON_RECORD, CRASHED), effects=2, gone=True),
    Case("C", Kind.KILLED, "RCCCCFBLX", because(REFUNDED, CRASHED), effects=3, gone=True),
    Case("C", Kind.KILLED, "RCCCCFBLX", because(REFUNDED, CRASHED), effects=4, gone=True),
    Case("C", Kind.ZOMBIE, "RCCK", CONFIRMED),
    Case("C", Kind.ZOMBIE, "RCCCCFBLX", because(UNPAID, TIMED_OUT), times=ALWAYS),
]
CONFIRM = [
    undo("K", None, "RCKFBLX", REFUNDED),
    Case("K", Kind.BEFORE, "RCKK", CONFIRMED),
    Case("K", Kind.BEFORE, "RCKKKKFBLX", because(REFUNDED, CRASHED), times=ALWAYS),
    Case("K", Kind.LOST, "RCKK", CONFIRMED),
    # FenceOrder's refusal (AlreadyConfirmed): the order stands and nothing is undone.
    Case("K", Kind.LOST, "RCKKKKF", CONFIRMED, times=ALWAYS),
    Case("K", Kind.KILLED, "RCKK", CONFIRMED, effects=1),
    Case("K", Kind.KILLED, "RCKK", CONFIRMED, effects=1, times=ALWAYS),
    Case("K", Kind.ZOMBIE, "RCKK", CONFIRMED),
    Case("K", Kind.ZOMBIE, "RCKKKKFBLX", because(REFUNDED, TIMED_OUT), times=ALWAYS),
]
FENCE = [
    declined("F", Kind.BEFORE, "RCFFBLX", DECLINED),
    declined("F", Kind.BEFORE, "RCFFFFFF", HELD_AND_DECLINED, times=ALWAYS, execution="FAILED"),
    declined("F", Kind.LOST, "RCFFBLX", DECLINED),
    declined(
        "F",
        Kind.LOST,
        "RCFFFFFF",
        fencing(HELD_AND_DECLINED, "PaymentDeclined"),
        times=ALWAYS,
        execution="FAILED",
    ),
    declined("F", Kind.KILLED, "RCFFBLX", DECLINED, effects=1),
    declined("F", Kind.KILLED, "RCFFBLX", DECLINED, effects=1, times=ALWAYS),
    declined("F", Kind.ZOMBIE, "RCFFBLX", DECLINED),
    declined(
        "F",
        Kind.ZOMBIE,
        "RCFFFFFF",
        HELD_AND_DECLINED,
        times=ALWAYS,
        execution="FAILED",
        woken=fencing(HELD_AND_DECLINED, "PaymentDeclined"),
    ),
    undo("F", Kind.BEFORE, "RCKFFBLX", REFUNDED),
    undo(
        "F",
        Kind.BEFORE,
        "RCKFFFFFF",
        fencing(HELD_AND_PAID, "CancelledByCustomer"),
        times=ALWAYS,
        execution="FAILED",
    ),
]
KEPT = parked(
    REFUNDED,
    payment="CAPTURED",
    processor=(PRICE_OF_TWO, 0),
    events={**parked(REFUNDED).events, "payment": "PaymentStarted PaymentCaptured"},
)
# A refund has three effects: intended, refunded, recorded.
REFUND = [
    undo("B", Kind.BEFORE, "RCKFBBLX", REFUNDED),
    undo("B", Kind.BEFORE, "RCKFBBBBBBBBLX", KEPT, times=ALWAYS),
    undo("B", Kind.LOST, "RCKFBBLX", REFUNDED),
    undo("B", Kind.LOST, "RCKFBBBBBBBBLX", parked(REFUNDED), times=ALWAYS),
    undo("B", Kind.KILLED, "RCKFBBLX", REFUNDED, effects=1),
    undo("B", Kind.KILLED, "RCKFBBLX", REFUNDED, effects=2),
    undo("B", Kind.KILLED, "RCKFBBLX", REFUNDED, effects=3),
    undo("B", Kind.KILLED, "RCKFBBBBLX", REFUNDED, effects=1, times=ALWAYS),
    undo("B", Kind.ZOMBIE, "RCKFBBLX", REFUNDED),
    undo("B", Kind.ZOMBIE, "RCKFBBBBBBBBLX", KEPT, times=ALWAYS, woken=parked(REFUNDED)),
]
HELD = parked(
    REFUNDED,
    reservation="RESERVED",
    stock=(3, 2, 0),
    events={**parked(REFUNDED).events, "reservation": "StockReserved"},
)
RELEASE = [
    undo("L", Kind.BEFORE, "RCKFBLLX", REFUNDED),
    undo("L", Kind.BEFORE, "RCKFBLLLLLLX", HELD, times=ALWAYS),
    undo("L", Kind.LOST, "RCKFBLLX", REFUNDED),
    undo("L", Kind.LOST, "RCKFBLLLLLLX", parked(REFUNDED), times=ALWAYS),
    undo("L", Kind.KILLED, "RCKFBLLX", REFUNDED, effects=1),
    undo("L", Kind.KILLED, "RCKFBLLX", REFUNDED, effects=1, times=ALWAYS),
    undo("L", Kind.ZOMBIE, "RCKFBLLX", REFUNDED),
    undo("L", Kind.ZOMBIE, "RCKFBLLLLLLX", HELD, times=ALWAYS, woken=parked(REFUNDED)),
]
OPEN_END = fencing(REFUNDED, "CancelledByCustomer")
CANCEL = [
    undo("X", Kind.BEFORE, "RCKFBLXX", REFUNDED),
    undo("X", Kind.BEFORE, "RCKFBLXXXXXX", OPEN_END, times=ALWAYS, execution="FAILED"),
    undo("X", Kind.LOST, "RCKFBLXX", REFUNDED),
    undo("X", Kind.LOST, "RCKFBLXXXXXX", REFUNDED, times=ALWAYS, execution="FAILED"),
    undo("X", Kind.KILLED, "RCKFBLXX", REFUNDED, effects=1),
    undo("X", Kind.KILLED, "RCKFBLXX", REFUNDED, effects=1, times=ALWAYS),
    undo("X", Kind.ZOMBIE, "RCKFBLXX", REFUNDED),
    undo("X", Kind.ZOMBIE, "RCKFBLXXXXXX", OPEN_END, times=ALWAYS, execution="FAILED", woken=REFUNDED),
]
MATRIX = [*RESERVE, *CHARGE, *CONFIRM, *FENCE, *REFUND, *RELEASE, *CANCEL]


@pytest.mark.parametrize("case", MATRIX, ids=lambda case: case.label)
def test_a_fault_leaves_exactly_this(case: Case, world: MotoWorld, shop: SagaShop) -> None:
    lines = [{**TWO_MUGS[0], "quantity": case.wanted}]
    order_id = shop.order(case.method, lines=lines)
    if case.cancelled:
        world.faults.just_before("ConfirmOrder", lambda: shop.cancel(order_id))
    if case.kind:
        world.faults.plan(TASK[case.task], case.kind, times=case.times, effects=case.effects)
    if case.gone:
        world.faults.plan(TASK[case.task], Kind.BEFORE, times=ALWAYS)

    world.settle()
    assert "".join(LETTERS[call] for call in world.calls) == case.calls
    assert shop.outcome(order_id) == case.left
    assert world.execution(order_id) == case.execution
    invariants.check(world)

    world.faults.clear()
    world.release_zombies()
    assert shop.outcome(order_id) == (case.woken or case.left)
    invariants.check(world)

    world.sweep()
    assert shop.outcome(order_id) == ended(case.woken or case.left)
    invariants.check(world)


def ended(outcome: Outcome) -> Outcome:
    """What the sweep makes of it: the whole lane for what is open, nothing for what has ended."""
    status, reason = outcome.order
    if status not in {"PENDING", "CANCELLING"}:
        return outcome
    final = DECLINED if outcome.payment == "DECLINED" else REFUNDED
    return because(final, reason or "Interrupted")


def test_the_matrix_names_every_task_and_every_kind_of_fault() -> None:
    covered = {(case.task, case.kind) for case in MATRIX if case.kind}
    assert covered == {(letter, kind) for letter in TASK for kind in Kind}
