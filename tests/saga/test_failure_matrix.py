"""Every task and every way to fail: which tasks were called, and how the order ended.

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
from tests.support.faults import ALWAYS, Mishap
from tests.support.shop import PRICE_OF_TWO, TWO_MUGS, OrderEnd, SagaShop
from tests.support.world import MotoWorld

RESERVE = [
    Case("R", None, "RFBLX", because(UNTOUCHED, "OutOfStock"), wanted=6),
    Case("R", Mishap.BEFORE, "RRCK", CONFIRMED),
    Case("R", Mishap.BEFORE, "RRRRFBLX", because(UNTOUCHED, CRASHED), times=ALWAYS),
    Case("R", Mishap.LOST, "RRCK", CONFIRMED),
    Case("R", Mishap.LOST, "RRRRFBLX", because(UNPAID, CRASHED), times=ALWAYS),
    Case("R", Mishap.KILLED, "RRCK", CONFIRMED, effects=1),
    Case("R", Mishap.KILLED, "RRCK", CONFIRMED, effects=1, times=ALWAYS),
    Case("R", Mishap.ZOMBIE, "RRCK", CONFIRMED),
    Case("R", Mishap.ZOMBIE, "RRRRFBLX", because(UNTOUCHED, TIMED_OUT), times=ALWAYS),
]
VOIDED_ON_RECORD = replace(UNPAID, events={**UNPAID.events, "payment": "PaymentStarted PaymentVoided"})
# A charge has four effects: created, recorded, confirmed, recorded. If every call is killed after one effect,
# the charge comes one effect further with each call, and the fourth call is the last.
CHARGE = [
    Case("C", None, "RCFBLX", DECLINED, method="pm_decline"),
    Case("C", None, "RCFBLX", because(UNPAID, "UnknownPaymentMethod"), method="nobody's"),
    Case("C", Mishap.BEFORE, "RCCK", CONFIRMED),
    Case("C", Mishap.BEFORE, "RCCCCFBLX", because(UNPAID, CRASHED), times=ALWAYS),
    Case("C", Mishap.LOST, "RCCK", CONFIRMED),
    Case("C", Mishap.LOST, "RCCCCFBLX", because(REFUNDED, CRASHED), times=ALWAYS),
    Case("C", Mishap.KILLED, "RCCK", CONFIRMED, effects=1),
    Case("C", Mishap.KILLED, "RCCK", CONFIRMED, effects=2),
    Case("C", Mishap.KILLED, "RCCK", CONFIRMED, effects=3),
    Case("C", Mishap.KILLED, "RCCK", CONFIRMED, effects=4),
    Case("C", Mishap.KILLED, "RCCCCFBLX", because(REFUNDED, KILLED), effects=1, times=ALWAYS),
    Case("C", Mishap.KILLED, "RCCCK", CONFIRMED, effects=2, times=ALWAYS),
    Case("C", Mishap.KILLED, "RCCK", CONFIRMED, effects=3, times=ALWAYS),
    Case("C", Mishap.KILLED, "RCCCCFBLX", because(UNPAID, CRASHED), effects=1, gone=True),
    Case("C", Mishap.KILLED, "RCCCCFBLX", because(VOIDED_ON_RECORD, CRASHED), effects=2, gone=True),
    Case("C", Mishap.KILLED, "RCCCCFBLX", because(REFUNDED, CRASHED), effects=3, gone=True),
    Case("C", Mishap.KILLED, "RCCCCFBLX", because(REFUNDED, CRASHED), effects=4, gone=True),
    Case("C", Mishap.ZOMBIE, "RCCK", CONFIRMED),
    Case("C", Mishap.ZOMBIE, "RCCCCFBLX", because(UNPAID, TIMED_OUT), times=ALWAYS),
]
CONFIRM = [
    undo("K", None, "RCKFBLX", REFUNDED),
    Case("K", Mishap.BEFORE, "RCKK", CONFIRMED),
    Case("K", Mishap.BEFORE, "RCKKKKFBLX", because(REFUNDED, CRASHED), times=ALWAYS),
    Case("K", Mishap.LOST, "RCKK", CONFIRMED),
    # FenceOrder refuses (AlreadyConfirmed): the order stands and nothing is undone.
    Case("K", Mishap.LOST, "RCKKKKF", CONFIRMED, times=ALWAYS),
    Case("K", Mishap.KILLED, "RCKK", CONFIRMED, effects=1),
    Case("K", Mishap.KILLED, "RCKK", CONFIRMED, effects=1, times=ALWAYS),
    Case("K", Mishap.ZOMBIE, "RCKK", CONFIRMED),
    Case("K", Mishap.ZOMBIE, "RCKKKKFBLX", because(REFUNDED, TIMED_OUT), times=ALWAYS),
]
FENCE = [
    declined("F", Mishap.BEFORE, "RCFFBLX", DECLINED),
    declined("F", Mishap.BEFORE, "RCFFFFFF", HELD_AND_DECLINED, times=ALWAYS, execution="FAILED"),
    declined("F", Mishap.LOST, "RCFFBLX", DECLINED),
    declined(
        "F",
        Mishap.LOST,
        "RCFFFFFF",
        fencing(HELD_AND_DECLINED, "PaymentDeclined"),
        times=ALWAYS,
        execution="FAILED",
    ),
    declined("F", Mishap.KILLED, "RCFFBLX", DECLINED, effects=1),
    declined("F", Mishap.KILLED, "RCFFBLX", DECLINED, effects=1, times=ALWAYS),
    declined("F", Mishap.ZOMBIE, "RCFFBLX", DECLINED),
    declined(
        "F",
        Mishap.ZOMBIE,
        "RCFFFFFF",
        HELD_AND_DECLINED,
        times=ALWAYS,
        execution="FAILED",
        woken=fencing(HELD_AND_DECLINED, "PaymentDeclined"),
    ),
    undo("F", Mishap.BEFORE, "RCKFFBLX", REFUNDED),
    undo(
        "F",
        Mishap.BEFORE,
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
    undo("B", Mishap.BEFORE, "RCKFBBLX", REFUNDED),
    undo("B", Mishap.BEFORE, "RCKFBBBBBBBBLX", KEPT, times=ALWAYS),
    undo("B", Mishap.LOST, "RCKFBBLX", REFUNDED),
    undo("B", Mishap.LOST, "RCKFBBBBBBBBLX", parked(REFUNDED), times=ALWAYS),
    undo("B", Mishap.KILLED, "RCKFBBLX", REFUNDED, effects=1),
    undo("B", Mishap.KILLED, "RCKFBBLX", REFUNDED, effects=2),
    undo("B", Mishap.KILLED, "RCKFBBLX", REFUNDED, effects=3),
    undo("B", Mishap.KILLED, "RCKFBBBBLX", REFUNDED, effects=1, times=ALWAYS),
    undo("B", Mishap.ZOMBIE, "RCKFBBLX", REFUNDED),
    undo("B", Mishap.ZOMBIE, "RCKFBBBBBBBBLX", KEPT, times=ALWAYS, woken=parked(REFUNDED)),
]
HELD = parked(
    REFUNDED,
    reservation="RESERVED",
    stock=(3, 2),
    events={**parked(REFUNDED).events, "reservation": "StockReserved"},
)
RELEASE = [
    undo("L", Mishap.BEFORE, "RCKFBLLX", REFUNDED),
    undo("L", Mishap.BEFORE, "RCKFBLLLLLLX", HELD, times=ALWAYS),
    undo("L", Mishap.LOST, "RCKFBLLX", REFUNDED),
    undo("L", Mishap.LOST, "RCKFBLLLLLLX", parked(REFUNDED), times=ALWAYS),
    undo("L", Mishap.KILLED, "RCKFBLLX", REFUNDED, effects=1),
    undo("L", Mishap.KILLED, "RCKFBLLX", REFUNDED, effects=1, times=ALWAYS),
    undo("L", Mishap.ZOMBIE, "RCKFBLLX", REFUNDED),
    undo("L", Mishap.ZOMBIE, "RCKFBLLLLLLX", HELD, times=ALWAYS, woken=parked(REFUNDED)),
]
OPEN_END = fencing(REFUNDED, "CancelledByCustomer")
CANCEL = [
    undo("X", Mishap.BEFORE, "RCKFBLXX", REFUNDED),
    undo("X", Mishap.BEFORE, "RCKFBLXXXXXX", OPEN_END, times=ALWAYS, execution="FAILED"),
    undo("X", Mishap.LOST, "RCKFBLXX", REFUNDED),
    undo("X", Mishap.LOST, "RCKFBLXXXXXX", REFUNDED, times=ALWAYS, execution="FAILED"),
    undo("X", Mishap.KILLED, "RCKFBLXX", REFUNDED, effects=1),
    undo("X", Mishap.KILLED, "RCKFBLXX", REFUNDED, effects=1, times=ALWAYS),
    undo("X", Mishap.ZOMBIE, "RCKFBLXX", REFUNDED),
    undo("X", Mishap.ZOMBIE, "RCKFBLXXXXXX", OPEN_END, times=ALWAYS, execution="FAILED", woken=REFUNDED),
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
        world.faults.plan(TASK[case.task], Mishap.BEFORE, times=ALWAYS)

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


def ended(outcome: OrderEnd) -> OrderEnd:
    """The end after a sweep: an open order goes through the whole undo lane, an ended one stays."""
    status, reason = outcome.order
    if status not in {"PENDING", "CANCELLING"}:
        return outcome
    final = DECLINED if outcome.payment == "DECLINED" else REFUNDED
    return because(final, reason or "Interrupted")


def test_the_matrix_names_every_task_and_every_kind_of_fault() -> None:
    covered = {(case.task, case.kind) for case in MATRIX if case.kind}
    assert covered == {(letter, kind) for letter in TASK for kind in Mishap}
