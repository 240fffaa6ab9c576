"""The fold behind GET /storefront/orders/{id}: any order, any duplicate, same row."""

from itertools import permutations
from typing import Any

import pytest

from kernel.events import Envelope
from storefront.order_history import fold
from tests.support.histories import PLACED, PLACED_ROW, at, event, timeline

CONFIRMED = [
    PLACED,
    event(1, "StockReserved", "reservation/o1", 1),
    event(2, "PaymentCaptured", "payment/o1", 1),
    event(3, "OrderConfirmed", "order/o1", 2),
]
CONFIRMED_ROW = {
    **PLACED_ROW,
    "status": "CONFIRMED",
    "stock": "COMMITTED",
    "payment": "CAPTURED",
    "sequence": 2,
    "folded": 4,
    "as_of": at(3),
    "timeline": timeline(
        (0, "OrderPlaced"),
        (1, "StockReserved"),
        (2, "PaymentCaptured"),
        (3, "OrderConfirmed"),
    ),
}
# Here three clocks agree to the microsecond, and a service that nobody knows yet publishes an event.
CANCELLED = [
    PLACED,
    event(2, "CancellationStarted", "order/o1", 2),
    event(2, "PaymentDeclined", "payment/o1", 1),
    event(2, "StockReleased", "reservation/o1", 1),
    event(3, "OrderCancelled", "order/o1", 3),
    event(9, "PointsRevoked", "points/o1", 1),
]
CANCELLED_ROW = {
    **PLACED_ROW,
    "status": "CANCELLED",
    "reason": "PaymentDeclined",
    "stock": "RELEASED",
    "payment": "DECLINED",
    "sequence": 3,
    "folded": 6,
    "as_of": at(9),
    "timeline": timeline(
        (0, "OrderPlaced"),
        (2, "StockReleased"),
        (2, "CancellationStarted"),
        (2, "PaymentDeclined"),
        (3, "OrderCancelled"),
    ),
}
PARKED = [
    PLACED,
    event(2, "PaymentCaptured", "payment/o1", 1),
    event(3, "CancellationStarted", "order/o1", 2),
    event(4, "RefundStarted", "payment/o1", 2),
    event(5, "OrderParked", "order/o1", 3),
]
PARKED_ROW = {
    **PLACED_ROW,
    "status": "NEEDS_ATTENTION",
    "reason": "Interrupted",
    "payment": "REFUNDING",
    "sequence": 3,
    "folded": 5,
    "as_of": at(5),
    "timeline": timeline(
        (0, "OrderPlaced"),
        (2, "PaymentCaptured"),
        (3, "CancellationStarted"),
        (4, "RefundStarted"),
        (5, "OrderParked"),
    ),
}
# The order's 2nd event, the reservation's 1st and the payment's 2nd are still under way.
GAPS = [
    PLACED,
    event(9, "OrderCancelled", "order/o1", 3),
    event(9, "StockReleased", "reservation/o1", 2),
    event(4, "PaymentDeclined", "payment/o1", 1),
    event(9, "PaymentVoided", "payment/o1", 3),
]
GAPS_ROW = {
    **PLACED_ROW,
    "payment": "DECLINED",
    "folded": 2,
    "as_of": at(4),
    "timeline": timeline(
        (0, "OrderPlaced"),
        (4, "PaymentDeclined"),
    ),
}


def shown(*events: Envelope) -> dict[str, Any] | None:
    row = fold(events)
    return row.model_dump(mode="json") if row else None


@pytest.mark.parametrize(
    ("history", "row"),
    [
        ([PLACED], PLACED_ROW),
        (CONFIRMED, CONFIRMED_ROW),
        (CANCELLED, CANCELLED_ROW),
        (PARKED, PARKED_ROW),
        (GAPS, GAPS_ROW),
    ],
    ids=["placed", "confirmed", "cancelled", "parked", "with gaps"],
)
def test_every_order_of_arrival_with_and_without_duplicates_makes_the_same_row(
    history: list[Envelope], row: dict[str, Any]
) -> None:
    for arrived in permutations(history):
        assert shown(*arrived) == row
        assert shown(*arrived, arrived[0], *arrived[:3]) == row


def test_there_is_no_row_before_the_order_was_placed() -> None:
    assert fold([]) is None
    assert fold(CONFIRMED[1:]) is None
    assert fold([event(1, "OrderConfirmed", "order/o1", 2)]) is None


@pytest.mark.parametrize(
    ("kind", "subject", "field", "value"),
    [
        ("CancellationStarted", "order/o1", "status", "CANCELLING"),
        ("OrderConfirmed", "order/o1", "status", "CONFIRMED"),
        ("OrderCancelled", "order/o1", "status", "CANCELLED"),
        ("OrderParked", "order/o1", "status", "NEEDS_ATTENTION"),
        ("StockReserved", "reservation/o1", "stock", "RESERVED"),
        ("StockReleased", "reservation/o1", "stock", "RELEASED"),
        ("PaymentCaptured", "payment/o1", "payment", "CAPTURED"),
        ("PaymentDeclined", "payment/o1", "payment", "DECLINED"),
        ("PaymentVoided", "payment/o1", "payment", "VOIDED"),
        ("RefundStarted", "payment/o1", "payment", "REFUNDING"),
        ("PaymentRefunded", "payment/o1", "payment", "REFUNDED"),
    ],
)
def test_each_event_says_its_own_thing_of_the_order(kind: str, subject: str, field: str, value: str) -> None:
    said = shown(PLACED, event(1, kind, subject, 2 if subject == "order/o1" else 1))
    assert said is not None
    assert said[field] == value


@pytest.mark.parametrize(
    ("stock", "shown_as"), [("StockReserved", "COMMITTED"), ("StockReleased", "RELEASED"), ("", None)]
)
def test_stock_that_is_held_for_a_confirmed_order_is_sold(stock: str, shown_as: str | None) -> None:
    about_stock = [event(1, stock, "reservation/o1", 1)] if stock else []
    said = shown(PLACED, *about_stock, event(2, "OrderConfirmed", "order/o1", 2))
    assert said is not None
    assert said["stock"] == shown_as


def test_a_sale_that_an_earlier_release_published_changes_nothing() -> None:
    said = shown(*CONFIRMED, event(5, "StockCommitted", "reservation/o1", 2))
    assert said == {**CONFIRMED_ROW, "folded": 5, "as_of": at(5)}


def test_an_unknown_event_counts_for_the_prefix_and_changes_nothing_else() -> None:
    noted = event(1, "OrderNoted", "order/o1", 2)
    said = shown(PLACED, noted, event(2, "OrderConfirmed", "order/o1", 3))
    assert said == {
        **PLACED_ROW,
        "status": "CONFIRMED",
        "sequence": 3,
        "folded": 3,
        "as_of": at(2),
        "timeline": timeline((0, "OrderPlaced"), (2, "OrderConfirmed")),
    }


@pytest.mark.parametrize(
    "foreign",
    [
        event(1, "OrderConfirmed", "payment/o1", 1),
        event(1, "OrderConfirmed", "order/o2", 1).model_copy(update={"correlationid": "o1"}),
        event(1, "StockReserved", "payment/o1", 1),
        event(1, "OrderConfirmed", "order/o1", 1).model_copy(update={"source": "settle.payments"}),
    ],
    ids=["another kind of record", "another order", "another service's event", "another source"],
)
def test_only_its_owner_speaks_of_a_record(foreign: Envelope) -> None:
    said = shown(PLACED, foreign)
    assert said == {**PLACED_ROW, "folded": 2, "as_of": at(1)}


def test_a_reason_goes_when_the_state_it_explained_has_gone() -> None:
    said = shown(PLACED, event(1, "OrderParked", "order/o1", 2), event(2, "OrderConfirmed", "order/o1", 3))
    assert said is not None
    assert said["reason"] is None


def test_the_payment_method_stays_out_of_the_row() -> None:
    assert "method-1" not in str(shown(*CONFIRMED))
