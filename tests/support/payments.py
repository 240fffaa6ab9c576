"""The requests of the saga and a customer to payments, and the ways a charge or a refund can go."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from kernel.errors import Fault, Refusal
from payments import api, store, tasks
from tests.support import aws
from tests.support.processor import Account, Processor, answer_lost, request_lost

TOTAL = {"amount": 1250, "currency": "EUR"}
UNPAID, PAID, REPAID = Account(1), Account(1, 1, 1250, 0), Account(1, 1, 1250, 1250)
CAPTURED, REPAYING = "PaymentCaptured", ["RefundStarted", "PaymentRefunded"]
OUTCOMES = {
    "pm_approve": ("CAPTURED", [CAPTURED], 1250),
    "pm_error_after": ("CAPTURED", [CAPTURED], 1250),
    "pm_stall": ("CAPTURED", [CAPTURED], 1250),
    "pm_decline": ("PaymentDeclined", ["PaymentDeclined"], 0),
    "pm_error_before": ("gave up", [], 0),
}
Job = Callable[[], Any]


@cache
def register(token: str, customer: str = "alice") -> str:
    status, answer = add_method({"token": token}, customer=customer, key=token)
    assert status == 201
    return str(answer["payment_method"])


def add_method(body: Any, *, key: str = "k1", **caller: str) -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, "POST", "/payments/methods", body, key=key, **caller)


def charge(order_id: str = "o1", method: str = "pm_approve", total: dict[str, Any] = TOTAL) -> str:
    step = {
        "order_id": order_id,
        "customer_id": "alice",
        "payment_method": register(method),
        "total": total,
    }
    return str(tasks.charge_payment(step, None)["status"])


def refund(order_id: str = "o1") -> str:
    return str(tasks.refund_payment({"order_id": order_id}, None)["status"])


def show(customer: str, role: str = "customer", order_id: str = "o1") -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, "GET", f"/payments/{order_id}", customer=customer, role=role)


def outcome(job: Job) -> str:
    """The result of one run as the saga sees it: the status answered, or the error's name."""
    try:
        return str(job())
    except (Refusal, Fault) as error:
        return type(error).__name__


def intent_of(order_id: str = "o1") -> str:
    """The processor's id of the payment that is on record."""
    return store.load(order_id).state.started.intent_id


def events(order_id: str = "o1") -> list[str]:
    return [one.type for one in aws.committed("payments") if one.subject == f"payment/{order_id}"]


def pending(processor: Processor, method: str = "pm_approve", *, heard: bool = False) -> None:
    processor.disturb("confirm", answer_lost if heard else request_lost)
    outcome(lambda: charge(method=method))


def given_charged(order_id: str) -> None:
    charge(order_id)


def given_pending_captured(order_id: str) -> None:
    outcome(lambda: charge(order_id, "pm_error_after"))


# `forgetful`: the processor remembers no Idempotency-Key from one request to the next.
charges = pytest.mark.parametrize(
    ("method", "forgetful"),
    [
        ("pm_approve", False),
        ("pm_approve", True),
        ("pm_error_after", False),
        ("pm_stall", True),
        ("pm_decline", True),
        ("pm_error_before", False),
    ],
)
refunds = pytest.mark.parametrize(
    ("given", "forgetful"), [(given_charged, False), (given_charged, True), (given_pending_captured, True)]
)


def assert_nothing_kept(processor: Processor, order_id: str) -> None:
    books = processor.books(order_id)
    assert books.captured == books.refunded
    assert books.captures <= 1
