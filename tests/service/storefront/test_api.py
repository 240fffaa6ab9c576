"""The storefront's routes: who sees what, how fresh it is, and page by page."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from kernel.events import Envelope
from kernel.table import items
from storefront import api, projector
from tests.support import aws
from tests.support.histories import PLACED, PLACED_ROW, at, event, placed, timeline

SERVICE = "storefront"
pytestmark = pytest.mark.usefixtures("service")

CONFIRMED = event(4, "OrderConfirmed", "order/o1", 2)
CONFIRMED_ROW = {
    **PLACED_ROW,
    "status": "CONFIRMED",
    "sequence": 2,
    "folded": 2,
    "as_of": at(4),
    "timeline": timeline((0, "OrderPlaced"), (4, "OrderConfirmed")),
}


def project(*events: Envelope) -> None:
    assert projector.handler(aws.batch(events), None) == {"batchItemFailures": []}


def ask(path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, "GET", f"/storefront/{path}", **options)


@pytest.mark.parametrize(("customer", "role"), [("alice", "customer"), ("olga", "operator")])
def test_owner_and_operator_see_the_order(customer: str, role: str) -> None:
    project(PLACED)
    assert ask("orders/o1", customer=customer, role=role) == (200, PLACED_ROW)


def test_another_customers_order_is_not_there() -> None:
    project(PLACED)
    assert ask("orders/o1", customer="bob") == ask("orders/o9", customer="bob")
    assert ask("orders/o1", customer="bob")[0] == 404


@pytest.mark.parametrize("path", ["orders/-", f"orders/{'x' * 3000}"], ids=["no id", "too long"])
def test_an_invalid_order_id_is_not_found(path: str) -> None:
    assert ask(path, role="operator", query={"min_sequence": "1"})[0] == 404


def test_a_customer_waits_for_at_least_the_state_asked_for() -> None:
    project(PLACED)
    assert ask("orders/o1", query={"min_sequence": "1"}) == (200, PLACED_ROW)
    waiting = {"status": "catching_up", "sequence": 1, "min_sequence": 2}
    assert ask("orders/o1", query={"min_sequence": "2"}) == (202, waiting)
    project(CONFIRMED)
    assert ask("orders/o1", query={"min_sequence": "2"}) == (200, CONFIRMED_ROW)


def test_an_order_that_is_not_folded_yet_is_worth_asking_for_again() -> None:
    answer = api.handler(aws.request("GET", "/storefront/orders/o1", query={"min_sequence": "1"}), None)
    assert answer["statusCode"] == 202
    assert answer["headers"]["Retry-After"] == "1"
    assert json.loads(answer["body"]) == {"status": "catching_up", "sequence": 0, "min_sequence": 1}


@pytest.mark.parametrize("wanted", ["1", "2", "9999999999"])
def test_waiting_tells_a_stranger_nothing(wanted: str) -> None:
    project(PLACED)
    there = ask("orders/o1", customer="bob", query={"min_sequence": wanted})
    assert there == ask("orders/o9", customer="bob", query={"min_sequence": wanted})
    assert there == (202, {"status": "catching_up", "sequence": 0, "min_sequence": int(wanted)})


@pytest.mark.parametrize("wanted", ["", "0", "-1", "1.5", "one", "+1", " 1", "01", "\u0661", "1" * 5000])
def test_a_min_sequence_is_a_positive_integer(wanted: str) -> None:
    project(PLACED)
    status, problem = ask("orders/o1", query={"min_sequence": wanted})
    assert (status, problem["error"]) == (400, "InvalidRequest")


def test_a_customers_orders_come_newest_first() -> None:
    project(placed("o1", second=1), placed("o3", second=3), placed("o2", second=2), placed("b1", "bob"))
    status, page = ask("me/orders")
    assert status == 200
    assert [order["order_id"] for order in page["orders"]] == ["o3", "o2", "o1"]
    assert page["orders"][2]["as_of"] == at(1)
    assert "Eventually consistent" in page["freshness"]
    assert "next" not in page
    assert ask("customers/alice/orders", customer="olga", role="operator") == (200, page)


def test_a_customer_without_orders_has_an_empty_list() -> None:
    assert ask("me/orders")[1]["orders"] == []


def test_a_customer_lists_nobody_elses_orders() -> None:
    project(PLACED)
    assert ask("me/orders", customer="bob")[1]["orders"] == []
    for customer in ("alice", "bob"):
        assert ask("customers/alice/orders", customer=customer)[0] == 403


def test_an_operator_has_no_orders_of_their_own() -> None:
    assert ask("me/orders", customer="olga", role="operator")[0] == 403


@pytest.mark.parametrize("name", ["x" * 3000, "alice%40shop.example", "-"])
def test_what_is_no_customers_id_is_not_found(name: str) -> None:
    assert ask(f"customers/{name}/orders", customer="olga", role="operator")[0] == 404


@pytest.mark.parametrize("second", [lambda place: place, lambda place: 0], ids=["apart", "of one moment"])
def test_pages_give_each_order_once(second: Callable[[int], int]) -> None:
    project(*(placed(f"o{place}", second=second(place)) for place in range(6)))
    seen, query = [], {"limit": "2"}
    while True:
        page = ask("me/orders", query=query)[1]
        assert len(page["orders"]) == 2
        seen += [order["order_id"] for order in page["orders"]]
        if "next" not in page:
            break
        query["next"] = page["next"]
    assert sorted(seen) == ["o0", "o1", "o2", "o3", "o4", "o5"]
    assert len({second(place) for place in range(6)}) == 1 or seen == ["o5", "o4", "o3", "o2", "o1", "o0"]


def test_a_page_is_read_in_two_calls_and_shows_rows_as_they_are() -> None:
    project(*(placed(f"o{place}", second=place) for place in range(5)))
    called: list[str] = []
    items.client().meta.events.register("before-call.dynamodb", lambda model, **_: called.append(model.name))
    try:
        page = ask("me/orders")[1]
    finally:
        items.client.cache_clear()
    assert called == ["Query", "BatchGetItem"]
    assert page["orders"][4] == ask("orders/o0")[1]


def test_a_page_holds_twenty_orders_unless_told_otherwise() -> None:
    project(*(placed(f"o{place}", second=place) for place in range(21)))
    page = ask("me/orders")[1]
    assert len(page["orders"]) == 20
    assert "next" in page
    page = ask("me/orders", query={"limit": "100"})[1]
    assert len(page["orders"]) == 21
    assert "next" not in page


@pytest.mark.parametrize("limit", ["0", "101", "ten", "-1", ""])
def test_a_limit_is_from_one_to_a_hundred(limit: str) -> None:
    status, problem = ask("me/orders", query={"limit": limit})
    assert (status, problem["error"]) == (400, "InvalidRequest")


def test_a_cursor_is_for_the_list_that_gave_it() -> None:
    project(placed("o1"), placed("o2", second=1))
    given = ask("me/orders", query={"limit": "1"})[1]["next"]
    status, problem = ask("me/orders", customer="bob", query={"next": given})
    assert (status, problem["error"]) == (400, "InvalidRequest")


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def cursor(**changed: str) -> str:
    """The cursor behind alice's order o2, with some parts `changed`."""
    place = {"customer_id": "alice", "placed_at": at(1), "order_id": "o2"}
    return encoded(json.dumps(place | changed))


def test_a_page_begins_behind_its_cursor() -> None:
    project(placed("o1"), placed("o2", second=1))
    status, page = ask("me/orders", query={"next": cursor()})
    assert (status, [order["order_id"] for order in page["orders"]]) == (200, ["o1"])


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "!",
        "x",
        "é",
        cursor() + "!!!!",
        encoded("[]"),
        encoded("\N{BROKEN BAR}"),
        cursor(placed_at="yesterday"),
        cursor(order_id="o 2"),
        cursor(colour="red"),
    ],
)
def test_a_bad_cursor_is_refused(bad: str) -> None:
    project(placed("o1"), placed("o2", second=1))
    status, problem = ask("me/orders", query={"next": bad})
    assert (status, problem["error"]) == (400, "InvalidRequest")
