"""Bad input over HTTP: each kind gets its status and a problem body, and changes nothing."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localstack.machine import tokens
from localstack.machine.emulator import Emulator
from localstack.shop.client import ApiResponse, Settle, fresh_key
from localstack.shop.deployed import DeployedShop, expect, wait_for

CARD = "4242424242424242"
KEY = {"Idempotency-Key": "bad-input"}


@dataclass(frozen=True)
class Store:
    """A shop with a confirmed order of alice's, a product for sale, and a retired one."""

    shop: DeployedShop
    alice: Settle
    sku: str
    retired: str
    method: str
    order_id: str
    key: str

    def body(self, **changes: Any) -> dict[str, Any]:
        """A checkout that would be accepted, with these changes."""
        return {"lines": [{"sku": self.sku, "quantity": 1}], "payment_method": self.method} | changes

    def line(self, **changes: Any) -> dict[str, Any]:
        return self.body(lines=[{"sku": self.sku, "quantity": 1} | changes])


@pytest.fixture(scope="module")
def store(shop: DeployedShop) -> Store:
    sku, retired = shop.new_product(price=1000, quantity=5), shop.new_product(price=1000, quantity=5)
    for each in (sku, retired):
        shop.on_sale(each, 1000)
    expect(shop.operator.call("DELETE", f"/catalog/products/{retired}"), 200)
    alice, method, key = shop.customer("alice"), shop.method("alice", "pm_approve"), fresh_key()
    shop.off_sale(retired)
    order_id = expect(alice.checkout(sku, 1, method, key=key), 202)["order_id"]
    wait_for(lambda: alice.history(order_id), lambda seen: seen.body.get("status") == "CONFIRMED")
    wait_for(lambda: shop.stock(sku), lambda stock: stock == (4, 1))
    return Store(shop, alice, sku, retired, method, order_id, key)


@pytest.fixture(autouse=True, scope="module")
def nothing_changes(store: Store, everything: Callable[[], Any]) -> Iterator[None]:
    """Every table holds the same items after all of these requests as before."""
    before = everything()
    yield
    assert everything() == before


def problem(answer: ApiResponse, status: int, error: str) -> None:
    """Asserts that the answer is a problem body with this status and this error."""
    assert (answer.status, answer.body.get("error")) == (status, error), answer.body
    assert isinstance(answer.body["message"], str)
    assert answer.body["message"]


BAD_KEYS: dict[str, dict[str, str]] = {
    "missing": {},
    "empty": {"Idempotency-Key": ""},
    "over-long": {"Idempotency-Key": "k" * 256},
}
BAD_CHECKOUTS: dict[str, Callable[[Store], Any]] = {
    "no lines": lambda store: store.body(lines=[]),
    "51 lines": lambda store: store.body(lines=[{"sku": f"s{n}", "quantity": 1} for n in range(51)]),
    "a SKU twice": lambda store: store.body(lines=[{"sku": store.sku, "quantity": 1}] * 2),
    "quantity 0": lambda store: store.line(quantity=0),
    "quantity 1000": lambda store: store.line(quantity=1000),
    "quantity -1": lambda store: store.line(quantity=-1),
    "quantity 1.5": lambda store: store.line(quantity=1.5),
    "quantity 1.0": lambda store: store.line(quantity=1.0),
    "quantity as text": lambda store: store.line(quantity="1"),
    "quantity true": lambda store: store.line(quantity=True),
    "quantity null": lambda store: store.line(quantity=None),
    "an unknown field": lambda store: store.body(coupon="FREE"),
    "an unknown field in a line": lambda store: store.line(price=1),
    "no payment method": lambda store: {"lines": store.body()["lines"]},
    "a list": lambda store: [store.body()],
    "a card number as payment method": lambda store: store.body(payment_method=CARD),
    "a spaced card number": lambda store: store.body(payment_method="4242 4242 4242 4242"),
}
BAD_BYTES: dict[str, Callable[[Store], bytes]] = {
    "duplicate keys": lambda store: json.dumps(store.body()).encode()[:-1] + b', "payment_method": "x"}',
    "not JSON": lambda store: b"lines=1",
    "NaN": lambda store: json.dumps(store.line(quantity=float("nan"))).encode(),
    "not UTF-8": lambda store: b'{"payment_method": "\xff\xfe"}',
    "nothing": lambda store: b"",
    "over 64 KB": lambda store: json.dumps(store.body(payment_method="x" * 66_000)).encode(),
    "over 64 KB of space": lambda store: json.dumps(store.body()).encode() + b" " * 66_000,
}


@pytest.mark.parametrize("headers", BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_checkout_without_a_usable_key_is_refused(store: Store, headers: dict[str, str]) -> None:
    body = json.dumps(store.body()).encode()
    problem(store.alice.send("POST", "/checkout", body, headers=headers), 400, "InvalidRequest")


@pytest.mark.parametrize("headers", BAD_KEYS.values(), ids=BAD_KEYS)
def test_every_other_post_that_changes_stock_or_money_wants_a_key_too(
    store: Store, headers: dict[str, str]
) -> None:
    receipt, token = b'{"quantity": 1}', b'{"token": "pm_approve"}'
    operator = store.shop.operator
    problem(
        operator.send("POST", f"/inventory/{store.sku}/receipts", receipt, headers=headers),
        400,
        "InvalidRequest",
    )
    problem(store.alice.send("POST", "/payments/methods", token, headers=headers), 400, "InvalidRequest")


@pytest.mark.parametrize("made", BAD_CHECKOUTS.values(), ids=BAD_CHECKOUTS)
def test_a_malformed_checkout_is_refused(store: Store, made: Callable[[Store], Any]) -> None:
    problem(store.alice.call("POST", "/checkout", made(store), key="bad-input"), 400, "InvalidRequest")


@pytest.mark.parametrize("made", BAD_BYTES.values(), ids=BAD_BYTES)
def test_bytes_that_are_no_checkout_are_refused(store: Store, made: Callable[[Store], bytes]) -> None:
    problem(store.alice.send("POST", "/checkout", made(store), headers=KEY), 400, "InvalidRequest")


def test_a_key_used_for_another_body_is_refused(store: Store) -> None:
    again = store.alice.call("POST", "/checkout", store.line(quantity=2), key=store.key)
    problem(again, 422, "KeyReused")


def test_an_unknown_and_a_retired_product_are_refused_by_name(store: Store) -> None:
    for sku in ("no-such-product", store.retired):
        refused = store.alice.call("POST", "/checkout", store.line(sku=sku), key="bad-input")
        problem(refused, 422, "UnknownProduct")
        assert refused.body["skus"] == [sku]


def test_another_total_than_expected_is_refused_with_the_true_one(store: Store) -> None:
    body = store.body(expected_total={"amount": 999, "currency": "EUR"})
    refused = store.alice.call("POST", "/checkout", body, key="bad-input")
    problem(refused, 409, "TotalMismatch")
    assert refused.body["total"] == {"amount": 1000, "currency": "EUR"}


@pytest.mark.parametrize(
    "body", [{"token": CARD}, {"token": "pm_approve", "label": f"my card {CARD}"}], ids=["token", "label"]
)
def test_a_card_number_among_payment_methods_is_refused(store: Store, body: dict[str, str]) -> None:
    problem(store.alice.call("POST", "/payments/methods", body, key="bad-input"), 400, "InvalidRequest")


def test_a_card_number_in_free_text_is_refused(store: Store) -> None:
    body = {"name": f"Tea {CARD}", "price": {"amount": 1, "currency": "EUR"}}
    refused = store.shop.operator.call("PUT", f"/catalog/products/{store.sku}-2", body)
    problem(refused, 400, "InvalidRequest")


def test_a_refused_card_number_is_in_no_log(store: Store, machine: Emulator) -> None:
    sent = store.alice.call("POST", "/checkout", store.body(payment_method=CARD), key="bad-input")
    assert CARD not in json.dumps(sent.body)
    log = (Path(machine.state) / "emulator.log").read_text(errors="replace")
    assert "ministack" in log
    assert CARD not in log
    assert "4242 4242" not in log


def unsigned(claims: dict[str, Any]) -> str:
    """A token of algorithm `none`."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


BAD_TOKENS: dict[str, Callable[[], str | None]] = {
    "missing": lambda: None,
    "empty": lambda: "",
    "garbage": lambda: "not.a.token",
    "expired": lambda: tokens.mint("alice", lifetime=-60),
    "signed by another key": lambda: tokens.mint("alice", pem=tokens.generate()),
    "alg none": lambda: unsigned(tokens.claims("alice", "operator")),
}


@pytest.mark.parametrize("made", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_an_invalid_token_is_refused_everywhere(store: Store, made: Callable[[], str | None]) -> None:
    stranger = store.shop.anyone.as_bearer(made())
    problem(stranger.order(store.order_id), 401, "Unauthenticated")
    problem(stranger.checkout(store.sku, 1, store.method), 401, "Unauthenticated")
    problem(stranger.history(store.order_id), 401, "Unauthenticated")
    problem(stranger.receive_stock(store.sku, 1), 401, "Unauthenticated")


def test_another_customers_order_is_not_found(store: Store) -> None:
    mallory = store.shop.customer("mallory")
    problem(mallory.order(store.order_id), 404, "NotFound")
    problem(mallory.cancel(store.order_id), 404, "NotFound")
    problem(mallory.payment(store.order_id), 404, "NotFound")
    problem(mallory.history(store.order_id), 404, "NotFound")
    assert expect(mallory.call("GET", "/storefront/me/orders"), 200)["orders"] == []


def test_operator_routes_are_closed_to_customers(store: Store) -> None:
    price = {"amount": 1, "currency": "EUR"}
    problem(store.alice.list_product(f"{store.sku}-3", "Tea", 1), 403, "Forbidden")
    problem(store.alice.call("PUT", f"/catalog/products/{store.sku}/price", price), 403, "Forbidden")
    problem(store.alice.call("DELETE", f"/catalog/products/{store.sku}"), 403, "Forbidden")
    problem(store.alice.receive_stock(store.sku, 1), 403, "Forbidden")
    problem(store.alice.stock(store.sku), 403, "Forbidden")
    problem(store.alice.call("GET", "/storefront/customers/alice/orders"), 403, "Forbidden")


def test_a_confirmed_order_cannot_be_cancelled(store: Store) -> None:
    problem(store.alice.cancel(store.order_id), 409, "AlreadyConfirmed")


def test_a_path_that_names_nothing_is_refused(store: Store) -> None:
    assert store.alice.call("GET", "/nothing/here").status in (403, 404)
    problem(store.alice.order("no-such-order"), 404, "NotFound")
