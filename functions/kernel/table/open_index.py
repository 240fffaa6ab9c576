"""The index `open`: the items that a service must look at again, in order of the time when they are due."""

import zlib
from datetime import UTC, datetime
from typing import NamedTuple

from kernel.table import items
from kernel.table.items import Item

OPEN = "open"
CLOSED = ("open_shard", "due_at")
SHARDS = 4
FOREVER = datetime.max.replace(tzinfo=UTC)


class Entry(NamedTuple):
    """An item's entry in its shard. The entry that is longest due, or longest parked, is first."""

    due_at: str
    pk: str
    sk: str


def opened(name: str, due_at: datetime, *, kind: str = OPEN) -> Item:
    """The attributes that put an item into the index. Removing the attributes CLOSED takes it out again.

    Only items of the kind OPEN are ever due.
    """
    return {"open_shard": f"{kind}#{zlib.crc32(name.encode()) % SHARDS}", "due_at": due_at.isoformat()}


def entries(kind: str, shard: int, *, limit: int, after: Entry | None, by: datetime = FOREVER) -> list[Entry]:
    """The next `limit` entries of the kind, those due `by` that time. An entry may be behind its item.

    So the entry of an item that was claimed a moment ago is still there, as if it were due.
    """
    # DynamoDB refuses to begin outside of the condition, and the last batch may have had another clock.
    last = max(by.isoformat(), after.due_at if after else "")
    binds = {"shard": f"{kind}#{shard}", "by": last}
    options: Item = {"IndexName": "open", "Limit": limit, "PaginationConfig": {"MaxItems": limit}}
    if after:
        options["ExclusiveStartKey"] = items.pack({**after._asdict(), "open_shard": binds["shard"]})
    found = items.query("#open_shard = :shard AND #due_at <= :by", binds, **options)
    return [Entry(entry["due_at"], entry["pk"], entry["sk"]) for entry in found]


def load_due(entry: Entry, now: datetime) -> Item | None:
    """The item as the table has it, if it is still open and due."""
    item = items.load({"pk": entry.pk, "sk": entry.sk})
    is_open = item is not None and item.get("open_shard", "").startswith(f"{OPEN}#")
    return item if item and is_open and item["due_at"] <= now.isoformat() else None
