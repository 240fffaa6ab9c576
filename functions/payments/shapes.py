"""Stripe's objects, as far as payments reads them, and what they are in payments' own words.

https://docs.stripe.com/api. Every field that is not named here is ignored, and an unknown word is a fault.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from payments.currencies import AmountUnrepresentable, money_of
from payments.intents import (
    Dispute,
    DisputeProgress,
    Intent,
    Kind,
    Progress,
    Reason,
    Refund,
    RefundProgress,
    Transaction,
)
from payments.provider import ProcessorConfused

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OURS, REFERENCE = "refund_id", "order_id"
PROGRESS: Mapping[str, Progress] = {
    "requires_confirmation": Progress.UNCONFIRMED,
    "requires_action": Progress.AUTHENTICATION_REQUIRED,
    "processing": Progress.PROCESSING,
    "succeeded": Progress.CAPTURED,
    "requires_payment_method": Progress.DECLINED,
    "canceled": Progress.CANCELLED,
}
REFUNDS: Mapping[str, RefundProgress] = {
    "pending": RefundProgress.PENDING,
    "requires_action": RefundProgress.PENDING,
    "succeeded": RefundProgress.SUCCEEDED,
    "failed": RefundProgress.FAILED,
    "canceled": RefundProgress.FAILED,
}
# An inquiry, or a dispute that was prevented, moves no money, and is none.
DISPUTES: Mapping[str, DisputeProgress | None] = {
    "needs_response": DisputeProgress.OPEN,
    "under_review": DisputeProgress.OPEN,
    "appeal_needs_response": DisputeProgress.OPEN,
    "appeal_under_review": DisputeProgress.OPEN,
    "won": DisputeProgress.WON,
    "lost": DisputeProgress.LOST,
    "warning_needs_response": None,
    "warning_under_review": None,
    "warning_closed": None,
    "prevented": None,
}
KINDS: Mapping[str, Kind] = {
    "charge": Kind.CHARGE,
    "refund": Kind.REFUND,
    "refund_failure": Kind.REFUND_FAILED,
    "dispute": Kind.DISPUTE,
    "dispute_reversal": Kind.DISPUTE_REVERSED,
    "payout": Kind.PAYOUT,
    "payout_reversal": Kind.PAYOUT,
    "fee": Kind.FEE,
}
# A reason is published, so only these codes of the processor pass. Another code becomes a plain decline.
REASONS: Mapping[str, Reason] = {
    "expired_card": Reason.EXPIRED_CARD,
    "incorrect_cvc": Reason.INCORRECT_CVC,
    "invalid_cvc": Reason.INCORRECT_CVC,
    "insufficient_funds": Reason.INSUFFICIENT_FUNDS,
    "processing_error": Reason.PROCESSING_ERROR,
    "payment_intent_authentication_failure": Reason.AUTHENTICATION_FAILED,
    "authentication_required": Reason.AUTHENTICATION_FAILED,
}
# The processor's words for why a refund failed. Another word is not passed on.
FAILURES = {
    *("charge_for_pending_refund_disputed", "declined", "expired_or_canceled_card", "insufficient_funds"),
    *("lost_or_stolen_card", "merchant_request", "unknown"),
}
Shape = TypeVar("Shape", bound=BaseModel)


class _Failure(BaseModel):
    code: str | None = None
    decline_code: str | None = None

    def reason(self) -> Reason:
        known = (REASONS.get(code or "") for code in (self.decline_code, self.code))
        return next((reason for reason in known if reason), Reason.CARD_DECLINED)


class _Redirect(BaseModel):
    url: str


class _Action(BaseModel):
    redirect_to_url: _Redirect | None = None


class PaymentIntent(BaseModel):
    id: str
    status: str
    amount: int
    currency: str
    last_payment_error: _Failure | None = None
    next_action: _Action | None = None
    metadata: dict[str, str] | None = None

    def plain(self) -> Intent:
        progress = _known(PROGRESS, self.status, "payment")
        failed = self.last_payment_error if progress is Progress.DECLINED else None
        reason = failed.reason() if failed else Reason.UNTOLD
        redirect = self.next_action.redirect_to_url if self.next_action else None
        link = redirect.url if redirect else None
        order_id = (self.metadata or {}).get(REFERENCE, "")
        return Intent(self.id, progress, money_of(self.amount, self.currency), reason, link, order_id)


class ReturnedMoney(BaseModel):
    """A refund in Stripe's shape."""

    id: str
    amount: int
    currency: str
    status: str
    metadata: dict[str, str] | None = None
    failure_reason: str | None = None

    def plain(self) -> Refund:
        ours = (self.metadata or {}).get(OURS, "")
        reason = self.failure_reason if self.failure_reason in FAILURES else ""
        progress = _known(REFUNDS, self.status, "refund")
        return Refund(self.id, ours, money_of(self.amount, self.currency), progress, reason or "")


class _Movement(BaseModel):
    fee: int
    currency: str


class DisputedCharge(BaseModel):
    """A dispute in Stripe's shape."""

    id: str
    amount: int
    currency: str
    status: str
    balance_transactions: tuple[_Movement, ...] = ()

    def plain(self) -> Dispute | None:
        """The dispute, or None when it has not moved any money."""
        progress = _known(DISPUTES, self.status, "dispute")
        if progress is None:
            return None
        fee = sum(money_of(one.fee, one.currency).amount for one in self.balance_transactions)
        return Dispute(self.id, money_of(self.amount, self.currency), fee, progress)


class _Source(BaseModel):
    id: str
    object: str = ""
    payment_intent: str | None = None


class BalanceTransaction(BaseModel):
    id: str
    amount: int
    fee: int
    net: int
    currency: str
    created: int
    reporting_category: str
    source: _Source | str | None = None

    def plain(self) -> Transaction:
        source = self.source if isinstance(self.source, _Source) else _Source(id="")
        amount, fee, net = (money_of(one, self.currency).amount for one in (self.amount, self.fee, self.net))
        return Transaction(
            id=self.id,
            kind=KINDS.get(self.reporting_category, Kind.OTHER),
            amount=amount,
            fee=fee,
            net=net,
            currency=self.currency.upper(),
            created=EPOCH + timedelta(seconds=self.created),
            intent_id=source.payment_intent or "",
            refund_id=source.id if source.object == "refund" else "",
            dispute_id=source.id if source.object == "dispute" else "",
        )


class Endpoint(BaseModel):
    id: str
    url: str
    secret: str | None = None


class PaymentMethod(BaseModel):
    id: str
    customer: str | None


class Page(BaseModel):
    """A page of a list. The next page comes after the id of the last object."""

    data: tuple[dict[str, Any], ...]
    has_more: bool


def read(shape: type[Shape], answer: Any) -> Shape:
    """The answer in its shape. Raises ProcessorConfused for another one."""
    try:
        return shape.model_validate(answer)
    except ValidationError:
        # Pydantic's own text repeats the values.
        raise ProcessorConfused(f"the answer is no {shape.__name__}") from None


def in_our_words(shape: Any) -> Any:
    """What the object is in payments' words. Raises ProcessorConfused for an amount that is none of ours."""
    try:
        return shape.plain()
    except (AmountUnrepresentable, ValueError):
        raise ProcessorConfused("the answer has an amount that is not known here") from None


Word = TypeVar("Word")


def _known(words: Mapping[str, Word], word: str, about: str) -> Word:
    if word not in words:
        raise ProcessorConfused(f"the {about} has a status that is not known here")
    return words[word]
