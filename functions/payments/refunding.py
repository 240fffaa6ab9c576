"""The use cases of a refund after the sale: asked for, asked for anew, and seen to until it can fail no more.

The processor is asked by a schedule, never by a request: the decision is on record before the processor
hears of it. Before each request the processor's own refunds are read, since it forgets keys after a day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from kernel import identity
from kernel.errors import Fault
from kernel.money import Money
from kernel.triggers.claims import Look, claim_due
from kernel.triggers.observability import count, noted
from kernel.triggers.schedules import SHARDS, scheduled
from payments import adapters, disputes, looks, refund_rows, sale_refunds, seen, store
from payments.domain import RefundFailed
from payments.entries import Entries
from payments.intents import DisputeProgress, Refund, RefundProgress
from payments.ledger import Head
from payments.payment import BooksDiffer, Payment
from payments.provider import ProcessorUnavailable
from payments.refund_rows import Row
from payments.requests import Request
from payments.sale_refunds import Way

CAUSE = "schedule/see_to_refunds"


class RefundsIncomplete(Fault):
    """Some refunds could not be seen to now, or have failed; those that have not are looked at again."""


@dataclass(frozen=True, kw_only=True)
class Asked(Request):
    """An operator's request about the refund of that row."""

    row: Row


def ask(asked: Asked, amount: Money, *, cause: str) -> None:
    """Decides a refund, once per request. An order that a wallet has paid gets its money at once.

    Raises NotFound, SaleNotPosted, RefundTooLarge, TooManyRefunds, KeyReused, Contended.
    """
    store.grant(asked, lambda: refund_rows.asked(asked.row, amount, cause=cause))


def retry(asked: Asked, *, cause: str) -> None:
    """Has a failed refund asked for anew. Raises NotFound, RefundNotFailed, KeyReused, Contended."""
    store.grant(asked, lambda: refund_rows.retried(asked.row, cause=cause))


def settle(asked: Asked, *, by: Way, cause: str) -> None:
    """Has a failed refund go back otherwise. Raises NotFound, RefundNotFailed, KeyReused, Contended."""
    store.grant(asked, lambda: refund_rows.settled(asked.row, by=by, cause=cause))


@scheduled(minutes=5)
def see_to_refunds(line: dict[str, Any]) -> None:
    """Goes on with every refund that is due. One that fails holds up no other. Raises RefundsIncomplete."""
    failed: dict[str, dict[str, Any]] = {}
    line["seen"] = 0
    for shard in range(SHARDS):
        with noted(failed, f"shard {shard}"):
            for row in _claimed(shard, failed):
                with noted(failed, " ".join(row)):
                    _see_to(row)
                    line["seen"] += 1
    if failed:
        line["failed"] = failed
        raise RefundsIncomplete(count=len(failed))


def _claimed(shard: int, failed: dict[str, dict[str, Any]]) -> Iterator[Row]:
    """The refunds of a shard that are due, claimed batch after batch."""
    look: Look | None = Look(shard=shard)
    while look:
        claims, batch = claim_due(look, read=refund_rows.read, claim=refund_rows.claim)
        failed |= batch.failed
        yield from claims
        look = Look(shard=shard, after=batch.after) if batch.after else None


def _see_to(row: Row) -> None:
    """Raises RefundFailed once for a refund that has failed, and what the processor's calls raise."""
    head = store.load(row.order_id)
    if head.state.refunds[row.refund].progress is not RefundProgress.FAILED:
        head = _followed(head, row.refund)
    known = head.state.refunds[row.refund]
    refund_rows.put_off(row, known, now=identity.now())
    if known.is_owed:
        count("RefundFailed")
        raise RefundFailed


def _followed(head: Head[Payment], refund: str) -> Head[Payment]:
    """The payment once it is on record what the processor says of the refund."""
    known = head.state.refunds[refund]
    given = adapters.provider().refunds(head.state.started.intent_id)
    found = [one for one in given if one.ours == sale_refunds.ours(refund, known)]
    if not found and known.progress is RefundProgress.PENDING:
        return _requested(head, refund)
    if len(found) != 1:
        raise BooksDiffer
    return _recorded(head, refund, found[0])


def _requested(head: Head[Payment], refund: str) -> Head[Payment]:
    """Asks the processor for the refund. No refund is asked for while the payment is disputed."""
    head = looks.disputes_of(head, cause=CAUSE)
    if head.state.disputed(DisputeProgress.OPEN):
        return head
    if head.state.disputed(DisputeProgress.LOST):
        attempt = head.state.refunds[refund].attempt
        return store.record(head, partial(_refused, refund=refund, attempt=attempt), cause=CAUSE)
    if sale_refunds.is_key_old(head.state.refunds[refund], identity.now()):
        head = _with_another_key(head, refund)
        if head.state.refunds[refund].progress is not RefundProgress.PENDING:
            return head  # another run was first, and its outcome is on record
    try:
        return _recorded(head, refund, _ask(head.state, refund))
    except ProcessorUnavailable as error:
        if error.replayed:
            _with_another_key(head, refund)
        raise


def _refused(payment: Payment, *, refund: str, attempt: int) -> Entries:
    """The bank has the last word: the refund fails here, and is owed no more if the bank has paid it."""
    failed = sale_refunds.refuse(payment, refund=refund, attempt=attempt, reason="disputed")
    return disputes.covering(payment, failed)


def _ask(payment: Payment, refund: str) -> Refund:
    charge, known = payment.started, payment.refunds[refund]
    amount = Money(known.amount, charge.amount.currency)
    ours, key = sale_refunds.ours(refund, known), sale_refunds.key(refund, known)
    return adapters.provider().refund(charge.intent_id, amount, refund_id=ours, key=key)


def _with_another_key(head: Head[Payment], refund: str) -> Head[Payment]:
    """A new key is on record before it is used, so that two runs never use two."""
    known, at = head.state.refunds[refund], identity.now().isoformat()
    changed = partial(sale_refunds.change_key, refund=refund, seen=known, at=at)
    return store.record(head, changed, cause=CAUSE)


def _recorded(head: Head[Payment], refund: str, found: Refund) -> Head[Payment]:
    return store.record(head, partial(seen.of_refund, refund=refund, found=found), cause=CAUSE)
