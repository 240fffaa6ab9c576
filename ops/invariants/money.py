"""Money: captures, refunds, and the agreement of our books with the processor's."""

from collections.abc import Iterable, Iterator, Mapping

from kernel.events import Envelope
from ops.evidence import Evidence, Item
from ops.invariants.registry import Finding, invariant

SIGNS = {"PaymentCaptured": 1, "PaymentRefunded": -1}
NOTHING, TAKEN, RETURNED = (0, 0), (1, 0), (1, 1)
# What the processor's intent may say, by our books' status: (captured, refunded) in parts of its amount.
# A capture that our books do not know of is allowed while the payment may still be undone.
BOOKS: Mapping[str, tuple[tuple[int, int], ...]] = {
    "PENDING": (NOTHING, TAKEN),
    "DECLINED": (NOTHING, TAKEN),
    "CAPTURED": (TAKEN,),
    "SOLD": (TAKEN,),
    "REFUNDING": (TAKEN, RETURNED),
    "REFUNDED": (RETURNED,),
    "VOIDED": (NOTHING,),
}


@invariant
def captured_all_or_nothing(evidence: Evidence) -> Iterator[Finding]:
    """Before the sale, captured minus refunded is zero or the amount; after it, what goes back is capped."""
    for order_id, payment in evidence.records("payments", "payment").items():
        events = evidence.history.get(("settle.payments", f"payment/{order_id}"), ())
        amount, back = payment.get("amount", 0), given_back(events)
        for sequence, (balance, given) in enumerate(zip(balances(events), back, strict=True), start=1):
            if balance not in (0, amount) or not 0 <= given <= balance:
                yield f"payment/{order_id}", f"after event {sequence} the customer has paid {balance - given}"


def balances(events: Iterable[Envelope]) -> Iterator[int]:
    """The amount that the customer has paid after each event, in minor units."""
    balance = 0
    for event in events:
        sign = SIGNS.get(event.type, 0)
        balance += sign * event.data["amount"]["amount"] if sign else 0
        yield balance


def given_back(events: Iterable[Envelope]) -> Iterator[int]:
    """What has gone back of the sale after each event, in minor units."""
    given: dict[str, int] = {}
    for event in events:
        if event.type == "SaleRefunded":
            given[event.data["refund"]] = event.data["amount"]["amount"]
        elif event.type == "SaleRefundFailed":
            given[event.data["refund"]] = 0
        yield sum(given.values())


@invariant
def captured_once(evidence: Evidence) -> Iterator[Finding]:
    """The processor has captured at most one intent of an order."""
    for order_id in sorted({intent["reference"] for intent in evidence.intents}):
        captures = len(captured(evidence.intents_of(order_id)))
        if captures > 1:
            yield order_id, f"captured {captures} times"


@invariant
def never_more_than_the_total(evidence: Evidence) -> Iterator[Finding]:
    """The processor never keeps more than an order's total, and never gives back more than it captured."""
    for order_id, order in evidence.orders.items():
        kept = kept_of(evidence.intents_of(order_id))
        if not 0 <= kept <= order["total"]["amount"]:
            yield order_id, f"the processor keeps {kept} of a total of {order['total']['amount']}"


@invariant
def both_books_agree(evidence: Evidence) -> Iterator[Finding]:
    """The processor has every payment's intent as our books have it, and has captured no other intent."""
    payments = dict(evidence.settled("payments", "payment"))
    for order_id, payment in payments.items():
        if "intent_id" in payment:
            yield from _disagreement(order_id, payment, evidence.intents_of(order_id))
    for order_id in sorted({intent["reference"] for intent in captured(evidence.intents)}):
        found = captured(evidence.intents_of(order_id))
        named = payments.get(order_id, {}).get("intent_id")
        if len(found) == 1 and found[0]["id"] != named and not evidence.moves(order_id):
            yield order_id, "the processor has captured an intent that our books do not name"


def _disagreement(order_id: str, payment: Item, intents: Iterable[Item]) -> Iterator[Finding]:
    intent = next((one for one in intents if one["id"] == payment["intent_id"]), None)
    if intent is None:
        yield order_id, "our books name an intent that the processor does not have for this order"
        return
    amount, currency = payment["amount"], payment["currency"]
    ours = [(amount, currency, amount * took, amount * gave) for took, gave in BOOKS[payment["status"]]]
    names = ("amount", "currency", "amount_captured")
    back = intent["amount_refunded"] - sale_refunded(payment)
    if payment["status"] in ("REFUNDING", "REFUNDED"):
        back += intent.get("amount_disputed", 0)  # what the bank has given back does not go back again
    theirs = (*(intent[name] for name in names), back)
    least = theirs[-1] - sale_refunded(payment, "PENDING")  # each may have gone back, unknown to us
    if not any(theirs[:-1] == said[:-1] and least <= said[-1] <= theirs[-1] for said in ours):
        yield order_id, f"is {payment['status']} over {amount} {currency}; the processor says {theirs}"


def sale_refunded(payment: Item, progress: str = "SUCCEEDED") -> int:
    """The refunds after the sale that are so far on record, in minor units."""
    known = payment.get("refunds", {}).values()
    return sum(one["amount"] for one in known if one.get("progress", "PENDING") == progress)


def ended(payment: Item) -> int:
    """The refunds that have failed and have gone back otherwise, in minor units."""
    return sum(one["amount"] for one in payment.get("refunds", {}).values() if one.get("ended_by"))


def disputed(intents: Iterable[Item]) -> int:
    """What banks have taken back and keep, and the fees for that, in minor units."""
    return sum(intent.get("amount_disputed", 0) + intent.get("dispute_fees", 0) for intent in intents)


def captured(intents: Iterable[Item]) -> list[Item]:
    return [intent for intent in intents if intent["amount_captured"]]


def kept_of(intents: Iterable[Item]) -> int:
    """The amount that the processor has captured and not refunded, in minor units."""
    return sum(intent["amount_captured"] - intent["amount_refunded"] for intent in intents)
