"""Orders over HTTP: one order per key for ever, who sees it, and who cancels it."""

import json
from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from kernel.money import Money
from kernel.table import items
from orders import api, store, tasks
from orders.pricing import Price
from tests.support import aws
from tests.support.clock import Clock
from tests.support.races import before_its_write

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service", "clock", "shelf")

METHOD = "method-of-alice"
TWO_MUGS = {"lines": [{"sku": "mug", "quantity": 2}], "payment_method": METHOD}
ORDER_ID = str(uuid5(uuid5(NAMESPACE_URL, "https://settle.example/ids"), '["alice", "first"]'))
ACCEPTED = {
    "order_id": ORDER_ID,
    "total": {"amount": 2500, "currency": "EUR"},
    "links": {
        "order": f"/orders/{ORDER_ID}",
        "history": f"/storefront/orders/{ORDER_ID}",
        "cancel": f"/orders/{ORDER_ID}/cancel",
    },
}
SHOWN = {
    "order_id": ORDER_ID,
    "status": "PENDING",
    "reason": None,
    "lines": [{"sku": "mug", "quantity": 2, "unit_price": {"amount": 1250, "currency": "EUR"}}],
    "total": {"amount": 2500, "currency": "EUR"},
    "placed_at": "2026-01-01T00:00:00+00:00",
    "sequence": 1,
}


@pytest.fixture
def shelf(service: str) -> None:
    offer(1, 1250)


def offer(sequence: int, amount: int, *, for_sale: bool = True) -> None:
    store.copy_price(Price("mug", Money(amount, "EUR"), for_sale=for_sale), sequence=sequence)


def checkout(body: Any = TWO_MUGS, key: str | None = "first", **options: Any) -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, "POST", "/checkout", body, key=key, **options)


def show(order_id: str = ORDER_ID, **options: Any) -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, "GET", f"/orders/{order_id}", **options)


def cancel(order_id: str = ORDER_ID, **options: Any) -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, "POST", f"/orders/{order_id}/cancel", **options)


def run(task: Callable[[Any, object], dict[str, Any]], **given: Any) -> str:
    return str(task({"order_id": ORDER_ID, **given}, None)["status"])


def confirm() -> None:
    assert run(tasks.confirm_order) == "CONFIRMED"


def undo(**stuck: Any) -> None:
    run(tasks.fence_order, reason="OutOfStock")
    run(tasks.cancel_order, stuck=stuck)


def said() -> list[tuple[str, int]]:
    return [(event.type, event.sequence) for event in aws.committed("orders")]


def test_a_checkout_is_accepted_with_its_total_and_where_to_look_for_it() -> None:
    answer = api.handler(aws.request("POST", "/checkout", TWO_MUGS, key="first"), None)
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert (answer["statusCode"], json.loads(answer["body"])) == (202, ACCEPTED)
    assert headers["location"] == f"orders/{ORDER_ID}"
    assert show() == (200, SHOWN)
    assert said() == [("OrderPlaced", 1)]


def test_the_accepted_order_is_told_to_everybody_without_the_key() -> None:
    checkout(key="a-key-of-alice")
    (event,) = aws.committed("orders")
    assert (event.source, event.subject, event.correlationid, event.causationid) == (
        "settle.orders",
        f"order/{event.data['order_id']}",
        event.data["order_id"],
        "http/request-1",
    )
    names = ("order_id", "customer_id", "lines", "total", "payment_method")
    order = {"customer_id": "alice", "payment_method": METHOD, **SHOWN, "order_id": event.data["order_id"]}
    assert event.data == {name: order[name] for name in names}
    assert "a-key-of-alice" not in str(aws.items("orders"))


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda: None,
        lambda: offer(2, 9999),
        lambda: offer(2, 1250, for_sale=False),
        confirm,
        undo,
        lambda: undo(RefundPayment={"Error": "BooksDiffer"}),
        cancel,
    ],
    ids=["nothing", "price", "retired", "confirmed", "cancelled", "parked", "cancelling"],
)
def test_the_same_request_gets_the_same_answer_for_ever(meanwhile: Callable[[], object]) -> None:
    assert checkout() == (202, ACCEPTED)
    meanwhile()
    before = aws.items("orders")
    respelled = '{ "payment_method": "method-of-alice", "lines":[{"quantity":2,"sku":"mug"}] }'
    assert [checkout(), checkout(respelled)] == [(202, ACCEPTED)] * 2
    assert aws.items("orders") == before


def test_a_repeated_request_is_looked_up_before_anything_is_priced(monkeypatch: pytest.MonkeyPatch) -> None:
    checkout()
    monkeypatch.delattr(store, "prices")
    assert checkout() == (202, ACCEPTED)
    assert checkout({**TWO_MUGS, "payment_method": "other"})[0] == 422


@pytest.mark.parametrize(
    "other",
    [
        {**TWO_MUGS, "lines": [{"sku": "mug", "quantity": 3}]},
        {**TWO_MUGS, "lines": [{"sku": "nothing-like-it", "quantity": 2}]},
        {**TWO_MUGS, "payment_method": "other"},
        {**TWO_MUGS, "expected_total": {"amount": 2500, "currency": "EUR"}},
    ],
)
def test_a_key_used_for_another_request_is_refused_and_nothing_changes(other: Any) -> None:
    checkout()
    before = aws.items("orders")
    status, problem = checkout(other)
    assert (status, problem["error"]) == (422, "KeyReused")
    assert aws.items("orders") == before


def test_another_key_or_another_customer_makes_another_order() -> None:
    answers = [checkout(), checkout(key="second"), checkout(customer="bob")]
    assert [status for status, _ in answers] == [202] * 3
    assert len({answer["order_id"] for _, answer in answers}) == 3


def test_two_requests_racing_with_one_key_are_one_order_at_the_price_of_the_first() -> None:
    def overtake() -> None:
        offer(2, 2000)
        won.append(checkout())

    won: list[tuple[int, dict[str, Any]]] = []
    with before_its_write(overtake):
        lost = checkout()
    assert [lost] == won == [(202, {**ACCEPTED, "total": {"amount": 4000, "currency": "EUR"}})]
    assert said() == [("OrderPlaced", 1)]


def test_of_two_different_requests_racing_with_one_key_one_is_refused() -> None:
    with before_its_write(checkout):
        status, problem = checkout({**TWO_MUGS, "lines": [{"sku": "mug", "quantity": 9}]})
    assert (status, problem["error"]) == (422, "KeyReused")
    assert show() == (200, SHOWN)
    assert said() == [("OrderPlaced", 1)]


def test_a_customer_sees_only_own_orders_and_an_operator_all() -> None:
    checkout()
    assert show() == show(customer="olga", role="operator") == (200, SHOWN)
    hidden = (404, {"error": "NotFound", "message": "There is nothing here for this caller."})
    assert show(customer="bob") == show("nothing") == show("nothing", role="operator") == hidden


def test_an_order_id_longer_than_a_key_may_be_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    # DynamoDB answers a key of over 2048 bytes with a ValidationException, which moto does not.
    asked: list[str] = []
    monkeypatch.setattr(items, "load", lambda key: asked.append(key["pk"]))
    assert [show("x" * 3000)[0], cancel("x" * 3000)[0]] == [404, 404]
    assert [key for key in asked if len(key) > 2048] == []


def test_a_cancel_starts_to_undo_the_order_and_may_be_repeated() -> None:
    checkout()
    answer = (202, {"order_id": ORDER_ID, "status": "CANCELLING"})
    assert [cancel(), cancel()] == [answer] * 2
    assert said() == [("OrderPlaced", 1), ("CancellationStarted", 2)]
    assert aws.committed("orders")[1].data == {"order_id": ORDER_ID, "reason": "CancelledByCustomer"}
    expected = {**SHOWN, "status": "CANCELLING", "reason": "CancelledByCustomer", "sequence": 2}
    assert show() == (200, expected)


@pytest.mark.parametrize(
    ("stuck", "status"), [({}, "CANCELLED"), ({"RefundPayment": {"Error": "BooksDiffer"}}, "NEEDS_ATTENTION")]
)
def test_cancelling_an_order_that_is_undone_already_changes_nothing(
    stuck: dict[str, Any], status: str
) -> None:
    checkout()
    undo(**stuck)
    before = aws.items("orders")
    assert cancel() == (202, {"order_id": ORDER_ID, "status": status})
    assert aws.items("orders") == before


@pytest.mark.parametrize(
    ("caller", "status", "error"),
    [
        ({"role": "operator"}, 403, "Forbidden"),
        ({"customer": "bob"}, 404, "NotFound"),
        ({"customer": "olga", "role": "operator"}, 403, "Forbidden"),
    ],
)
def test_nobody_else_cancels_an_order(caller: dict[str, str], status: int, error: str) -> None:
    checkout()
    before = aws.items("orders")
    answer, problem = cancel(**caller)
    assert (answer, problem["error"]) == (status, error)
    assert aws.items("orders") == before


def test_a_confirmed_order_is_not_cancelled() -> None:
    checkout()
    confirm()
    before = aws.items("orders")
    assert cancel() == (409, {"error": "AlreadyConfirmed", "message": "The order is confirmed and stands."})
    assert aws.items("orders") == before


def test_a_cancel_that_loses_against_the_confirmation_is_refused(clock: Clock) -> None:
    checkout()
    with before_its_write(confirm):
        assert cancel()[0] == 409
    assert len(clock.paused) == 1
    assert said() == [("OrderPlaced", 1), ("OrderConfirmed", 2)]
