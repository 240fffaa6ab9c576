"""Amounts at the processor: the units of each special currency, there and back."""

import pytest

from kernel.money import Money
from payments.currencies import AmountUnrepresentable, money_of, units_of


@pytest.mark.parametrize(
    ("money", "units"),
    [
        (Money(1250, "EUR"), 1250),
        (Money(500, "JPY"), 500),  # no decimals, here and there
        (Money(5, "ISK"), 500),  # no decimals, and two at the processor
        (Money(7, "UGX"), 700),
        (Money(1200, "MGA"), 12),  # two decimals, and none at the processor
        (Money(1230, "KWD"), 1230),  # three decimals, of which the last is zero
    ],
)
def test_an_amount_is_the_same_money_there_and_back(money: Money, units: int) -> None:
    assert units_of(money) == units
    assert money_of(units, money.currency.lower()) == money


@pytest.mark.parametrize(
    "money", [Money(1250, "MGA"), Money(1234, "KWD"), Money(1, "BHD"), Money(5, "JOD"), Money(9, "TND")]
)
def test_an_amount_that_the_processor_does_not_have_is_refused(money: Money) -> None:
    with pytest.raises(AmountUnrepresentable):
        units_of(money)


def test_a_part_of_a_minor_unit_is_no_money_of_ours() -> None:
    with pytest.raises(AmountUnrepresentable):
        money_of(550, "isk")
