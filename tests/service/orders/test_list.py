"""Operators list the orders that have not ended: by state, page by page, as they are now."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest

from kernel.errors import Contended
from kernel.table import items
from orders import api
from tests.support import aws
from tests.support.clock import Clock
from tests.support.orders import cancel, change, claimed, confirm, fail, fence, place, stored

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service", "clock")

CURSOR = {"state": "PENDING", "shard": 0, "due_at": "2026-01-01T00:02:00Z", "order_id": "o1"}


def ask(state: str | None, cursor: str | None = None, role: str = "operator") -> tuple[int, dict[str, Any]]:
    query = {name: text for name, text in (("state", state), ("next", cursor)) if text is not None}
    return aws.call(api.handler, "GET", "/ops/checkouts", query=query, role=role)


def listed(state: str) -> list[str]:
    """The ids of all pages."""
    return [order["order_id"] for page in pages(state) for order in page["checkouts"]]


def pages(state: str) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        status, page = ask(state, cursor)
        assert status == 200, page
        yield page
        if (cursor := page["next"]) is None:
            return


def park(order_id: str) -> str:
    fence(order_id)
    cancel(order_id, "RefundPayment")
    return order_id


def encoded(cursor: str) -> str:
    return urlsafe_b64encode(cursor.encode()).decode()


def test_an_operator_finds_orders_that_need_a_person_and_since_when(clock: Clock) -> None:
    place("another")
    order_id = place()
    clock.advance(120)
    claimed()
    park(order_id)
    clock.advance(1000)
    expected = {
        "order_id": order_id,
        "status": "NEEDS_ATTENTION",
        "reason": "PaymentDeclined",
        "placed_at": "2026-01-01T00:00:00+00:00",
        "attempts": 0,
        "last_error": None,
        "fenced": True,
        "since": "2026-01-01T00:02:00+00:00",
        "interventions": [],
    }
    assert ask("NEEDS_ATTENTION") == (200, {"checkouts": [expected], "unreadable": [], "next": None})


@pytest.mark.parametrize(("state", "reason", "fenced"), [("PENDING", None, False), ("CANCELLING", "x", True)])
def test_an_operator_finds_open_orders_whether_they_are_due_or_not(
    state: str, reason: str | None, fenced: bool
) -> None:
    orders = {"PENDING": place("one"), "CANCELLING": place("two")}
    fence(orders["CANCELLING"])
    expected = {
        "order_id": orders[state],
        "status": state,
        "reason": reason and "PaymentDeclined",
        "placed_at": "2026-01-01T00:00:00+00:00",
        "attempts": 0,
        "last_error": None,
        "fenced": fenced,
        "due_at": "2026-01-01T00:02:00+00:00",
    }
    assert ask(state) == (200, {"checkouts": [expected], "unreadable": [], "next": None})


def test_an_operator_sees_how_often_an_order_was_claimed_and_what_failed_last(clock: Clock) -> None:
    order_id = place()
    fail(order_id, 1)
    clock.advance(120)
    claimed()
    (listed_order,) = ask("PENDING")[1]["checkouts"]
    assert (listed_order["attempts"], listed_order["last_error"]) == (1, "States.Timeout")


def test_an_order_that_has_ended_is_not_listed() -> None:
    confirm(place("one"))
    undone = place("two")
    fence(undone)
    cancel(undone)
    resumed = park(place("three"))
    cancel(resumed, because="Resumed")
    assert [listed(state) for state in ("PENDING", "CANCELLING", "NEEDS_ATTENTION")] == [[], [], []]


def test_every_order_is_on_one_page_and_the_longest_parked_of_a_shard_come_first(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "LONGEST_PAGE", 2)
    shards: dict[int, list[str]] = {}
    for number in range(11):
        order_id = park(place(f"key-{number}"))
        shards.setdefault(crc32(order_id.encode()) % 4, []).append(order_id)
        clock.advance(1)
    assert max(map(len, shards.values())) > 2
    assert listed("NEEDS_ATTENTION") == [order_id for shard in sorted(shards) for order_id in shards[shard]]
    assert [len(page["checkouts"]) for page in pages("NEEDS_ATTENTION")] == [2, 2, 2, 2, 2, 1]


def test_orders_parked_at_one_moment_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "LONGEST_PAGE", 1)
    orders = [park(place(f"key-{number}")) for number in range(9)]
    assert sorted(listed("NEEDS_ATTENTION")) == sorted(orders)


def test_a_page_is_bounded_and_may_find_none_of_its_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "LONGEST_PAGE", 3)
    orders = [place(f"key-{number}") for number in range(7)]
    fence(orders[0])
    found = list(pages("CANCELLING"))
    assert [len(found), sum(len(page["checkouts"]) for page in found)] == [3, 1]


def test_an_order_that_cannot_be_read_is_named_and_the_others_are_listed() -> None:
    sound, broken = place("one"), place("two")
    change(broken, total="a lot")
    status, page = ask("PENDING")
    assert status == 200
    assert [order["order_id"] for order in page["checkouts"]] == [sound]
    assert page["unreadable"] == [broken]


def test_a_table_that_does_not_answer_is_no_order_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    park(place("one"))

    def throttled(key: items.Key) -> items.Item:
        raise Contended

    monkeypatch.setattr(items, "load", throttled)
    assert ask("NEEDS_ATTENTION")[0] == 500


def test_an_entry_the_index_still_shows_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = {key: place(key) for key in ("confirmed", "parked", "pending")}
    entries = [stored(order_id) for order_id in orders.values()]
    confirm(orders["confirmed"])
    park(orders["parked"])

    def behind(condition: str, binds: items.Item, **_: Any) -> Iterator[items.Item]:
        return (entry for entry in entries if entry["open_shard"] == binds["shard"])

    monkeypatch.setattr(items, "query", behind)
    assert listed("PENDING") == [orders["pending"]]


def test_an_order_that_a_release_before_parked_is_not_found_and_no_page_breaks() -> None:
    order_id = place()
    change(order_id, status="NEEDS_ATTENTION")
    assert (listed("NEEDS_ATTENTION"), listed("PENDING")) == ([], [])


@pytest.mark.parametrize("state", [None, "", "CONFIRMED", "CANCELLED", "pending", "parked#0"])
def test_another_state_is_refused_and_the_possible_ones_are_named(state: str | None) -> None:
    status, problem = ask(state)
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert problem["message"] == "state must be one of NEEDS_ATTENTION, PENDING, CANCELLING"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "bm90IGpzb24=",
        encoded("{}"),
        *(
            encoded(str(CURSOR | changed).replace("'", '"'))
            for changed in (
                {"state": "CANCELLING"},
                {"shard": -1},
                {"shard": "0"},
                {"due_at": ""},
                {"due_at": "2026-01-01T00:02:00"},
                {"order_id": ""},
                {"order_id": "a#b"},
                {"more": 1},
            )
        ),
    ],
)
def test_a_cursor_that_this_list_did_not_give_is_refused(cursor: str) -> None:
    status, problem = ask("PENDING", cursor)
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert problem["message"] == "next is not a cursor that this list gave"


def test_a_cursor_of_an_order_that_is_gone_leads_on() -> None:
    order_id = place()
    shard = crc32(order_id.encode()) % 4
    earlier = CURSOR | {"shard": shard, "due_at": "2025-01-01T00:00:00Z"}
    for start, found in ((earlier, 1), (CURSOR | {"shard": 10**30}, 0)):
        status, page = ask("PENDING", encoded(str(start).replace("'", '"')))
        assert (status, len(page["checkouts"])) == (200, found)


def test_the_list_is_closed_to_customers() -> None:
    assert ask("PENDING", role="customer")[0] == 403
