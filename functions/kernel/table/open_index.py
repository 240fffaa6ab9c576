"""The index `open`: what a service must look at again, found by when that is due."""

import zlib
from collections.abc import Iterator
from datetime import datetime

from kernel.table import items
from kernel.table.items import Item

OPEN = "open"
CLOSED = ("open_shard", "due_at")
SHARDS = 4


def opened(name: str, due_at: datetime, *, kind: str = OPEN) -> Item:
    """Attributes that keep an item in the table's `open` index, until CLOSED are removed from it.

    `due` finds those of the kind OPEN only.
    """
    return {"open_shard": f"{kind}#{zlib.crc32(name.encode()) % SHARDS}", "due_at": due_at.isoformat()}


def due(now: datetime, *, limit: int) -> Iterator[Item]:
    """Items of the `open` index that were due by `now`, as they are now; `limit` of each shard."""
    for shard in (f"{OPEN}#{number}" for number in range(SHARDS)):
        found = items.query(
            "#open_shard = :shard AND #due_at <= :now",
            {"shard": shard, "now": now.isoformat()},
            IndexName="open",
            PaginationConfig={"MaxItems": limit},
        )
        current = [items.load({"pk": entry["pk"], "sk": entry["sk"]}) for entry in found]
        there = (item for item in current if item and item.get("open_shard") == shard)
        yield from (item for item in there if item["due_at"] <= now.isoformat())
