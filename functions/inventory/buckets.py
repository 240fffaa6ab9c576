"""How the stock of one SKU lies in buckets: which to take from, and how to even them out or merge them."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from inventory.domain import Line, Take

MOST = 32


@dataclass(frozen=True)
class Bucket:
    """A stock bucket: a part of a SKU's stock, in an item of its own. What is not available was taken."""

    available: int = 0
    received: int = 0


@dataclass(frozen=True)
class Move:
    """Units that go from one bucket of a SKU to another: nobody has taken them."""

    sku: str
    units: int
    source: int
    target: int


@dataclass(frozen=True)
class Found:
    """The takes that give a line its units, and units that are moved with them."""

    takes: tuple[Take, ...] = ()
    moves: tuple[Move, ...] = ()


def nearest(count: int, *, to: str, attempt: int = 0) -> int:
    """The bucket, of `count`, in which an order looks first; in its next attempt, the bucket after it."""
    return (zlib.crc32(to.encode()) + attempt) % count


def search(line: Line, shelf: Sequence[Bucket], *, first: int) -> Found:
    """Where a line's units come from: one bucket that has enough, else the fewest; none if all have too few.

    Of buckets that serve equally well, the next from `first` on. The next orders look in `first` too, so half
    of what the other bucket has left goes there: while many buy, nobody else could even the buckets out.
    """
    turned = [(first + step) % len(shelf) for step in range(len(shelf))]
    for bucket in turned:
        spare = shelf[bucket].available - line.quantity
        if spare >= 0:
            moves = (Move(line.sku, spare // 2, bucket, first),) if bucket != first and spare > 1 else ()
            return Found((Take(line.sku, line.quantity, bucket),), moves)
    return Found(_together(line, shelf, sorted(turned, key=lambda bucket: -shelf[bucket].available)))


def _together(line: Line, shelf: Sequence[Bucket], turned: Sequence[int]) -> tuple[Take, ...]:
    found, left = list[Take](), line.quantity
    for bucket in turned:
        units = min(shelf[bucket].available, left)
        found += [Take(line.sku, units, bucket)] if units else []
        left -= units
    return () if left else tuple(found)


def uneven(shelf: Sequence[Bucket]) -> dict[int, int]:
    """By how many units buckets are over their even share, or below zero, under it."""
    share, rest = divmod(sum(bucket.available for bucket in shelf), len(shelf))
    over = {place: bucket.available - share - (place < rest) for place, bucket in enumerate(shelf)}
    return {place: units for place, units in over.items() if units}


def merged(takes: Sequence[Take]) -> tuple[Take, Mapping[int, int]]:
    """One take for all of these, which are of one SKU, and the units that each bucket gets for it before."""
    into, *others = takes
    units = sum(take.quantity for take in others)
    moved = {into.bucket: units, **{take.bucket: -take.quantity for take in others}}
    return replace(into, quantity=into.quantity + units), moved
