"""Fences of customers who are to be forgotten, in orders' table; and which of their orders are still open.

Orders has no index of a customer's orders. The index of unfinished orders is walked instead: it holds few,
and erasures are rare, while an index would cost each checkout two more writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from kernel import identity
from kernel.errors import ConditionFailed
from kernel.table import items, open_index, writes
from kernel.table.items import Key
from kernel.table.open_index import Entry
from kernel.table.writes import Write

Kind = Literal["open", "parked"]
KINDS: tuple[Kind, ...] = ("open", "parked")


class Place(NamedTuple):
    """Where a part of the unfinished orders begins: in a shard, at its first entry or after another."""

    shard: int
    after: Entry | None


@dataclass(frozen=True)
class Page:
    """A part of the unfinished orders: how many are the customer's, and where the next part begins."""

    open: int
    following: Place | None


def raise_for(customer_id: str) -> datetime:
    """Refuses the customer from now on. Answers since when: the first time counts. It is never taken back."""
    now = identity.now()
    sets = {"fenced_at": now.isoformat()}
    try:
        writes.update(Write(key_of(customer_id), sets=sets, condition="attribute_not_exists(#fenced_at)"))
    except ConditionFailed as failed:
        return datetime.fromisoformat(failed.old[0]["fenced_at"])
    return now


def count(customer_id: str, kind: Kind, *, place: Place, limit: int) -> Page:
    """Counts the customer's orders among the next entries of the index, by the orders themselves.

    It looks at up to `limit` entries of each shard, and ends with a shard that has more.
    """
    mine = 0
    for shard in range(place.shard, open_index.SHARDS):
        after = place.after if shard == place.shard else None
        found = open_index.entries(kind, shard, limit=limit, after=after)
        orders = items.load_all(_keys(found), consistent=True)
        mine += sum(order["customer_id"] == customer_id and "open_shard" in order for order in orders)
        if len(found) == limit:
            return Page(mine, Place(shard, found[-1]))
    return Page(mine, None)


def key_of(customer_id: str) -> Key:
    return {"pk": f"customer#{customer_id}", "sk": "customer"}


def _keys(entries: Iterable[Entry]) -> list[Key]:
    return [{"pk": entry.pk, "sk": entry.sk} for entry in entries]
