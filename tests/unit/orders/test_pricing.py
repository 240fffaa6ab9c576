"""The price of an order: today's prices, one currency, the total that was expected."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from kernel.errors import Refusal
from kernel.money import Money
from orders import pricing
from orders.pricing import Line, MixedCurrencies, Price, TotalMismatch, UnknownProduct, Wanted
from tests.support.order_states import LINES


def shelf(**prices: Money) -> dict[str, Price]:
    return {sku: Price(sku, price, for_sale=True) for sku, price in prices.items()}


EUROS = shelf(mug=Money(1250, "EUR"), lid=Money(99, "EUR"))
WANTED = [Wanted("mug", 2), Wanted("lid", 3)]


def test_lines_get_the_prices_of_today_in_the_order_they_were_asked_for() -> None:
    assert pricing.price(WANTED, EUROS | shelf(cup=Money(1, "USD"))) == LINES


@pytest.mark.parametrize(
    ("prices", "missing"),
    [
        ({}, ["mug", "lid"]),
        ({"mug": EUROS["mug"]}, ["lid"]),
        (EUROS | {"mug": replace(EUROS["mug"], for_sale=False)}, ["mug"]),
        (shelf(lid=Money(99, "USD")), ["mug"]),
    ],
)
def test_products_that_are_not_for_sale_are_named(prices: Mapping[str, Price], missing: list[str]) -> None:
    with pytest.raises(UnknownProduct) as refused:
        pricing.price(WANTED, prices)
    assert refused.value.data == {"skus": missing}


def test_an_order_is_paid_in_one_currency() -> None:
    with pytest.raises(MixedCurrencies):
        pricing.price(WANTED, EUROS | shelf(lid=Money(99, "USD")))


@pytest.mark.parametrize("expected", [None, Money(2797, "EUR")])
def test_a_total_is_the_sum_of_quantity_times_price(expected: Money | None) -> None:
    assert pricing.total_of(LINES, expected=expected) == Money(2 * 1250 + 3 * 99, "EUR") == Money(2797, "EUR")


def test_the_largest_order_is_added_up_to_the_cent() -> None:
    line = Line(sku="gem", quantity=999, unit_price=Money(10**9 - 1, "EUR"))
    assert pricing.total_of([line] * 50, expected=None) == Money(49_949_999_950_050, "EUR")


@pytest.mark.parametrize("expected", [Money(2796, "EUR"), Money(2798, "EUR"), Money(2797, "USD")])
def test_another_total_than_expected_is_refused_and_told(expected: Money) -> None:
    with pytest.raises(TotalMismatch) as refused:
        pricing.total_of(LINES, expected=expected)
    assert refused.value.data == {"total": {"amount": 2797, "currency": "EUR"}}


@pytest.mark.parametrize(
    ("refusal", "status"), [(UnknownProduct, 422), (MixedCurrencies, 422), (TotalMismatch, 409)]
)
def test_the_business_says_no_with_a_refusal(refusal: type[Refusal], status: int) -> None:
    assert issubclass(refusal, Refusal)
    assert refusal.status == status
