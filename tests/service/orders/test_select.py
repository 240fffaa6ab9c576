"""The parked orders that a request to resume is about: chosen once, and the same ever after."""

from typing import Any

import pytest

from kernel.errors import Contended
from kernel.table import items
from orders import interventions, tasks
from tests.support import aws
from tests.support.clock import Clock
from tests.support.orders import cancel, change, fence, place
from tests.support.races import before_its_write

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service", "clock")


def parked(key: str, reason: str = "PaymentDeclined") -> str:
    order_id = place(key)
    fence(order_id)
    cancel(order_id, "RefundPayment")
    change(order_id, reason=reason)
    return order_id


def select(request: str = "r1", **wanted: Any) -> Any:
    asked = {"reason": None, "most": 100, "dry_run": False, **wanted}
    return tasks.select_parked({"request": request, "by": "olga", "because": "well again", **asked}, None)


def test_parked_orders_are_selected_and_open_orders_are_not() -> None:
    orders = [parked(f"key-{number}") for number in range(5)]
    fence(place("open"))
    place("another")
    answer = select()
    assert (sorted(answer["order_ids"]), answer["more"]) == (sorted(orders), False)


def test_a_reason_and_a_number_narrow_the_selection() -> None:
    declined = {parked(f"declined-{number}") for number in range(3)}
    cancelled = {parked(f"cancelled-{number}", "CancelledByCustomer") for number in range(3)}
    assert set(select("r1", reason="PaymentDeclined")["order_ids"]) == declined
    assert set(select("r2", reason="CancelledByCustomer")["order_ids"]) == cancelled
    some = select("r3", most=2)
    assert (len(some["order_ids"]), some["more"]) == (2, True)
    assert select("r4", reason="Interrupted") == {"order_ids": [], "more": False}


def test_a_selection_that_leaves_out_an_order_that_cannot_be_read_says_that_there_may_be_more() -> None:
    sound, broken = parked("one"), parked("two")
    change(broken, total="a lot")
    assert select() == {"order_ids": [sound], "more": True}


def test_a_selection_in_which_the_table_does_not_answer_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = parked("one")
    really = items.load

    def throttled(key: items.Key) -> items.Item | None:
        if key["pk"] == f"order#{order_id}":
            raise Contended
        return really(key)

    monkeypatch.setattr(items, "load", throttled)
    with pytest.raises(Contended):
        select()
    monkeypatch.setattr(items, "load", really)
    assert select() == {"order_ids": [order_id], "more": False}


def test_a_repeated_request_is_about_the_same_orders_whatever_was_parked_meanwhile() -> None:
    first = [parked("one"), parked("two")]
    answer = select()
    parked("three")
    assert select() == answer
    assert sorted(answer["order_ids"]) == sorted(first)


def test_a_dry_run_shows_what_would_be_selected_now_and_keeps_nothing() -> None:
    order_id = parked("one")
    before = aws.items("orders")
    assert select(dry_run=True)["order_ids"] == [order_id]
    assert aws.items("orders") == before
    other = parked("two")
    assert sorted(select()["order_ids"]) == sorted([order_id, other])


def test_a_key_is_refused_for_another_filter() -> None:
    parked("one")
    select()
    for other in ({"most": 1}, {"reason": "PaymentDeclined"}, {"because": "something else"}):
        asked = {"reason": None, "most": 100, "because": "well again", **other}
        answer = tasks.select_parked({"request": "r1", "by": "olga", "dry_run": False, **asked}, None)
        assert (answer["refused"], answer["problem"]["error"]) == (422, "KeyReused")


def test_of_two_of_the_same_request_at_once_the_first_selection_counts(clock: Clock) -> None:
    parked("one")
    first: list[Any] = []

    def meanwhile() -> None:
        first.append(select())
        parked("two")

    with before_its_write(meanwhile, operation="UpdateItem"):
        second = select()
    assert first == [second]


def test_no_more_than_a_thousand_parked_orders_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interventions, "PAGE", 2)
    monkeypatch.setattr(interventions, "LOOKED_AT", 4)
    for number in range(6):
        parked(f"key-{number}", "CancelledByCustomer")
    assert select(reason="PaymentDeclined") == {"order_ids": [], "more": True}


def test_the_text_that_a_person_typed_is_not_kept_with_the_selection() -> None:
    parked("one")
    select()
    assert "well again" not in str(aws.items("orders"))
