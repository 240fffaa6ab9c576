"""Evidence of four orders that breaks no invariant."""

from datetime import datetime

from tests.support import ledgers
from tests.support.evidence import FORGOTTEN, METHOD, MONEY, NOON, SEALED, Books


def good(since: datetime = NOON) -> Books:
    """`paid` is CONFIRMED, `undone` CANCELLED after its capture, `parked` NEEDS_ATTENTION with stock held.

    `credited` is CONFIRMED and was paid from the wallet of `alice`.
    """
    books = Books(since)
    books.said("mug", "ProductListed", "PriceChanged")
    price = {"name": "Mug", "price": {"amount": 500, "currency": "EUR"}}
    books.record("catalog", "product", "mug", sku="mug", status="LISTED", **price)
    books.record("orders", "price", "mug", sku="mug", for_sale=True, price=price["price"], sequence=2)
    books.record(
        "payments", "method", METHOD, customer_id="alice", token="pm_approve", label="blue", fingerprint="f00"
    )
    for order_id in ("paid", "undone", "parked", "credited"):
        books.place(order_id)
        books.said(order_id, "StockReserved")
    _people(books)
    _paid(books)
    _undone(books)
    _credited(books)
    books.said("parked", "CancellationStarted", "OrderParked", reason="Interrupted")
    books.order("parked", "NEEDS_ATTENTION", reason="Interrupted", fenced=True)
    books.reservation("parked", "RESERVED")
    books.payment("parked", "PENDING")
    books.intent("parked", "succeeded", 1000)
    books.stock(available=5, received=8)
    books.stock("mug#1", available=1, received=2)
    books.stock("mug#2", available=0, received=2)
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
    books.payment("paid", "SOLD")
    books.intent("paid", "succeeded", 1000)


def _undone(books: Books) -> None:
    books.said("undone", "CancellationStarted", "PaymentCaptured", "RefundStarted", "PaymentRefunded")
    books.said("undone", "StockReleased", "OrderCancelled")
    books.order("undone", "CANCELLED", reason="CancelledByCustomer", fenced=True)
    books.reservation("undone", "RELEASED")
    books.payment("undone", "REFUNDED")
    books.intent("undone", "succeeded", 1000, 1000)
    books.intent("undone", "requires_confirmation", id="pi_00000000-orphan")


def _credited(books: Books) -> None:
    paid = ledgers.posting("wallet", "order", 1000)
    books.wallet("alice", "Deposited", deposit="d1", postings=[ledgers.posting("goodwill", "wallet", 1500)])
    books.wallet("alice", "Held", order_id="credited", amount=MONEY)
    books.wallet("alice", "HoldPosted", order_id="credited", mirror=[paid])
    books.said("credited", "PaymentCaptured", "OrderConfirmed")
    books.order("credited", "CONFIRMED")
    books.reservation("credited", "COMMITTED")
    books.wallet_payment("credited", "SOLD")
    books.wallet("alice", "Deposited", deposit="d2", postings=[ledgers.posting("goodwill", "wallet", 200)])
