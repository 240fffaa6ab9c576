"""Starts an order's saga as soon as the order is placed."""

from datetime import timedelta

from checkout import executions
from checkout.executions import PlacedOrder
from kernel import identity
from kernel.events import Envelope
from kernel.triggers.consumers import consumer

# From then on the order is the sweep's. A test compares this with the time of orders' first look.
FIRST_LOOK = timedelta(minutes=2)


@consumer(of="orders", types=("OrderPlaced",), reads=PlacedOrder)
def start(event: Envelope, order: PlacedOrder) -> None:
    """Starts the order's saga. An event that comes late, or again from an archive, is left to the sweep."""
    if identity.now() - event.time < FIRST_LOOK:
        executions.start_saga(order)
