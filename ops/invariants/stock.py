"""Stock: no unit is lost, no unit is made up, and none is held for nobody."""

from collections import Counter
from collections.abc import Iterator

from ops.evidence import Evidence, Item
from ops.invariants.registry import Finding, invariant

HELD_AS = {"RESERVED": "reserved", "COMMITTED": "sold"}


@invariant
def stock_adds_up(evidence: Evidence) -> Iterator[Finding]:
    """In every bucket of a SKU's stock, available and taken (received - available) are not negative."""
    for bucket, stock in evidence.records("inventory", "stock").items():
        available, received = stock.get("available", 0), stock.get("received", 0)
        if not 0 <= available <= received:
            yield bucket, f"{available} of {received} received are available"


@invariant
def stock_is_held_by_somebody(evidence: Evidence) -> Iterator[Finding]:
    """For every SKU, the units taken of its buckets are those of its RESERVED and COMMITTED reservations."""
    units, counted = held(evidence), taken(evidence)
    for sku in sorted({*counted, *(sku for sku, _ in units)} - moving_skus(evidence)):
        of_sku = {place: units[sku, place] for place in HELD_AS.values()}
        if counted[sku] != sum(of_sku.values()):
            yield sku, f"{counted[sku]} are taken, reservations hold {of_sku}"


def taken(evidence: Evidence) -> Counter[str]:
    """How many units are taken of each SKU.

    Units that move from one bucket to another are taken of neither, so this is right while some move.
    """
    found: Counter[str] = Counter()
    for bucket, stock in evidence.records("inventory", "stock").items():
        found[bucket.partition("#")[0]] += stock.get("received", 0) - stock.get("available", 0)
    return found


def held(evidence: Evidence) -> Counter[tuple[str, str]]:
    """How many units are reserved and how many sold, by SKU."""
    found: Counter[tuple[str, str]] = Counter()
    for reservation in evidence.records("inventory", "reservation").values():
        if place := HELD_AS.get(reservation["status"]):
            found.update({(line["sku"], place): line["quantity"] for line in reservation["lines"]})
    return found


def moving_skus(evidence: Evidence) -> set[str]:
    """SKUs of orders that still move: their counters may have been read before or after their reservation."""
    moving = [events for correlation, events in evidence.correlated.items() if evidence.moves(correlation)]
    lines = [line for events in moving for event in events for line in event.data.get("lines", ())]
    return {line["sku"] for line in lines}


@invariant
def reservation_ends_with_its_order(evidence: Evidence) -> Iterator[Finding]:
    """The reservation of a CONFIRMED order is COMMITTED, that of a CANCELLED order is RELEASED."""
    reservations = evidence.records("inventory", "reservation")
    for order_id, order in evidence.settled("orders", "order"):
        found = reservations.get(order_id, {}).get("status")
        if order["status"] == "CANCELLED" and found != "RELEASED":
            yield order_id, f"is CANCELLED and its reservation is {found}"
        if order["status"] == "CONFIRMED" and found == "RESERVED":
            yield order_id, "is CONFIRMED and its stock is not COMMITTED"


@invariant
def reservation_is_for_the_lines_ordered(evidence: Evidence) -> Iterator[Finding]:
    """A reservation holds exactly its order's lines; only a RELEASED tombstone has none."""
    for order_id, reservation in evidence.records("inventory", "reservation").items():
        lines = _quantities(reservation)
        tombstone = not lines and reservation["status"] == "RELEASED"
        if order_id in evidence.orders and not tombstone and lines != _quantities(evidence.orders[order_id]):
            yield order_id, f"{lines} are {reservation['status']}"


def _quantities(record: Item) -> dict[str, int]:
    return {line["sku"]: line["quantity"] for line in record["lines"]}
