"""What may happen to an order's payment, decided from our own books and the processor's answers.

Each decision is a pure function of the payment and of what is asked or known. It answers the entries that are
new, and none when all has been done already.
"""

from collections.abc import Sequence
from typing import assert_never

from kernel.errors import Fault, Refusal
from kernel.money import Money
from payments import chart, entries
from payments.chart import Posting
from payments.entries import Entries, Entry
from payments.intents import DisputeProgress, Intent, Progress, Refund, RefundProgress
from payments.payment import BooksDiffer, Charge, Payment, Status, captured_of, moved


class PaymentDeclined(Refusal):
    """The processor declined the payment."""


class ChargeVoided(Refusal):
    """The order was undone, so nothing may be charged for it any more."""


class UnknownPaymentMethod(Refusal):
    """The customer has registered no such payment method."""


class ErasedCustomer(Refusal):
    """This customer is being erased or was erased, and gets nothing new any more."""


class StillProcessing(Fault):
    """The processor does not know the outcome yet."""


class RefundFailed(Fault):
    """The processor could not give the money back."""


class CaptureStillPossible(Fault):
    """The processor has to cancel this payment before it can count as undone."""


class SaleTooEarly(Fault):
    """An order is confirmed whose payment is not captured."""


def must_be_open(payment: Payment, total: Money) -> None:
    """Checks that `total` may be charged: for the first time, or again with the same amount.

    Raises ChargeVoided after an undo, and BooksDiffer for another amount than before.
    """
    match payment.status:
        case Status.NONE | Status.DECLINED:
            return
        case Status.PENDING | Status.CAPTURED | Status.SOLD:
            if payment.started.amount != total:
                raise BooksDiffer
        case Status.VOIDED | Status.REFUNDING | Status.REFUNDED:
            raise ChargeVoided
        case other:
            assert_never(other)


def outcome(payment: Payment) -> Status:
    """The status of a settled charge. Raises PaymentDeclined, each time with the reason on record."""
    if payment.status is Status.DECLINED:
        raise PaymentDeclined(f"The processor declined the payment: {payment.reason}", reason=payment.reason)
    return payment.status


def start(payment: Payment, charge: Charge) -> Entries:
    """Puts the processor's id of a payment on record that is not confirmed there yet.

    The first charge on record stands: a twin's may have another id, when the processor has forgotten the key.
    Raises ChargeVoided when an undo was first.
    """
    must_be_open(payment, charge.amount)
    if payment.charge is not None:
        return ()
    customer_id, intent_id = charge.customer_id, charge.intent_id
    return (entries.ChargeStarted(customer_id=customer_id, amount=charge.amount, intent_id=intent_id),)


def settle(payment: Payment, intent: Intent) -> Entries:
    """Puts on record whether the processor captured or declined a confirmed payment.

    The first outcome on record stands. Raises StillProcessing, and ChargeVoided for a payment that was
    cancelled or undone.
    """
    if payment.is_settled:
        return ()
    is_unmade = payment.status is Status.NONE and intent.progress is Progress.DECLINED
    if payment.status is not Status.PENDING and not is_unmade:
        raise ChargeVoided
    match intent.progress:
        case Progress.CAPTURED:
            return (_captured(payment, intent),)
        case Progress.DECLINED:
            return (entries.Declined(reason=intent.reason),)
        case Progress.PROCESSING | Progress.UNCONFIRMED | Progress.AUTHENTICATION_REQUIRED:
            raise StillProcessing
        case Progress.CANCELLED:
            raise ChargeVoided
        case other:
            assert_never(other)


def may_yet_capture(payment: Payment) -> bool:
    """Whether the processor must be told to cancel before this payment can count as undone.

    That includes a declined payment: the processor may have forgotten the key of a late confirmation, which
    must then find the payment cancelled. A payment that the processor never created needs no cancelling.
    """
    is_card = payment.charge is not None and not payment.charge.is_wallet
    return is_card and payment.status in (Status.PENDING, Status.DECLINED)


def undo(payment: Payment, refund: str) -> Entries:
    """Undoes a payment that the processor need not cancel: leaves a tombstone, or starts the refund.

    Raises CaptureStillPossible for a payment that the processor has to cancel first, and BooksDiffer for the
    payment of a confirmed order, which stands.
    """
    match payment.status:
        case Status.NONE:
            return (entries.Voided(),)
        case Status.DECLINED if payment.charge is None:
            return (entries.Voided(),)
        case Status.CAPTURED:
            return (_refund_started(payment, refund),)
        case Status.VOIDED | Status.REFUNDING | Status.REFUNDED:
            return ()
        case Status.PENDING | Status.DECLINED:
            raise CaptureStillPossible
        case Status.SOLD:
            raise BooksDiffer
        case other:
            assert_never(other)


def undo_cancelled(payment: Payment, intent: Intent, *, refund: str) -> Entries:
    """Undoes a payment that the processor was told to cancel. Starts the refund if it was captured already.

    Raises StillProcessing while the processor can neither cancel nor refund.
    """
    if not may_yet_capture(payment):
        return undo(payment, refund)
    match intent.progress:
        case Progress.CANCELLED:
            return () if payment.status is Status.DECLINED else (entries.Voided(),)
        case Progress.CAPTURED:
            return (_captured(payment, intent), _refund_started(payment, refund))
        case (
            Progress.PROCESSING | Progress.UNCONFIRMED | Progress.AUTHENTICATION_REQUIRED | Progress.DECLINED
        ):
            raise StillProcessing
        case other:
            assert_never(other)


def has_all_failed(refunds: Sequence[Refund]) -> bool:
    """Whether none of the refunds has given money back, or still may."""
    return all(refund.progress is RefundProgress.FAILED for refund in refunds)


def given_back(refunds: Sequence[Refund], ours: str) -> tuple[int, ...]:
    """The amounts that have gone back, in minor units.

    Raises StillProcessing while a refund is pending, and RefundFailed when our own has failed.
    """
    if any(refund.progress is RefundProgress.PENDING for refund in refunds):
        raise StillProcessing
    mine = {refund.progress for refund in refunds if refund.ours == ours}
    if mine == {RefundProgress.FAILED}:
        raise RefundFailed
    return tuple(refund.amount.amount for refund in refunds if refund.progress is RefundProgress.SUCCEEDED)


def to_go_back(payment: Payment) -> Money:
    """What an undo gives back: what was captured, less what the customer's bank has given back."""
    amount = payment.started.amount
    return Money(amount.amount - payment.disputed(DisputeProgress.LOST), amount.currency)


def refunded(payment: Payment, refunds: Sequence[int], *, refund: str) -> Entries:
    """Ends a refund. `refunds` are the processor's, in minor units. Raises BooksDiffer for another sum."""
    if payment.status is Status.REFUNDED:
        return ()
    owed, lost = to_go_back(payment), payment.disputed(DisputeProgress.LOST)
    if payment.status is not Status.REFUNDING or sum(refunds) != owed.amount:
        raise BooksDiffer
    sides = ((owed.amount, chart.RECEIVABLE), (lost, chart.DISPUTE_LOSS))
    reference = payment.started.intent_id
    given = (
        Posting("refund", chart.ORDER, side, part, owed.currency, reference) for part, side in sides if part
    )
    return (entries.Refunded(refund=refund, postings=tuple(given)),)


def sell(payment: Payment) -> Entries:
    """Turns the money of a confirmed order into revenue.

    Raises SaleTooEarly while nothing is captured, and BooksDiffer when the payment was undone.
    """
    match payment.status:
        case Status.SOLD:
            return ()
        case Status.CAPTURED:
            sold = moved(payment.started, "sale", debit=chart.ORDER, credit=chart.REVENUE)
            return (entries.SalePosted(postings=(sold,)),)
        case Status.NONE | Status.PENDING:
            raise SaleTooEarly
        case Status.DECLINED | Status.VOIDED | Status.REFUNDING | Status.REFUNDED:
            raise BooksDiffer
        case other:
            assert_never(other)


def _captured(payment: Payment, intent: Intent) -> Entry:
    charge = payment.started
    if intent.amount != charge.amount:
        raise BooksDiffer
    return entries.Captured(postings=(captured_of(charge),))


def _refund_started(payment: Payment, refund: str) -> Entry:
    return entries.RefundStarted(refund=refund, amount=payment.started.amount)
