"""The index `open`: the items that a service must look at again, in order of the time when they are due."""

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from kernel.table import items
from kernel.table.items import Item

OPEN = "open"
CLOSED = ("open_shard", "due_at")
SHARDS = 4


def opened(name: str, due_at: datetime, *, kind: str = OPEN) -> Item:
    """The attributes that put an item into the index. Removing the attributes CLOSED takes it out again.

    `due` finds items of the kind OPEN only.
    """
    return {"open_shard": f"{kind}#{zlib.crc32(name.encode()) % SHARDS}", "due_at": due_at.isoformat()}


def due(now: datetime, *, limit: int, shards: Iterable[int] = range(SHARDS)) -> Iterator[Item]:
    """Items that were due by `now`, read consistently from the table; up to `limit` of each of the shards."""
    for shard in (f"{OPEN}#{number}" for number in shards):
        found = items.query(
            "#open_shard = :shard AND #due_at <= :now",
            {"shard": shard, "now": now.isoformat()},
            IndexName="open",
            PaginationConfig={"MaxItems": limit},
        )
        current = [items.load({"pk": entry["pk"], "sk": entry["sk"]}) for entry in found]
        there = (item for item in current if item and item.get("open_shard") == shard)
        yield from (item for item in there if item["due_at"] <= now.isoformat())
