"""The facts that payments publishes about an order's payment, without its method and the processor's id."""

from kernel.events import Event
from kernel.money import Money


class PaymentCaptured(Event):
    """The customer has paid."""

    order_id: str
    amount: Money


class PaymentDeclined(Event):
    """The processor will not take the customer's money; `reason` is one of a few known words."""

    order_id: str
    reason: str


class PaymentVoided(Event):
    """Nothing was captured for this order, and nothing ever will be."""

    order_id: str


class RefundStarted(Event):
    """The captured money is going back."""

    order_id: str
    amount: Money


class PaymentRefunded(Event):
    """All the captured money has gone back."""

    order_id: str
    amount: Money
