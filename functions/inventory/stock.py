"""The use cases of a SKU's stock: receive, adjust, spread it over buckets, find units in them, show it."""

from collections.abc import Sequence
from contextlib import suppress

from inventory import adjustment, buckets, store
from inventory.adjustment import Adjustment, TooFewAvailable
from inventory.buckets import Bucket, Found
from inventory.domain import Line, Stock
from kernel.errors import Contended
from kernel.table import outbox


def receive(sku: str, quantity: int, *, receipt: str) -> None:
    """Adds units that arrived, once per receipt. Raises KeyReused, Contended.

    They arrive in one bucket, so that the receipt is one small transaction also while many buy.
    """
    count = store.count(sku)
    store.receive(sku, quantity, receipt=receipt, bucket=buckets.nearest(count, to=receipt))
    _even_out(sku, count)


def spread(sku: str, count: int) -> int:
    """Lets the stock lie in at least `count` buckets. Answers in how many it lies then."""
    store.grow(sku, count)
    grown = store.count(sku)
    _even_out(sku, grown)
    return grown


def adjust(asked: Adjustment, *, cause: str) -> None:
    """Takes units from what is available, once. Raises TooFewAvailable, KeyReused, Contended."""

    def use_case() -> None:
        if store.remembers(asked):
            return
        count = store.count(asked.sku)
        found = find(asked.withdrawn, count, first=buckets.nearest(count, to=asked.id))
        if found.takes:
            store.adjust(adjustment.adjust(asked), found.takes, cause=cause)
        elif not store.remembers(asked):  # unless its own twin has taken them
            raise TooFewAvailable(sku=asked.sku)

    outbox.persist(use_case)


def find(line: Line, count: int, *, first: int) -> Found:
    """Buckets that have the line's units; none if at one moment all buckets together had too few.

    They are first read one by one, since that conflicts with no buyer. Units may go from one to another
    meanwhile, so only a snapshot tells that there are too few. Raises Contended while they are written.
    """
    seen = buckets.search(line, store.shelf(line.sku, count), first=first)
    return seen if seen.takes else buckets.search(line, store.snapshot(line.sku, count), first=first)


def shown(sku: str) -> Stock:
    """The SKU's units as they are now. Units that are on their way between buckets may count twice or not."""
    shelf = store.shelf(sku, store.count(sku))
    available, received = _sums(shelf)
    return Stock(sku, available, received - available, received, len(shelf))


def _sums(shelf: Sequence[Bucket]) -> tuple[int, int]:
    return sum(bucket.available for bucket in shelf), sum(bucket.received for bucket in shelf)


def _even_out(sku: str, count: int) -> None:
    """Moves units to where there are fewer. While many buy that may fail; then buyers move what they find."""
    if over := buckets.uneven(store.shelf(sku, count)):
        with suppress(Contended):
            store.move(sku, {bucket: -units for bucket, units in over.items()})
