"""Payments' table: the ledger's stream of each order's payment, and `method#<id>` registrations."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel import identity
from kernel.errors import ConditionFailed, KeyReused
from kernel.money import Money
from kernel.table import items, open_index, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write
from payments import ledger, payment
from payments.entries import BroughtForward, ChargeStarted, Entries
from payments.ledger import Head, Stream
from payments.payment import Payment, Status, captured_of

WATCH = {"pk": "watch", "sk": "watch"}
PATIENCE = timedelta(hours=1)


@dataclass(frozen=True)
class Method:
    """A customer's payment method. Payments gives the processor's token to nobody but the processor."""

    id: str
    customer_id: str
    token: str
    label: str | None
    fingerprint: str


def load(order_id: str) -> Head[Payment]:
    """The order's payment as it is now; NONE when nothing is on record."""
    return ledger.load(PAYMENTS, order_id)


def record(head: Head[Payment], decide: Callable[[Payment], Entries], *, cause: str) -> Head[Payment]:
    """Appends what `decide` answers, and gives the payment as it then stands. Raises as `ledger.record`."""
    return ledger.record(PAYMENTS, head, decide, cause=cause)


def token(method_id: str, *, customer_id: str) -> str | None:
    """The processor's token of a method that this customer has registered."""
    method = items.load(_method_key(method_id))
    return method["token"] if method and method["customer_id"] == customer_id else None


def register(method: Method) -> None:
    """Keeps the method, once per id. Raises KeyReused when the id stands for another registration."""
    kept = {
        "customer_id": method.customer_id,
        "token": method.token,
        "label": method.label,
        "fingerprint": method.fingerprint,
    }
    try:
        writes.update(Write(_method_key(method.id), sets=kept, condition="attribute_not_exists(#pk)"))
    except ConditionFailed as failed:
        if failed.old[0]["fingerprint"] != method.fingerprint:
            raise KeyReused from failed


def watched_until() -> datetime | None:
    """Until when the commits were looked at by the watch."""
    item = items.load(WATCH)
    return datetime.fromisoformat(item["until"]) if item else None


def watched(until: datetime) -> None:
    writes.update(Write(WATCH, sets={"until": until.isoformat()}))


def list_unsold(order_id: str) -> None:
    """Lists an order that holds money in the index of open items, unless it is listed."""
    listed = open_index.opened(order_id, identity.now())
    with suppress(ConditionFailed):
        writes.update(Write(_unsold_key(order_id), sets=listed, condition="attribute_not_exists(#pk)"))


def unsold(item: Item) -> str:
    """The order that a row of the list is about."""
    return str(item["pk"]).removeprefix("unsold#")


def claim_unsold(order_id: str, now: datetime) -> str | None:
    """Puts a listed order off for an hour, and answers its id. None when it holds no money any more.

    Such a row leaves the index, and stays as it is otherwise.
    """
    if load(order_id).state.is_unsold:
        later = {"due_at": (now + PATIENCE).isoformat()}
        writes.update(Write(_unsold_key(order_id), sets=later))
        return order_id
    writes.update(Write(_unsold_key(order_id), removes=open_index.CLOSED))
    return None


def _unsold_key(order_id: str) -> Key:
    return {"pk": f"unsold#{order_id}", "sk": "unsold"}


def _brought(record: Item) -> Entries:
    """A payment's record of the release before, with the posting of the money that it says is captured."""
    status = record["status_before"] if record["status"] == ledger.CLOSED else record["status"]
    if "intent_id" not in record:
        return (BroughtForward(status=status, reason=record["reason"]),)
    charge = ChargeStarted(
        customer_id=record["customer_id"],
        amount=Money(record["amount"], record["currency"]),
        intent_id=record["intent_id"],
    )
    captured = (captured_of(charge),) if status in (Status.CAPTURED, Status.REFUNDING) else ()
    return (BroughtForward(status=status, reason=record["reason"], charge=charge, postings=captured),)


PAYMENTS = Stream(
    kind="payment",
    shape=Payment,
    fold=payment.FOLD,
    initial=Payment,
    evolve=payment.evolve,
    facts=payment.facts,
    brought=_brought,
)


def _method_key(method_id: str) -> Key:
    return {"pk": f"method#{method_id}", "sk": "method"}
