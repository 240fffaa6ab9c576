"""The facts that orders publishes about an order."""

from pydantic import BaseModel, ConfigDict

from kernel.events import Event
from kernel.money import Money


class OrderedLine(BaseModel):
    """A SKU, how many units of it are ordered, and what one unit costs."""

    model_config = ConfigDict(frozen=True)
    sku: str
    quantity: int
    unit_price: Money


class OrderPlaced(Event):
    """A customer's checkout was accepted at this total."""

    order_id: str
    customer_id: str
    lines: tuple[OrderedLine, ...]
    total: Money
    payment_method: str


class CancellationStarted(Event):
    """The order will not be confirmed any more; its payment and its stock are being undone."""

    order_id: str
    reason: str


class OrderConfirmed(Event):
    """The order is paid and its stock is held: it stands."""

    order_id: str


class OrderCancelled(Event):
    """Everything that the order had set off is undone."""

    order_id: str
    reason: str


class OrderResumed(Event):
    """An operator has the undo lane of a parked order run once more. `resumption` is the request's id.

    The reason is text that a person typed, so no event holds it. Orders keeps it under that id.
    """

    order_id: str
    by: str
    resumption: str


class OrderResolved(Event):
    """An operator ends a parked order, which is now CONFIRMED or CANCELLED. `resolution` is the request's id.

    The reason is text that a person typed, so no event holds it. Orders keeps it under that id.
    """

    order_id: str
    to: str
    by: str
    resolution: str


class OrderParked(Event):
    """The order needs a person: `stuck` names the steps that could not be undone."""

    order_id: str
    reason: str
    stuck: tuple[str, ...]
