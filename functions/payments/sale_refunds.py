"""Refunds after the sale, decided: what may go back, under which id and key, and what the processor did.

Each decision is a pure function, as in `domain`.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from kernel.errors import NotFound, Refusal
from kernel.money import Money
from payments import chart, entries
from payments.chart import Posting
from payments.entries import Entries
from payments.intents import DisputeProgress, Refund, RefundProgress
from payments.payment import BooksDiffer, Payment, SaleRefund, Status

MOST = 50
# For so long the processor surely knows a key.
# https://docs.stripe.com/api/idempotent_requests
KEY_LASTS = timedelta(hours=24)
# A refund that has succeeded may fail for about a month: it is looked at after 1, 2, 4 ... 32 days.
LAST_LOOK = timedelta(days=32)
SOON, LATER, SOON_LASTS = timedelta(minutes=5), timedelta(hours=1), timedelta(hours=1)


class Way(StrEnum):
    """How a refund that failed may go back otherwise: by a transfer, or as store credit."""

    BANK = "bank"
    WALLET = "wallet"


# What a deposit takes from goodwill, a refund that becomes store credit gives to it.
ACCOUNTS = {Way.BANK: chart.BANK, Way.WALLET: chart.GOODWILL}


class SaleNotPosted(Refusal):
    """The order is not sold: until then its money goes back by cancelling the order."""


class RefundTooLarge(Refusal):
    """More would go back than the customer has paid."""


class TooManyRefunds(Refusal):
    """An order's money goes back in so many parts at most."""


class SaleDisputed(Refusal):
    """The customer's bank looks into the payment, or has given so much back that the rest is less."""


class RefundNotFailed(Refusal):
    """Only a refund that has failed is asked for anew."""


def available(payment: Payment) -> int:
    """What may still go back, in minor units. A refund that failed is owed still, so it counts as well.

    What a bank has taken back does not go back a second time.
    """
    asked = sum(one.amount for one in payment.refunds.values() if not one.is_covered)
    taken = payment.disputed(DisputeProgress.OPEN, DisputeProgress.LOST)
    return max(0, payment.started.amount.amount - asked - taken)


def ask(payment: Payment, *, refund: str, amount: Money, at: str) -> Entries:
    """Decides that a part of the sale goes back.

    Raises NotFound, SaleNotPosted, RefundTooLarge, TooManyRefunds.
    """
    if payment.status is Status.NONE:
        raise NotFound
    if payment.status is not Status.SOLD:
        raise SaleNotPosted
    if refund in payment.refunds:
        return ()
    if amount.currency != payment.started.amount.currency or amount.amount > available(payment):
        raise RefundTooLarge(available=available(payment))
    if len(payment.refunds) >= MOST:
        raise TooManyRefunds(most=MOST)
    decided = _posting(payment, amount.amount, debit=chart.REFUNDS, credit=chart.ORDER)
    return (entries.SaleRefundStarted(refund=refund, amount=amount, at=at, postings=(decided,)),)


def retry(payment: Payment, *, refund: str, at: str) -> Entries:
    """Has a refund that failed asked for anew. Raises NotFound, RefundNotFailed."""
    known = payment.refunds.get(refund)
    if known is None:
        raise NotFound
    if not known.is_owed:
        raise RefundNotFailed
    return (entries.SaleRefundRetried(refund=refund, attempt=known.attempt + 1, at=at),)


def settle(payment: Payment, *, refund: str, by: Way) -> Entries:
    """Puts on record that the money of a refund that failed has gone back otherwise.

    Raises NotFound, RefundNotFailed, SaleDisputed.
    """
    known = payment.refunds.get(refund)
    if known is None:
        raise NotFound
    if not known.is_owed:
        raise RefundNotFailed
    if payment.disputed(DisputeProgress.OPEN) or paid_twice(payment) > 0:
        raise SaleDisputed
    paid = _posting(payment, known.amount, debit=chart.ORDER, credit=ACCOUNTS[by])
    return (entries.SaleRefundSettled(refund=refund, by=by, postings=(paid,)),)


def paid_twice(payment: Payment) -> int:
    """What the customer would get beyond what was paid, if every refund went back beside lost disputes.

    Only so much have banks given back in the place of refunds. A dispute over the rest of a sale covers none.
    """
    refunds = sum(one.amount for one in payment.refunds.values() if not one.is_covered)
    paid = payment.charge.amount.amount if payment.charge else 0
    return payment.disputed(DisputeProgress.LOST) + refunds - paid


def ours(refund: str, known: SaleRefund) -> str:
    """Our id of the attempt, by which the processor's books are searched."""
    return refund if known.attempt == 1 else f"{refund}-{known.attempt}"


def key(refund: str, known: SaleRefund) -> str:
    """The Idempotency-Key of the attempt."""
    return ours(refund, known) if known.key == 1 else f"{ours(refund, known)}-key-{known.key}"


def is_key_old(known: SaleRefund, now: datetime) -> bool:
    """Whether the processor may have forgotten the key, so that asking again could give back twice."""
    return now - datetime.fromisoformat(known.asked_at) >= KEY_LASTS


def change_key(payment: Payment, *, refund: str, seen: SaleRefund, at: str) -> Entries:
    """Puts the key after the one that was `seen` on record, before it is used, unless another run was first.

    There is none once the outcome is on record: a run that was overtaken would give back twice under it. Nor
    is there one for another attempt than the run has seen.
    """
    if payment.refunds[refund] != seen or seen.progress is not RefundProgress.PENDING:
        return ()
    return (entries.SaleRefundKeyChanged(refund=refund, key=seen.key + 1, at=at),)


def refuse(payment: Payment, *, refund: str, attempt: int, reason: str) -> Entries:
    """Ends an attempt that the processor is not asked for. A later attempt goes on."""
    known = payment.refunds[refund]
    if known.progress is not RefundProgress.PENDING or known.attempt != attempt:
        return ()
    return (entries.SaleRefundFailed(refund=refund, reason=reason),)


def follow(payment: Payment, *, refund: str, found: Refund) -> Entries:
    """Puts on record what the processor says of the present attempt.

    Raises BooksDiffer for another amount, or for a failure that turned out to be none.
    """
    known = payment.refunds[refund]
    if found.ours != ours(refund, known):
        return ()  # a retry was first
    if found.amount != Money(known.amount, payment.started.amount.currency):
        raise BooksDiffer
    match known.progress, found.progress:
        case (RefundProgress.PENDING, RefundProgress.SUCCEEDED):
            given = _posting(payment, known.amount, debit=chart.ORDER, credit=chart.RECEIVABLE, of=found)
            return (entries.SaleRefunded(refund=refund, postings=(given,)),)
        case (RefundProgress.PENDING, RefundProgress.FAILED):
            return (entries.SaleRefundFailed(refund=refund, reason=found.reason),)
        case (RefundProgress.SUCCEEDED, RefundProgress.FAILED):
            back = _posting(payment, known.amount, debit=chart.RECEIVABLE, credit=chart.ORDER, of=found)
            back = replace(back, code="sale_refund_failed", reverses=back.label)
            return (entries.SaleRefundFailed(refund=refund, reason=found.reason, postings=(back,)),)
        case (RefundProgress.FAILED, RefundProgress.SUCCEEDED):
            raise BooksDiffer
    return ()


def next_look(known: SaleRefund, now: datetime) -> datetime | None:
    """When the refund is to be looked at again. None for one that failed, or that can fail no more."""
    age = now - datetime.fromisoformat(known.asked_at)
    match known.progress:
        case RefundProgress.PENDING:
            return now + (SOON if age < SOON_LASTS else LATER)
        case RefundProgress.SUCCEEDED:
            return None if age >= LAST_LOOK else now + max(timedelta(days=1), age)
        case RefundProgress.FAILED:
            return None
        case other:
            assert_never(other)


def _posting(payment: Payment, amount: int, *, debit: str, credit: str, of: Refund | None = None) -> Posting:
    currency = payment.started.amount.currency
    return Posting("sale_refund", debit, credit, amount, currency, of.id if of else "")
