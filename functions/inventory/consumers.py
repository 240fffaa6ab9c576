"""Inventory's reactions: a confirmed order's reservation becomes a sale."""

from pydantic import BaseModel

from inventory import domain, store
from kernel.events import Envelope, read
from kernel.triggers.consumers import consumer


class ConfirmedOrder(BaseModel):
    """What inventory reads of OrderConfirmed."""

    order_id: str


@consumer
def handler(event: Envelope) -> None:
    order_id = read(event, ConfirmedOrder).order_id
    store.save(domain.commit(store.load(order_id)), cause=event.id)
