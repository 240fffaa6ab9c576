"""The test methods: what the sandbox does with a payment, a refund and a dispute, told by the method's name.

A name may go on after two underscores: `pm_approve__alice` is the method `pm_approve` of one customer, and
can be detached. A bare name is shared by everybody, and is attached to nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

NEVER = timedelta.max


class Status(StrEnum):
    """The states of a payment intent that the sandbox knows, in Stripe's own words."""

    UNCONFIRMED = "requires_confirmation"
    ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    DECLINED = "requires_payment_method"
    CANCELED = "canceled"


@dataclass(frozen=True)
class Refunding:
    """How a refund goes: it succeeds after `settles`, and fails after `fails`, counted from its request.

    With `once` only a payment's first refund goes so, and each later refund succeeds at once.
    """

    settles: timedelta = timedelta()
    fails: timedelta = NEVER
    once: bool = False


@dataclass(frozen=True)
class Disputing:
    """A dispute opens so long after the capture, and closes so long after it has opened."""

    won: bool
    opens: timedelta = timedelta(days=2)
    closes: timedelta = timedelta(days=10)


@dataclass(frozen=True)
class Behaviour:
    """What happens when a payment with a test method is confirmed.

    The payment gets the status `outcome`, and the answer takes `seconds`. With `fails_before` nothing happens
    and the answer is an error, also under another key unless `once`; with `fails_after` the payment changes
    and the answer is an error. `code` and `decline_code` say why a payment is declined.
    """

    outcome: Status = Status.SUCCEEDED
    seconds: int = 0
    fails_before: bool = False
    fails_after: bool = False
    once: bool = False
    code: str = "card_declined"
    decline_code: str = "generic_decline"
    refund: Refunding = Refunding()
    dispute: Disputing | None = None


def _declined(code: str, decline_code: str = "") -> Behaviour:
    return Behaviour(Status.DECLINED, code=code, decline_code=decline_code or code)


DECLINE = _declined("card_declined", "generic_decline")
METHODS: Mapping[str, Behaviour] = {
    "pm_approve": Behaviour(),
    "pm_approve_slowly": Behaviour(seconds=5),
    "pm_answer_lost": Behaviour(seconds=25),
    "pm_stall": Behaviour(Status.PROCESSING, seconds=25),
    "pm_authenticate": Behaviour(Status.ACTION),
    "pm_decline": DECLINE,
    "pm_decline_insufficient_funds": _declined("card_declined", "insufficient_funds"),
    "pm_decline_expired_card": _declined("expired_card"),
    "pm_decline_incorrect_cvc": _declined("incorrect_cvc"),
    "pm_decline_processing_error": _declined("processing_error"),
    "pm_error_before": Behaviour(fails_before=True),
    "pm_error_before_once": Behaviour(fails_before=True, once=True),
    "pm_error_after": Behaviour(fails_after=True),
    "pm_refund_pending": Behaviour(refund=Refunding(settles=timedelta(seconds=90))),
    "pm_refund_fails_once": Behaviour(refund=Refunding(fails=timedelta(), once=True)),
    "pm_refund_fails": Behaviour(refund=Refunding(fails=timedelta())),
    "pm_refund_fails_later": Behaviour(refund=Refunding(fails=timedelta(days=3))),
    "pm_dispute_won": Behaviour(dispute=Disputing(won=True)),
    "pm_dispute_lost": Behaviour(dispute=Disputing(won=False)),
    "pm_dispute_at_once": Behaviour(
        dispute=Disputing(won=False, opens=timedelta(), closes=timedelta(hours=1))
    ),
}


def behaviour(method: str) -> Behaviour:
    """What the method does. A method that this processor does not know is a card that is declined."""
    return METHODS.get(method.partition("__")[0], DECLINE)
