"""The rows of refunds after the sale in the index of open items: which to look at, and which have failed."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from kernel import identity
from kernel.errors import ConditionFailed
from kernel.money import Money
from kernel.table import open_index, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write
from payments import sale_refunds, store, wallet
from payments.intents import RefundProgress
from payments.payment import SaleRefund

FAILED = "failed"
KIND = "refunding"


class Row(NamedTuple):
    """A refund of an order that is to be looked at."""

    order_id: str
    refund: str

    @property
    def key(self) -> Key:
        return {"pk": f"{KIND}#{self.order_id}", "sk": self.refund}


def asked(row: Row, amount: Money, *, cause: str) -> list[Write]:
    """The writes of a refund that is decided. An order that a wallet has paid gets its money at once.

    Raises as `sale_refunds.ask`.
    """
    now, charge = identity.now(), store.load(row.order_id).state.charge
    decision: Any = {"refund": row.refund, "amount": amount, "at": now.isoformat()}
    if charge and charge.is_wallet:
        both = partial(wallet.give_back, **decision)
        return store.draft_of_both(row.order_id, charge.customer_id, decide=both, cause=cause)
    drafted = store.payment_draft(row.order_id, partial(sale_refunds.ask, **decision), cause=cause)
    return [*drafted, _opened(row, attempt=1, due_at=now)]


def retried(row: Row, *, cause: str) -> list[Write]:
    """The writes of a refund that is asked for anew. Raises as `sale_refunds.retry`."""
    now, known = identity.now(), store.load(row.order_id).state.refunds.get(row.refund)
    anew = partial(sale_refunds.retry, refund=row.refund, at=now.isoformat())
    drafted = store.payment_draft(row.order_id, anew, cause=cause)
    return [*drafted, _opened(row, attempt=known.attempt + 1 if known else 1, due_at=now)]


def _opened(row: Row, *, attempt: int, due_at: datetime) -> Write:
    """Has the refund's attempt looked at from that time on."""
    return Write(row.key, sets={**open_index.opened(row.refund, due_at), "attempt": attempt})


def read(item: Item) -> Row | None:
    """The refund that a row is about; None for a row about something else."""
    kind, _, order_id = str(item["pk"]).partition("#")
    return Row(order_id, item["sk"]) if kind == KIND else None


def claim(row: Row | None, now: datetime) -> Row | None:
    """Puts the refund off for a moment, so that a run that dies is made up for."""
    if row:
        writes.update(Write(row.key, sets={"due_at": (now + sale_refunds.SOON).isoformat()}))
    return row


def put_off(row: Row, known: SaleRefund, *, now: datetime) -> None:
    """Has the refund looked at when that is due, or by a person when it failed, unless it was retried."""
    due_at, has_failed = sale_refunds.next_look(known, now), known.progress is RefundProgress.FAILED
    listed = open_index.opened(row.refund, due_at or now, kind=FAILED if has_failed else open_index.OPEN)
    is_over = due_at is None and not has_failed
    put = Write(
        row.key,
        sets={} if is_over else listed,
        removes=open_index.CLOSED if is_over else (),
        condition="#attempt = :mine",
        binds={"mine": known.attempt},
    )
    with suppress(ConditionFailed):
        writes.update(put)


def failed(*, most: int) -> Iterator[Row]:
    """The refunds that wait for a person, those of each shard that wait the longest."""
    for shard in range(open_index.SHARDS):
        for entry in open_index.entries(FAILED, shard, limit=most, after=None):
            yield Row(entry.pk.partition("#")[2], entry.sk)
