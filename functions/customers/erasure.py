"""Erases people: fenced, waited for, paid out and detached; then the data key is destroyed.

The fence is the start of the erasure: from its commit on customers takes nothing new from the person, and
orders and payments follow when they hear of it or are asked. An order that was placed while the fence went
up is waited for like any other, so nothing has to be placed under a condition. Each part may run again.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from customers import domain, keys, store
from customers.commands import (
    KINDS,
    CountOpenOrders,
    FenceCustomer,
    ForgetMethods,
    OpenPage,
    PayOutWallet,
    Place,
)
from customers.domain import Customer
from customers.store import Asked
from kernel import identity
from kernel.errors import Fault
from kernel.table import outbox
from kernel.triggers.claims import Look, claim_due
from kernel.triggers.commands import ask
from kernel.triggers.observability import noted
from kernel.triggers.schedules import SHARDS, scheduled

CAUSE = "schedule/erase_due"
# Longer than a request that was let in before the fence may go on, and than an index may lag behind.
SETTLED = timedelta(minutes=5)
# An erasure may wait for an order that an operator has to end. After a week somebody should know.
LATE = timedelta(days=7)


class ErasureIncomplete(Fault):
    """Some people could not be erased now, or are waiting for over a week; all are looked at again."""


class ErasureLate(Fault):
    """An order of this customer has been open for over a week."""


def start(asked: Asked, *, cause: str) -> None:
    """Begins the erasure, once per request. Raises KeyReused."""

    def use_case() -> None:
        customer = store.load(asked.customer_id)
        if not store.remembers(asked):
            decision = domain.start_erasure(customer, by=asked.role, at=identity.now())
            store.start(decision, asked, cause=cause)

    outbox.persist(use_case)


@scheduled(minutes=5)
def erase_due(line: dict[str, Any]) -> None:
    """Goes on with every erasure that is due. One that fails holds up no other. Raises ErasureIncomplete."""
    failed: dict[str, dict[str, Any]] = {}
    line["erased"], line["waiting"] = 0, 0
    for shard in range(SHARDS):
        with noted(failed, f"shard {shard}"):
            for customer in _claimed(shard, failed):
                with noted(failed, customer.customer_id):
                    line["erased" if _go_on(customer) else "waiting"] += 1
    if failed:
        line["failed"] = failed
        raise ErasureIncomplete(count=len(failed))


def _claimed(shard: int, failed: dict[str, dict[str, Any]]) -> Iterator[Customer]:
    """The erasures of a shard that are due, claimed batch after batch."""
    look = Look(shard=shard)
    while True:
        claims, batch = claim_due(look, read=store.read, claim=store.claim)
        failed |= batch.failed
        yield from claims
        if batch.after is None:
            return
        look = Look(shard=shard, after=batch.after)


def _go_on(customer: Customer) -> bool:
    """Whether the person is erased now. Raises ErasureLate."""
    customer_id = customer.customer_id
    fenced = ask(FenceCustomer(customer_id=customer_id))
    if identity.now() - fenced.since < SETTLED or _has_open_orders(customer_id):
        _must_not_be_late(customer)
        return False
    wallet = ask(PayOutWallet(customer_id=customer_id))
    ask(ForgetMethods(customer_id=customer_id))
    keys.destroy(customer_id, by=customer.by, paid_out=wallet.paid)
    outbox.persist(lambda: store.save(domain.finish_erasure(store.load(customer_id)), cause=CAUSE))
    return True


def _has_open_orders(customer_id: str) -> bool:
    return any(page.open for page in _pages(customer_id))


def _pages(customer_id: str) -> Iterator[OpenPage]:
    """All open and parked orders, page by page. Few orders are open at once, unless all of them wait."""
    for kind in KINDS:
        place: Place | None = Place(0, None)
        while place:
            page = ask(CountOpenOrders(customer_id=customer_id, kind=kind, place=place))
            yield page
            place = page.following


def _must_not_be_late(customer: Customer) -> None:
    if customer.asked_at and identity.now() - customer.asked_at > LATE:
        raise ErasureLate
