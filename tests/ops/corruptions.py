"""Corruptions of money, stock and privacy. Each breaks exactly one invariant, which it names."""

from collections.abc import Callable
from typing import Any

from tests.support import ledgers
from tests.support.evidence import FORGOTTEN, Books

Corrupt = Callable[[Books], Any]
CORRUPTIONS: list[tuple[str, Corrupt]] = []


def breaks(rule: str) -> Callable[[Corrupt], Corrupt]:
    def keep(corrupt: Corrupt) -> Corrupt:
        CORRUPTIONS.append((rule, corrupt))
        return corrupt

    return keep


def record(books: Books, service: str, kind: str, name: str) -> dict[str, Any]:
    return books.records[service, kind, name]


def intent(books: Books, order_id: str) -> dict[str, Any]:
    return next(one for one in books.intents if one["reference"] == order_id)


def forget(books: Books, about: str, *types: str) -> None:
    """Removes these events everywhere, as if they had never happened."""
    for events in (books.outbox, books.journal, books.published):
        events[:] = [event for event in events if event.type not in types or about not in event.subject]


# Money


@breaks("captured-all-or-nothing")
def half_was_captured(books: Books) -> None:
    books.reword("PaymentCaptured", "paid", amount={"amount": 500, "currency": "EUR"})


@breaks("captured-all-or-nothing")
def more_was_refunded_than_captured(books: Books) -> None:
    books.reword("PaymentRefunded", "undone", amount={"amount": 1500, "currency": "EUR"})


@breaks("captured-once")
def captured_again_and_given_back(books: Books) -> None:
    books.intent("paid", "succeeded", 1000, 1000, id="pi_00000000-again")


@breaks("never-more-than-the-total")
def charged_more_than_ordered(books: Books) -> None:
    books.payment("parked", "PENDING", amount=1200)
    intent(books, "parked").update(amount=1200, amount_captured=1200)


@breaks("an-ended-order-holds-no-money")
def charged_less_than_ordered(books: Books) -> None:
    books.reword("PaymentCaptured", "paid", amount={"amount": 900, "currency": "EUR"})
    books.payment("paid", "SOLD", amount=900)
    intent(books, "paid").update(amount=900, amount_captured=900)


@breaks("receivable-is-as-the-processor-has-it")
def cancelled_and_the_money_kept(books: Books) -> None:
    forget(books, "undone", "PaymentCaptured", "RefundStarted", "PaymentRefunded")
    books.said("undone", "PaymentDeclined")
    books.payment("undone", "DECLINED", reason="card_declined")
    intent(books, "undone")["amount_refunded"] = 0


@breaks("both-books-agree")
def the_processor_has_another_currency(books: Books) -> None:
    intent(books, "paid")["currency"] = "USD"


@breaks("both-books-agree")
def the_processor_never_refunded_what_is_parked(books: Books) -> None:
    intent(books, "parked")["amount_refunded"] = 1000


@breaks("both-books-agree")
def another_intent_was_captured(books: Books) -> None:
    intent(books, "parked").update(amount_captured=0, status="requires_confirmation")
    books.intent("parked", "succeeded", 1000, id="pi_00000000-other")


@breaks("both-books-agree")
def the_processor_knows_nothing_of_it(books: Books) -> None:
    books.intents.remove(intent(books, "parked"))


# Stock


@breaks("stock-adds-up")
def more_is_available_than_arrived(books: Books) -> None:
    books.stock(available=9, received=8)
    books.stock("mug#1", available=1, received=6)


@breaks("stock-adds-up")
def more_is_out_than_there_was(books: Books) -> None:
    books.stock(available=-1, received=2)


@breaks("stock-is-held-by-somebody")
def a_unit_is_held_for_nobody(books: Books) -> None:
    books.stock(available=4)


@breaks("stock-is-held-by-somebody")
def a_unit_was_lost_in_another_bucket(books: Books) -> None:
    books.stock("mug#1", available=0)


@breaks("stock-is-held-by-somebody")
def a_unit_was_given_back_twice(books: Books) -> None:
    books.stock(available=6)


@breaks("reservation-ends-with-its-order")
def the_confirmation_never_reached_inventory(books: Books) -> None:
    books.reservation("paid", "RESERVED")


@breaks("reservation-ends-with-its-order")
def the_release_never_happened(books: Books) -> None:
    forget(books, "undone", "StockReleased")
    books.reservation("undone", "RESERVED")
    books.stock(available=3)


@breaks("reservation-is-for-the-lines-ordered")
def fewer_were_reserved_than_ordered(books: Books) -> None:
    fewer = [{"sku": "mug", "quantity": 1}]
    books.reword("StockReserved", "paid", lines=fewer)
    books.reservation("paid", "COMMITTED", fewer)
    books.stock(available=6)


# Privacy


@breaks("registrations-stay-with-payments")
def a_token_is_in_an_event(books: Books) -> None:
    books.reword("PaymentDeclined", "paid", reason="pm_approve")
    books.reword("OrderParked", "parked", stuck=["RefundPayment", "ReleaseStock", "pm_approve"])


@breaks("registrations-stay-with-payments")
def a_token_that_nobody_registered_is_in_an_order(books: Books) -> None:
    record(books, "orders", "order", "paid")["note"] = "paid with pm_card_visa"


@breaks("registrations-stay-with-payments")
def a_label_is_in_the_view(books: Books) -> None:
    books.tables()
    books.rows["paid"]["note"] = "blue"


@breaks("registrations-stay-with-payments")
def a_card_number_is_in_an_order(books: Books) -> None:
    record(books, "orders", "order", "paid")["note"] = "paid with 4242 4242 4242 4242"


@breaks("processor-ids-stay-in-the-payment")
def an_intent_is_in_an_event(books: Books) -> None:
    books.reword("PaymentCaptured", "paid", intent="pi_00000000-paid")


@breaks("payment-method-stays-with-its-order")
def a_method_is_in_the_view(books: Books) -> None:
    books.tables()
    books.rows["paid"]["payment_method"] = record_of_method(books)


@breaks("payment-method-stays-with-its-order")
def a_method_is_in_an_event_of_payments(books: Books) -> None:
    books.reword("PaymentCaptured", "paid", payment_method=record_of_method(books))


@breaks("payment-method-stays-with-its-order")
def a_method_is_in_another_event(books: Books) -> None:
    books.reword("PaymentCaptured", "paid", way=record_of_method(books))


@breaks("typed-text-stays-where-it-was-typed")
def a_reason_is_in_an_event(books: Books) -> None:
    books.said("parked", "OrderResumed", because=typed_about(books, "parked"))
    books.order("parked", "NEEDS_ATTENTION")


@breaks("typed-text-stays-where-it-was-typed")
def a_reason_is_in_the_order(books: Books) -> None:
    record(books, "orders", "order", "parked")["note"] = typed_about(books, "parked")


@breaks("typed-text-stays-where-it-was-typed")
def the_reason_of_an_adjustment_is_in_its_event(books: Books) -> None:
    books.reword("StockAdjusted", "a1", why="three were broken")


@breaks("profiles-are-sealed")
def a_name_stands_in_a_profile_as_it_is(books: Books) -> None:
    record(books, "customers", "profile", "alice")["sealed"]["name"] = "Ada Löwe"


@breaks("profiles-are-sealed")
def an_address_of_e_mail_is_in_an_order(books: Books) -> None:
    record(books, "orders", "order", "paid")["note"] = "ask ada@shop.example"


@breaks("profiles-are-sealed")
def an_address_of_e_mail_is_in_an_event(books: Books) -> None:
    books.reword("CustomerRegistered", "alice", email="ada@shop.example")


@breaks("orders-end-before-their-customer-is-forgotten")
def the_customer_of_an_open_order_was_forgotten(books: Books) -> None:
    books.reword("OrderPlaced", "parked", customer_id="gone")
    record(books, "orders", "order", "parked")["customer_id"] = "gone"
    record(books, "payments", "payment", "parked")["customer_id"] = "gone"


@breaks("who-is-forgotten-has-no-payment-method")
def a_token_of_somebody_forgotten_was_kept(books: Books) -> None:
    record(books, "payments", "method", FORGOTTEN)["token"] = "pm_approve"


@breaks("who-is-forgotten-has-no-store-credit")
def somebody_forgotten_was_given_store_credit(books: Books) -> None:
    books.wallet("gone", "Deposited", deposit="d3", postings=[ledgers.posting("goodwill", "wallet", 100)])


@breaks("who-is-forgotten-is-detached")
def a_method_of_somebody_forgotten_is_still_attached(books: Books) -> None:
    cancelled_at_once(books, "left", customer_id="gone")
    books.intent("left", "requires_confirmation", attached=True)


def cancelled_at_once(books: Books, order_id: str, *, customer_id: str) -> None:
    """Adds an order that was undone before anything was done for it."""
    books.place(order_id)
    books.reword("OrderPlaced", order_id, customer_id=customer_id)
    books.said(order_id, "CancellationStarted", "PaymentVoided")
    books.said(order_id, "StockReleased", lines=[])
    books.said(order_id, "OrderCancelled")
    cancelled = {"fenced": True, "reason": "CancelledByCustomer", "customer_id": customer_id}
    books.order(order_id, "CANCELLED", **cancelled)
    books.reservation(order_id, "RELEASED", [])
    books.record("payments", "payment", order_id, status="VOIDED", reason="")


def typed_about(books: Books, order_id: str) -> str:
    """Stores an operator's reason for resuming the order, and returns its text."""
    reason = {"id": "r1", "at": "2026-03-01T12:00:00+00:00", "by": "olga", "because": "the cause is gone"}
    books.record("orders", "intervention", order_id, **reason)
    return reason["because"]


def record_of_method(books: Books) -> str:
    return next(name for _, kind, name in books.records if kind == "method")
