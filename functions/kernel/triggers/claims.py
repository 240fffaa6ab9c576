"""Claims of items that are due, batch after batch. An item that fails does not hold up the others."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field

from kernel import identity
from kernel.errors import Contended
from kernel.table import open_index
from kernel.table.items import Item
from kernel.table.open_index import SHARDS, Entry
from kernel.triggers.observability import noted
from kernel.triggers.tasks import Step

LONGEST = timedelta(seconds=10)
Record = TypeVar("Record")
Claim = TypeVar("Claim")
Shard = Annotated[int, Field(ge=0, lt=SHARDS)]
After = Entry | None


class Look(Step):
    """Asks to claim what is due among the `limit` entries of a `shard` that come `after` that entry."""

    shard: Shard = 0
    after: After = None
    limit: int = 25


class Batch(BaseModel):
    """The end of a batch of claims: where the next batch goes on, if there may be more, and what `failed`.

    `failed` maps an item's key to what a log may hold of its error.
    """

    failed: Mapping[str, Any] = {}
    after: After = None


def claim_due(
    look: Look, *, read: Callable[[Item], Record], claim: Callable[[Record, datetime], Claim | None]
) -> tuple[list[Claim], Batch]:
    """Claims each record that is due. It may have changed, or was claimed, since its entry was written.

    A batch that takes long is cut short, since an answer that comes too late loses its claims.
    """
    now, claims, failed = identity.now(), list[Claim](), dict[str, dict[str, Any]]()
    due = open_index.entries(open_index.OPEN, look.shard, limit=look.limit, after=look.after, by=now)
    for place, entry in enumerate(due, start=1):
        with noted(failed, entry.pk), suppress(Contended):
            item = open_index.load_due(entry, now)
            if item and (claimed := claim(read(item), now)) is not None:
                claims.append(claimed)
        if place == look.limit or identity.now() - now > LONGEST:
            return claims, Batch(failed=failed, after=entry)
    return claims, Batch(failed=failed)
