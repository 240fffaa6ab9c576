"""The saga: every accepted order ends, moves only forward, and equals the fold of its events."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kernel.events import Envelope
from ops.evidence import Evidence
from ops.invariants.registry import Finding, invariant

# The status before the first event is "", no record. But the start of a payment is written without an event.
BEGINS = {"payment": "PENDING"}
# The status after an event, by the status before it and the event.
TRANSITIONS: Mapping[tuple[str, str], str] = {
    ("", "OrderPlaced"): "PENDING",
    ("PENDING", "OrderConfirmed"): "CONFIRMED",
    ("PENDING", "CancellationStarted"): "CANCELLING",
    ("PENDING", "OrderParked"): "NEEDS_ATTENTION",
    ("CANCELLING", "OrderParked"): "NEEDS_ATTENTION",
    ("CANCELLING", "OrderCancelled"): "CANCELLED",
    ("NEEDS_ATTENTION", "CancellationStarted"): "NEEDS_ATTENTION",
    ("NEEDS_ATTENTION", "OrderResumed"): "NEEDS_ATTENTION",
    ("NEEDS_ATTENTION", "OrderCancelled"): "CANCELLED",
    ("NEEDS_ATTENTION", "OrderResolved"): "RESOLVED",
    ("RESOLVED", "OrderConfirmed"): "CONFIRMED",
    ("RESOLVED", "OrderCancelled"): "CANCELLED",
    ("", "StockReserved"): "RESERVED",
    ("", "StockReleased"): "RELEASED",
    ("RESERVED", "StockReleased"): "RELEASED",
    ("PENDING", "PaymentCaptured"): "CAPTURED",
    ("PENDING", "PaymentDeclined"): "DECLINED",
    ("PENDING", "PaymentVoided"): "VOIDED",
    ("DECLINED", "PaymentCaptured"): "CAPTURED",
    ("CAPTURED", "RefundStarted"): "REFUNDING",
    ("REFUNDING", "PaymentRefunded"): "REFUNDED",
    ("", "StockAdjusted"): "ADJUSTED",
    ("", "CustomerRegistered"): "ACTIVE",
    ("", "CustomerErasureStarted"): "ERASING",
    ("ACTIVE", "CustomerErasureStarted"): "ERASING",
    ("ERASING", "CustomerErased"): "ERASED",
    ("", "ProductListed"): "LISTED",
    ("LISTED", "PriceChanged"): "LISTED",
    ("LISTED", "ProductRetired"): "RETIRED",
}
TYPES = {type for _, type in TRANSITIONS}
# The records that publish events: service and kind.
AGGREGATES = (
    ("orders", "order"),
    ("inventory", "reservation"),
    ("payments", "payment"),
    ("catalog", "product"),
    ("inventory", "adjustment"),
    ("payments", "wallet"),
    ("customers", "customer"),
)
# Attributes of records that events carry as well.
CARRIED = (
    "customer_id",
    "lines",
    "total",
    "payment_method",
    "name",
    "price",
    "reason",
    "sku",
    "quantity",
    "by",
)
# What a confirmed order turns into what: no event says so but its OrderConfirmed.
SOLD = {"RESERVED": "COMMITTED", "CAPTURED": "SOLD"}
UNDONE = ("VOIDED", "DECLINED", "REFUNDED")
UNDOES = {
    "RefundPayment": ("payments", "payment", UNDONE),
    "ReleaseStock": ("inventory", "reservation", ("RELEASED",)),
}


@invariant
def every_order_ends(evidence: Evidence) -> Iterator[Finding]:
    """Every accepted order ends CONFIRMED, CANCELLED or NEEDS_ATTENTION."""
    for order_id, order in evidence.settled("orders", "order"):
        if order["status"] not in ("CONFIRMED", "CANCELLED", "NEEDS_ATTENTION"):
            yield order_id, f"is {order['status']} and nothing happens any more"


@invariant
def confirmed_is_paid_and_held(evidence: Evidence) -> Iterator[Finding]:
    """A CONFIRMED order has a payment that is CAPTURED or SOLD, and stock that is RESERVED or COMMITTED."""
    for order_id, order in evidence.settled("orders", "order"):
        payment = evidence.records("payments", "payment").get(order_id, {}).get("status")
        stock = evidence.records("inventory", "reservation").get(order_id, {}).get("status")
        held = payment in ("CAPTURED", "SOLD") and stock in ("RESERVED", "COMMITTED")
        if order["status"] == "CONFIRMED" and not held:
            yield order_id, f"is CONFIRMED, its payment {payment}, its stock {stock}"


@invariant
def cancelled_is_undone_for_ever(evidence: Evidence) -> Iterator[Finding]:
    """A CANCELLED order has a payment that is undone, and the processor cannot capture it any more."""
    for order_id, order in evidence.settled("orders", "order"):
        payment = evidence.records("payments", "payment").get(order_id, {})
        named = [one for one in evidence.intents_of(order_id) if one["id"] == payment.get("intent_id")]
        capturable = [one for one in named if one["status"] not in ("canceled", "succeeded")]
        if order["status"] == "CANCELLED" and (payment.get("status") not in UNDONE or capturable):
            said = ", ".join(str(one["status"]) for one in capturable) or "out of reach"
            yield order_id, f"is CANCELLED, its payment {payment.get('status')}, at the processor {said}"


@invariant
def parked_only_for_what_is_stuck(evidence: Evidence) -> Iterator[Finding]:
    """When an order NEEDS_ATTENTION for a stuck undo, its other undo is done: one failure stops no other."""
    for order_id, order in evidence.settled("orders", "order"):
        events = evidence.history.get(("settle.orders", f"order/{order_id}"), ())
        stuck = {step for event in events if event.type == "OrderParked" for step in event.data["stuck"]}
        for step, (service, kind, ends) in UNDOES.items():
            status = evidence.records(service, kind).get(order_id, {}).get("status")
            if order["status"] == "NEEDS_ATTENTION" and stuck and step not in stuck and status not in ends:
                yield order_id, f"is stuck on {', '.join(sorted(stuck))}, and its {kind} is {status}"


@invariant
def only_forward(evidence: Evidence) -> Iterator[Finding]:
    """Orders, reservations, payments and products move only along their allowed transitions."""
    for (_, subject), events in evidence.history.items():
        status = BEGINS.get(subject.partition("/")[0], "")
        for event in events:
            if event.type in TYPES and (status, event.type) not in TRANSITIONS:
                yield subject, f"{event.type} came while it was {status or 'not there'}"
            status = TRANSITIONS.get((status, event.type), status)


@invariant
def nothing_is_confirmed_once_fenced(evidence: Evidence) -> Iterator[Finding]:
    """No order is confirmed once it is fenced, and an order that is resolved ends as the operator said."""
    for (_, subject), events in evidence.history.items():
        fenced, resolved = False, ""
        for event in events:
            fenced = fenced or event.type == "CancellationStarted"
            ends = {"OrderConfirmed": "CONFIRMED", "OrderCancelled": "CANCELLED"}.get(event.type, "")
            if ends and ((ends == "CONFIRMED" and fenced) or (resolved and ends != resolved)):
                yield (
                    subject,
                    f"{event.type} came {'after its fence' if fenced else 'against the resolution'}",
                )
            resolved = event.data["to"] if event.type == "OrderResolved" else resolved


@invariant
def record_is_what_its_events_say(evidence: Evidence) -> Iterator[Finding]:
    """A record's status and content are the fold of its events, and of OrderConfirmed for what it sells."""
    for service, kind in AGGREGATES:
        for name, record in evidence.records(service, kind).items():
            events = evidence.history.get((f"settle.{service}", f"{kind}/{name}"), ())
            # Other invariants check how many events there are.
            if len(events) == record["sequence"]:
                wanted = folded(events, BEGINS.get(kind, ""))
                confirmed = evidence.orders.get(name, {}).get("status") == "CONFIRMED"
                if confirmed and record["status"] == SOLD.get(wanted["status"]):
                    wanted["status"] = record["status"]
                wrong = [each for each, value in wanted.items() if record.get(each, value) != value]
                if wrong:
                    yield f"{kind}/{name}", f"{', '.join(wrong)}: not what its events say"


def folded(events: Sequence[Envelope], begins: str) -> dict[str, Any]:
    """The attributes of an aggregate's record that follow from its events and its status before them."""
    found: dict[str, Any] = {"status": begins, "fenced": False}
    for event in events:
        found |= {name: event.data[name] for name in CARRIED if name in event.data}
        found["status"] = TRANSITIONS.get((found["status"], event.type), found["status"])
        found["fenced"] |= event.type == "CancellationStarted"
        if "amount" in event.data:
            found["currency"] = event.data["amount"]["currency"]
        if event.type == "OrderConfirmed":
            found["reason"] = ""
    return found


@invariant
def the_index_has_what_is_open(evidence: Evidence) -> Iterator[Finding]:
    """The index holds every open order and reservation, a parked order as parked, and none that ended."""
    marks = {"PENDING": "open", "CANCELLING": "open", "NEEDS_ATTENTION": "parked", "RESERVED": "open"}
    for service, kind in AGGREGATES[:2]:
        for name, record in evidence.records(service, kind).items():
            found = record.get("open_shard", "").partition("#")[0]
            if found != marks.get(record["status"], ""):
                yield f"{kind}/{name}", f"is {record['status']} and stands {found or 'nowhere'} in the index"


@invariant
def nothing_without_an_order(evidence: Evidence) -> Iterator[Finding]:
    """Every reservation and every payment belongs to an accepted order."""
    for service, kind in AGGREGATES[1:3]:
        for name in sorted({*evidence.records(service, kind)} - {*evidence.orders}):
            yield name, f"a {kind} without an order"
