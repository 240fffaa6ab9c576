"""Payments' table: `payment#<order id>` records and `method#<id>` registrations."""

from dataclasses import dataclass, replace

from kernel.errors import ConditionFailed, KeyReused
from kernel.events import Decision
from kernel.money import Money
from kernel.table import items, outbox, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write
from payments.domain import Charge, Payment, Status


@dataclass(frozen=True)
class Method:
    """A customer's payment method. Payments gives the processor's token to nobody but the processor."""

    id: str
    customer_id: str
    token: str
    label: str | None
    fingerprint: str


def load(order_id: str) -> Payment:
    """The order's payment as it is now; NONE when there is no record."""
    return _payment(order_id, items.load(_payment_key(order_id)))


def survey(order_id: str, method_id: str, *, customer_id: str) -> tuple[Payment, str | None]:
    """The order's payment as it is now, and the processor's token of a method that this customer has."""
    keys = (_payment_key(order_id), _method_key(method_id))
    found = {item["pk"]: item for item in items.load_all(keys, consistent=True)}
    payment, method = (found.get(key["pk"]) for key in keys)
    token = method["token"] if method and method["customer_id"] == customer_id else None
    return _payment(order_id, payment), token


def save(decision: Decision[Payment], *, cause: str) -> Payment:
    """Saves the decision, and answers the payment as it then stands. Raises Contended when it has changed."""
    payment = decision.state
    aggregate = outbox.Aggregate(
        key=_payment_key(payment.order_id),
        subject=f"payment/{payment.order_id}",
        correlation=payment.order_id,
        version=payment.version,
        sequence=payment.sequence,
        sets={"status": payment.status, "reason": payment.reason, **_terms(payment.charge)},
    )
    saved = outbox.commit(aggregate, decision, cause=cause)
    return replace(payment, version=saved.version, sequence=saved.sequence)


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


def _payment(order_id: str, item: Item | None) -> Payment:
    if item is None:
        return Payment(order_id)
    counts = {"version": item.get("version", 0), "sequence": item["sequence"]}
    return Payment(order_id, Status(item["status"]), _charge(item), item["reason"], **counts)


def _terms(charge: Charge | None) -> Item:
    if charge is None:
        return {}
    return {
        "customer_id": charge.customer_id,
        "amount": charge.amount.amount,
        "currency": charge.amount.currency,
        "intent_id": charge.intent_id,
    }


def _charge(item: Item) -> Charge | None:
    if "intent_id" not in item:
        return None
    return Charge(item["customer_id"], Money(item["amount"], item["currency"]), item["intent_id"])


def _payment_key(order_id: str) -> Key:
    return {"pk": f"payment#{order_id}", "sk": "payment"}


def _method_key(method_id: str) -> Key:
    return {"pk": f"method#{method_id}", "sk": "method"}
