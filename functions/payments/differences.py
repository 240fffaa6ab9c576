"""Differences between the processor's books and ours: what a person has to look at."""

from dataclasses import dataclass
from enum import StrEnum

from kernel.errors import Refusal
from kernel.money import Money


class Kind(StrEnum):
    """What differs. An open DISPUTE is one as well, since a person has to answer the bank."""

    DISPUTE = "DISPUTE"
    UNKNOWN_PAYMENT = "UNKNOWN_PAYMENT"
    UNKNOWN_MOVEMENT = "UNKNOWN_MOVEMENT"
    PAYMENT_DIFFERS = "PAYMENT_DIFFERS"
    PAYMENT_UNREADABLE = "PAYMENT_UNREADABLE"


class StillDisputed(Refusal):
    """A dispute is followed until the bank has decided it: then it closes by itself."""


class State(StrEnum):
    """How a difference stands: SETTLED when it has gone by itself, RESOLVED when a person has seen to it."""

    OPEN = "OPEN"
    SETTLED = "SETTLED"
    RESOLVED = "RESOLVED"


@dataclass(frozen=True)
class Difference:
    """By how much the processor's books say more than ours, about its object `reference`.

    `order_id` is empty when no order of ours is known.
    """

    kind: Kind
    reference: str
    amount: Money
    order_id: str = ""

    @property
    def is_about_a_payment(self) -> bool:
        """Whether the payment can be looked at again, so that the difference may settle itself."""
        return self.kind is not Kind.UNKNOWN_MOVEMENT
