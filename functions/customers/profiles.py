"""Reads and changes a person's profile. The data key is fetched for each use, and kept for none."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from customers import domain, keys, sealing, store
from customers.domain import Customer, ErasedCustomer, Profile, Status
from kernel.errors import NotFound
from kernel.table import outbox


@dataclass(frozen=True)
class Known:
    """A customer and their profile. Without a data key nobody can read one, whatever the tables hold.

    `changed` tells whether the profile is another one than before, and `registered` whether it is the first.
    """

    customer: Customer
    profile: Profile | None
    changed: bool = False

    @property
    def registered(self) -> bool:
        return self.changed and self.customer.revision == 1


def look(customer_id: str) -> Known:
    """The customer as they stand. Raises NotFound for who has neither registered nor was erased.

    A key that is gone means that the person is forgotten, also where a restored table says otherwise.
    """
    customer = store.load(customer_id)
    if customer.status is not Status.ACTIVE:
        return Known(customer, None)
    if not customer.revision:
        raise NotFound
    key = keys.find(customer_id)
    if key is None:
        return Known(replace(customer, status=Status.ERASED), None)
    return Known(customer, _unsealed(customer, key))


def change(customer_id: str, edit: Callable[[Profile | None], Profile], *, cause: str) -> Known:
    """Gives the customer the profile that `edit` makes of theirs, of None for who has not registered.

    Raises ErasedCustomer, and what `edit` raises. A profile that stays as it is writes nothing.
    """

    def use_case() -> Known:
        customer = store.load(customer_id)
        domain.must_be_active(customer)
        key = _existing_key(customer) if customer.revision else None
        current = _unsealed(customer, key) if key else None
        wanted = edit(current)
        if wanted == current:
            return Known(customer, current)
        decision = domain.revise(customer)
        sealed = sealing.seal(wanted.texts(), key or keys.make(customer_id), of=customer_id)
        store.save(decision, cause=cause, profile=sealed)
        return Known(decision.state, wanted, changed=True)

    return outbox.persist(use_case)


def _existing_key(customer: Customer) -> bytes:
    key = keys.find(customer.customer_id)
    if key is None:
        raise ErasedCustomer
    return key


def _unsealed(customer: Customer, key: bytes) -> Profile:
    return domain.profile_of(sealing.unseal(store.sealed(customer), key, of=customer.customer_id))
