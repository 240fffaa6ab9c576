"""Inventory's reactions: a confirmed order's reservation becomes a sale."""

from pydantic import BaseModel

from inventory import reservations
from kernel.events import Envelope
from kernel.triggers.consumers import consumer


class ConfirmedOrder(BaseModel):
    """The field that inventory reads of OrderConfirmed."""

    order_id: str


@consumer(of="orders", types=("OrderConfirmed",), reads=ConfirmedOrder)
def handler(event: Envelope, order: ConfirmedOrder) -> None:
    reservations.commit(order.order_id)
