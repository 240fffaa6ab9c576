"""Adjustments: a receipt that was mistyped is corrected once, and never below what is available."""

from typing import Any

import pytest

from inventory import api, stock, store, tasks
from inventory.domain import Stock
from kernel import identity
from kernel.table import items
from tests.support import aws
from tests.support.races import before_its_write

SERVICE = "inventory"
pytestmark = pytest.mark.usefixtures("service")
WHY = "three were broken on arrival"


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "pause", lambda seconds: None)


def adjust(quantity: Any, key: str | None = "first", **options: Any) -> tuple[int, dict[str, Any]]:
    body = {"quantity": quantity, "because": options.pop("because", WHY)}
    path = f"/inventory/{options.pop('sku', 'mug')}/adjustments"
    asked = {"role": "operator", "customer": "olga"} | options
    return aws.call(api.handler, "POST", path, body, key=key, **asked)


def said() -> list[tuple[str, str, int]]:
    return [(event.type, event.subject, event.sequence) for event in aws.committed("inventory")]


def test_an_adjustment_takes_from_what_is_available_and_from_what_was_received() -> None:
    stock.receive("mug", 10, receipt="r1")
    tasks.reserve_stock({"order_id": "o1", "lines": [{"sku": "mug", "quantity": 2}]}, None)
    status, answer = adjust(-3)
    assert (status, answer["sku"], answer["quantity"]) == (201, "mug", -3)
    assert stock.shown("mug") == Stock("mug", available=5, taken=2, received=7)


def test_an_adjustment_publishes_who_made_it_and_keeps_the_reason_to_itself() -> None:
    stock.receive("mug", 10, receipt="r1")
    id = adjust(-3)[1]["adjustment"]
    (event,) = aws.committed("inventory")
    assert (event.type, event.subject, event.sequence) == ("StockAdjusted", f"adjustment/{id}", 1)
    assert event.data == {"adjustment": id, "sku": "mug", "quantity": -3, "by": "olga"}
    holding = [item["pk"] for item in aws.items("inventory") if WHY in str(item)]
    assert holding == [f"reason#{id}"]


def test_an_adjustment_repeated_with_its_key_counts_once_and_is_answered_like_the_first() -> None:
    stock.receive("mug", 10, receipt="r1")
    first = adjust(-10)
    before = aws.items("inventory")
    assert adjust(-10) == first
    assert aws.items("inventory") == before


@pytest.mark.parametrize("other", [{"quantity": -2}, {"because": "another reason"}, {"sku": "lid"}])
def test_a_key_used_for_another_adjustment_is_refused_and_nothing_changes(other: dict[str, Any]) -> None:
    stock.receive("mug", 10, receipt="r1")
    stock.receive("lid", 10, receipt="r2")
    adjust(-3)
    before = aws.items("inventory")
    status, problem = adjust(**({"quantity": -3} | other))
    assert (status, problem["error"]) == (422, "KeyReused")
    assert aws.items("inventory") == before


def test_more_than_is_available_is_refused_writes_nothing_and_may_later_succeed() -> None:
    stock.receive("mug", 2, receipt="r1")
    before = aws.items("inventory")
    status, problem = adjust(-3)
    assert (status, problem["error"], problem["sku"]) == (409, "TooFewAvailable", "mug")
    assert aws.items("inventory") == before
    stock.receive("mug", 1, receipt="r2")
    assert adjust(-3)[0] == 201
    assert stock.shown("mug") == Stock("mug")


def test_an_adjustment_takes_from_several_buckets() -> None:
    stock.receive("mug", 9, receipt="r1")
    stock.spread("mug", 4)
    assert adjust(-8)[0] == 201
    assert stock.shown("mug") == Stock("mug", available=1, received=1, buckets=4)


def test_a_twin_that_was_first_is_success_even_when_it_took_the_last_units() -> None:
    stock.receive("mug", 3, receipt="r1")
    with before_its_write(lambda: adjust(-3)):
        assert adjust(-3)[0] == 201
    assert stock.shown("mug") == Stock("mug")
    assert len(said()) == 1


def test_a_buyer_who_was_first_leaves_too_few() -> None:
    stock.receive("mug", 3, receipt="r1")
    step = {"order_id": "o1", "lines": [{"sku": "mug", "quantity": 1}]}
    with before_its_write(lambda: tasks.reserve_stock(step, None)):
        assert adjust(-3)[0] == 409
    assert stock.shown("mug") == Stock("mug", available=2, taken=1, received=3)
    assert store.load("o1").status == "RESERVED"


@pytest.mark.parametrize("quantity", [0, 1, -1_000_001, -1.0, "-3", None, True])
def test_an_adjustment_nobody_can_read_is_refused_and_nothing_changes(quantity: Any) -> None:
    assert adjust(quantity)[0] == 400
    assert aws.items("inventory") == []


@pytest.mark.parametrize("because", ["", "  ", None, "paid by 4242 4242 4242 4242", "x" * 201])
def test_an_adjustment_has_a_reason_without_a_card_number(because: Any) -> None:
    assert adjust(-3, because=because)[0] == 400
    assert aws.items("inventory") == []


def test_no_customer_adjusts_stock_and_no_operator_without_a_key() -> None:
    assert adjust(-3, role="customer")[0] == 403
    assert adjust(-3, key=None)[0] == 400
    assert adjust(-3, sku="-mug")[0] == 404
    assert items.load({"pk": "stock#mug", "sk": "stock"}) is None
