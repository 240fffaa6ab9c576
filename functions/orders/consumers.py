"""Orders' reactions: it keeps its own copy of every price that catalog publishes."""

from pydantic import BaseModel

from kernel.events import Envelope
from kernel.money import Money
from kernel.triggers.consumers import consumer
from orders import store
from orders.pricing import Price


class CatalogProduct(BaseModel):
    """What orders reads of ProductListed, PriceChanged and ProductRetired, each of which is full state."""

    sku: str
    price: Money


# Which of the events leave the product for sale.
FOR_SALE = {"ProductListed": True, "PriceChanged": True, "ProductRetired": False}


@consumer(of="catalog", types=tuple(FOR_SALE), reads=CatalogProduct)
def handler(event: Envelope, product: CatalogProduct) -> None:
    price = Price(product.sku, product.price, for_sale=FOR_SALE[event.type])
    store.copy_price(price, sequence=event.sequence)
