"""A person's way through Settle: registered, changed any number of times, and forgotten for good."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from customers.events import CustomerErased, CustomerErasureStarted, CustomerRegistered
from kernel.errors import Fault, NotFound, Refusal
from kernel.events import Decision

MOST_ADDRESSES = 20
# How long an erasure rests between two looks at it.
PATIENCE = timedelta(minutes=10)


class ErasedCustomer(Refusal):
    """This customer is being erased or was erased, and never comes back."""


class TooManyAddresses(Refusal):
    """A profile holds at most twenty addresses."""


class NotErasing(Fault):
    """Nobody has asked to erase this customer."""


class Status(StrEnum):
    """How a customer stands. It only moves forward."""

    ACTIVE = "ACTIVE"
    ERASING = "ERASING"
    ERASED = "ERASED"


@dataclass(frozen=True)
class Customer:
    """What is known of a customer without their data key.

    `revision` is the number of their latest profile, and 0 without one. `by` is the role that asked for the
    erasure. `due_at` is when somebody looks at the erasure again. `version` counts the writes of the record,
    `sequence` the facts published.
    """

    customer_id: str
    status: Status = Status.ACTIVE
    revision: int = 0
    by: str = ""
    asked_at: datetime | None = None
    due_at: datetime | None = None
    sequence: int = 0
    version: int = 0


@dataclass(frozen=True)
class Address:
    """Where something may be sent: `lines` as they stand on an envelope, `country` in two letters."""

    lines: tuple[str, ...]
    city: str
    country: str
    postcode: str | None = None


@dataclass(frozen=True)
class Profile:
    """A person's data. Each address has the name that the person gave it."""

    name: str
    email: str
    phone: str | None = None
    addresses: Mapping[str, Address] = field(default_factory=dict)

    def texts(self) -> dict[str, str]:
        """Each field that the profile has, as text. What `profile_of` makes of them is the same profile."""
        addresses = {name: asdict(address) for name, address in self.addresses.items()}
        known = {"name": self.name, "email": self.email, "phone": self.phone}
        told = {name: text for name, text in known.items() if text is not None}
        return told | {"addresses": json.dumps(addresses, sort_keys=True)}


def profile_of(texts: Mapping[str, str]) -> Profile:
    """The profile that has these texts."""
    addresses = {
        name: Address(**{**known, "lines": tuple(known["lines"])})
        for name, known in json.loads(texts["addresses"]).items()
    }
    return Profile(texts["name"], texts["email"], texts.get("phone"), addresses)


def described(known: Profile | None, *, name: str, email: str, phone: str | None) -> Profile:
    """The profile with another description, and the addresses that it has."""
    return Profile(name, email, phone, known.addresses if known else {})


def with_address(known: Profile | None, *, name: str, address: Address) -> Profile:
    """The profile with this address under this name. Raises NotFound without one, and TooManyAddresses."""
    profile = _existing(known)
    addresses = {**profile.addresses, name: address}
    if len(addresses) > MOST_ADDRESSES:
        raise TooManyAddresses
    return replace(profile, addresses=addresses)


def without_address(known: Profile | None, name: str) -> Profile:
    """The profile without the address of this name. Raises NotFound without a profile."""
    profile = _existing(known)
    kept = {other: address for other, address in profile.addresses.items() if other != name}
    return replace(profile, addresses=kept)


def must_be_active(customer: Customer) -> None:
    """Raises ErasedCustomer once somebody has asked to erase the customer."""
    if customer.status is not Status.ACTIVE:
        raise ErasedCustomer


def revise(customer: Customer) -> Decision[Customer]:
    """Gives the customer a further profile. The first one registers the customer. Raises ErasedCustomer."""
    must_be_active(customer)
    revised = replace(customer, revision=customer.revision + 1)
    facts = () if customer.revision else (CustomerRegistered(customer_id=customer.customer_id),)
    return Decision(revised, facts, unpublished=True)


def start_erasure(customer: Customer, *, by: str, at: datetime) -> Decision[Customer]:
    """Begins to erase the customer. Who never registered may have orders and payment methods all the same."""
    match customer.status:
        case Status.ERASING | Status.ERASED:
            return Decision(customer)
        case Status.ACTIVE:
            erasing = replace(customer, status=Status.ERASING, by=by, asked_at=at, due_at=at)
            return Decision(erasing, (CustomerErasureStarted(customer_id=customer.customer_id),))
        case other:
            assert_never(other)


def claim(customer: Customer, now: datetime) -> Decision[Customer]:
    """Sets the time of the next look, so that of two runs one goes on with the erasure."""
    return Decision(replace(customer, due_at=now + PATIENCE), unpublished=True)


def finish_erasure(customer: Customer) -> Decision[Customer]:
    """Ends the erasure, once the customer's data key is gone. Raises NotErasing."""
    match customer.status:
        case Status.ACTIVE:
            raise NotErasing
        case Status.ERASING:
            erased = replace(customer, status=Status.ERASED)
            return Decision(erased, (CustomerErased(customer_id=customer.customer_id),))
        case Status.ERASED:
            return Decision(customer)
        case other:
            assert_never(other)


def _existing(known: Profile | None) -> Profile:
    if known is None:
        raise NotFound
    return known
