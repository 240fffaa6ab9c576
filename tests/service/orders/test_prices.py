"""Prices copied from catalog's events, orders priced by them, and checkouts that are refused."""

import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from kernel.events import Envelope
from kernel.money import Money
from kernel.table import items
from orders import api, consumers, store
from orders.pricing import Price
from tests.support import aws
from tests.support.clock import Clock
from tests.support.events import arriving

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service", "clock")

CARD = "4242424242424242"
METHOD = "method-of-alice"
LINE = {"sku": "mug", "quantity": 2}
BODY = {"lines": [LINE], "payment_method": METHOD}


def told(kind: str, sequence: int, amount: int, *, sku: str = "mug", currency: str = "EUR") -> Envelope:
    price = {"amount": amount, "currency": currency}
    about = f"product/{sku}"
    return arriving(
        kind, source="catalog", subject=about, sequence=sequence, sku=sku, name="A name", price=price
    )


LISTED, CHANGED = told("ProductListed", 1, 1250), told("PriceChanged", 2, 1400)
AGAIN, RETIRED = told("PriceChanged", 3, 1600), told("ProductRetired", 4, 1600)


def hear(*events: Envelope) -> list[dict[str, str]]:
    failed: list[dict[str, str]] = consumers.handler(aws.batch(events), None)["batchItemFailures"]
    return failed


def shelf() -> None:
    assert hear(LISTED, told("ProductListed", 1, 99, sku="lid")) == []
    assert hear(told("ProductListed", 1, 700, sku="cup", currency="USD")) == []
    assert hear(told("ProductListed", 1, 500, sku="pot"), told("ProductRetired", 2, 500, sku="pot")) == []


def checkout(body: Any = BODY, key: str | None = "first", **options: Any) -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, "POST", "/checkout", body, key=key, **options)


def ordered(*lines: tuple[str, int], **more: Any) -> tuple[int, dict[str, Any]]:
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    return checkout({"lines": wanted, "payment_method": METHOD, **more})


def euros(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def copied(sequence: int, amount: int, *, for_sale: bool) -> list[dict[str, Any]]:
    keys = {"pk": "price#mug", "sk": "price", "sku": "mug"}
    return [{**keys, "price": euros(amount), "for_sale": for_sale, "sequence": sequence}]


@pytest.mark.parametrize("arrival", [*permutations([LISTED, CHANGED, AGAIN, RETIRED])])
def test_a_price_is_the_last_state_whatever_arrives_in_whatever_order(arrival: Sequence[Envelope]) -> None:
    for event in arrival:
        assert hear(event) == []
        assert hear(event) == []
    assert hear(*reversed(arrival)) == []
    assert aws.items("orders") == copied(4, 1600, for_sale=False)


@pytest.mark.parametrize("arrival", [*permutations([LISTED, CHANGED, AGAIN])])
def test_a_product_that_was_not_retired_is_for_sale_at_its_last_price(arrival: Sequence[Envelope]) -> None:
    assert hear(*arrival, arrival[0]) == []
    assert aws.items("orders") == copied(3, 1600, for_sale=True)


def test_a_retired_product_stays_as_a_tombstone_that_late_events_do_not_raise() -> None:
    hear(RETIRED)
    assert aws.items("orders") == copied(4, 1600, for_sale=False)
    hear(AGAIN, LISTED)
    assert aws.items("orders") == copied(4, 1600, for_sale=False)
    assert checkout()[0] == 422


def test_an_event_that_cannot_be_read_comes_back_alone() -> None:
    unreadable = LISTED.model_copy(update={"data": {"sku": "mug"}})
    assert hear(unreadable, LISTED) == [{"itemIdentifier": "m0"}]
    assert aws.items("orders") == copied(1, 1250, for_sale=True)


class Stingy:
    """A table that answers one key of a batch and leaves the others unprocessed, as AWS may."""

    def __init__(self, real: Any) -> None:
        self.real, self.asked = real, list[int]()

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - as boto3
        ((table, asked),) = RequestItems.items()
        self.asked.append(len(asked["Keys"]))
        first, rest = asked["Keys"][:1], asked["Keys"][1:]
        answer = self.real.batch_get_item(RequestItems={table: {**asked, "Keys": first}})
        return {**answer, "UnprocessedKeys": {table: {**asked, "Keys": rest}} if rest else {}}


def test_prices_that_the_table_did_not_get_to_are_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    shelf()
    stingy = Stingy(items.client())
    monkeypatch.setattr(items, "client", lambda: stingy)
    found = store.prices(["mug", "nothing", "lid", "pot"], to="alice")
    assert stingy.asked == [5, 4, 3, 2, 1]
    assert len(clock.paused) == 4
    assert found == {
        "mug": Price("mug", Money(1250, "EUR"), for_sale=True),
        "lid": Price("lid", Money(99, "EUR"), for_sale=True),
        "pot": Price("pot", Money(500, "EUR"), for_sale=False),
    }


def test_an_order_of_fifty_lines_is_added_up() -> None:
    hear(*(told("ProductListed", 1, 100 + number, sku=f"s{number}") for number in range(50)))
    status, answer = ordered(*((f"s{number}", 999) for number in range(50)))
    assert (status, answer["total"]) == (202, euros(999 * (50 * 100 + 1225)))


@pytest.mark.parametrize("expected", [{}, {"expected_total": None}, {"expected_total": euros(2797)}])
def test_an_order_costs_what_its_lines_cost_together(expected: dict[str, Any]) -> None:
    shelf()
    status, answer = ordered(("mug", 2), ("lid", 3), **expected)
    assert (status, answer["total"]) == (202, euros(2797))


@pytest.mark.parametrize(
    ("lines", "expected", "status", "problem"),
    [
        ("mug hat pot", None, 422, {"error": "UnknownProduct", "skus": ["hat", "pot"]}),
        ("pot", None, 422, {"error": "UnknownProduct", "skus": ["pot"]}),
        ("mug cup", None, 422, {"error": "MixedCurrencies"}),
        ("mug", euros(1249), 409, {"error": "TotalMismatch", "total": euros(1250)}),
        ("mug", euros(-1250), 409, {"error": "TotalMismatch", "total": euros(1250)}),
        ("mug", euros(1250) | {"currency": "USD"}, 409, {"error": "TotalMismatch", "total": euros(1250)}),
    ],
)
def test_an_order_that_cannot_be_priced_as_asked_is_refused_and_nothing_changes(
    lines: str, expected: Any, status: int, problem: dict[str, Any]
) -> None:
    shelf()
    before = aws.items("orders")
    answered, said = ordered(*((sku, 1) for sku in lines.split()), expected_total=expected)
    assert said.pop("message")
    assert (answered, said) == (status, problem)
    assert aws.items("orders") == before


def test_a_refused_checkout_may_succeed_later_with_the_same_key() -> None:
    assert checkout()[0] == 422
    hear(CHANGED)
    assert ordered(("mug", 2), expected_total=euros(2500))[0] == 409
    status, answer = checkout()
    assert (status, answer["total"]) == (202, euros(2800))


BAD_BODIES: dict[str, Any] = {
    "nothing": None,
    "not json": f"payment_method={METHOD}",
    "a list": [BODY],
    "half": json.dumps(BODY)[:-1],
    "duplicate keys": json.dumps(BODY)[:-1] + ', "payment_method": "method-of-bob"}',
    "duplicate keys in a line": json.dumps(BODY).replace('"quantity": 2', '"quantity": 2, "quantity": 3'),
    "over 64 KB": json.dumps(BODY) + " " * 65_536,
    "no lines at all": {"payment_method": METHOD},
    "no payment method": {"lines": [LINE]},
    "empty lines": BODY | {"lines": []},
    "51 lines": BODY | {"lines": [{"sku": f"s{number}", "quantity": 1} for number in range(51)]},
    "a SKU twice": BODY | {"lines": [LINE, LINE | {"quantity": 1}]},
    "no SKU": BODY | {"lines": [{"quantity": 1}]},
    "no quantity": BODY | {"lines": [{"sku": "mug"}]},
    "an unknown field": BODY | {"surprise": METHOD},
    "an unknown field in a line": BODY | {"lines": [LINE | {"surprise": METHOD}]},
    **{f"SKU {sku!r}": BODY | {"lines": [LINE | {"sku": sku}]} for sku in ("", "-mug", "m ug", "x" * 65, 7)},
    **{
        f"quantity {quantity!r}": BODY | {"lines": [LINE | {"quantity": quantity}]}
        for quantity in (0, -1, 1000, 1.5, 1.0, "2", True, None, [2])
    },
    **{
        f"payment method {method!r:.30}": BODY | {"payment_method": method}
        for method in ("", "x" * 129, 7, None, CARD, "4242 4242 4242 4242", f"{METHOD} {CARD}")
    },
    **{
        f"expected total {total!r}": BODY | {"expected_total": total}
        for total in (
            *(2500, "25.00 EUR", [2500, "EUR"], {}, {"amount": 2500}, {"currency": "EUR"}),
            *(euros(2500) | {"amount": amount} for amount in ("2500", 2500.0, True, None)),
            *(euros(2500) | {"currency": currency} for currency in ("eur", "EURO", "", 7, None, "EUR\n")),
            euros(2500) | {"surprise": METHOD},
        )
    },
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_checkout_nobody_can_read_is_refused_changes_nothing_and_is_not_repeated(
    body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    shelf()
    before = aws.items("orders")
    status, problem = checkout(body)
    assert (status, problem["error"], problem["message"] != "") == (400, "InvalidRequest", True)
    assert aws.items("orders") == before
    assert "/checkout" in caplog.text
    said = caplog.text + json.dumps(problem)
    assert [word for word in (METHOD, "surprise", "4242", "method-of-bob") if word in said] == []


@pytest.mark.parametrize("key", [None, "", "k" * 256, "a key", "schlüssel", "key\n"])
def test_a_checkout_without_a_proper_key_is_refused_and_nothing_changes(
    key: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    shelf()
    before = aws.items("orders")
    status, problem = checkout(key=key)
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert aws.items("orders") == before
    assert not key or key not in caplog.text + str(problem)


def test_the_longest_key_is_a_key() -> None:
    shelf()
    assert checkout(key="k" * 255)[0] == 202


def test_only_a_customer_with_a_current_token_checks_out() -> None:
    shelf()
    before = aws.items("orders")
    assert checkout(role="operator")[0] == 403
    expired = aws.request("POST", "/checkout", BODY, key="first")
    expired["requestContext"]["authorizer"]["expires_at"] = "1767225600"
    assert api.handler(expired, None)["statusCode"] == 401
    assert aws.items("orders") == before
