"""Where outbox rows stand: in one partition for each minute and shard; commits of a ledger, in its index.

The relay reads them and needs nothing else of the outbox. So this file knows no event and no pydantic, and
the relay starts faster.
"""

import os
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from kernel.table import items
from kernel.table.items import Item

SHARDS = 4


def bucket(moment: datetime, shard: int) -> str:
    """The outbox partition of one minute and one shard. Shards spread a busy minute over several keys."""
    return f"outbox#{moment:%Y-%m-%dT%H:%M}#{shard}"


def bucket_of(subject: str, moment: datetime) -> str:
    """The partition for the events of that subject: all that it publishes in a minute stands together."""
    return bucket(moment, zlib.crc32(subject.encode()) % SHARDS)


def buckets(first: datetime, last: datetime) -> Iterator[str]:
    """Every partition that may hold a row written between the two."""
    moment = first.replace(second=0, microsecond=0)
    while moment <= last:
        yield from (bucket(moment, shard) for shard in range(SHARDS))
        moment += timedelta(minutes=1)


def hour_of(subject: str, moment: str) -> str:
    """The partition of the index for a commit of that subject which was recorded at that time (RFC 3339)."""
    return f"{moment[:13]}#{zlib.crc32(subject.encode()) % SHARDS}"


def hours(first: datetime, last: datetime) -> Iterator[str]:
    """Every partition of the index that may hold a commit recorded between the two."""
    moment = first.replace(minute=0, second=0, microsecond=0)
    while moment <= last:
        yield from (f"{moment:%Y-%m-%dT%H}#{shard}" for shard in range(SHARDS))
        moment += timedelta(hours=1)


def rows(first: datetime, last: datetime) -> Iterator[Item]:
    """Every outbox row that was written between the two, and every commit if COMMITS names an index."""
    for partition in buckets(first, last):
        yield from items.query("#pk = :pk", {"pk": partition}, ConsistentRead=True)
    if index := os.environ.get("COMMITS"):
        keys = ({"pk": entry["pk"], "sk": entry["sk"]} for entry in commits(first, last, index=index))
        yield from items.load_all(keys, consistent=True)


def commits(first: datetime, last: datetime, *, index: str) -> Iterator[Item]:
    """The index's entry of every commit that was recorded between the two; the newest may be missing."""
    moments = {"first": stamp(first), "last": f"{stamp(last)}~"}
    for hour in hours(first, last):
        binds = {"hour": hour, **moments}
        yield from items.query("#hour = :hour AND #moment BETWEEN :first AND :last", binds, IndexName=index)


def stamp(moment: datetime) -> str:
    """The time as text of one length, which sorts as time does: RFC 3339, UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
