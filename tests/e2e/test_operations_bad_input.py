"""Bad input to operations over HTTP: each kind gets its status and a problem body, and changes nothing."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localstack.shop.client import ApiResponse
from localstack.shop.deployed import DeployedShop

CARD = "4242424242424242"
BAD_KEYS: dict[str, dict[str, str]] = {
    "missing": {},
    "empty": {"Idempotency-Key": ""},
    "over-long": {"Idempotency-Key": "k" * 256},
}
OPERATIONS = "/ops/dead-letters/inventory.consumers.handler/redrive", "/ops/outbox/orders/republish"
BECAUSE = {"because": "bad input"}
MOMENT = "2026-01-01T00:00:00Z"
BAD_OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "no reason": (OPERATIONS[0], {}),
    "a blank reason": (OPERATIONS[0], {"because": " "}),
    "a reason too long": (OPERATIONS[0], {"because": "x" * 201}),
    "a card number as reason": (OPERATIONS[0], {"because": CARD}),
    "no range": (OPERATIONS[1], BECAUSE),
    "a range without a zone": (OPERATIONS[1], BECAUSE | {"first": MOMENT[:-1], "last": MOMENT[:-1]}),
    "a range of long ago": (OPERATIONS[1], BECAUSE | {"first": "2001-01-01T00:00:00Z", "last": MOMENT}),
    "a range to come": (OPERATIONS[1], BECAUSE | {"first": "9999-12-31T23:59:59Z", "last": MOMENT}),
}


@pytest.fixture(autouse=True, scope="module")
def nothing_changes(everything: Callable[[], Any]) -> Iterator[None]:
    """Every table holds the same items after all of these requests as before."""
    before = everything()
    yield
    assert everything() == before


def problem(answer: ApiResponse, status: int, error: str) -> None:
    """Asserts that the answer is a problem body with this status and this error."""
    assert (answer.status, answer.body.get("error")) == (status, error), answer.body
    assert isinstance(answer.body["message"], str)
    assert answer.body["message"]


def test_operations_are_closed_to_customers(shop: DeployedShop) -> None:
    alice = shop.customer("alice")
    for path in ("/ops/dead-letters", "/ops/dead-letters/orders.outbox", "/ops/audit?day=2026-01-01"):
        problem(alice.call("GET", path), 403, "Forbidden")
    for path in OPERATIONS:
        problem(alice.call("POST", path, BECAUSE, key="bad-input"), 403, "Forbidden")


@pytest.mark.parametrize(("path", "body"), BAD_OPERATIONS.values(), ids=BAD_OPERATIONS)
def test_a_malformed_operation_is_refused(shop: DeployedShop, path: str, body: dict[str, Any]) -> None:
    problem(shop.operator.call("POST", path, body, key="bad-input"), 400, "InvalidRequest")


@pytest.mark.parametrize("headers", BAD_KEYS.values(), ids=BAD_KEYS)
def test_an_operation_without_a_usable_key_is_refused(shop: DeployedShop, headers: dict[str, str]) -> None:
    body = json.dumps(BECAUSE | {"first": MOMENT, "last": MOMENT}).encode()
    for path in OPERATIONS:
        problem(shop.operator.send("POST", path, body, headers=headers), 400, "InvalidRequest")


def test_an_operation_on_something_unknown_is_refused(shop: DeployedShop) -> None:
    operator, range_ = shop.operator, {"first": MOMENT, "last": MOMENT}
    problem(operator.call("GET", "/ops/dead-letters/nobody"), 404, "NotFound")
    problem(operator.call("POST", "/ops/dead-letters/nobody/redrive", BECAUSE, key="k"), 404, "NotFound")
    problem(operator.call("POST", "/ops/outbox/nobody/republish", BECAUSE | range_, key="k"), 404, "NotFound")
    nowhere = operator.call("POST", "/ops/dead-letters/checkout.schedules/redrive", BECAUSE, key="k")
    problem(nowhere, 409, "NothingToRedriveTo")
    problem(operator.call("GET", "/ops/audit"), 400, "InvalidRequest")
    problem(operator.call("GET", "/ops/audit?day=yesterday"), 400, "InvalidRequest")
