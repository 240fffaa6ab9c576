"""Starts an order's saga as soon as the order was placed."""

from checkout import executions
from checkout.executions import PlacedOrder
from kernel.events import Envelope, read
from kernel.triggers.consumers import consumer


@consumer
def start(event: Envelope) -> None:
    """Starts the order's saga; once started, starting it again changes nothing."""
    executions.start_saga(read(event, PlacedOrder))
