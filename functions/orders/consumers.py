"""Orders' reaction to catalog's events: a copy of every price that catalog publishes."""

from pydantic import BaseModel

from kernel.events import Envelope
from kernel.money import Money
from kernel.triggers.consumers import consumer
from orders import store
from orders.pricing import Price


class CatalogProduct(BaseModel):
    """The fields that orders reads of ProductListed, PriceChanged and ProductRetired."""

    sku: str
    price: Money


# Whether the product is for sale after an event of this type.
FOR_SALE = {"ProductListed": True, "PriceChanged": True, "ProductRetired": False}


@consumer(of="catalog", types=tuple(FOR_SALE), reads=CatalogProduct)
def handler(event: Envelope, product: CatalogProduct) -> None:
    price = Price(product.sku, product.price, for_sale=FOR_SALE[event.type])
    store.copy_price(price, sequence=event.sequence)
