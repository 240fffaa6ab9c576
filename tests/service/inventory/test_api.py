"""Inventory over HTTP: the requests of operators, and all requests that are refused."""

from typing import Any

import pytest

from inventory import api, stock, tasks
from inventory.domain import Stock
from tests.support import aws

SERVICE = "inventory"
pytestmark = pytest.mark.usefixtures("service")


def post(
    sku: str, body: Any, key: str | None = "first", role: str = "operator"
) -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, "POST", f"/inventory/{sku}/receipts", body, role=role, key=key)


def receive(sku: str, quantity: int, key: str = "first") -> int:
    return post(sku, {"quantity": quantity}, key)[0]


def show(sku: str, role: str = "operator") -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, "GET", f"/inventory/{sku}", role=role)


def test_a_receipt_repeated_with_its_key_counts_once() -> None:
    assert [receive("mug", 5), receive("mug", 5)] == [201, 201]
    assert stock.shown("mug") == Stock("mug", available=5, received=5)


def test_receipts_with_keys_of_their_own_add_up() -> None:
    assert [receive("mug", 5, "a"), receive("mug", 7, "b"), receive("lid", 1, "c")] == [201] * 3
    assert stock.shown("mug") == Stock("mug", available=12, received=12)


def test_a_repeated_receipt_is_answered_like_the_first() -> None:
    assert post("mug", {"quantity": 5}) == post("mug", {"quantity": 5})


@pytest.mark.parametrize(("sku", "quantity"), [("mug", 6), ("lid", 5)])
def test_a_key_used_for_another_receipt_is_refused_and_nothing_changes(sku: str, quantity: int) -> None:
    receive("mug", 5)
    before = aws.items("inventory")
    status, problem = post(sku, {"quantity": quantity})
    assert (status, problem["error"]) == (422, "KeyReused")
    assert aws.items("inventory") == before


def test_an_operator_sees_the_counters() -> None:
    receive("mug", 5)
    tasks.reserve_stock({"order_id": "o1", "lines": [{"sku": "mug", "quantity": 2}]}, None)
    assert show("mug") == (200, {"sku": "mug", "available": 3, "taken": 2, "received": 5, "buckets": 1})
    assert show("lid") == (200, {"sku": "lid", "available": 0, "taken": 0, "received": 0, "buckets": 1})


def test_no_customer_touches_or_sees_the_stock() -> None:
    assert post("mug", {"quantity": 5}, role="customer")[0] == 403
    assert show("mug", role="customer")[0] == 403
    assert aws.items("inventory") == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "5",
        "[]",
        {},
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": 1_000_001},
        {"quantity": 1.5},
        {"quantity": 1.0},
        {"quantity": "5"},
        {"quantity": True},
        {"quantity": None},
        {"quantity": 5, "sku": "mug"},
        '{"quantity": 5, "quantity": 6}',
        '{"quantity": NaN}',
        '{"quantity": 5',
    ],
)
def test_a_receipt_nobody_can_read_is_refused_and_nothing_changes(body: Any) -> None:
    status, problem = post("mug", body)
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert aws.items("inventory") == []


@pytest.mark.parametrize("key", [None, "", "x" * 256, "with space"])
def test_a_receipt_without_a_proper_key_is_refused_and_nothing_changes(key: str | None) -> None:
    assert post("mug", {"quantity": 5}, key)[0] == 400
    assert aws.items("inventory") == []


@pytest.mark.parametrize("sku", ["-mug", "m%20ug", "m*ug", "x" * 65, "mug%0A"])
def test_an_invalid_sku_is_not_found(sku: str) -> None:
    assert post(sku, {"quantity": 5})[0] == 404
    assert show(sku)[0] == 404
    assert aws.items("inventory") == []
