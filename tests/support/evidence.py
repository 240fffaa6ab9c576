"""Evidence that is written by hand: three orders that break no invariant, and methods to change them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel import identity
from kernel.events import Envelope
from kernel.table import items
from ops.invariants import Evidence
from storefront import order_history
from tests.support import ledgers

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONEY = {"amount": 1000, "currency": "EUR"}
LINES = [{"sku": "mug", "quantity": 2}]
PRICED = [{"sku": "mug", "quantity": 2, "unit_price": {"amount": 500, "currency": "EUR"}}]
METHOD, FORGOTTEN = "aaaaaaaa-bbbb-5ccc-8ddd-eeeeeeeeeeee", "aaaaaaaa-bbbb-5ccc-8ddd-ffffffffffff"
SEALED = "A2VEfQYk0m3o1yYlqk7Zr9sVwP8b7T+0/hQm5mYl1uBvQf8x"
SOURCES = {"order": "orders", "reservation": "inventory", "payment": "payments", "product": "catalog"}
SOURCES |= {"adjustment": "inventory", "customer": "customers"}
NAMES = {"product": "sku", "adjustment": "adjustment", "customer": "customer_id"}
SUBJECTS = {"StockAdjusted": "adjustment", "Stock": "reservation"}
SUBJECTS |= {"Order": "order", "Cancellation": "order", "Payment": "payment"}
SUBJECTS |= {"Refund": "payment", "Pr": "product", "Customer": "customer"}
DATA: dict[str, dict[str, Any]] = {
    "OrderPlaced": {"customer_id": "alice", "lines": PRICED, "total": MONEY, "payment_method": METHOD},
    "CancellationStarted": {"reason": "CancelledByCustomer"},
    "OrderCancelled": {"reason": "CancelledByCustomer"},
    "OrderParked": {"reason": "Interrupted", "stuck": []},
    "OrderResumed": {"by": "olga", "resumption": "r1"},
    "OrderResolved": {"by": "olga", "resolution": "r2"},
    "StockReserved": {"lines": LINES},
    "StockReleased": {"lines": LINES},
    "StockAdjusted": {"sku": "mug", "quantity": -3, "by": "olga"},
    "PaymentCaptured": {"amount": MONEY},
    "PaymentDeclined": {"reason": "card_declined"},
    "RefundStarted": {"amount": MONEY},
    "PaymentRefunded": {"amount": MONEY},
    "ProductListed": {"name": "Mug", "price": {"amount": 500, "currency": "EUR"}},
    "PriceChanged": {"name": "Mug", "price": {"amount": 500, "currency": "EUR"}},
}


@dataclass
class Books:
    """All that is stored. `said` adds an event to the outbox, the journal and the bus."""

    since: datetime = NOON
    records: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    outbox: list[Envelope] = field(default_factory=list)
    journal: list[Envelope] = field(default_factory=list)
    published: list[Envelope] = field(default_factory=list)
    intents: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def said(self, about: str, *types: str, **data: Any) -> None:
        """Adds the next events about an order or a product, one second after each other."""
        for kind in types:
            place = next(place for prefix, place in SUBJECTS.items() if kind.startswith(prefix))
            event = self._next(kind, f"{place}/{about}", DATA.get(kind, {}) | data)
            for books in (self.outbox, self.journal, self.published):
                books.append(event)

    def _next(self, kind: str, subject: str, data: dict[str, Any]) -> Envelope:
        place, _, about = subject.partition("/")
        source = f"settle.{SOURCES[place]}"
        sequence = 1 + sum(event.subject == subject for event in self.outbox)
        return Envelope(
            id=identity.derive(source, subject, sequence),
            source=source,
            type=kind,
            subject=subject,
            time=self.since + timedelta(seconds=len(self.outbox)),
            dataversion=1,
            sequence=sequence,
            correlationid=subject if place in NAMES else about,
            causationid="test",
            data={NAMES.get(place, "order_id"): about, **data},
        )

    def record(self, service: str, kind: str, about: str, /, **sets: Any) -> None:
        """Sets attributes of a record. A record that publishes gets the count of its events as well."""
        known = self.records.setdefault((service, kind, about), {"pk": f"{kind}#{about}", "sk": kind})
        known |= sets
        if kind in SOURCES:
            subject = f"{kind}/{about}"
            known["sequence"] = sum(event.subject == subject for event in self.outbox)

    def reword(self, kind: str, about: str, **data: Any) -> None:
        """Changes an event's data in the outbox, the journal and the bus."""
        for books in (self.outbox, self.journal, self.published):
            for place, event in enumerate(books):
                if event.type == kind and event.subject.endswith(f"/{about}"):
                    books[place] = event.model_copy(update={"data": event.data | data})

    def place(self, order_id: str) -> None:
        placed = {"order_id": order_id, **DATA["OrderPlaced"], "reason": "", "fenced": False}
        self.said(order_id, "OrderPlaced")
        self.order(order_id, "PENDING", **placed, placed_at=self.since.isoformat(), attempts=0)

    def order(self, order_id: str, status: str, /, **sets: Any) -> None:
        mark = {"PENDING": "open", "CANCELLING": "open", "NEEDS_ATTENTION": "parked"}.get(status)
        self.record("orders", "order", order_id, status=status, **sets)
        self._mark("orders", "order", order_id, mark)

    def reservation(self, order_id: str, status: str, lines: Any = LINES) -> None:
        self.record("inventory", "reservation", order_id, order_id=order_id, status=status, lines=lines)
        self._mark("inventory", "reservation", order_id, "open" if status == "RESERVED" else None)

    def _mark(self, service: str, kind: str, name: str, mark: str | None) -> None:
        record = self.records[service, kind, name]
        record.pop("open_shard", None)
        record.update({"open_shard": f"{mark}#0"} if mark else {})

    def payment(self, order_id: str, status: str, **sets: Any) -> None:
        terms = {"customer_id": "alice", **MONEY, "intent_id": f"pi_00000000-{order_id}", "reason": ""}
        self.record("payments", "payment", order_id, status=status, **(terms | sets))

    def intent(self, order_id: str, status: str, captured: int = 0, refunded: int = 0, **sets: Any) -> None:
        said = {"id": f"pi_00000000-{order_id}", "reference": order_id, "status": status, **MONEY}
        self.intents.append(said | {"amount_captured": captured, "amount_refunded": refunded} | sets)

    def stock(self, bucket: str = "mug", /, **counters: int) -> None:
        self.record("inventory", "stock", bucket, **counters)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {"storefront": []}
        for (service, kind, about), item in self.records.items():
            is_stream = (service, kind) == ("payments", "payment")
            found.setdefault(service, []).extend(self._stream(about) if is_stream else [item])
        streams = {f"payment/{about}" for _, kind, about in self.records if kind == "payment"}
        for place, event in enumerate(self.outbox):
            if event.subject in streams:
                continue  # it stands in a commit
            row = {"kind": "outbox", "events": [event.model_dump_json()]}
            service = event.source.removeprefix("settle.")
            found[service].append({"pk": "outbox#2026-03-01T12:00#0", "sk": str(place), **row})
        for place, event in enumerate(self.journal):
            text = event.model_dump_json()
            found["storefront"].append(
                {"pk": f"journal#{event.correlationid}", "sk": str(place), "event": text}
            )
        return found | {"storefront": [*found["storefront"], *self._rows()]}

    def _stream(self, order_id: str) -> list[dict[str, Any]]:
        """The ledger's commits of a payment, which end as its record tells."""
        said = [one.model_dump_json() for one in self.outbox if one.subject == f"payment/{order_id}"]
        return ledgers.written(order_id, self.records["payments", "payment", order_id], said)

    def _rows(self) -> list[dict[str, Any]]:
        """The storefront's rows as the projector makes them, unless a test has written one itself."""
        correlations = {event.correlationid for event in self.journal}
        for order_id in correlations - {*self.rows}:
            folded = order_history.fold(event for event in self.journal if event.correlationid == order_id)
            self.rows |= {order_id: folded.model_dump(mode="json")} if folded else {}
        key = {"sk": "order_history"}
        return [{"pk": f"order_history#{name}", **key, **row} for name, row in self.rows.items() if row]

    def evidence(self, **sets: Any) -> Evidence:
        """The evidence of an hour later, as DynamoDB would give it back."""
        tables = {
            service: [items.unpack(items.pack(item)) for item in rows]
            for service, rows in self.tables().items()
        }
        known = Evidence(tables, self.published, self.intents, at=NOON + timedelta(hours=1))
        return replace(known, **sets)


def good(since: datetime = NOON) -> Books:
    """`paid` is CONFIRMED, `undone` CANCELLED after its capture, `parked` NEEDS_ATTENTION with stock held."""
    books = Books(since)
    books.said("mug", "ProductListed", "PriceChanged")
    price = {"name": "Mug", "price": {"amount": 500, "currency": "EUR"}}
    books.record("catalog", "product", "mug", sku="mug", status="LISTED", **price)
    books.record("orders", "price", "mug", sku="mug", for_sale=True, price=price["price"], sequence=2)
    books.record(
        "payments", "method", METHOD, customer_id="alice", token="pm_approve", label="blue", fingerprint="f00"
    )
    for order_id in ("paid", "undone", "parked"):
        books.place(order_id)
        books.said(order_id, "StockReserved")
    _people(books)
    _paid(books)
    _undone(books)
    books.said("parked", "CancellationStarted", "OrderParked", reason="Interrupted")
    books.order("parked", "NEEDS_ATTENTION", reason="Interrupted", fenced=True)
    books.reservation("parked", "RESERVED")
    books.payment("parked", "PENDING")
    books.intent("parked", "succeeded", 1000)
    books.stock(available=5, received=8)
    books.stock("mug#1", available=1, received=2)
    books.said("a1", "StockAdjusted")
    books.record("inventory", "adjustment", "a1", sku="mug", quantity=-3, by="olga")
    books.record("inventory", "reason", "a1", sku="mug", by="olga", because="three were broken")
    return books


def _people(books: Books) -> None:
    """Alice is registered, and somebody else was forgotten."""
    books.said("alice", "CustomerRegistered")
    books.record("customers", "customer", "alice", customer_id="alice", status="ACTIVE", revision=1)
    books.record("customers", "profile", "alice", sealed={"name": SEALED, "email": SEALED})
    books.said("gone", "CustomerErasureStarted", "CustomerErased")
    books.record("customers", "customer", "gone", customer_id="gone", status="ERASED", revision=0)
    books.record("payments", "method", FORGOTTEN, customer_id="gone", forgotten_at=NOON.isoformat())


def _paid(books: Books) -> None:
    books.said("paid", "PaymentCaptured", "OrderConfirmed")
    books.order("paid", "CONFIRMED")
    books.reservation("paid", "COMMITTED")
    books.payment("paid", "CAPTURED")
    books.intent("paid", "succeeded", 1000)


def _undone(books: Books) -> None:
    books.said("undone", "CancellationStarted", "PaymentCaptured", "RefundStarted", "PaymentRefunded")
    books.said("undone", "StockReleased", "OrderCancelled")
    books.order("undone", "CANCELLED", reason="CancelledByCustomer", fenced=True)
    books.reservation("undone", "RELEASED")
    books.payment("undone", "REFUNDED")
    books.intent("undone", "succeeded", 1000, 1000)
    books.intent("undone", "requires_confirmation", id="pi_00000000-orphan")
