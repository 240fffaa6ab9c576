"""Every decision in every state of an order, and when an order is looked at again."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.errors import Fault, KeyReused, Refusal
from kernel.events import Decision
from kernel.money import Money
from orders import domain
from orders.domain import AlreadyConfirmed, NotFenced, Order, OrderNotPending, Phase, Status
from orders.events import (
    CancellationStarted,
    OrderCancelled,
    OrderConfirmed,
    OrderedLine,
    OrderParked,
    OrderPlaced,
)
from tests.support.order_states import (
    CANCELLED,
    CANCELLING,
    CONFIRMED,
    NEVER_FENCED,
    NOON,
    PARKED,
    PENDING,
    STATES,
)

STARTED = CancellationStarted(order_id="o1", reason="PaymentDeclined")
Decide = Callable[[Order], Decision[Order]]


def fence(order: Order) -> Decision[Order]:
    return domain.fence(order, "PaymentDeclined")


def cancel(order: Order) -> Decision[Order]:
    return domain.cancel(order, {}, resumed=False)


def resumed(order: Order) -> Decision[Order]:
    return domain.cancel(order, {}, resumed=True)


def cancel_stuck(order: Order) -> Decision[Order]:
    return domain.cancel(order, {"RefundPayment": "BooksDiffer"}, resumed=True)


def park(order: Order) -> Decision[Order]:
    return domain.park(order, ["ReleaseStock"])


def parked(reason: str, *stuck: str) -> OrderParked:
    return OrderParked(order_id="o1", reason=reason, stuck=stuck)


def cancelled(reason: str) -> OrderCancelled:
    return OrderCancelled(order_id="o1", reason=reason)


# The given order, the decision, the new status and reason, the fact. CANCELLING and later states are fenced.
MOVES: list[tuple[Order, Decide, Status, str, object]] = [
    (PENDING, domain.confirm, Status.CONFIRMED, "", OrderConfirmed(order_id="o1")),
    (PENDING, fence, Status.CANCELLING, "PaymentDeclined", STARTED),
    (PENDING, park, Status.NEEDS_ATTENTION, "Interrupted", parked("Interrupted", "ReleaseStock")),
    (CANCELLING, park, Status.NEEDS_ATTENTION, "OutOfStock", parked("OutOfStock", "ReleaseStock")),
    (CANCELLING, cancel_stuck, Status.NEEDS_ATTENTION, "OutOfStock", parked("OutOfStock", "RefundPayment")),
    (CANCELLING, cancel, Status.CANCELLED, "OutOfStock", cancelled("OutOfStock")),
    (PARKED, resumed, Status.CANCELLED, "OutOfStock", cancelled("OutOfStock")),
    (
        NEVER_FENCED,
        fence,
        Status.NEEDS_ATTENTION,
        "Interrupted",
        CancellationStarted(order_id="o1", reason="Interrupted"),
    ),
]
STAYS: list[tuple[Order, Decide]] = [
    (CONFIRMED, domain.confirm),
    *((order, fence) for order in (CANCELLING, CANCELLED, PARKED)),
    *((CANCELLED, decide) for decide in (cancel, cancel_stuck, park)),
    *((order, decide) for order in (PARKED, NEVER_FENCED) for decide in (cancel, cancel_stuck, park)),
    (CONFIRMED, park),
]
REFUSED: list[tuple[Order, Decide, type[Exception]]] = [
    *((order, domain.confirm, OrderNotPending) for order in (CANCELLING, CANCELLED, PARKED, NEVER_FENCED)),
    (CONFIRMED, fence, AlreadyConfirmed),
    *((order, decide, NotFenced) for order in (PENDING, CONFIRMED) for decide in (cancel, cancel_stuck)),
    (NEVER_FENCED, resumed, NotFenced),
]


def test_every_state_meets_every_decision_in_one_of_the_tables() -> None:
    decisions = (domain.confirm, fence, cancel, cancel_stuck, park)
    rows = [*MOVES, *STAYS, *REFUSED]
    pairs = [(given, decide) for given, decide, *_ in rows if decide is not resumed]
    assert {given.phase for given in STATES} == set(Phase)
    assert {given.status for given in STATES} == set(Status)
    assert len(pairs) == len(STATES) * len(decisions)
    assert all((given, decide) in pairs for given in STATES for decide in decisions)


@pytest.mark.parametrize(("given", "decide", "status", "reason", "fact"), MOVES)
def test_an_order_moves_on_and_says_so(
    given: Order, decide: Decide, status: Status, reason: str, fact: object
) -> None:
    decision = decide(given)
    assert decision.facts == (fact,)
    attempts = 0 if (given, decide) == (PENDING, fence) else given.attempts
    assert decision.state == replace(given, phase=decision.state.phase, reason=reason, attempts=attempts)
    assert decision.state.status == status
    assert decision.state.phase.is_fenced is (given.phase.is_fenced or decide is fence)


@pytest.mark.parametrize(("given", "decide"), STAYS)
def test_a_decision_that_is_already_so_changes_and_publishes_nothing(given: Order, decide: Decide) -> None:
    assert decide(given) == Decision(given, ())


@pytest.mark.parametrize(("given", "decide", "error"), REFUSED)
def test_a_decision_that_would_go_backwards_is_refused(
    given: Order, decide: Decide, error: type[Exception]
) -> None:
    with pytest.raises(error):
        decide(given)


def test_an_order_has_ended_once_nobody_can_move_it_any_more() -> None:
    assert [order for order in STATES if order.phase.has_ended] == [CONFIRMED, CANCELLED]


def test_an_accepted_order_says_what_its_saga_needs() -> None:
    order = replace(PENDING, sequence=0)
    fact = OrderPlaced(
        order_id="o1",
        customer_id="alice",
        lines=(
            OrderedLine(sku="mug", quantity=2, unit_price=Money(1250, "EUR")),
            OrderedLine(sku="lid", quantity=3, unit_price=Money(99, "EUR")),
        ),
        total=Money(2797, "EUR"),
        payment_method="method-1",
    )
    assert domain.place(order) == Decision(order, (fact,))
    assert domain.placed(CANCELLING) == fact


@pytest.mark.parametrize("order", STATES)
def test_a_repeated_request_gets_its_order_whatever_became_of_it(order: Order) -> None:
    assert domain.repeated(order, "hash") == order
    with pytest.raises(KeyReused):
        domain.repeated(order, "another hash")


def waits(order: Order, claims: int) -> Iterator[float]:
    """Minutes from each of so many claims to the next look. It is claimed as soon as it is due."""
    now = NOON
    for _ in range(claims):
        order = domain.claim(order, now).state
        assert order.due_at is not None
        yield (order.due_at - now).total_seconds() / 60
        now = order.due_at


def test_an_order_is_looked_at_often_while_it_is_finished_forward_and_then_ever_less() -> None:
    assert list(waits(replace(PENDING, attempts=0), 8)) == [4, 8, 8, 8, 8, 32, 32, 32]
    assert list(waits(replace(CANCELLING, attempts=0), 6)) == [4, 8, 16, 32, 32, 32]


@pytest.mark.parametrize(
    ("failed", "last", "minutes", "forward"),
    [
        (0, 0, 0, True),
        (2, 8, 600, True),
        (3, 8, 29, True),
        (3, 8, 30, False),
        (3, 7, 600, True),
        (9, 8, 29, True),
    ],
)
def test_an_order_goes_forward_for_half_an_hour_and_until_three_runs_and_the_last_were_seen_to_fail(
    failed: int, last: int, minutes: int, forward: bool
) -> None:
    claimed = replace(PENDING, failed=failed, failed_run=last, runs=9, claimed_at=NOON)
    now = NOON + timedelta(minutes=minutes)
    assert domain.is_finished_forward(claimed, now) is forward
    assert domain.is_finished_forward(replace(claimed, phase=Phase.CANCELLING), now) is False


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (OrderNotPending, 409),
        (AlreadyConfirmed, 409),
    ],
)
def test_the_business_says_no_with_a_refusal(refusal: type[Refusal], status: int) -> None:
    assert issubclass(refusal, Refusal)
    assert refusal.status == status


def test_cancelling_an_order_that_was_never_fenced_is_a_fault_and_so_retried() -> None:
    assert issubclass(NotFenced, Fault)
    assert not issubclass(NotFenced, Refusal)
