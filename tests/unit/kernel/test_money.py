"""Money: integer minor units of one currency."""

import pytest

from kernel.money import Money


def test_a_sum_is_of_amounts_in_one_currency() -> None:
    assert Money(1999, "EUR") + Money(1, "EUR") == Money(2000, "EUR")


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="one currency"):
        Money(1, "EUR") + Money(1, "USD")


def test_a_price_times_a_quantity_is_exact() -> None:
    assert Money(1999, "EUR").times(999) == Money(1_997_001, "EUR")
    assert Money(1999, "EUR").times(0) == Money(0, "EUR")


@pytest.mark.parametrize("currency", ["eur", "EU", "EURO", "EUR\n", "", "E1R", "ÉUR"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="capital letters"):
        Money(1, currency)


def test_money_is_compared_by_value_and_never_changes() -> None:
    price = Money(1, "EUR")
    assert price == Money(1, "EUR") != Money(1, "USD")
    with pytest.raises(AttributeError):
        price.amount = 2  # type: ignore[misc]
