"""What may happen to a reservation: reserve, release, commit, each at most once and in any order."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from inventory.events import ReservedLine, StockReleased, StockReserved
from kernel.errors import Contended, Fault, Refusal
from kernel.events import Decision

PATIENCE = timedelta(hours=1)


class OutOfStock(Refusal):
    """At least one line asks for more than is available."""


class ReservationReleased(Refusal):
    """The order was undone, so nothing may be reserved for it any more."""


class Emptied(Contended):
    """A bucket has too few units; other buckets of the SKU may have enough."""


class ReservationMissing(Fault):
    """A confirmed order has no reservation to commit."""


class AlreadySold(Fault):
    """Stock that was sold cannot be released."""


class Status(StrEnum):
    """How a reservation stands. NONE means that there is no record; RELEASED without lines is a tombstone."""

    NONE = "NONE"
    RESERVED = "RESERVED"
    RELEASED = "RELEASED"
    COMMITTED = "COMMITTED"


@dataclass(frozen=True)
class Stock:
    """Units of one SKU, in all its buckets: available + taken = received, each >= 0."""

    sku: str
    available: int = 0
    taken: int = 0
    received: int = 0
    buckets: int = 1


@dataclass(frozen=True)
class Line:
    """A SKU and a number of its units, at least one."""

    sku: str
    quantity: int


@dataclass(frozen=True)
class Take:
    """Units of a line that come from one bucket of their SKU, and go back to it with a release."""

    sku: str
    quantity: int
    bucket: int = 0


@dataclass(frozen=True)
class Reservation:
    """The stock that one order holds: its lines, and where their units were taken from.

    `version` counts its writes, `sequence` the facts published.
    """

    order_id: str
    status: Status = Status.NONE
    lines: tuple[Line, ...] = ()
    sequence: int = 0
    version: int = 0
    takes: tuple[Take, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.status is Status.RESERVED

    @property
    def is_undone(self) -> bool:
        """Whether no stock is held, now and for ever. Without a tombstone a late reserve may still come."""
        return self.status is Status.RELEASED

    @property
    def is_held(self) -> bool:
        return self.status in (Status.RESERVED, Status.COMMITTED)


def reserve(reservation: Reservation, lines: tuple[Line, ...]) -> Decision[Reservation]:
    """Holds every line, or raises ReservationReleased after an undo."""
    match reservation.status:
        case Status.RESERVED | Status.COMMITTED:
            return Decision(reservation)
        case Status.RELEASED:
            raise ReservationReleased
        case Status.NONE:
            reserved = replace(reservation, status=Status.RESERVED, lines=lines)
            fact = StockReserved(order_id=reservation.order_id, lines=_published(lines))
            return Decision(reserved, (fact,))
        case other:
            assert_never(other)


def release(reservation: Reservation) -> Decision[Reservation]:
    """Gives the held stock back. Without a reservation, leaves a tombstone that a late reserve will find.

    Raises AlreadySold for a committed reservation.
    """
    match reservation.status:
        case Status.RELEASED:
            return Decision(reservation)
        case Status.NONE | Status.RESERVED:
            released = replace(reservation, status=Status.RELEASED)
            fact = StockReleased(order_id=reservation.order_id, lines=_published(reservation.lines))
            return Decision(released, (fact,))
        case Status.COMMITTED:
            raise AlreadySold
        case other:
            assert_never(other)


def commit(reservation: Reservation) -> Decision[Reservation]:
    """Turns the held stock into sold stock. Raises ReservationMissing when nothing is held.

    No fact is published: OrderConfirmed, which leads to it, says the same.
    """
    match reservation.status:
        case Status.COMMITTED:
            return Decision(reservation)
        case Status.RESERVED:
            return Decision(replace(reservation, status=Status.COMMITTED), unpublished=True)
        case Status.NONE | Status.RELEASED:
            raise ReservationMissing(order_id=reservation.order_id)
        case other:
            assert_never(other)


def _published(lines: tuple[Line, ...]) -> tuple[ReservedLine, ...]:
    return tuple(ReservedLine(sku=line.sku, quantity=line.quantity) for line in lines)
