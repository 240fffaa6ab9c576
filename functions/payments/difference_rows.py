"""The rows of differences in the index of open items: raised once, open until nothing differs any more."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from kernel import identity
from kernel.errors import ConditionFailed, NotFound
from kernel.money import Money
from kernel.table import items, open_index, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write
from kernel.triggers.observability import count
from payments.differences import Difference, Kind, State, StillDisputed

KIND = "difference"
PAGE = 50


@dataclass(frozen=True)
class Raised:
    """A difference, since when it is known, and how it stands."""

    difference: Difference
    raised_at: str
    state: State


def name_of(difference: Difference) -> str:
    """The id of the difference, so that it is raised once. Another amount is another difference."""
    amount = f"{difference.amount.amount} {difference.amount.currency}"
    return identity.derive("difference", difference.kind, difference.reference, amount)


def raise_(difference: Difference) -> None:
    """Lists the difference, unless it is listed or was resolved. One that was settled may come back."""
    amount, name, now = difference.amount, name_of(difference), identity.now()
    said = {
        "kind": difference.kind,
        "reference": difference.reference,
        "order_id": difference.order_id,
        "amount": amount.amount,
        "currency": amount.currency,
        "raised_at": now.isoformat(),
        "state": State.OPEN,
    }
    raised = Write(
        _key(name),
        sets={**said, **open_index.opened(name, now, kind=KIND)},
        condition="attribute_not_exists(#pk) OR #state = :settled",
        binds={"settled": State.SETTLED},
    )
    with suppress(ConditionFailed):
        writes.update(raised)
        count("DifferenceRaised")


def settle(difference: Difference) -> None:
    """Closes a difference that is none any more."""
    with suppress(ConditionFailed):
        writes.update(_closed(name_of(difference), State.SETTLED))


def resolved(id: str) -> list[Write]:
    """The write that closes a difference which a person has seen to. Raises NotFound, StillDisputed."""
    item = items.load(_key(id))
    if item is None:
        raise NotFound
    if item["kind"] == Kind.DISPUTE:
        raise StillDisputed
    return [_closed(id, State.RESOLVED)]


def opened(*, most: int) -> Iterator[Raised]:
    """The open differences, of each shard `most`, those that are open for the longest time."""
    for shard in range(open_index.SHARDS):
        yield from islice(_of_shard(shard), most)


def _of_shard(shard: int) -> Iterator[Raised]:
    """The open differences of a shard, page after page."""
    entries = open_index.entries(KIND, shard, limit=PAGE, after=None)
    while entries:
        found = items.load_all([{"pk": entry.pk, "sk": entry.sk} for entry in entries], consistent=True)
        yield from (one for one in map(_raised, found) if one.state is State.OPEN)
        is_last = len(entries) < PAGE
        entries = [] if is_last else open_index.entries(KIND, shard, limit=PAGE, after=entries[-1])


def _raised(item: Item) -> Raised:
    amount = Money(item["amount"], item["currency"])
    difference = Difference(Kind(item["kind"]), item["reference"], amount, item["order_id"])
    return Raised(difference, item["raised_at"], State(item["state"]))


def _closed(id: str, state: State) -> Write:
    """A difference that is closed stays as it was closed."""
    return Write(
        _key(id),
        sets={"state": state, "closed_at": identity.now().isoformat()},
        removes=open_index.CLOSED,
        condition="#state = :open",
        binds={"open": State.OPEN},
    )


def _key(id: str) -> Key:
    return {"pk": f"{KIND}#{id}", "sk": KIND}
