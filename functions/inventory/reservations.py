"""The use cases of a reservation: reserve from one bucket of each SKU or from several, release, commit."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from inventory import buckets, domain, stock, store
from inventory.buckets import Found
from inventory.domain import Emptied, Line, OutOfStock, Reservation, Status, Take
from kernel.errors import Contended
from kernel.events import Decision
from kernel.retries import attempts
from kernel.table import outbox

ATTEMPTS = 6
PLACES = 98  # of the 100 items of a transaction, the reservation and its outbox row are two

Takes = tuple[Take, ...]


def reserve(order_id: str, lines: Sequence[Line], *, cause: str) -> Reservation:
    """Holds every line or none. Raises OutOfStock (with the SKUs), ReservationReleased, Contended.

    A line first tries one bucket of its SKU, without looking. When that has too few, all are looked at.
    """
    short: set[str] = set()
    for attempt in attempts(ATTEMPTS):
        with suppress(Contended):  # by other buyers, or by the order's own twin, which has then done it
            for _ in range(2):  # where the first finds too few, the second looks, without a pause
                try:
                    return _attempt(order_id, tuple(lines), attempt=attempt, short=short, cause=cause)
                except Emptied as emptied:
                    short.update(emptied.data["skus"])
    raise Contended


def release(order_id: str, *, cause: str) -> Reservation:
    """Gives the order's stock back, or rules out a later reservation. Raises AlreadySold, Contended."""

    def use_case() -> Reservation:
        decision = domain.release(store.load(order_id))
        store.save(decision, cause=cause)
        return decision.state

    return outbox.persist(use_case)


def commit(order_id: str) -> None:
    """Sells the order's stock without reading it first. Raises ReservationMissing, Contended."""
    if found := store.sell(order_id):
        domain.commit(found)


def _attempt(
    order_id: str, lines: tuple[Line, ...], *, attempt: int, short: set[str], cause: str
) -> Reservation:
    reservation, counts = store.survey(order_id, [line.sku for line in lines], consistent=attempt > 0)
    if reservation.status is not Status.NONE:  # the survey may be behind; only NONE is checked by the write
        reservation = store.load(order_id)
    decision = domain.reserve(reservation, lines)
    if not decision.facts:
        return reservation
    found = [
        _found(line, counts[line.sku], to=order_id, attempt=attempt, look=line.sku in short) for line in lines
    ]
    lacking = [line.sku for line, each in zip(lines, found, strict=True) if not each.takes]
    if lacking:
        return _refused(order_id, lines, lacking)
    held = replace(decision.state, takes=_fitted([each.takes for each in found]))
    moves = [move for each in found for move in each.moves][: PLACES - len(held.takes)]
    store.hold(Decision(held, decision.facts), moves, cause=cause)
    return held


def _found(line: Line, count: int, *, to: str, attempt: int, look: bool) -> Found:
    first = buckets.nearest(count, to=to, attempt=attempt)
    return stock.find(line, count, first=first) if look else Found((Take(line.sku, line.quantity, first),))


def _refused(order_id: str, lines: tuple[Line, ...], lacking: Sequence[str]) -> Reservation:
    """Raises OutOfStock, unless the order's own twin has taken the units that were missed."""
    decision = domain.reserve(store.load(order_id), lines)
    if decision.facts:
        raise OutOfStock(skus=lacking)
    return decision.state


def _fitted(found: Sequence[Takes]) -> Takes:
    """As many takes as a transaction has places: the lines with the most get their units in one bucket."""
    fitted = list(found)
    while sum(map(len, fitted)) > PLACES:
        widest = max(range(len(fitted)), key=lambda place: len(fitted[place]))
        together, units = buckets.merged(fitted[widest])
        store.move(together.sku, units)
        fitted[widest] = (together,)
    return tuple(take for takes in fitted for take in takes)
