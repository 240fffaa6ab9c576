"""What the card processor's books hold, in payments' own words: payments, refunds, disputes, the balance."""

from dataclasses import dataclass, field
from datetime import datetime
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
    AUTHENTICATION_FAILED = "authentication_failed"
    AMOUNT_REFUSED = "amount_refused"


@dataclass(frozen=True)
class Intent:
    """A payment as the processor's books have it; `reason` says why it was declined.

    A payment that the processor would not even create is DECLINED and has no id. At `link` the customer
    authenticates the payment. Whoever has the link can do that, so it is never stored or logged. `reference`
    is what it was created with, the order's id.
    """

    id: str
    progress: Progress
    amount: Money
    reason: Reason = Reason.UNTOLD
    link: str | None = field(default=None, repr=False)
    reference: str = ""


class RefundProgress(StrEnum):
    """How far the processor is with a refund."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Refund:
    """Money that goes back. `ours` is the id that payments gave it, or empty for a refund of somebody else's.

    A refund that has succeeded can still fail, days later. `reason` is the processor's word for why.
    """

    id: str
    ours: str
    amount: Money
    progress: RefundProgress
    reason: str = ""


class DisputeProgress(StrEnum):
    """How a dispute stands."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


@dataclass(frozen=True)
class Dispute:
    """Money that the customer's bank took back; `fee` in minor units is what the processor takes for it."""

    id: str
    amount: Money
    fee: int
    progress: DisputeProgress


class Kind(StrEnum):
    """What moved the balance that the merchant has with the processor."""

    CHARGE = "CHARGE"
    REFUND = "REFUND"
    REFUND_FAILED = "REFUND_FAILED"
    DISPUTE = "DISPUTE"
    DISPUTE_REVERSED = "DISPUTE_REVERSED"
    PAYOUT = "PAYOUT"
    FEE = "FEE"
    OTHER = "OTHER"


@dataclass(frozen=True)
class Transaction:
    """A movement of the balance: `net` is `amount` less `fee`, in minor units of `currency`.

    The ids of the payment, the refund and the dispute are empty when the movement is about none.
    """

    id: str
    kind: Kind
    amount: int
    fee: int
    net: int
    currency: str
    created: datetime
    intent_id: str = ""
    refund_id: str = ""
    dispute_id: str = ""
