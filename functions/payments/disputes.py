"""Disputes, decided: what the customer's bank takes back, and what that does to refunds.

Each decision is a pure function, as in `domain`. While a dispute is open no refund is asked for, since the
customer would get the money twice. A dispute that is lost has given the money back in the place of a refund.
"""

from collections.abc import Iterator, Sequence
from functools import reduce

from kernel.errors import Fault
from kernel.money import Money
from payments import chart, entries, sale_refunds
from payments.chart import Posting
from payments.entries import Entries, Entry
from payments.intents import Dispute, DisputeProgress
from payments.payment import BooksDiffer, Payment, Status, evolve

CAPTURED = (Status.CAPTURED, Status.SOLD, Status.REFUNDING, Status.REFUNDED)


class Disputed(Fault):
    """The customer's bank looks into the payment: until it has decided, no money may go back."""


def follow(payment: Payment, found: Sequence[Dispute]) -> Entries:
    """Puts on record what the processor says of the payment's disputes.

    Raises BooksDiffer for another amount, or for a decision that was changed after it was on record.
    """
    decided: list[Entry] = []
    for dispute in sorted(found, key=lambda one: one.id):
        while following := _next(payment, dispute):
            payment = evolve(payment, following)
            decided.append(following)
    return (*decided, *_covered(payment))


def covering(payment: Payment, decided: Entries) -> Entries:
    """The entries, and those that follow where a refund has failed whose money a bank has given back."""
    return (*decided, *_covered(reduce(evolve, decided, payment)))


def must_not_be_open(payment: Payment) -> None:
    """Raises Disputed while the customer's bank looks into the payment."""
    if payment.disputed(DisputeProgress.OPEN):
        raise Disputed


def _next(payment: Payment, dispute: Dispute) -> Entry | None:
    """The next entry about the dispute; None when all is on record. An appeal moves no money."""
    known = payment.disputes.get(dispute.id)
    if known is None:
        return _opened(payment, dispute)
    if dispute.amount != Money(known.amount, payment.started.amount.currency):
        raise BooksDiffer
    match known.progress, dispute.progress:
        case DisputeProgress.OPEN, DisputeProgress.WON:
            won = _posting(dispute, "dispute_won", debit=chart.RECEIVABLE, credit=chart.DISPUTES_HELD)
            fee = _fee(dispute, known.fee - dispute.fee, debit=chart.RECEIVABLE, credit=chart.DISPUTE_FEES)
            return entries.DisputeWon(dispute=dispute.id, postings=(won, *fee))
        case DisputeProgress.OPEN, DisputeProgress.LOST:
            lost = _posting(dispute, "dispute_lost", debit=chart.DISPUTE_LOSS, credit=chart.DISPUTES_HELD)
            return entries.DisputeLost(dispute=dispute.id, postings=(lost,))
        case (before, now) if before is now or (before, now) == (DisputeProgress.LOST, DisputeProgress.OPEN):
            return None
    raise BooksDiffer


def _opened(payment: Payment, dispute: Dispute) -> Entry:
    """Raises BooksDiffer for more than was captured, as far as no other dispute has taken it."""
    charged, taken = payment.started.amount, payment.disputed(DisputeProgress.OPEN, DisputeProgress.LOST)
    captured = charged.amount - taken if payment.status in CAPTURED else 0
    if dispute.amount.currency != charged.currency or dispute.amount.amount > captured:
        raise BooksDiffer
    held = _posting(dispute, "dispute", debit=chart.DISPUTES_HELD, credit=chart.RECEIVABLE)
    fee = _fee(dispute, dispute.fee, debit=chart.DISPUTE_FEES, credit=chart.RECEIVABLE)
    return entries.DisputeOpened(
        dispute=dispute.id, amount=dispute.amount, fee=dispute.fee, postings=(held, *fee)
    )


def _fee(dispute: Dispute, fee: int, *, debit: str, credit: str) -> Iterator[Posting]:
    if fee > 0:
        yield Posting("dispute_fee", debit, credit, fee, dispute.amount.currency, dispute.id)


def _covered(payment: Payment) -> Iterator[Entry]:
    """Of the refunds that are owed, those whose money the bank has given back, the oldest first."""
    left = sale_refunds.paid_twice(payment)
    for refund, known in payment.refunds.items():
        if known.is_owed and known.amount <= left:
            left -= known.amount
            currency, lost = payment.started.amount.currency, _lost(payment)
            paid = Posting("dispute_cover", chart.ORDER, chart.DISPUTE_LOSS, known.amount, currency, lost)
            yield entries.SaleRefundCovered(refund=refund, dispute=lost, postings=(paid,))


def _lost(payment: Payment) -> str:
    """The processor's id of the dispute that was lost last."""
    lost = [id for id, one in payment.disputes.items() if one.progress is DisputeProgress.LOST]
    return lost[-1]


def _posting(dispute: Dispute, code: str, *, debit: str, credit: str) -> Posting:
    return Posting(code, debit, credit, dispute.amount.amount, dispute.amount.currency, dispute.id)
