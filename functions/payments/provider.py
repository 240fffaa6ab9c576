"""The port to a card processor, in payments' own words, and the faults that its adapters raise."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from kernel.errors import Fault
from kernel.money import Money
from payments.intents import Dispute, Intent, Refund, Transaction


class ProcessorUnavailable(Fault):
    """The processor did not answer, or failed: nobody knows whether the request had its effect."""

    @property
    def replayed(self) -> bool:
        """Whether the processor repeated a failure that it remembers, as it will for as long as the key."""
        return bool(self.data.get("replayed"))


class ProcessorCutOff(Fault):
    """The processor is taken to be down, so it was not asked for a new charge."""


class ProcessorConfused(Fault):
    """This code does not understand the processor's answer."""


class PaymentProvider(Protocol):
    """The calls that payments makes to a card processor. Every call may be repeated.

    Raises ProcessorUnavailable and ProcessorConfused. `key` makes a repetition the same request for as
    long as the processor remembers keys, about a day. Then the processor also repeats a failure.
    """

    def create(self, token: str, amount: Money, *, reference: str, key: str) -> Intent:
        """Creates a payment that captures nothing until it is confirmed.

        What the processor cannot take (the amount, the method) comes back DECLINED, without an id.
        """

    def confirm(self, intent_id: str, *, key: str) -> Intent:
        """Captures the payment, or says why not. The answer's progress is the outcome."""

    def cancel(self, intent_id: str) -> Intent:
        """Rules out a capture, unless there has been one. The answer's progress says whether that worked."""

    def retrieve(self, intent_id: str) -> Intent:
        """The payment as it is now."""

    def refund(self, intent_id: str, amount: Money, *, refund_id: str, key: str) -> Refund:
        """Asks to give back `amount`. The refund carries our own `refund_id`, by which it is found again."""

    def refunds(self, intent_id: str) -> tuple[Refund, ...]:
        """Every refund of the payment, up to now, the newest first."""

    def disputes(self, intent_id: str) -> tuple[Dispute, ...]:
        """Every dispute of the payment that has moved money, up to now."""

    def transactions(self, since: datetime, until: datetime) -> Iterator[Transaction]:
        """The movements of the balance from one second on until just before another, the newest first."""

    def detach(self, token: str) -> None:
        """Makes the processor forget whose the payment method is. It cannot be charged again."""

    def register_webhook(self, url: str) -> str:
        """Has events sent to this address, and answers the secret that signs them.

        An earlier registration of the address ends, and so does its secret.
        """
