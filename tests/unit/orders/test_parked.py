"""What an operator may do with an order in every state, given the standing of its payment and its stock."""

from collections.abc import Callable

import pytest

from kernel.errors import Refusal
from kernel.events import Decision
from orders import parked
from orders.domain import Order, Status
from orders.events import OrderCancelled, OrderConfirmed, OrderResolved, OrderResumed
from orders.parked import AlreadyFenced, Intervention, NotHeld, NotParked, NotUndone, Standing
from tests.support.order_states import CANCELLED, CANCELLING, CONFIRMED, NEVER_FENCED, PARKED, PENDING, STATES

REQUEST = Intervention(
    "request-1", "o1", by="olga", because="the processor is back", fingerprint="hash of the request"
)
GONE, KEPT, UNCLEAR = (
    Standing("REFUNDED", undone=True, held=False),
    Standing("CAPTURED", undone=False, held=True),
    Standing("NONE", undone=False, held=False),
)
FREED, RESERVED = Standing("RELEASED", undone=True, held=False), Standing("RESERVED", undone=False, held=True)


def resolve(
    order: Order, to: Status, payment: Standing = GONE, reservation: Standing = FREED
) -> Decision[Order]:
    assert to is Status.CANCELLED or to is Status.CONFIRMED
    return parked.resolve(order, to, asked=REQUEST, payment=payment, reservation=reservation)


def resume(order: Order) -> Decision[Order]:
    return parked.resume(order, REQUEST)


def confirm(order: Order) -> Decision[Order]:
    return resolve(order, Status.CONFIRMED, KEPT, RESERVED)


def cancel(order: Order) -> Decision[Order]:
    return resolve(order, Status.CANCELLED)


def resolved(to: str) -> OrderResolved:
    return OrderResolved(order_id="o1", to=to, by="olga", resolution="request-1")


@pytest.mark.parametrize("decide", [resume, confirm, cancel])
@pytest.mark.parametrize("order", STATES)
def test_only_an_order_that_needs_a_person_is_resumed_or_resolved(
    order: Order, decide: Callable[[Order], object]
) -> None:
    if order in (PENDING, CONFIRMED, CANCELLING, CANCELLED):
        with pytest.raises(NotParked) as refused:
            decide(order)
        assert refused.value.data == {"status": order.status}
    elif (order, decide) == (PARKED, confirm):
        with pytest.raises(AlreadyFenced):
            decide(order)
    else:
        assert decide(order)


@pytest.mark.parametrize("order", [PARKED, NEVER_FENCED])
def test_a_resumption_is_noted_and_changes_nothing_else(order: Order) -> None:
    fact = OrderResumed(order_id="o1", by="olga", resumption="request-1")
    assert resume(order) == Decision(order, (fact,))


@pytest.mark.parametrize("order", [PARKED, NEVER_FENCED])
def test_an_order_is_resolved_to_cancelled_with_the_reason_it_had(order: Order) -> None:
    decision = cancel(order)
    assert (decision.state.status, decision.state.reason) == (Status.CANCELLED, order.reason)
    assert decision.facts == (resolved("CANCELLED"), OrderCancelled(order_id="o1", reason=order.reason))


def test_an_order_that_was_never_fenced_is_resolved_to_confirmed_without_a_reason() -> None:
    decision = confirm(NEVER_FENCED)
    assert (decision.state.status, decision.state.reason) == (Status.CONFIRMED, "")
    assert decision.facts == (resolved("CONFIRMED"), OrderConfirmed(order_id="o1"))


@pytest.mark.parametrize("payment", [GONE, KEPT, UNCLEAR])
@pytest.mark.parametrize("reservation", [FREED, RESERVED, UNCLEAR])
def test_an_order_is_cancelled_only_if_undone_and_confirmed_only_if_held(
    payment: Standing, reservation: Standing
) -> None:
    said = {"payment": payment.status, "reservation": reservation.status}
    for to, needed, refusal in (
        (Status.CANCELLED, (GONE, FREED), NotUndone),
        (Status.CONFIRMED, (KEPT, RESERVED), NotHeld),
    ):
        if (payment, reservation) == needed:
            assert resolve(NEVER_FENCED, to, payment, reservation).state.status is to
        else:
            with pytest.raises(refusal) as refused:
                resolve(NEVER_FENCED, to, payment, reservation)
            assert refused.value.data == said


@pytest.mark.parametrize("refusal", [NotParked, NotUndone, NotHeld, AlreadyFenced])
def test_an_operator_is_refused_because_of_how_things_stand(refusal: type[Refusal]) -> None:
    assert issubclass(refusal, Refusal)
    assert refusal.status == 409
