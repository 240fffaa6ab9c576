"""The projector: every event goes into the journal, and the row of its order is folded again."""

from kernel.events import Envelope
from kernel.triggers.consumers import consumer_of_everything
from storefront import journal, order_history


@consumer_of_everything
def handler(event: Envelope) -> None:
    """Appends the event, then rebuilds its order; for a duplicate too, as the first run may have died."""
    journal.append(event)
    if order_history.reads(event):
        rebuild(event.correlationid)


def rebuild(correlation: str) -> None:
    """Folds all events that the journal has of the correlation, and writes the row, if they make one."""
    row = order_history.fold(journal.read(correlation))
    if row is not None:
        order_history.save(row)
