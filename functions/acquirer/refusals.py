"""What the processor refuses. The data of a refusal are the fields of Stripe's error body."""

from kernel.errors import Refusal


class CardDeclined(Refusal):
    """The card was declined."""

    status = 402


class UnexpectedState(Refusal):
    """The payment's state does not allow this; `payment_intent` tells the state."""

    status = 400


class AmountRefused(Refusal):
    """The amount is smaller or larger than what can be charged in this currency."""

    status = 400


class RefundRefused(Refusal):
    """The refund is greater than what was captured and has not gone back."""

    status = 400


class ChargeDisputed(Refusal):
    """A charge that is disputed cannot be refunded."""

    status = 400


class MethodUnusable(Refusal):
    """The payment method was detached, or is attached to nobody, so it cannot be used or detached."""

    status = 400


class IdempotencyError(Refusal):
    """This Idempotency-Key was already used with other parameters."""

    status = 400


class KeyInUse(Refusal):
    """Another request with this Idempotency-Key is under way; this one did nothing and may be repeated."""


class Busy(Refusal):
    """Another request is changing this payment; this one did nothing and may be repeated."""
