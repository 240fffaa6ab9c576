"""Orders' saga steps on its own table."""

from typing import Any

import pytest

from kernel.errors import Contended, Fault
from orders import tasks
from orders.domain import AlreadyConfirmed, NotFenced, OrderNotPending
from tests.support import aws
from tests.support.orders import (
    cancel,
    confirm,
    customer_cancels,
    fence,
    place,
    said,
)
from tests.support.races import before_its_write

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service", "clock")


def test_a_confirmed_order_is_confirmed_once_and_stands() -> None:
    order_id = place()
    with pytest.raises(NotFenced):
        cancel(order_id)
    assert [confirm(order_id), confirm(order_id)] == ["CONFIRMED"] * 2
    before = aws.items("orders")
    with pytest.raises(AlreadyConfirmed):
        fence(order_id)
    with pytest.raises(NotFenced):
        cancel(order_id)
    assert aws.items("orders") == before
    assert said() == [("OrderConfirmed", {})]


def test_an_undone_order_ends_cancelled_with_its_first_reason_and_is_never_confirmed() -> None:
    order_id = place()
    customer_cancels(order_id)
    assert [fence(order_id), fence(order_id)] == ["CANCELLING"] * 2
    assert [cancel(order_id), cancel(order_id, "RefundPayment")] == ["CANCELLED"] * 2
    assert fence(order_id) == "CANCELLED"
    with pytest.raises(OrderNotPending):
        confirm(order_id)
    reason = {"reason": "CancelledByCustomer"}
    assert said() == [("CancellationStarted", reason), ("OrderCancelled", reason)]


def test_an_order_with_a_step_that_is_stuck_needs_a_person_until_it_no_longer_is(counted: list[str]) -> None:
    order_id = place()
    fence(order_id)
    assert cancel(order_id, "ReleaseStock", "RefundPayment") == "NEEDS_ATTENTION"
    assert counted == ["OrderParked"]
    with pytest.raises(OrderNotPending):
        confirm(order_id)
    assert cancel(order_id) == "NEEDS_ATTENTION"
    assert cancel(order_id, because="Resumed") == "CANCELLED"
    reason = {"reason": "PaymentDeclined"}
    assert said() == [
        ("CancellationStarted", reason),
        ("OrderParked", {**reason, "stuck": ["RefundPayment", "ReleaseStock"]}),
        ("OrderCancelled", reason),
    ]


def test_resuming_a_parked_order_raises_no_second_alarm(counted: list[str]) -> None:
    order_id = place()
    fence(order_id)
    cancel(order_id, "ReleaseStock")
    assert fence(order_id) == "NEEDS_ATTENTION"
    assert counted == ["OrderParked"]


def test_a_confirmation_that_loses_against_the_customers_cancel_is_refused() -> None:
    order_id = place()
    with before_its_write(lambda: customer_cancels(order_id)), pytest.raises(Contended):
        confirm(order_id)
    with pytest.raises(OrderNotPending):
        confirm(order_id)
    assert said() == [("CancellationStarted", {"reason": "CancelledByCustomer"})]


def test_a_service_that_holds_something_for_an_order_may_ask_for_its_status() -> None:
    order_id = place()
    before = aws.items("orders")
    assert tasks.order_status({"order_id": order_id}, None) == {"order_id": order_id, "status": "PENDING"}
    assert aws.items("orders") == before


@pytest.mark.parametrize(("order_id", "why"), [("o1", "there is no order o1"), (7, "cannot read order_id")])
@pytest.mark.parametrize("name", ["confirm_order", "fence_order", "cancel_order", "order_status"])
def test_a_step_about_no_order_is_a_fault_and_writes_nothing(name: str, order_id: Any, why: str) -> None:
    before = aws.items("orders")
    with pytest.raises(Fault, match=why):
        getattr(tasks, name)({"order_id": order_id, "reason": "x", "stuck": {}}, None)
    assert aws.items("orders") == before
