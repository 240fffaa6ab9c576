"""Every task and every way to fail: which tasks were called, and how the order ended.

Calls are spelled with one letter each: R(eserveStock) C(hargePayment) K (ConfirmOrder) N(oteFault), then the
undo lane F(enceOrder) B (RefundPayment) L (ReleaseStock) X (CancelOrder). Five mugs are in stock, the order
is for two at 25.00 EUR together. Every expectation was written by hand from the design, none was recorded.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.saga.cases import (
    ACCEPTED,
    CONFIRMED,
    DECLINED,
    HELD,
    HELD_AND_DECLINED,
    HELD_AND_PAID,
    LETTERS,
    REFUNDED,
    TASK,
    UNPAID,
    UNTOUCHED,
    Case,
    because,
    declined,
    fencing,
    lasting,
    undo,
    unfinished,
)
from tests.support import invariants
from tests.support.faults import ALWAYS, Mishap
from tests.support.shop import PRICE_OF_TWO, TWO_MUGS, OrderEnd, SagaShop
from tests.support.world import MotoWorld

SEVEN = 7  # what a step is tried in all, by the retriers of timeouts and of errors that are not named
RESERVE = [
    Case("R", None, "RFBLX", because(UNTOUCHED, "OutOfStock"), wanted=6),
    Case("R", Mishap.BEFORE, "RRCK", CONFIRMED),
    lasting("R", Mishap.BEFORE, "R" * SEVEN + "N", ACCEPTED),
    Case("R", Mishap.LOST, "RRCK", CONFIRMED),
    lasting("R", Mishap.LOST, "R" * SEVEN + "N", HELD),
    Case("R", Mishap.KILLED, "RRCK", CONFIRMED, effects=1),
    Case("R", Mishap.KILLED, "RRCK", CONFIRMED, effects=1, times=ALWAYS),
    Case("R", Mishap.ZOMBIE, "RRCK", CONFIRMED),
    lasting("R", Mishap.ZOMBIE, "R" * SEVEN + "N", ACCEPTED, woken=HELD),
]
STARTED = replace(HELD, payment="PENDING")
CAPTURED_THERE = replace(STARTED, processor=(PRICE_OF_TWO, 0))
# A charge has four effects: created, recorded, confirmed, recorded. If every call is killed after one effect,
# the charge comes one effect further with each call, and the fifth call finds it done.
CHARGE = [
    Case("C", None, "RCFBLX", DECLINED, method="pm_decline"),
    Case("C", None, "RCFBLX", because(UNPAID, "UnknownPaymentMethod"), method="nobody's"),
    Case("C", Mishap.BEFORE, "RCCK", CONFIRMED),
    lasting("C", Mishap.BEFORE, "R" + "C" * SEVEN + "N", HELD),
    Case("C", Mishap.LOST, "RCCK", CONFIRMED),
    lasting("C", Mishap.LOST, "R" + "C" * SEVEN + "N", HELD_AND_PAID),
    Case("C", Mishap.KILLED, "RCCK", CONFIRMED, effects=1),
    Case("C", Mishap.KILLED, "RCCK", CONFIRMED, effects=2),
    Case("C", Mishap.KILLED, "RCCK", CONFIRMED, effects=3),
    Case("C", Mishap.KILLED, "RCCK", CONFIRMED, effects=4),
    Case("C", Mishap.KILLED, "RCCCCCK", CONFIRMED, effects=1, times=ALWAYS),
    Case("C", Mishap.KILLED, "RCCCK", CONFIRMED, effects=2, times=ALWAYS),
    Case("C", Mishap.KILLED, "RCCK", CONFIRMED, effects=3, times=ALWAYS),
    Case("C", Mishap.KILLED, "RC" + "C" * SEVEN + "N", HELD, effects=1, gone=True, execution="FAILED"),
    Case("C", Mishap.KILLED, "RC" + "C" * SEVEN + "N", STARTED, effects=2, gone=True, execution="FAILED"),
    Case(
        "C", Mishap.KILLED, "RC" + "C" * SEVEN + "N", CAPTURED_THERE, effects=3, gone=True, execution="FAILED"
    ),
    Case(
        "C", Mishap.KILLED, "RC" + "C" * SEVEN + "N", HELD_AND_PAID, effects=4, gone=True, execution="FAILED"
    ),
    Case("C", Mishap.ZOMBIE, "RCCK", CONFIRMED),
    lasting("C", Mishap.ZOMBIE, "R" + "C" * SEVEN + "N", HELD, woken=HELD_AND_PAID),
]
CONFIRM = [
    undo("K", None, "RCKFBLX", REFUNDED),
    Case("K", Mishap.BEFORE, "RCKK", CONFIRMED),
    lasting("K", Mishap.BEFORE, "RC" + "K" * SEVEN + "N", HELD_AND_PAID),
    Case("K", Mishap.LOST, "RCKK", CONFIRMED),
    lasting("K", Mishap.LOST, "RC" + "K" * SEVEN + "N", CONFIRMED),
    Case("K", Mishap.KILLED, "RCKK", CONFIRMED, effects=1),
    Case("K", Mishap.KILLED, "RCKK", CONFIRMED, effects=1, times=ALWAYS),
    Case("K", Mishap.ZOMBIE, "RCKK", CONFIRMED),
    lasting("K", Mishap.ZOMBIE, "RC" + "K" * SEVEN + "N", HELD_AND_PAID, woken=CONFIRMED),
]
FAILS = "R" * SEVEN
NOTE = [
    unfinished(Mishap.BEFORE, FAILS + "NN"),
    unfinished(Mishap.BEFORE, FAILS + "NNNN", times=ALWAYS),
    unfinished(Mishap.LOST, FAILS + "NN"),
    unfinished(Mishap.LOST, FAILS + "NNNN", times=ALWAYS),
    unfinished(Mishap.KILLED, FAILS + "NN", effects=1),
    unfinished(Mishap.KILLED, FAILS + "NN", effects=1, times=ALWAYS),
    unfinished(Mishap.ZOMBIE, FAILS + "NN"),
    unfinished(Mishap.ZOMBIE, FAILS + "NNNN", times=ALWAYS),
]
FENCING = fencing(HELD_AND_DECLINED, "PaymentDeclined")
FENCE = [
    declined("F", Mishap.BEFORE, "RCFFBLX", DECLINED),
    declined("F", Mishap.BEFORE, "RC" + "F" * SEVEN, HELD_AND_DECLINED, times=ALWAYS, execution="FAILED"),
    declined("F", Mishap.LOST, "RCFFBLX", DECLINED),
    declined("F", Mishap.LOST, "RC" + "F" * SEVEN, FENCING, times=ALWAYS, execution="FAILED"),
    declined("F", Mishap.KILLED, "RCFFBLX", DECLINED, effects=1),
    declined("F", Mishap.KILLED, "RCFFBLX", DECLINED, effects=1, times=ALWAYS),
    declined("F", Mishap.ZOMBIE, "RCFFBLX", DECLINED),
    declined(
        "F",
        Mishap.ZOMBIE,
        "RC" + "F" * SEVEN,
        HELD_AND_DECLINED,
        times=ALWAYS,
        execution="FAILED",
        woken=FENCING,
    ),
    undo("F", Mishap.BEFORE, "RCKFFBLX", REFUNDED),
    undo(
        "F",
        Mishap.BEFORE,
        "RCK" + "F" * SEVEN,
        fencing(HELD_AND_PAID, "CancelledByCustomer"),
        times=ALWAYS,
        execution="FAILED",
    ),
]
OPEN_END = fencing(REFUNDED, "CancelledByCustomer")
KEPT = replace(
    OPEN_END,
    payment="CAPTURED",
    processor=(PRICE_OF_TWO, 0),
    events={**OPEN_END.events, "payment": "PaymentCaptured"},
)
# The saga tries an undo five times and hands over to its repair, which tries nine times.
B_GIVEN_UP = "RCKF" + "B" * 5 + "LX" + "F" + "B" * 9 + "LX"
# A refund has three effects: intended, refunded, recorded.
REFUND = [
    undo("B", Mishap.BEFORE, "RCKFBBLX", REFUNDED),
    undo("B", Mishap.BEFORE, B_GIVEN_UP, KEPT, times=ALWAYS),
    undo("B", Mishap.LOST, "RCKFBBLX", REFUNDED),
    undo("B", Mishap.LOST, B_GIVEN_UP, OPEN_END, times=ALWAYS),
    undo("B", Mishap.KILLED, "RCKFBBLX", REFUNDED, effects=1),
    undo("B", Mishap.KILLED, "RCKFBBLX", REFUNDED, effects=2),
    undo("B", Mishap.KILLED, "RCKFBBLX", REFUNDED, effects=3),
    undo("B", Mishap.KILLED, "RCKFBBBBLX", REFUNDED, effects=1, times=ALWAYS),
    undo("B", Mishap.ZOMBIE, "RCKFBBLX", REFUNDED),
    undo("B", Mishap.ZOMBIE, B_GIVEN_UP, KEPT, times=ALWAYS, woken=OPEN_END),
]
UNRELEASED = replace(
    OPEN_END,
    reservation="RESERVED",
    stock=(3, 2),
    events={**OPEN_END.events, "reservation": "StockReserved"},
)
L_GIVEN_UP = "RCKFB" + "L" * 5 + "X" + "FB" + "L" * 9 + "X"
RELEASE = [
    undo("L", Mishap.BEFORE, "RCKFBLLX", REFUNDED),
    undo("L", Mishap.BEFORE, L_GIVEN_UP, UNRELEASED, times=ALWAYS),
    undo("L", Mishap.LOST, "RCKFBLLX", REFUNDED),
    undo("L", Mishap.LOST, L_GIVEN_UP, OPEN_END, times=ALWAYS),
    undo("L", Mishap.KILLED, "RCKFBLLX", REFUNDED, effects=1),
    undo("L", Mishap.KILLED, "RCKFBLLX", REFUNDED, effects=1, times=ALWAYS),
    undo("L", Mishap.ZOMBIE, "RCKFBLLX", REFUNDED),
    undo("L", Mishap.ZOMBIE, L_GIVEN_UP, UNRELEASED, times=ALWAYS, woken=OPEN_END),
]
X_GIVEN_UP = "RCKFBL" + "X" * SEVEN
CANCEL = [
    undo("X", Mishap.BEFORE, "RCKFBLXX", REFUNDED),
    undo("X", Mishap.BEFORE, X_GIVEN_UP, OPEN_END, times=ALWAYS, execution="FAILED"),
    undo("X", Mishap.LOST, "RCKFBLXX", REFUNDED),
    undo("X", Mishap.LOST, X_GIVEN_UP, REFUNDED, times=ALWAYS, execution="FAILED"),
    undo("X", Mishap.KILLED, "RCKFBLXX", REFUNDED, effects=1),
    undo("X", Mishap.KILLED, "RCKFBLXX", REFUNDED, effects=1, times=ALWAYS),
    undo("X", Mishap.ZOMBIE, "RCKFBLXX", REFUNDED),
    undo("X", Mishap.ZOMBIE, X_GIVEN_UP, OPEN_END, times=ALWAYS, execution="FAILED", woken=REFUNDED),
]
MATRIX = [*RESERVE, *CHARGE, *CONFIRM, *NOTE, *FENCE, *REFUND, *RELEASE, *CANCEL]


@pytest.mark.parametrize("case", MATRIX, ids=lambda case: case.label)
def test_a_fault_leaves_exactly_this(case: Case, world: MotoWorld, shop: SagaShop) -> None:
    lines = [{**TWO_MUGS[0], "quantity": case.wanted}]
    order_id = shop.order(case.method, lines=lines)
    if case.cancelled:
        world.faults.just_before("ConfirmOrder", lambda: shop.cancel(order_id))
    if case.fails:
        world.faults.plan(TASK[case.fails], Mishap.BEFORE, times=ALWAYS)
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

    world.sweep(after=timedelta(hours=1))
    assert shop.outcome(order_id) == ended(case.woken or case.left)
    invariants.check(world)


def ended(outcome: OrderEnd) -> OrderEnd:
    """The end after a sweep: what was not fenced is finished forward, what was fenced is undone whole."""
    status, reason = outcome.order
    if status not in {"PENDING", "CANCELLING"}:
        return outcome
    if outcome.payment == "DECLINED":
        return DECLINED
    return because(REFUNDED, reason) if status == "CANCELLING" else CONFIRMED


def test_the_matrix_names_every_task_and_every_kind_of_fault() -> None:
    covered = {(case.task, case.kind) for case in MATRIX if case.kind}
    assert covered == {(letter, kind) for letter in TASK for kind in Mishap}
