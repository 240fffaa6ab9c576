"""The facts that payments publishes of payments and wallets, without a method or an id of the processor's."""

from pydantic import BaseModel, ConfigDict

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


class SaleRefundStarted(Event):
    """A part of a sale is going back, under the id `refund`."""

    order_id: str
    refund: str
    amount: Money


class SaleRefunded(Event):
    """That part of the sale has gone back."""

    order_id: str
    refund: str
    amount: Money


class SaleRefundFailed(Event):
    """That part of the sale could not go back, perhaps days after it seemed to have: it is owed still."""

    order_id: str
    refund: str
    amount: Money


class DisputeOpened(Event):
    """The customer's bank has taken the money back, for as long as it looks into the payment."""

    order_id: str
    dispute: str
    amount: Money


class DisputeWon(Event):
    """The bank has decided for the shop: the money is the shop's again."""

    order_id: str
    dispute: str
    amount: Money


class DisputeLost(Event):
    """The bank has decided for the customer, who keeps the money."""

    order_id: str
    dispute: str
    amount: Money


class WalletBalance(BaseModel):
    """Store credit in minor units of a currency: `posted` is the customer's, `available` can be spent."""

    model_config = ConfigDict(frozen=True)
    currency: str
    posted: int
    available: int


class WalletChanged(Event):
    """A customer's wallet has these balances now: all of them, whatever changed."""

    customer_id: str
    balances: tuple[WalletBalance, ...]
