"""Starts an order's saga as soon as the order is placed."""

from checkout import executions
from checkout.executions import PlacedOrder
from kernel.events import Envelope
from kernel.triggers.consumers import consumer


@consumer(of="orders", types=("OrderPlaced",), reads=PlacedOrder)
def start(event: Envelope, order: PlacedOrder) -> None:
    """Starts the order's saga; once started, starting it again changes nothing."""
    executions.start_saga(order)
