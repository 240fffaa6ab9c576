"""The port to a card processor, in payments' own words, and the faults that its adapters raise."""

from typing import Protocol

from kernel.errors import Fault
from kernel.money import Money
from payments.intents import Intent


class ProcessorUnavailable(Fault):
    """The processor did not answer, or failed: nobody knows whether the request had its effect."""


class ProcessorConfused(Fault):
    """This code does not understand the processor's answer."""


class PaymentProvider(Protocol):
    """The calls that payments makes to a card processor. Every call may be repeated.

    Raises ProcessorUnavailable and ProcessorConfused. `key` makes a repetition the same request for as
    long as the processor remembers keys, about a day. Refunds are minor units of the payment's currency.
    """

    def create(self, token: str, amount: Money, *, reference: str, key: str) -> Intent:
        """Creates a payment that captures nothing until it is confirmed."""

    def confirm(self, intent_id: str, *, key: str) -> Intent:
        """Captures the payment, or says why not. The answer's progress is the outcome."""

    def cancel(self, intent_id: str) -> Intent:
        """Rules out a capture, unless there has been one. The answer's progress says whether that worked."""

    def retrieve(self, intent_id: str) -> Intent:
        """The payment as it is now."""

    def refund(self, intent_id: str, amount: int, *, key: str) -> int:
        """Gives back `amount`, and answers the amount that was given back."""

    def refunds(self, intent_id: str) -> tuple[int, ...]:
        """Every refund of the payment, up to now."""
