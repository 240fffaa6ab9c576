"""Catalog's routes and store on its own table."""

from typing import Any

import pytest

from catalog import api, domain, store
from kernel.money import Money
from tests.support import aws

SERVICE = "catalog"
pytestmark = pytest.mark.usefixtures("service")

FIVE, SIX = {"amount": 500, "currency": "EUR"}, {"amount": 600, "currency": "EUR"}
MUG = {"name": "Mug", "price": FIVE}
SHOWN = {"sku": "mug", "name": "Mug", "price": FIVE, "status": "LISTED"}


def ask(method: str, path: str, body: Any = None, role: str = "operator") -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, method, f"/catalog/products/{path}", body, role=role)


def published() -> list[tuple[str, int, dict[str, Any]]]:
    return [(event.type, event.sequence, event.data) for event in aws.committed("catalog")]


def test_a_product_listed_twice_is_listed_once() -> None:
    assert ask("PUT", "mug", MUG) == (201, SHOWN)
    before = aws.items("catalog")
    assert ask("PUT", "mug", MUG) == (200, SHOWN)
    assert aws.items("catalog") == before
    assert published() == [("ProductListed", 1, {"sku": "mug", **MUG})]


def test_events_of_a_product_are_about_that_product() -> None:
    ask("PUT", "mug", MUG)
    (event,) = aws.committed("catalog")
    assert (event.source, event.subject, event.correlationid, event.causationid) == (
        "settle.catalog",
        "product/mug",
        "product/mug",
        "http/request-1",
    )


def test_a_product_lives_from_listing_through_prices_to_retirement() -> None:
    ask("PUT", "mug", MUG)
    assert ask("PUT", "mug/price", SIX) == (200, {**SHOWN, "price": SIX})
    assert ask("PUT", "mug/price", SIX) == (200, {**SHOWN, "price": SIX})
    retired = {**SHOWN, "price": SIX, "status": "RETIRED"}
    assert ask("DELETE", "mug") == (200, retired)
    assert ask("DELETE", "mug") == (200, retired)
    assert ask("GET", "mug", role="customer") == (200, retired)
    state = {"sku": "mug", "name": "Mug", "price": SIX}
    assert published() == [
        ("ProductListed", 1, {"sku": "mug", **MUG}),
        ("PriceChanged", 2, state),
        ("ProductRetired", 3, state),
    ]


@pytest.mark.parametrize("other", [{**MUG, "name": "Cup"}, {**MUG, "price": SIX}], ids=["name", "price"])
def test_a_listed_product_is_not_listed_differently(other: dict[str, Any]) -> None:
    ask("PUT", "mug", MUG)
    before = aws.items("catalog")
    status, problem = ask("PUT", "mug", other)
    assert (status, problem["error"]) == (409, "AlreadyListed")
    assert aws.items("catalog") == before


def test_a_retired_product_is_final() -> None:
    ask("PUT", "mug", MUG)
    ask("DELETE", "mug")
    before = aws.items("catalog")
    refused = [ask("PUT", "mug", MUG), ask("PUT", "mug/price", SIX)]
    assert [(status, problem["error"]) for status, problem in refused] == [(409, "RetiredProduct")] * 2
    assert aws.items("catalog") == before


def test_an_unknown_product_is_not_found() -> None:
    answers = [ask("PUT", "mug/price", SIX), ask("DELETE", "mug"), ask("GET", "mug")]
    assert [status for status, _ in answers] == [404] * 3
    assert aws.items("catalog") == []


@pytest.mark.parametrize("sku", ["-mug", "x" * 65, "my mug"])
def test_an_invalid_sku_cannot_be_listed(sku: str) -> None:
    assert ask("PUT", sku, MUG)[0] == 404
    assert ask("GET", sku)[0] == 404
    assert aws.items("catalog") == []


def test_only_an_operator_writes() -> None:
    answers = [
        ask("PUT", "mug", MUG, role="customer"),
        ask("PUT", "mug/price", SIX, role="customer"),
        ask("DELETE", "mug", role="customer"),
    ]
    assert [status for status, _ in answers] == [403] * 3
    assert aws.items("catalog") == []


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "price": FIVE},
        {"name": " ", "price": FIVE},
        {"name": "x" * 201, "price": FIVE},
        {"name": "Mug\n", "price": FIVE},
        {"name": "Mug\u202e", "price": FIVE},
        {"name": 5, "price": FIVE},
        {"name": "4242 4242 4242 4242", "price": FIVE},
        {"name": "Mug"},
        {"name": "Mug", "price": {"amount": 0, "currency": "EUR"}},
        {"name": "Mug", "price": {"amount": 10**9 + 1, "currency": "EUR"}},
        {"name": "Mug", "price": {"amount": 5.0, "currency": "EUR"}},
        {"name": "Mug", "price": {"amount": "5", "currency": "EUR"}},
        {"name": "Mug", "price": {"amount": True, "currency": "EUR"}},
        {"name": "Mug", "price": {"amount": 5, "currency": "eur"}},
        {"name": "Mug", "price": {"amount": 5, "currency": "EUR\n"}},
        {"name": "Mug", "price": {"amount": 5, "currency": "EUR", "discount": 1}},
        {"name": "Mug", "price": FIVE, "colour": "red"},
        "not json",
        '{"name": "Mug", "name": "Cup", "price": {"amount": 5, "currency": "EUR"}}',
    ],
    ids=str,
)
def test_a_malformed_listing_changes_nothing(body: Any) -> None:
    status, problem = ask("PUT", "mug", body)
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert aws.items("catalog") == []


def test_the_longest_name_and_the_highest_price_are_taken() -> None:
    most = {"name": "x" * 200, "price": {"amount": 10**9, "currency": "EUR"}}
    assert ask("PUT", "mug", most)[0] == 201
    assert store.load("mug") == domain.Product("mug", "x" * 200, Money(10**9, "EUR"), sequence=1, version=1)


def test_a_request_that_loses_a_race_decides_again_on_the_winners_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask("PUT", "mug", MUG)
    load = store.load
    stale: list[Any] = []

    def load_before_a_rival_writes(sku: str) -> domain.Product | None:
        found = load(sku)
        if not stale:
            stale.append(found)
            ask("PUT", "mug/price", {"amount": 550, "currency": "EUR"})
        return found

    monkeypatch.setattr(store, "load", load_before_a_rival_writes)
    assert ask("PUT", "mug/price", SIX) == (200, {**SHOWN, "price": SIX})
    assert [(kind, data["price"]["amount"]) for kind, _, data in published()] == [
        ("ProductListed", 500),
        ("PriceChanged", 550),
        ("PriceChanged", 600),
    ]
