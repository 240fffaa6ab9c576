"""What the card processor's books hold, in payments' own words: payments, refunds and disputes."""

from dataclasses import dataclass
from enum import StrEnum

from kernel.money import Money


class Progress(StrEnum):
    """How far the processor is with a payment. An adapter translates the processor's own words."""

    UNCONFIRMED = "UNCONFIRMED"
    PROCESSING = "PROCESSING"
    AUTHENTICATION_REQUIRED = "AUTHENTICATION_REQUIRED"
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
