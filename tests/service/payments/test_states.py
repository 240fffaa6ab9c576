"""A charge and a refund of payments in every state that a payment can be in."""

from collections.abc import Callable
from typing import Any

import pytest

from payments import tasks
from tests.support import aws
from tests.support.payments import (
    CAPTURED,
    REPAID,
    REPAYING,
    UNPAID,
    charge,
    events,
    outcome,
    pending,
    refund,
)
from tests.support.processor import Account, Processor, answer_lost, request_lost

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")


def refunding(processor: Processor, *, heard: bool) -> None:
    charge()
    processor.disturb("refund", answer_lost if heard else request_lost)
    outcome(refund)


# The states of a payment, each with the disturbed runs that lead to it.
STATES: dict[str, Callable[[Processor], Any]] = {
    "nothing": lambda processor: None,
    "pending": pending,
    "pending, captured": lambda processor: pending(processor, heard=True),
    "pending, declined": lambda processor: pending(processor, "pm_decline", heard=True),
    "pending, processing": lambda processor: pending(processor, "pm_stall", heard=True),
    "pending, cancelled": lambda processor: (
        pending(processor),
        processor.disturb("cancel", answer_lost),
        outcome(refund),
    ),
    "captured": lambda processor: charge(),
    "declined": lambda processor: outcome(lambda: charge(method="pm_decline")),
    "voided": lambda processor: (pending(processor), refund()),
    "tombstone": lambda processor: refund(),
    "refunding": lambda processor: refunding(processor, heard=False),
    "refunding, done": lambda processor: refunding(processor, heard=True),
    "refunded": lambda processor: (charge(), refund()),
}


@pytest.mark.parametrize(
    ("state", "answer", "calls", "facts"),
    [
        ("nothing", "CAPTURED", ["create", "confirm"], [CAPTURED]),
        ("pending", "CAPTURED", ["retrieve", "confirm"], [CAPTURED]),
        ("pending, captured", "CAPTURED", ["retrieve"], [CAPTURED]),
        ("pending, declined", "PaymentDeclined", ["retrieve"], ["PaymentDeclined"]),
        ("pending, processing", "StillProcessing", ["retrieve"], []),
        ("pending, cancelled", "ChargeVoided", ["retrieve"], []),
        ("captured", "CAPTURED", [], []),
        ("declined", "PaymentDeclined", [], []),
        ("voided", "ChargeVoided", [], []),
        ("tombstone", "ChargeVoided", [], []),
        ("refunding", "ChargeVoided", [], []),
        ("refunding, done", "ChargeVoided", [], []),
        ("refunded", "ChargeVoided", [], []),
    ],
)
def test_a_charge_in_every_state(
    processor: Processor, state: str, answer: str, calls: list[str], facts: list[str]
) -> None:
    STATES[state](processor)
    called, published = len(processor.calls), len(events())
    assert outcome(charge) == answer
    assert (processor.calls[called:], events()[published:]) == (calls, facts)


@pytest.mark.parametrize(
    ("state", "answer", "calls", "facts", "books"),
    [
        ("nothing", "VOIDED", [], ["PaymentVoided"], Account()),
        ("pending", "VOIDED", ["cancel"], ["PaymentVoided"], UNPAID),
        (
            "pending, captured",
            "REFUNDED",
            ["cancel", "refunds", "disputes", "refund"],
            [CAPTURED, *REPAYING],
            REPAID,
        ),
        ("pending, declined", "VOIDED", ["cancel"], ["PaymentVoided"], UNPAID),
        ("pending, processing", "StillProcessing", ["cancel"], [], UNPAID),
        ("pending, cancelled", "VOIDED", ["cancel"], ["PaymentVoided"], UNPAID),
        ("captured", "REFUNDED", ["refunds", "disputes", "refund"], REPAYING, REPAID),
        ("declined", "DECLINED", ["cancel"], [], UNPAID),
        ("voided", "VOIDED", [], [], UNPAID),
        ("tombstone", "VOIDED", [], [], Account()),
        ("refunding", "REFUNDED", ["refunds", "disputes", "refund"], ["PaymentRefunded"], REPAID),
        ("refunding, done", "REFUNDED", ["refunds"], ["PaymentRefunded"], REPAID),
        ("refunded", "REFUNDED", [], [], REPAID),
    ],
)
def test_a_refund_in_every_state(
    processor: Processor, state: str, answer: str, calls: list[str], facts: list[str], books: Account
) -> None:
    STATES[state](processor)
    called, published = len(processor.calls), len(events())
    assert outcome(refund) == answer
    assert (processor.calls[called:], events()[published:]) == (calls, facts)
    assert processor.books("o1") == books


@pytest.mark.parametrize(
    ("state", "status", "undone", "held"),
    [
        ("nothing", "NONE", False, False),
        ("pending", "PENDING", False, False),
        ("captured", "CAPTURED", False, True),
        ("declined", "DECLINED", False, False),
        ("voided", "VOIDED", True, False),
        ("tombstone", "VOIDED", True, False),
        ("refunding", "REFUNDING", False, False),
        ("refunded", "REFUNDED", True, False),
    ],
)
def test_how_a_payment_stands_is_told_from_our_own_books_and_changes_nothing(
    state: str, status: str, undone: bool, held: bool, processor: Processor
) -> None:
    STATES[state](processor)
    before, calls = aws.items("payments"), len(processor.calls)
    said = {"order_id": "o1", "status": status, "undone": undone, "held": held}
    assert tasks.payment_status({"order_id": "o1"}, None) == said
    assert (aws.items("payments"), len(processor.calls)) == (before, calls)
