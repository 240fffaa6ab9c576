"""The interventions of operators in orders: granted once per request, recorded, raced for."""

from collections.abc import Callable
from typing import Any

import pytest

from kernel.table import writes
from orders import domain, tasks
from orders.domain import NotFenced, OrderNotPending
from tests.support import aws
from tests.support.clock import Clock
from tests.support.orders import (
    cancel,
    change,
    claims,
    confirm,
    customer_cancels,
    fence,
    place,
    said,
    stored,
)
from tests.support.races import before_its_write

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service", "clock")

UNDONE = {"payment": ("REFUNDED", True, False), "reservation": ("RELEASED", True, False)}
HELD = {"payment": ("CAPTURED", False, True), "reservation": ("RESERVED", False, True)}
OPERATOR = {"by": "olga", "because": "the processor is back"}
RESOLVED = {"by": "olga", "resolution": "request-1"}
STARTED = ("CancellationStarted", {"reason": "PaymentDeclined"})
INTERRUPTED = {"reason": "Interrupted"}
PARKED = ("OrderParked", {**INTERRUPTED, "stuck": []})


def stuck(key: str = "first") -> str:
    """An order that was fenced and then parked."""
    order_id = place(key)
    fence(order_id)
    cancel(order_id, "RefundPayment")
    return order_id


def given_up(clock: Clock) -> str:
    """An order that was parked without ever having been fenced."""
    order_id = place()
    change(order_id, attempts=domain.MOST_ATTEMPTS_UNFENCED)
    clock.advance(120)
    assert claims() == []
    return order_id


def resume(order_id: str, request: str = "request-1", **changed: str) -> dict[str, Any]:
    return tasks.resume_order({"order_id": order_id, "request": request, **OPERATOR, **changed}, None)


def resolve(
    order_id: str, to: str, request: str = "request-1", *, others: dict[str, Any] | None = None
) -> dict[str, Any]:
    others = others or (UNDONE if to == "CANCELLED" else HELD)
    standing = {
        part: {"order_id": order_id, **dict(zip(("status", "undone", "held"), told, strict=True))}
        for part, told in others.items()
    }
    asked = {"order_id": order_id, "request": request, "to": to, **OPERATOR, **standing}
    return tasks.resolve_order(asked, None)


def refusal(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["refused"], answer["problem"]["error"]


def test_an_operator_cancels_a_parked_order_in_one_commit_that_says_who_and_why() -> None:
    order_id = stuck()
    assert resolve(order_id, "CANCELLED") == {"order_id": order_id, "status": "CANCELLED"}
    assert said()[-2:] == [
        ("OrderResolved", {"to": "CANCELLED", **RESOLVED}),
        ("OrderCancelled", {"reason": "PaymentDeclined"}),
    ]
    rows = [item for item in aws.items("orders") if item.get("kind") == "outbox"]
    assert sorted(len(row["events"]) for row in rows) == [1, 1, 1, 2]
    assert not {"open_shard", "due_at"} & stored(order_id).keys()


def test_an_operator_confirms_an_order_that_was_given_up_before_it_was_fenced(clock: Clock) -> None:
    order_id = given_up(clock)
    assert resolve(order_id, "CONFIRMED") == {"order_id": order_id, "status": "CONFIRMED"}
    assert said() == [PARKED, ("OrderResolved", {"to": "CONFIRMED", **RESOLVED}), ("OrderConfirmed", {})]
    assert (stored(order_id)["status"], stored(order_id)["reason"]) == ("CONFIRMED", "")
    assert not {"open_shard", "due_at"} & stored(order_id).keys()


@pytest.mark.parametrize(
    ("to", "others", "error"),
    [("CANCELLED", HELD, "NotUndone"), ("CONFIRMED", UNDONE, "NotHeld")],
)
def test_a_refusal_tells_how_payment_and_stock_stand_and_may_later_be_granted(
    to: str, others: dict[str, Any], error: str, clock: Clock
) -> None:
    order_id = given_up(clock)
    before = aws.items("orders")
    answer = resolve(order_id, to, others=others)
    assert refusal(answer) == (409, error)
    assert {part: answer["problem"][part] for part in others} == {part: others[part][0] for part in others}
    assert aws.items("orders") == before
    assert resolve(order_id, to) == {"order_id": order_id, "status": to}


def test_an_order_that_was_fenced_is_never_confirmed() -> None:
    order_id = stuck()
    before = aws.items("orders")
    assert refusal(resolve(order_id, "CONFIRMED")) == (409, "AlreadyFenced")
    assert aws.items("orders") == before


@pytest.mark.parametrize("ask", [resume, lambda order_id: resolve(order_id, "CANCELLED")])
def test_only_a_parked_order_is_resumed_or_resolved(ask: Callable[[str], dict[str, Any]]) -> None:
    order_id = place()
    assert refusal(ask("no-such-order")) == (404, "NotFound")
    answer = ask(order_id)
    assert refusal(answer) == (409, "NotParked")
    assert answer["problem"]["status"] == "PENDING"
    assert [name for name, _ in said()] == []


def test_a_resumption_is_recorded_and_the_order_is_parked_still(clock: Clock) -> None:
    order_id = stuck()
    before = stored(order_id)
    clock.advance(60)
    assert resume(order_id) == {"order_id": order_id, "resumption": "request-1"}
    assert said()[-1] == ("OrderResumed", {"by": "olga", "resumption": "request-1"})
    counts = {name: before[name] + 1 for name in ("version", "sequence")}
    assert stored(order_id) == {**before, **counts}
    assert cancel(order_id, because="Resumed") == "CANCELLED"


@pytest.mark.parametrize("ask", [resume, lambda order_id: resolve(order_id, "CANCELLED")])
def test_the_same_request_gets_the_same_answer_after_the_order_has_ended(
    ask: Callable[[str], dict[str, Any]],
) -> None:
    order_id = stuck()
    first = ask(order_id)
    cancel(order_id, because="Resumed")
    before = aws.items("orders")
    assert ask(order_id) == first
    assert "refused" not in first
    assert aws.items("orders") == before


def test_the_same_request_is_granted_again_whatever_payments_and_inventory_say_meanwhile(
    clock: Clock,
) -> None:
    order_id = given_up(clock)
    first = resolve(order_id, "CONFIRMED")
    sold = {**HELD, "reservation": ("COMMITTED", False, True)}
    assert resolve(order_id, "CONFIRMED", others=sold) == first
    assert resolve(order_id, "CONFIRMED", others=UNDONE) == first


def test_a_key_that_was_used_for_another_request_is_refused() -> None:
    order_id, other = stuck(), stuck("second")
    resume(order_id)
    before = aws.items("orders")
    for answer in (
        resume(order_id, because="something else"),
        resume(other),
        resolve(order_id, "CANCELLED"),
    ):
        assert refusal(answer) == (422, "KeyReused")
    assert aws.items("orders") == before
    assert resume(order_id, "request-2")["resumption"] == "request-2"


def test_an_order_may_be_resumed_as_often_as_needed() -> None:
    order_id = stuck()
    assert [resume(order_id, f"request-{n}")["resumption"] for n in range(3)] == [
        f"request-{n}" for n in range(3)
    ]
    assert [name for name, _ in said()][-3:] == ["OrderResumed"] * 3


def test_two_of_the_same_request_at_once_are_granted_once() -> None:
    order_id = stuck()
    answers = []
    with before_its_write(lambda: answers.append(resume(order_id))):
        answers.append(resume(order_id))
    assert answers == [{"order_id": order_id, "resumption": "request-1"}] * 2
    assert [name for name, _ in said()].count("OrderResumed") == 1


def test_one_key_for_two_orders_at_once_is_granted_to_one() -> None:
    order_id, other = stuck(), stuck("second")
    answers = []
    with before_its_write(lambda: answers.append(resume(other))):
        answers.append(resume(order_id))
    assert answers[0] == {"order_id": other, "resumption": "request-1"}
    assert refusal(answers[1]) == (422, "KeyReused")


def test_a_fence_that_comes_first_keeps_an_operator_from_confirming(clock: Clock) -> None:
    order_id = given_up(clock)
    with before_its_write(lambda: fence(order_id)):
        assert refusal(resolve(order_id, "CONFIRMED")) == (409, "AlreadyFenced")
    assert said() == [PARKED, ("CancellationStarted", INTERRUPTED)]


def test_a_request_that_was_overtaken_by_another_is_refused() -> None:
    order_id = stuck()
    with before_its_write(lambda: resolve(order_id, "CANCELLED", "request-2")):
        assert refusal(resume(order_id)) == (409, "NotParked")
    assert resume(order_id)["refused"] == 409


def test_an_order_that_was_parked_before_it_was_fenced_is_ended_only_after_it_was(clock: Clock) -> None:
    order_id = given_up(clock)
    parked = stored(order_id)
    with pytest.raises(OrderNotPending):
        confirm(order_id)
    with pytest.raises(NotFenced):
        cancel(order_id, because="Resumed")
    clock.advance(60)
    assert [fence(order_id), fence(order_id)] == ["NEEDS_ATTENTION"] * 2
    counts = {name: parked[name] + 1 for name in ("version", "sequence")}
    assert stored(order_id) == {**parked, "fenced": True, **counts}
    assert cancel(order_id, because="Resumed") == "CANCELLED"
    assert said() == [PARKED, ("CancellationStarted", INTERRUPTED), ("OrderCancelled", INTERRUPTED)]


def test_a_customers_cancel_fences_an_order_that_was_given_up(clock: Clock) -> None:
    order_id = given_up(clock)
    assert customer_cancels(order_id) == 202
    assert refusal(resolve(order_id, "CONFIRMED")) == (409, "AlreadyFenced")


@pytest.mark.parametrize(
    ("status", "passes"), [("PENDING", False), ("CANCELLING", True), ("NEEDS_ATTENTION", True)]
)
def test_an_order_of_an_earlier_release_may_have_been_fenced_unless_it_is_pending(
    status: str, passes: bool
) -> None:
    order_id = place()
    key = {"pk": f"order#{order_id}", "sk": "order"}
    writes.update(writes.Write(key=key, sets={"status": status}, removes=("fenced",)))
    assert fence(order_id) == (status if passes else "CANCELLING")
    assert said() == ([] if passes else [STARTED])
    refused = "AlreadyFenced" if status == "NEEDS_ATTENTION" else "NotParked"
    assert refusal(resolve(order_id, "CONFIRMED")) == (409, refused)
