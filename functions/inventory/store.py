"""Inventory's table: reservations, the buckets in which the stock of each SKU lies, and its adjustments."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from inventory import domain
from inventory.adjustment import Adjustment
from inventory.buckets import Bucket, Move
from inventory.domain import Emptied, Line, Reservation, Status, Take
from kernel import identity
from kernel.errors import ConditionFailed, Contended, KeyReused
from kernel.events import Decision
from kernel.table import inbox, items, open_index, outbox, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write


def load(order_id: str) -> Reservation:
    """The order's reservation as it is now; NONE when there is no record."""
    item = items.load(_reservation_key(order_id))
    return read(item) if item else Reservation(order_id)


def survey(order_id: str, skus: Iterable[str], *, consistent: bool) -> tuple[Reservation, Mapping[str, int]]:
    """The order's reservation, and in how many buckets the stock of each SKU lies.

    At half the price unless `consistent`: both may be as they were a moment ago.
    """
    wanted = {_counted(sku)["pk"]: sku for sku in skus}
    reservation, counts = Reservation(order_id), dict.fromkeys(wanted.values(), 1)
    for item in items.load_all([_reservation_key(order_id), *map(_counted, counts)], consistent=consistent):
        if item["pk"] in wanted:
            counts[wanted[item["pk"]]] = item["count"]
        else:
            reservation = read(item)
    return reservation, counts


def hold(decision: Decision[Reservation], moves: Sequence[Move], *, cause: str) -> None:
    """Saves a reservation that takes available stock. Raises Emptied with the SKUs of short buckets."""
    try:
        save(decision, moves, cause=cause)
    except ConditionFailed as failed:
        takes = decision.state.takes
        raise Emptied(skus={takes[place].sku for place in failed.old}) from failed


def save(decision: Decision[Reservation], moves: Sequence[Move] = (), *, cause: str) -> None:
    """Saves the reservation, its facts and what it takes or gives back, in one transaction.

    Units of `moves` go along from buckets that it takes from. A sale is a write of its own: `sell`.
    Raises ConditionFailed with the places of takes whose bucket has too few units, and Contended when the
    reservation has changed.
    """
    reservation = decision.state
    closed = () if reservation.is_open else open_index.CLOSED
    aggregate = _aggregate(reservation, sets=_sets(reservation), removes=closed)
    outbox.commit(aggregate, decision, cause=cause, beside=[*_moved(reservation, moves)])


def sell(order_id: str) -> Reservation | None:
    """Turns RESERVED into COMMITTED in one write. None, or the reservation found when it is not RESERVED.

    Nothing else of the record is written, so the write stands on the status alone.
    """
    sale = Write(
        key=_reservation_key(order_id),
        sets={"status": Status.COMMITTED},
        adds={"version": 1},
        removes=open_index.CLOSED,
        condition="#status = :reserved",
        binds={"reserved": Status.RESERVED},
    )
    try:
        writes.update(sale)
    except ConditionFailed as failed:
        return read(failed.old[0]) if failed.old[0] else Reservation(order_id)
    return None


def claim(reservation: Reservation, now: datetime) -> str:
    """Puts an open reservation off for an hour, and answers the id of its order. Raises Contended."""
    later = {"due_at": (now + domain.PATIENCE).isoformat()}
    outbox.revise(_aggregate(reservation, sets=later))
    return reservation.order_id


def count(sku: str) -> int:
    """In how many buckets the stock of the SKU lies; 1 unless it was given more. It never falls."""
    item = items.load(_counted(sku))
    return int(item["count"]) if item else 1


def grow(sku: str, count: int) -> None:
    """Lets the stock of the SKU lie in that many buckets, or in more if it does already."""
    wider = Write(
        _counted(sku), sets={"count": count}, condition="attribute_not_exists(#count) OR #count < :count"
    )
    with suppress(ConditionFailed):
        writes.update(wider)


def shelf(sku: str, count: int) -> Sequence[Bucket]:
    """The buckets of the SKU, each as it is when it is read: this never conflicts with buyers."""
    keys = [_bucket_key(sku, bucket) for bucket in range(count)]
    found = {item["pk"]: item for item in items.load_all(keys, consistent=True)}
    return [_bucket(found.get(key["pk"])) for key in keys]


def snapshot(sku: str, count: int) -> Sequence[Bucket]:
    """All buckets of the SKU as they are at one moment. Raises Contended while they are written."""
    keys = [_counted(sku), *(_bucket_key(sku, bucket) for bucket in range(count))]
    counted, *found = writes.snapshot(keys)
    if counted and counted["count"] > count:
        return snapshot(sku, counted["count"])
    return [_bucket(item) for item in found]


def move(sku: str, units: Mapping[int, int]) -> None:
    """Adds so many units to each of these buckets; their sum is 0. What is taken of each stays the same.

    Raises Contended when a bucket has too few.
    """
    moved = [
        _added(sku, number, bucket=bucket) if number > 0 else _withdrawn(Take(sku, -number, bucket))
        for bucket, number in units.items()
    ]
    try:
        writes.transact(moved)
    except ConditionFailed as failed:
        raise Contended from failed


def receive(sku: str, quantity: int, *, receipt: str, bucket: int) -> None:
    """Adds units to a bucket, once per receipt. Raises KeyReused when its SKU or quantity was another."""
    fingerprint = identity.derive(sku, quantity)
    arrived = _added(sku, quantity, bucket=bucket)
    try:
        writes.transact([arrived, inbox.once("receipts", receipt, fingerprint=fingerprint)])
    except ConditionFailed as failed:
        if failed.old[1]["fingerprint"] != fingerprint:
            raise KeyReused from failed


def remembers(asked: Adjustment) -> bool:
    """Whether the adjustment was made before. Raises KeyReused when another had its id."""
    item = items.load(_adjustment_key(asked.id))
    if item and item["fingerprint"] != asked.fingerprint:
        raise KeyReused
    return item is not None


def adjust(decision: Decision[Adjustment], takes: Sequence[Take], *, cause: str) -> None:
    """Saves the adjustment and its fact, withdraws the units and keeps the reason, in one transaction.

    Raises Contended when a bucket has too few, or the adjustment was made meanwhile.
    """
    asked = decision.state
    aggregate = outbox.Aggregate(
        key=_adjustment_key(asked.id),
        subject=f"adjustment/{asked.id}",
        correlation=f"adjustment/{asked.id}",
        version=0,
        sequence=0,
        sets={"sku": asked.sku, "quantity": asked.quantity, "by": asked.by, "fingerprint": asked.fingerprint},
    )
    beside = [*map(_withdrawn, takes), _reason(asked)]
    try:
        outbox.commit(aggregate, decision, cause=cause, beside=beside)
    except ConditionFailed as failed:
        raise Contended from failed


def read(item: Mapping[str, Any]) -> Reservation:
    """A reservation. Without takes, of one bucket each or an earlier release, its lines are from bucket 0."""
    lines = tuple(Line(row["sku"], row["quantity"]) for row in item["lines"])
    rows = item["takes"] if "takes" in item else item["lines"]
    takes = tuple(Take(row["sku"], row["quantity"], row.get("bucket", 0)) for row in rows)
    return Reservation(
        order_id=item["order_id"],
        status=Status(item["status"]),
        lines=lines,
        takes=takes,
        version=item.get("version", 0),
        sequence=item["sequence"],
    )


def _aggregate(
    reservation: Reservation, *, sets: items.Item, removes: Sequence[str] = ()
) -> outbox.Aggregate:
    return outbox.Aggregate(
        key=_reservation_key(reservation.order_id),
        subject=f"reservation/{reservation.order_id}",
        correlation=reservation.order_id,
        version=reservation.version,
        sequence=reservation.sequence,
        sets=sets,
        removes=removes,
    )


def _sets(reservation: Reservation) -> Item:
    sets: Item = {
        "order_id": reservation.order_id,
        "status": reservation.status,
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in reservation.lines],
    }
    if any(take.bucket for take in reservation.takes):
        sets["takes"] = [vars(take) for take in reservation.takes]
    due_at = identity.now() + domain.PATIENCE
    return sets | (open_index.opened(reservation.order_id, due_at) if reservation.is_open else {})


def _bucket(item: Item | None) -> Bucket:
    found: Mapping[str, Any] = item or {}
    return Bucket(found.get("available", 0), found.get("received", 0))


def _moved(reservation: Reservation, moves: Sequence[Move]) -> Iterator[Write]:
    """What a reservation in its new status does to the buckets. A sale leaves the units where they are."""
    along = {(move.sku, move.source): move.units for move in moves}
    for take in reservation.takes:
        if reservation.is_open:
            yield _taken(take, along.get((take.sku, take.bucket), 0))
        elif reservation.is_undone:
            yield _returned(take)
    for move in moves:
        yield _added(move.sku, move.units, bucket=move.target)


def _taken(take: Take, along: int) -> Write:
    """A plain ADD without a version, so that buyers of one SKU conflict no more than they must."""
    needed = take.quantity + along
    return Write(
        key=_bucket_key(take.sku, take.bucket),
        adds={"available": -needed} | ({"received": -along} if along else {}),
        condition="#available >= :needed",
        binds={"needed": needed},
    )


def _returned(take: Take) -> Write:
    return Write(key=_bucket_key(take.sku, take.bucket), adds={"available": take.quantity})


def _added(sku: str, quantity: int, *, bucket: int) -> Write:
    return Write(_bucket_key(sku, bucket), adds={"available": quantity, "received": quantity})


def _withdrawn(take: Take) -> Write:
    """The units leave the bucket, and what it received."""
    return Write(
        key=_bucket_key(take.sku, take.bucket),
        adds={"available": -take.quantity, "received": -take.quantity},
        condition="#available >= :quantity",
        binds={"quantity": take.quantity},
    )


def _reason(asked: Adjustment) -> Write:
    """The text that a person typed stands in this row only, so that it can be deleted. Events hold its id."""
    reason = {"sku": asked.sku, "at": identity.now().isoformat(), "by": asked.by, "because": asked.because}
    return Write(key={"pk": f"reason#{asked.id}", "sk": "reason"}, sets=reason)


def _reservation_key(order_id: str) -> Key:
    return {"pk": f"reservation#{order_id}", "sk": "reservation"}


def _bucket_key(sku: str, bucket: int) -> Key:
    """Each bucket has a partition of its own. The first is the item that a SKU had before it had buckets."""
    return {"pk": f"stock#{sku}#{bucket}" if bucket else f"stock#{sku}", "sk": "stock"}


def _counted(sku: str) -> Key:
    return {"pk": f"buckets#{sku}", "sk": "buckets"}


def _adjustment_key(adjustment: str) -> Key:
    return {"pk": f"adjustment#{adjustment}", "sk": "adjustment"}
