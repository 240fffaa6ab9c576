"""Evidence that is written by hand: all that is stored, and methods to add to it and to change it."""

from collections.abc import Callable
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
SOURCES |= {"adjustment": "inventory", "wallet": "payments", "customer": "customers"}
NAMES = {"product": "sku", "adjustment": "adjustment", "wallet": "customer_id", "customer": "customer_id"}
SUBJECTS = {"StockAdjusted": "adjustment", "Stock": "reservation"}
SUBJECTS |= {"Order": "order", "Cancellation": "order", "Payment": "payment"}
SUBJECTS |= {
    "Refund": "payment",
    "SaleRefund": "payment",
    "Pr": "product",
    "Wallet": "wallet",
    "Customer": "customer",
}
Tables = dict[str, list[dict[str, Any]]]
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
    """All that is stored. `said` adds an event to the outbox, the journal and the bus.

    `wallets` are the entries of each wallet. `tampers` change the tables in the end, with the ledger chained
    and sealed. `vault` are the seals, if they are not those of the ledger as it is.
    """

    since: datetime = NOON
    records: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    outbox: list[Envelope] = field(default_factory=list)
    journal: list[Envelope] = field(default_factory=list)
    published: list[Envelope] = field(default_factory=list)
    intents: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    wallets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tampers: list[Callable[[Tables], Any]] = field(default_factory=list)
    vault: list[dict[str, Any]] | None = None

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
        """The payment by card. With `sold`, its sale is posted whatever its status."""
        self._pay(order_id, status, intent_id=f"pi_00000000-{order_id}", **sets)

    def refund(self, order_id: str, amount: int, *types: str) -> None:
        """A refund after the sale, as far as its events say."""
        self.said(order_id, *types, refund="r1", amount={"amount": amount, "currency": "EUR"})
        known: dict[str, Any] = {"amount": amount, "asked_at": self.since.isoformat()}
        known |= {"progress": "SUCCEEDED"} if "SaleRefunded" in types else {}
        self.record("payments", "payment", order_id, refunds={"r1": known})

    def wallet_payment(self, order_id: str, status: str) -> None:
        self._pay(order_id, status)

    def _pay(self, order_id: str, status: str, **sets: Any) -> None:
        terms = {"customer_id": "alice", **MONEY, "reason": ""}
        self.record("payments", "payment", order_id, status=status, **(terms | sets))

    def wallet(self, customer_id: str, kind: str, **entry: Any) -> None:
        """The next entry of the wallet, and its event."""
        changes = self.wallets.setdefault(customer_id, [])
        changes.append({"type": kind, **entry})
        known = ledgers.balance(changes)
        told = {"currency": "EUR", "posted": known["posted"], "available": known["posted"] - known["pending"]}
        self.said(customer_id, "WalletChanged", balances=[told])

    def intent(self, order_id: str, status: str, captured: int = 0, refunded: int = 0, **sets: Any) -> None:
        said = {"id": f"pi_00000000-{order_id}", "reference": order_id, "status": status, **MONEY}
        self.intents.append(said | {"amount_captured": captured, "amount_refunded": refunded} | sets)

    def stock(self, bucket: str = "mug", /, **counters: int) -> None:
        self.record("inventory", "stock", bucket, **counters)

    def ledger(self) -> list[dict[str, Any]]:
        """The commits of all payments and wallets."""
        found = list[dict[str, Any]]()
        for (_, kind, about), record in self.records.items():
            if kind == "payment":
                found += ledgers.payment(about, record, self._events(f"payment/{about}"))
        for customer_id, changes in self.wallets.items():
            found += ledgers.wallet(customer_id, changes, self._events(f"wallet/{customer_id}"))
        return found

    def _events(self, subject: str) -> list[Envelope]:
        return [event for event in self.outbox if event.subject == subject]

    def tables(self) -> Tables:
        found: Tables = {"storefront": []}
        for (service, kind, _), item in self.records.items():
            found.setdefault(service, []).extend([item] if kind != "payment" else [])
        commits = self.ledger()
        sealed = {event for item in commits for event in item["events"]}
        for place, event in enumerate(self.outbox):
            text = event.model_dump_json()
            if text in sealed:
                continue  # it stands in a commit
            row = {"kind": "outbox", "events": [text]}
            service = event.source.removeprefix("settle.")
            found[service].append({"pk": "outbox#2026-03-01T12:00#0", "sk": str(place), **row})
        for place, event in enumerate(self.journal):
            text = event.model_dump_json()
            found["storefront"].append(
                {"pk": f"journal#{event.correlationid}", "sk": str(place), "event": text}
            )
        found["storefront"] += self._rows()
        found["payments"] += commits
        found["vault"] = ledgers.vault(commits) if self.vault is None else self.vault
        for tamper in self.tampers:
            tamper(found)
        return found

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
