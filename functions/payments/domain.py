"""What may happen to an order's payment, decided from our own books and the processor's answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from kernel.errors import Fault, Refusal
from kernel.events import Decision
from kernel.money import Money
from payments import events
from payments.intents import Intent, Progress


class PaymentDeclined(Refusal):
    """The processor declined the payment."""


class ChargeVoided(Refusal):
    """The order was undone, so nothing may be charged for it any more."""


class UnknownPaymentMethod(Refusal):
    """The customer has registered no such payment method."""


class StillProcessing(Fault):
    """The processor does not know the outcome yet."""


class CaptureStillPossible(Fault):
    """The processor has to cancel this payment before it can count as undone."""


class BooksDiffer(Fault):
    """Our books and the request or the processor's books do not agree; a human has to look."""


class Status(StrEnum):
    """How a payment stands. NONE means that there is no record; VOIDED without a charge is a tombstone."""

    NONE = "NONE"
    PENDING = "PENDING"
    CAPTURED = "CAPTURED"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"
    REFUNDING = "REFUNDING"
    REFUNDED = "REFUNDED"


@dataclass(frozen=True)
class Charge:
    """Who is to pay how much, and the processor's id of the payment."""

    customer_id: str
    amount: Money
    intent_id: str


@dataclass(frozen=True)
class Payment:
    """An order's payment in our books. `version` counts its writes, `sequence` the facts published."""

    order_id: str
    status: Status = Status.NONE
    charge: Charge | None = None
    reason: str = ""
    sequence: int = 0
    version: int = 0

    @property
    def started(self) -> Charge:
        """The charge. Raises BooksDiffer for a payment without a charge, which is NONE or a tombstone."""
        if self.charge is None:
            raise BooksDiffer
        return self.charge

    @property
    def is_settled(self) -> bool:
        """Whether the processor's answer to the charge is on record."""
        return self.status in (Status.CAPTURED, Status.DECLINED)

    @property
    def is_undone(self) -> bool:
        """Whether no money is captured for the order, now and for ever.

        A missing record is not enough, since a late charge may still come. A decline is not enough either:
        until the processor was told to cancel the payment, a late confirmation may capture it, and no
        record says whether the processor was told.
        """
        return self.status in (Status.VOIDED, Status.REFUNDED)

    @property
    def is_held(self) -> bool:
        """Whether the order is paid."""
        return self.status is Status.CAPTURED


def must_be_open(payment: Payment, total: Money) -> None:
    """Checks that `total` may be charged: for the first time, or again with the same amount.

    Raises ChargeVoided after an undo, and BooksDiffer for another amount than before.
    """
    match payment.status:
        case Status.NONE | Status.DECLINED:
            return
        case Status.PENDING | Status.CAPTURED:
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


def start(payment: Payment, charge: Charge) -> Decision[Payment]:
    """Records the processor's id of a payment that is not confirmed there yet. Nobody else has to know."""
    return Decision(replace(payment, status=Status.PENDING, charge=charge), unpublished=True)


def settle(payment: Payment, intent: Intent) -> Decision[Payment]:
    """Records whether the processor captured or declined a confirmed payment.

    Raises StillProcessing, and ChargeVoided for a payment that was cancelled.
    """
    match intent.progress:
        case Progress.CAPTURED:
            captured = replace(payment, status=Status.CAPTURED)
            return Decision(captured, (_captured(payment, intent),))
        case Progress.DECLINED:
            declined = replace(payment, status=Status.DECLINED, reason=intent.reason)
            fact = events.PaymentDeclined(order_id=payment.order_id, reason=intent.reason)
            return Decision(declined, (fact,))
        case Progress.PROCESSING | Progress.UNCONFIRMED | Progress.AUTHENTICATION_REQUIRED:
            raise StillProcessing
        case Progress.CANCELLED:
            raise ChargeVoided
        case other:
            assert_never(other)


def may_yet_capture(payment: Payment) -> bool:
    """Whether the processor must be told to cancel before this payment can count as undone.

    That includes a declined payment: the processor may have forgotten the key of a late confirmation, which
    must then find the payment cancelled.
    """
    return payment.status in (Status.PENDING, Status.DECLINED)


def undo(payment: Payment) -> Decision[Payment]:
    """Undoes a payment that the processor need not cancel: leaves a tombstone, or starts the refund.

    Raises CaptureStillPossible for a payment that the processor has to cancel first.
    """
    match payment.status:
        case Status.NONE:
            return _voided(payment)
        case Status.CAPTURED:
            return Decision(replace(payment, status=Status.REFUNDING), (_refund_started(payment),))
        case Status.VOIDED | Status.REFUNDING | Status.REFUNDED:
            return Decision(payment)
        case Status.PENDING | Status.DECLINED:
            raise CaptureStillPossible
        case other:
            assert_never(other)


def undo_cancelled(payment: Payment, intent: Intent) -> Decision[Payment]:
    """Undoes a payment that the processor was told to cancel. Starts the refund if it was captured already.

    Raises StillProcessing while the processor can neither cancel nor refund.
    """
    match intent.progress:
        case Progress.CANCELLED:
            return Decision(payment) if payment.status is Status.DECLINED else _voided(payment)
        case Progress.CAPTURED:
            refunding = replace(payment, status=Status.REFUNDING)
            return Decision(refunding, (_captured(payment, intent), _refund_started(payment)))
        case (
            Progress.PROCESSING | Progress.UNCONFIRMED | Progress.AUTHENTICATION_REQUIRED | Progress.DECLINED
        ):
            raise StillProcessing
        case other:
            assert_never(other)


def refunded(payment: Payment, refunds: Sequence[int]) -> Decision[Payment]:
    """Ends a refund. `refunds` are the processor's, in minor units. Raises BooksDiffer for another sum."""
    amount = payment.started.amount
    if sum(refunds) != amount.amount:
        raise BooksDiffer
    done = replace(payment, status=Status.REFUNDED)
    return Decision(done, (events.PaymentRefunded(order_id=payment.order_id, amount=amount),))


def _voided(payment: Payment) -> Decision[Payment]:
    voided = replace(payment, status=Status.VOIDED)
    return Decision(voided, (events.PaymentVoided(order_id=payment.order_id),))


def _captured(payment: Payment, intent: Intent) -> events.PaymentCaptured:
    if intent.amount != payment.started.amount:
        raise BooksDiffer
    return events.PaymentCaptured(order_id=payment.order_id, amount=intent.amount)


def _refund_started(payment: Payment) -> events.RefundStarted:
    return events.RefundStarted(order_id=payment.order_id, amount=payment.started.amount)
