"""Orders' part of an erasure: the fence keeps orders out, and open orders are counted page by page."""

import pytest

from kernel import identity
from orders import api, erasure
from orders.fences import KINDS
from tests.contracts import samples
from tests.support import aws
from tests.support.clock import Clock
from tests.support.orders import BODY, cancel, confirm, fence, place

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "pause", lambda seconds: None)


def hear(kind: str, customer: str = "alice") -> None:
    event = samples.envelope(f"customers.{kind}.v1").model_copy(update={"data": {"customer_id": customer}})
    assert erasure.handler(aws.batch([event, event]), None) == {"batchItemFailures": []}


def order(key: str, customer: str = "alice") -> tuple[int, str]:
    status, answer = aws.call(api.handler, "POST", "/checkout", BODY, key=key, customer=customer)
    return status, answer.get("error", "")


def open_orders(kind: str, customer: str = "alice", *, limit: int = 100) -> int:
    """All of the customer's open orders, page after page."""
    found, place = 0, [0, None]
    while place:
        asked = {"customer_id": customer, "kind": kind, "place": place, "limit": limit}
        page = erasure.count_open_orders(asked, None)
        found += page["open"]
        place = page["following"]
    return found


@pytest.mark.parametrize("kind", ["CustomerErasureStarted", "CustomerErased"])
def test_a_customer_who_is_to_be_forgotten_orders_nothing_new(kind: str) -> None:
    place("first")
    hear(kind)
    assert order("second") == (409, "ErasedCustomer")
    assert order("first") == (202, "")
    assert order("second", customer="bob") == (202, "")


def test_a_refused_order_leaves_nothing(clock: Clock) -> None:
    place("first")
    hear("CustomerErasureStarted")
    before = aws.items("orders")
    order("second")
    assert aws.items("orders") == before


def test_the_fence_tells_since_when_it_stands_however_often_it_is_asked_for(clock: Clock) -> None:
    raised = clock.now().isoformat()
    for _ in range(2):
        told = erasure.fence_customer({"customer_id": "alice"}, None)
        assert told["since"] == raised.replace("+00:00", "Z")
        clock.advance(60)
    hear("CustomerErased")
    (row,) = (item for item in aws.items("orders") if item["pk"] == "customer#alice")
    assert row["fenced_at"] == raised


def test_open_orders_are_counted_until_they_have_ended() -> None:
    first, second = place("first"), place("second")
    assert [open_orders(kind) for kind in KINDS] == [2, 0]
    confirm(first)
    fence(second)
    assert [open_orders(kind) for kind in KINDS] == [1, 0]
    cancel(second)
    assert [open_orders(kind) for kind in KINDS] == [0, 0]


def test_a_parked_order_is_open() -> None:
    order_id = place("first")
    fence(order_id)
    cancel(order_id, "RefundPayment")
    assert [open_orders(kind) for kind in KINDS] == [0, 1]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_pages_of_any_size_count_the_customers_orders_and_no_others(limit: int) -> None:
    place("first")
    for number in range(7):
        assert order(f"mine-{number}") == (202, "")
        assert order(f"theirs-{number}", customer="bob") == (202, "")
    assert open_orders("open", limit=limit) == 8
    assert open_orders("open", "bob", limit=limit) == 7
    assert open_orders("open", "carol", limit=limit) == 0
