"""What a card processor allows: confirm once, cancel before capture, refund no more than was captured."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from kernel.errors import Refusal


class IdempotencyError(Refusal):
    """This Idempotency-Key was already used with other parameters."""

    status = 400


class UnexpectedState(Refusal):
    """The payment's state does not allow this; `payment_intent` tells the state."""


class RefundRefused(Refusal):
    """A refund may not exceed what was captured and not yet refunded."""

    status = 400


class Busy(Refusal):
    """Another request is changing this payment; this one did nothing and may be repeated."""


class Status(StrEnum):
    UNCONFIRMED = "requires_confirmation"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    DECLINED = "requires_payment_method"
    CANCELED = "canceled"


@dataclass(frozen=True)
class Behaviour:
    """What happens when a payment with a test method is confirmed.

    The payment gets the status `outcome`, and the answer takes `seconds`. With `fails_before` nothing happens
    and the answer is an error; with `fails_after` the payment changes and the answer is an error.
    """

    outcome: Status
    seconds: int = 0
    fails_before: bool = False
    fails_after: bool = False


DECLINE = Behaviour(Status.DECLINED)
METHODS: Mapping[str, Behaviour] = {
    "pm_approve": Behaviour(Status.SUCCEEDED),
    "pm_decline": DECLINE,
    "pm_approve_slowly": Behaviour(Status.SUCCEEDED, seconds=5),
    "pm_error_before": Behaviour(Status.UNCONFIRMED, fails_before=True),
    "pm_error_after": Behaviour(Status.SUCCEEDED, fails_after=True),
    "pm_stall": Behaviour(Status.PROCESSING, seconds=25),
}


@dataclass(frozen=True)
class Refund:
    """Money that went back; `amount` in minor units of the payment's currency."""

    id: str
    payment_intent: str
    amount: int


@dataclass(frozen=True)
class Intent:
    """One payment. Amounts in minor units; `confirmation` is the hash of the key that confirmed it."""

    id: str
    amount: int
    currency: str
    payment_method: str
    reference: str
    created_at: str
    status: Status = Status.UNCONFIRMED
    confirmation: str = ""
    settles_at: str = ""
    refunds: tuple[Refund, ...] = ()
    version: int = 1

    @property
    def behaviour(self) -> Behaviour:
        """A method that this processor does not know is a card that is declined."""
        return METHODS.get(self.payment_method, DECLINE)

    @property
    def amount_captured(self) -> int:
        return self.amount if self.status is Status.SUCCEEDED else 0

    @property
    def amount_refunded(self) -> int:
        return sum(refund.amount for refund in self.refunds)

    @property
    def terms(self) -> tuple[int, str, str, str]:
        return self.amount, self.currency, self.payment_method, self.reference


def shown(intent: Intent) -> dict[str, Any]:
    """The intent in the form of the processor's API."""
    declined = intent.status is Status.DECLINED
    return {
        "id": intent.id,
        "amount": intent.amount,
        "currency": intent.currency,
        "payment_method": intent.payment_method,
        "reference": intent.reference,
        "status": intent.status,
        "amount_captured": intent.amount_captured,
        "amount_refunded": intent.amount_refunded,
        "last_payment_error": {"code": "card_declined"} if declined else None,
    }


def as_of(intent: Intent, now: datetime) -> Intent:
    """The intent at this moment: a processing intent settles by time alone."""
    settled = intent.status is Status.PROCESSING and now >= datetime.fromisoformat(intent.settles_at)
    return replace(intent, status=Status.SUCCEEDED) if settled else intent


def confirm(intent: Intent, confirmation: str, *, now: datetime) -> Intent:
    """Captures or declines as the method says. The same key again changes nothing.

    Raises UnexpectedState for a payment that is neither new nor confirmed with this key.
    """
    if intent.confirmation == confirmation:
        return intent
    if intent.status is not Status.UNCONFIRMED:
        raise UnexpectedState(payment_intent=shown(intent))
    outcome = intent.behaviour.outcome
    settles_at = (now + timedelta(seconds=intent.behaviour.seconds)).isoformat()
    return replace(
        intent,
        status=outcome,
        confirmation=confirmation,
        settles_at=settles_at if outcome is Status.PROCESSING else "",
    )


def cancel(intent: Intent) -> Intent:
    """Rules out any capture from now on. Raises UnexpectedState once it is captured or being processed."""
    match intent.status:
        case Status.UNCONFIRMED | Status.DECLINED:
            return replace(intent, status=Status.CANCELED)
        case Status.CANCELED:
            return intent
        case Status.PROCESSING | Status.SUCCEEDED:
            raise UnexpectedState(payment_intent=shown(intent))


def refund(intent: Intent, new: Refund) -> Intent:
    """The intent with this refund. Raises RefundRefused when more would go back than was captured."""
    if intent.amount_refunded + new.amount > intent.amount_captured:
        raise RefundRefused
    return replace(intent, refunds=(*intent.refunds, new))
