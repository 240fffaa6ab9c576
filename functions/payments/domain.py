"""What may happen to an order's payment, decided from our own books and the processor's answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from kernel.errors import Fault, Refusal
from kernel.events import Decision
from kernel.money import Money
from payments import events


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
    """NONE has no record; VOIDED without a charge is a tombstone."""

    NONE = "NONE"
    PENDING = "PENDING"
    CAPTURED = "CAPTURED"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"
    REFUNDING = "REFUNDING"
    REFUNDED = "REFUNDED"


class Progress(StrEnum):
    """How far the processor is with a payment. An adapter translates the processor's own words."""

    UNCONFIRMED = "UNCONFIRMED"
    PROCESSING = "PROCESSING"
    CAPTURED = "CAPTURED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"


class Reason(StrEnum):
    """Why the processor declined a payment, in the words that PaymentDeclined publishes."""

    UNTOLD = ""
    CARD_DECLINED = "card_declined"
    EXPIRED_CARD = "expired_card"
    INCORRECT_CVC = "incorrect_cvc"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    PROCESSING_ERROR = "processing_error"


@dataclass(frozen=True)
class Intent:
    """A payment as the processor's books have it; `reason` says why it was declined."""

    id: str
    progress: Progress
    amount: Money
    reason: Reason = Reason.UNTOLD


@dataclass(frozen=True)
class Charge:
    """Who is to pay how much, and the id of that at the processor."""

    customer_id: str
    amount: Money
    intent_id: str


@dataclass(frozen=True)
class Payment:
    """An order's payment in our books, and how many facts were published about it."""

    order_id: str
    status: Status = Status.NONE
    charge: Charge | None = None
    reason: str = ""
    sequence: int = 0

    @property
    def started(self) -> Charge:
        """The charge of a payment that has one, which is every state but NONE and a tombstone."""
        if self.charge is None:
            raise BooksDiffer
        return self.charge

    @property
    def is_settled(self) -> bool:
        """Whether the processor's answer to the charge is on record."""
        return self.status in (Status.CAPTURED, Status.DECLINED)

    @property
    def is_undone(self) -> bool:
        """Whether nothing of it is captured now, and never will be.

        No record is not enough, for a late charge may come. Nor is a decline: only what `may_yet_capture`
        asks of the processor rules out a late confirmation, and no record tells whether that was asked.
        """
        return self.status in (Status.VOIDED, Status.REFUNDED)

    @property
    def is_held(self) -> bool:
        """Whether the order is paid."""
        return self.status is Status.CAPTURED


def must_be_open(payment: Payment, total: Money) -> None:
    """The order is open to a charge of `total`: that is yet to be made, or has been made before.

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
    """How a settled charge came out. Raises PaymentDeclined, each time with the reason on record."""
    if payment.status is Status.DECLINED:
        raise PaymentDeclined(f"The processor declined the payment: {payment.reason}", reason=payment.reason)
    return payment.status


def start(payment: Payment, charge: Charge) -> Decision[Payment]:
    """Notes the processor's id of a payment that is not confirmed there yet."""
    started = replace(payment, status=Status.PENDING, charge=charge)
    return Decision(started, (events.PaymentStarted(order_id=payment.order_id, amount=charge.amount),))


def settle(payment: Payment, intent: Intent) -> Decision[Payment]:
    """What a confirmed payment came to. Raises StillProcessing, and ChargeVoided for a cancelled one."""
    match intent.progress:
        case Progress.CAPTURED:
            captured = replace(payment, status=Status.CAPTURED)
            return Decision(captured, (_captured(payment, intent),))
        case Progress.DECLINED:
            declined = replace(payment, status=Status.DECLINED, reason=intent.reason)
            fact = events.PaymentDeclined(order_id=payment.order_id, reason=intent.reason)
            return Decision(declined, (fact,))
        case Progress.PROCESSING | Progress.UNCONFIRMED:
            raise StillProcessing
        case Progress.CANCELLED:
            raise ChargeVoided
        case other:
            assert_never(other)


def may_yet_capture(payment: Payment) -> bool:
    """Whether the processor must be told to cancel before this payment can count as undone.

    A declined one too: a late confirmation whose key the processor has forgotten must find it cancelled.
    """
    return payment.status in (Status.PENDING, Status.DECLINED)


def undo(payment: Payment) -> Decision[Payment]:
    """The undo of what the processor need not cancel: a tombstone, or the intent to refund."""
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
    """The undo after the processor was told to cancel; what it had captured goes back.

    Raises StillProcessing while the processor can neither cancel nor refund.
    """
    match intent.progress:
        case Progress.CANCELLED:
            return Decision(payment) if payment.status is Status.DECLINED else _voided(payment)
        case Progress.CAPTURED:
            refunding = replace(payment, status=Status.REFUNDING)
            return Decision(refunding, (_captured(payment, intent), _refund_started(payment)))
        case Progress.PROCESSING | Progress.UNCONFIRMED | Progress.DECLINED:
            raise StillProcessing
        case other:
            assert_never(other)


def refunded(payment: Payment, refunds: Sequence[int]) -> Decision[Payment]:
    """The end of a refund, given the processor's refunds (minor units); another sum raises BooksDiffer."""
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
