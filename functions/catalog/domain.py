"""What may happen to a product: it is listed, its price changes, it retires for good."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from catalog.events import PriceChanged, ProductListed, ProductRetired
from kernel.errors import NotFound, Refusal
from kernel.events import Decision
from kernel.money import Money


class AlreadyListed(Refusal):
    """The product is listed with another name or price."""


class RetiredProduct(Refusal):
    """The product has been retired, and that is final."""


class Status(StrEnum):
    """Whether a product is for sale (LISTED), or no longer and never again (RETIRED)."""

    LISTED = "LISTED"
    RETIRED = "RETIRED"


@dataclass(frozen=True)
class Product:
    """A product as the catalog knows it. `version` counts its writes, `sequence` the facts published."""

    sku: str
    name: str
    price: Money
    status: Status = Status.LISTED
    sequence: int = 0
    version: int = 0


def list_product(known: Product | None, wanted: Product) -> Decision[Product]:
    """Lists a new product. Raises AlreadyListed when the listed product differs, and RetiredProduct."""
    if known is None:
        return Decision(wanted, (ProductListed(sku=wanted.sku, name=wanted.name, price=wanted.price),))
    listed = _still_listed(known)
    if (listed.name, listed.price) != (wanted.name, wanted.price):
        raise AlreadyListed
    return Decision(listed)


def change_price(known: Product | None, price: Money) -> Decision[Product]:
    """Sets what the product costs from now on. Raises NotFound or RetiredProduct."""
    listed = _still_listed(_existing(known))
    if listed.price == price:
        return Decision(listed)
    fact = PriceChanged(sku=listed.sku, name=listed.name, price=price)
    return Decision(replace(listed, price=price), (fact,))


def retire(known: Product | None) -> Decision[Product]:
    """Takes the product off sale for good. Raises NotFound."""
    product = _existing(known)
    match product.status:
        case Status.RETIRED:
            return Decision(product)
        case Status.LISTED:
            fact = ProductRetired(sku=product.sku, name=product.name, price=product.price)
            return Decision(replace(product, status=Status.RETIRED), (fact,))
        case other:
            assert_never(other)


def _existing(known: Product | None) -> Product:
    if known is None:
        raise NotFound
    return known


def _still_listed(product: Product) -> Product:
    if product.status is Status.RETIRED:
        raise RetiredProduct
    return product
