"""Orders' reactions: it keeps its own copy of every price that catalog publishes."""

from pydantic import BaseModel

from kernel.events import Envelope, read
from kernel.money import Money
from kernel.triggers.consumers import consumer
from orders import store
from orders.pricing import Price


class CatalogProduct(BaseModel):
    """What orders reads of ProductListed, PriceChanged and ProductRetired, each of which is full state."""

    sku: str
    price: Money


@consumer
def handler(event: Envelope) -> None:
    product = read(event, CatalogProduct)
    price = Price(product.sku, product.price, for_sale=event.type != "ProductRetired")
    store.copy_price(price, sequence=event.sequence)
