"""Customers' table: a record per person, their sealed profiles, and why an operator had a person erased."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from customers import domain
from customers.domain import Customer, Status
from kernel import identity
from kernel.errors import ConditionFailed, Contended, KeyReused
from kernel.events import Decision
from kernel.table import inbox, items, open_index, outbox
from kernel.table.items import Item, Key
from kernel.table.writes import Write

Sealed = Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """A request to erase a person. It has the same `id` when it is repeated. `by` is the caller's id.

    `role` is the caller's. `because` is what an operator typed, and empty for the person.
    """

    id: str
    customer_id: str
    by: str
    role: str
    because: str
    fingerprint: str


def load(customer_id: str) -> Customer:
    """The customer as they stand now; ACTIVE without a profile when there is no record."""
    item = items.load(_customer_key(customer_id))
    return read(item) if item else Customer(customer_id)


def sealed(customer: Customer) -> Sealed:
    """The sealed fields of the customer's latest profile."""
    item = items.load(_profile_key(customer))
    return item["sealed"] if item else {}


def save(decision: Decision[Customer], *, cause: str, profile: Sealed | None = None) -> None:
    """Saves the customer, their facts and a further profile. Raises Contended when they have changed."""
    _save(decision, cause=cause, beside=[_further(decision.state, profile)] if profile else [])


def start(decision: Decision[Customer], asked: Asked, *, cause: str) -> None:
    """Saves the start of an erasure, with the memory of the request. Raises Contended."""
    _save(decision, cause=cause, beside=[_remembering(asked), *_reason(asked)])


def remembers(asked: Asked) -> bool:
    """Whether the request was granted before. Raises KeyReused when another request had its id."""
    item = items.load(_remembering(asked).key)
    if item and item["fingerprint"] != asked.fingerprint:
        raise KeyReused
    return item is not None


def claim(customer: Customer, now: datetime) -> Customer:
    """Claims an erasure that is due, and answers it as it then stands. Raises Contended."""
    claimed = domain.claim(customer, now)
    save(claimed, cause="")
    return replace(claimed.state, version=customer.version + 1)


def read(item: Item) -> Customer:
    """The customer that an item of the table holds."""
    return Customer(
        customer_id=item["customer_id"],
        status=Status(item["status"]),
        revision=item["revision"],
        by=item.get("by", ""),
        asked_at=_moment(item, "asked_at"),
        due_at=_moment(item, "due_at"),
        sequence=item["sequence"],
        version=item["version"],
    )


def _save(decision: Decision[Customer], *, cause: str, beside: list[Write]) -> None:
    customer = decision.state
    aggregate = outbox.Aggregate(
        key=_customer_key(customer.customer_id),
        subject=f"customer/{customer.customer_id}",
        correlation=f"customer/{customer.customer_id}",
        version=customer.version,
        sequence=customer.sequence,
        sets={
            "customer_id": customer.customer_id,
            "status": customer.status,
            "revision": customer.revision,
            **_erasing(customer),
        },
        removes=open_index.CLOSED if customer.status is Status.ERASED else (),
    )
    try:
        outbox.commit(aggregate, decision, cause=cause, beside=beside)
    except ConditionFailed as failed:
        raise Contended from failed


def _erasing(customer: Customer) -> Item:
    """Since when and by whose wish a person is erased. Until the end the record is in the index."""
    if customer.asked_at is None:
        return {}
    asked = {"by": customer.by, "asked_at": customer.asked_at.isoformat()}
    if customer.status is Status.ERASED or customer.due_at is None:
        return asked
    return asked | open_index.opened(customer.customer_id, customer.due_at)


def _further(customer: Customer, profile: Sealed) -> Write:
    """A profile is never changed: each is a row of the history."""
    return Write(
        key=_profile_key(customer),
        sets={"sealed": dict(profile), "at": identity.now().isoformat()},
        condition="attribute_not_exists(#pk)",
    )


def _remembering(asked: Asked) -> Write:
    return inbox.once("erasures", asked.id, fingerprint=asked.fingerprint)


def _reason(asked: Asked) -> list[Write]:
    """The text that an operator typed stands in this row only. It must not name the person."""
    if not asked.because:
        return []
    said = {"customer_id": asked.customer_id, "by": asked.by, "because": asked.because}
    return [Write(key={"pk": f"reason#{asked.id}", "sk": "reason"}, sets=said)]


def _moment(item: Item, name: str) -> datetime | None:
    return datetime.fromisoformat(item[name]) if name in item else None


def _customer_key(customer_id: str) -> Key:
    return {"pk": f"customer#{customer_id}", "sk": "customer"}


def _profile_key(customer: Customer) -> Key:
    return {"pk": f"profile#{customer.customer_id}", "sk": f"{customer.revision:010}"}
