"""The projector: every event goes into the journal, and the view of what it is about is folded again."""

from kernel.events import Envelope
from kernel.triggers.consumers import consumer_of_everything
from storefront import journal, order_history


@consumer_of_everything
def handler(event: Envelope) -> None:
    """A duplicate is folded too: the first may have died between the two steps."""
    journal.append(event)
    if order_history.reads(event):
        rebuild(event.correlationid)


def rebuild(correlation: str) -> None:
    """Folds all that the journal has of the correlation and writes the row, if there is one to write."""
    row = order_history.fold(journal.read(correlation))
    if row is not None:
        order_history.save(row)
