"""Payments' reactions: the money of a confirmed order becomes revenue."""

from pydantic import BaseModel

from kernel.events import Envelope
from kernel.triggers.consumers import consumer
from payments import sales


class ConfirmedOrder(BaseModel):
    """The field that payments reads of OrderConfirmed."""

    order_id: str


@consumer(of="orders", types=("OrderConfirmed",), reads=ConfirmedOrder)
def handler(event: Envelope, order: ConfirmedOrder) -> None:
    sales.post(order.order_id, cause=event.id)
