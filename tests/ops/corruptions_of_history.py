"""Corruptions of an order's course and of its events. Each breaks exactly one invariant, which it names."""

from tests.ops.corruptions import breaks, forget, intent, record
from tests.support.evidence import Books

# Saga


@breaks("every-order-ends")
def nobody_ever_started_it(books: Books) -> None:
    books.place("forgotten")


@breaks("confirmed-is-paid-and-held")
def a_confirmed_order_is_being_refunded(books: Books) -> None:
    books.said("paid", "RefundStarted")
    books.payment("paid", "REFUNDING", sold=True)


@breaks("confirmed-is-paid-and-held")
def a_confirmed_order_holds_no_stock(books: Books) -> None:
    forget(books, "paid", "StockReserved")
    del books.records["inventory", "reservation", "paid"]
    books.stock(available=7)


@breaks("cancelled-is-undone-for-ever")
def the_processor_could_capture_yet(books: Books) -> None:
    forget(books, "undone", "PaymentCaptured", "RefundStarted", "PaymentRefunded")
    books.said("undone", "PaymentVoided")
    books.payment("undone", "VOIDED")
    intent(books, "undone").update(amount_captured=0, amount_refunded=0, status="requires_confirmation")


@breaks("cancelled-is-undone-for-ever")
def nobody_made_sure_that_it_is_never_charged(books: Books) -> None:
    types = ("PaymentCaptured", "RefundStarted", "PaymentRefunded")
    forget(books, "undone", *types)
    del books.records["payments", "payment", "undone"]
    books.intents.remove(intent(books, "undone"))


@breaks("parked-only-for-what-is-stuck")
def the_release_was_skipped_when_the_refund_failed(books: Books) -> None:
    books.reword("OrderParked", "parked", stuck=["RefundPayment"])


@breaks("parked-only-for-what-is-stuck")
def the_refund_was_skipped_when_the_release_failed(books: Books) -> None:
    books.reword("OrderParked", "parked", stuck=["ReleaseStock"])


@breaks("only-forward")
def parked_and_confirmed_by_nobody(books: Books) -> None:
    books.said("parked", "PaymentCaptured")
    books.payment("parked", "CAPTURED")
    forget(books, "parked", "CancellationStarted", "OrderParked")
    books.said("parked", "OrderParked")
    books.said("parked", "OrderConfirmed")
    books.order("parked", "NEEDS_ATTENTION", fenced=False, reason="")


@breaks("nothing-is-confirmed-once-fenced")
def an_operator_confirmed_what_was_fenced(books: Books) -> None:
    books.said("parked", "PaymentCaptured")
    books.said("parked", "OrderResolved", to="CONFIRMED")
    books.said("parked", "OrderConfirmed")
    books.payment("parked", "SOLD")
    books.reservation("parked", "COMMITTED")
    books.order("parked", "CONFIRMED", reason="")


@breaks("nothing-is-confirmed-once-fenced")
def an_operator_said_one_thing_and_another_was_done(books: Books) -> None:
    books.said("parked", "PaymentCaptured", "RefundStarted", "PaymentRefunded", "StockReleased")
    books.said("parked", "OrderResolved", to="CONFIRMED")
    books.said("parked", "OrderCancelled", reason="Interrupted")
    books.payment("parked", "REFUNDED")
    books.reservation("parked", "RELEASED")
    books.order("parked", "CANCELLED")
    intent(books, "parked")["amount_refunded"] = 1000
    books.stock(available=7)


@breaks("record-is-what-its-events-say")
def another_customer_is_on_record(books: Books) -> None:
    record(books, "orders", "order", "paid")["customer_id"] = "mallory"


@breaks("record-is-what-its-events-say")
def a_payment_is_captured_without_an_event(books: Books) -> None:
    books.payment("parked", "CAPTURED")


@breaks("record-is-what-its-events-say")
def a_payment_was_captured_in_another_currency(books: Books) -> None:
    books.reword("PaymentCaptured", "paid", amount={"amount": 1000, "currency": "USD"})


@breaks("record-is-what-its-events-say")
def the_fence_is_not_on_record(books: Books) -> None:
    record(books, "orders", "order", "parked")["fenced"] = False


@breaks("record-is-what-its-events-say")
def stock_was_sold_of_an_order_that_is_not_confirmed(books: Books) -> None:
    books.reservation("parked", "COMMITTED")


@breaks("record-is-what-its-events-say")
def another_quantity_was_adjusted(books: Books) -> None:
    record(books, "inventory", "adjustment", "a1")["quantity"] = -4


@breaks("only-forward")
def an_adjustment_was_made_twice(books: Books) -> None:
    books.said("a1", "StockAdjusted")
    books.record("inventory", "adjustment", "a1")


@breaks("the-index-has-what-is-open")
def an_order_that_ended_is_swept_still(books: Books) -> None:
    record(books, "orders", "order", "paid")["open_shard"] = "open#1"


@breaks("the-index-has-what-is-open")
def a_parked_order_is_listed_nowhere(books: Books) -> None:
    del record(books, "orders", "order", "parked")["open_shard"]


@breaks("nothing-without-an-order")
def a_reservation_without_an_order(books: Books) -> None:
    books.said("nobody", "StockReleased", lines=[])
    books.reservation("nobody", "RELEASED", [])


@breaks("nothing-without-an-order")
def a_payment_without_an_order(books: Books) -> None:
    books.said("nobody", "PaymentVoided")
    books.record("payments", "payment", "nobody", status="VOIDED", reason="")


# Events


@breaks("no-number-is-missing")
def an_event_is_nowhere(books: Books) -> None:
    forget(books, "mug", "ProductListed")


@breaks("no-number-is-given-twice")
def the_bus_carried_another_event(books: Books) -> None:
    changed = books.published[0].model_copy(update={"causationid": "somebody else"})
    books.published.append(changed)


@breaks("record-counts-its-events")
def a_record_counts_one_event_too_many(books: Books) -> None:
    record(books, "catalog", "product", "mug")["sequence"] += 1


@breaks("committed-is-published")
def an_event_was_never_published(books: Books) -> None:
    del books.published[0]


@breaks("published-is-committed")
def an_event_was_published_and_never_committed(books: Books) -> None:
    stranger = books.published[0].model_copy(update={"id": "x", "source": "settle.x", "sequence": 1})
    books.published.append(stranger)
    books.journal.append(stranger)


@breaks("journal-has-what-was-published")
def an_event_never_reached_the_storefront(books: Books) -> None:
    del books.journal[0]


@breaks("view-is-the-fold-of-history")
def a_customer_sees_an_old_status(books: Books) -> None:
    books.tables()
    books.rows["paid"]["status"] = "PENDING"


@breaks("view-is-the-fold-of-history")
def a_customer_sees_nothing(books: Books) -> None:
    books.rows["paid"] = {}


@breaks("prices-follow-the-catalog")
def orders_has_an_old_price(books: Books) -> None:
    record(books, "orders", "price", "mug")["price"] = {"amount": 1, "currency": "EUR"}
