"""The projector: every event goes into the journal, and then the row of each order is folded again, once."""

from kernel.events import Envelope
from kernel.triggers.consumers import consumer_of_everything
from storefront import journal, order_history


def rebuild(correlation: str) -> None:
    """Folds all events that the journal has of the correlation, and writes the row, if they make one."""
    row = order_history.fold(journal.read(correlation))
    if row is not None:
        order_history.save(row)


@consumer_of_everything(batch=100, window=2, then=rebuild)
def handler(event: Envelope) -> str | None:
    """Appends the event, and names its order; for a duplicate too, as the first run may have died."""
    journal.append(event)
    return event.correlationid if order_history.reads(event) else None
