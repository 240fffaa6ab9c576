"""The decisions about a product, and the facts that follow from them."""

from dataclasses import replace

import pytest

from catalog import domain
from catalog.domain import AlreadyListed, Product, RetiredProduct, Status
from catalog.events import PriceChanged, ProductListed, ProductRetired
from kernel.errors import NotFound
from kernel.money import Money

FIVE, SIX = Money(500, "EUR"), Money(600, "EUR")
MUG = Product("mug", "Mug", FIVE)
LISTED = replace(MUG, sequence=1)
RETIRED = replace(MUG, status=Status.RETIRED, sequence=2)


def test_a_new_product_is_listed() -> None:
    decision = domain.list_product(None, MUG)
    assert decision.state == MUG
    assert decision.facts == (ProductListed(sku="mug", name="Mug", price=FIVE),)


def test_the_same_listing_again_is_already_so() -> None:
    decision = domain.list_product(LISTED, MUG)
    assert (decision.state, decision.facts) == (LISTED, ())


@pytest.mark.parametrize("other", [replace(MUG, name="Cup"), replace(MUG, price=SIX)], ids=["name", "price"])
def test_a_listed_product_is_not_listed_differently(other: Product) -> None:
    with pytest.raises(AlreadyListed):
        domain.list_product(LISTED, other)


def test_a_changed_price_is_published_with_the_full_state() -> None:
    decision = domain.change_price(LISTED, SIX)
    assert decision.state == replace(LISTED, price=SIX)
    assert decision.facts == (PriceChanged(sku="mug", name="Mug", price=SIX),)


def test_another_currency_is_another_price() -> None:
    assert domain.change_price(LISTED, Money(500, "USD")).facts != ()


def test_the_same_price_is_already_so() -> None:
    assert domain.change_price(LISTED, Money(500, "EUR")).facts == ()


def test_a_retirement_is_published_with_the_full_state() -> None:
    decision = domain.retire(LISTED)
    assert decision.state == replace(LISTED, status=Status.RETIRED)
    assert decision.facts == (ProductRetired(sku="mug", name="Mug", price=FIVE),)


def test_a_retirement_repeated_is_already_so() -> None:
    decision = domain.retire(RETIRED)
    assert (decision.state, decision.facts) == (RETIRED, ())


def test_a_retired_product_is_never_listed_again() -> None:
    with pytest.raises(RetiredProduct):
        domain.list_product(RETIRED, MUG)


@pytest.mark.parametrize("price", [FIVE, SIX], ids=["same", "other"])
def test_a_retired_product_has_its_last_price(price: Money) -> None:
    with pytest.raises(RetiredProduct):
        domain.change_price(RETIRED, price)


def test_an_unknown_product_has_no_price_to_change_and_cannot_retire() -> None:
    with pytest.raises(NotFound):
        domain.change_price(None, SIX)
    with pytest.raises(NotFound):
        domain.retire(None)
