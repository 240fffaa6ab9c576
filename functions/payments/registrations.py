"""Payment methods in payments' table: `method#<id>` registrations, and which of them a customer has.

A customer's row `customer#<id>` counts their methods, and is the fence once they are to be forgotten. Each
registration raises the count in its own transaction. So a method is registered before the fence, or refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel import identity
from kernel.errors import ConditionFailed, KeyReused
from kernel.table import items, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write
from payments.domain import ErasedCustomer

UNFENCED = "attribute_not_exists(#fenced_at)"


@dataclass(frozen=True)
class Method:
    """A customer's payment method. Payments gives the processor's token to nobody but the processor.

    The customer's wallet is a method too, without a token.
    """

    id: str
    customer_id: str
    token: str
    label: str | None
    fingerprint: str

    @property
    def is_wallet(self) -> bool:
        return not self.token


def load(method_id: str, *, customer_id: str) -> Method | None:
    """A payment method that this customer has registered and that is not forgotten."""
    row = items.load(key_of(method_id))
    is_theirs = row is not None and row["customer_id"] == customer_id and "token" in row
    return _method(row) if row and is_theirs else None


def register(method: Method) -> None:
    """Keeps the method, once per id.

    Raises KeyReused when the id stands for another registration, and ErasedCustomer for a new one.
    """
    kept = {"customer_id": method.customer_id, "token": method.token, "label": method.label}
    sets = kept | {"fingerprint": method.fingerprint}
    row = Write(key_of(method.id), sets=sets, condition="attribute_not_exists(#pk)")
    link = Write(_link(method.customer_id, method.id), sets={"method_id": method.id})
    counted = Write(_customer(method.customer_id), adds={"methods": 1}, condition=UNFENCED)
    try:
        writes.transact([row, link, counted])
    except ConditionFailed as failed:
        _must_be_repeated(failed.old.get(0), method, failed)


def fence(customer_id: str) -> None:
    """Refuses new methods of the customer from now on. It is never taken back."""
    sets = {"fenced_at": identity.now().isoformat()}
    try:
        writes.update(Write(_customer(customer_id), sets=sets, condition=UNFENCED))
    except ConditionFailed:
        return


def of_customer(customer_id: str) -> Sequence[Method]:
    """The customer's methods that are not forgotten yet."""
    pk = _customer(customer_id)["pk"]
    links = items.query(
        "#pk = :pk AND begins_with(#sk, :method)", {"pk": pk, "method": "method#"}, ConsistentRead=True
    )
    rows = [items.load(key_of(link["method_id"])) for link in links]
    return [_method(row) for row in rows if row and "token" in row]


def empty(method: Method) -> None:
    """Takes the token and the label out of our books. The row stays as a tombstone, so its id stays taken."""
    sets = {"forgotten_at": identity.now().isoformat()}
    writes.update(Write(key_of(method.id), sets=sets, removes=("token", "label", "fingerprint")))


def key_of(method_id: str) -> Key:
    return {"pk": f"method#{method_id}", "sk": "method"}


def _must_be_repeated(known: Mapping[str, Any] | None, method: Method, failed: ConditionFailed) -> None:
    if known is None or "token" not in known:
        raise ErasedCustomer from failed
    if known["fingerprint"] != method.fingerprint:
        raise KeyReused from failed


def _method(row: Item) -> Method:
    method_id = row["pk"].removeprefix("method#")
    return Method(method_id, row["customer_id"], row["token"], row["label"], row["fingerprint"])


def _link(customer_id: str, method_id: str) -> Key:
    return {**_customer(customer_id), "sk": f"method#{method_id}"}


def _customer(customer_id: str) -> Key:
    return {"pk": f"customer#{customer_id}", "sk": "customer"}
