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
from kernel.triggers.observability import count
from payments import ledger, sale_refunds, store, wallet
from payments.entries import Entries
from payments.ledger import Head
from payments.payment import Payment, SaleRefund
from payments.sale_refunds import Way

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
    now, head = identity.now(), store.load(row.order_id)
    decision: Any = {"refund": row.refund, "amount": amount, "at": now.isoformat()}
    charge = head.state.charge
    if charge and charge.is_wallet:
        both = partial(wallet.give_back, **decision)
        return store.draft_both(head, charge.customer_id, decide=both, cause=cause)[1]
    return _drafted(row, head, sale_refunds.ask(head.state, **decision), now=now, cause=cause)


def retried(row: Row, *, cause: str) -> list[Write]:
    """The writes of a refund that is asked for anew. Raises as `sale_refunds.retry`."""
    now, head = identity.now(), store.load(row.order_id)
    anew = sale_refunds.retry(head.state, refund=row.refund, at=now.isoformat())
    return _drafted(row, head, anew, now=now, cause=cause)


def settled(row: Row, *, by: Way, cause: str) -> list[Write]:
    """The writes of a refund that failed and goes back otherwise. Raises as `sale_refunds.settle`."""
    head = store.load(row.order_id)
    # No attempt has the number 0: a run that has seen the failure, and is late, does not list it again.
    closed = Write(row.key, sets={"attempt": 0}, removes=open_index.CLOSED)
    if by is Way.WALLET:
        both = partial(wallet.credit, refund=row.refund)
        customer_id = head.state.started.customer_id
        return [*store.draft_both(head, customer_id, decide=both, cause=cause)[1], closed]
    decided = sale_refunds.settle(head.state, refund=row.refund, by=by)
    return [*ledger.drafted(store.PAYMENTS, head, decided=decided, cause=cause)[1], closed]


def _drafted(row: Row, head: Head[Payment], decided: Entries, *, now: datetime, cause: str) -> list[Write]:
    """The commit of what is decided, and the row that has the refund's attempt looked at from now on."""
    after, writes = ledger.drafted(store.PAYMENTS, head, decided=decided, cause=cause)
    attempt = after.state.refunds[row.refund].attempt
    return [*writes, Write(row.key, sets={**open_index.opened(row.refund, now), "attempt": attempt})]


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
    listed: Item = {}
    if known.is_owed:
        listed = open_index.opened(row.refund, now, kind=FAILED)
    elif due_at := sale_refunds.next_look(known, now):
        listed = open_index.opened(row.refund, due_at)
    put = Write(
        row.key,
        sets=listed,
        removes=() if listed else open_index.CLOSED,
        condition="#attempt = :mine",
        binds={"mine": known.attempt},
    )
    with suppress(ConditionFailed):
        writes.update(put)


def list_failed(row: Row, known: SaleRefund, *, now: datetime) -> None:
    """Lists a refund that has failed, once. One whose money has gone back otherwise leaves the list."""
    if not known.is_owed:
        put_off(row, known, now=now)
        return
    listed = open_index.opened(row.refund, now, kind=FAILED)
    put = Write(
        row.key,
        sets=listed,
        condition="#attempt = :mine AND (attribute_not_exists(#open_shard) OR #open_shard <> :listed)",
        binds={"mine": known.attempt, "listed": listed["open_shard"]},
    )
    with suppress(ConditionFailed):
        writes.update(put)
        count("RefundFailed")


def failed(*, most: int) -> Iterator[Row]:
    """The refunds that wait for a person, those of each shard that wait the longest."""
    for shard in range(open_index.SHARDS):
        for entry in open_index.entries(FAILED, shard, limit=most, after=None):
            yield Row(entry.pk.partition("#")[2], entry.sk)
