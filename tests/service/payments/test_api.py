"""Payments' HTTP API: who registers a method, who sees a payment, and what nobody ever sees."""

from functools import partial
from typing import Any

import pytest

from tests.support import aws
from tests.support.payments import OUTCOMES, TOTAL, add_method, charge, intent_of, outcome, refund, show
from tests.support.processor import SECRET, Processor, answer_lost

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")


def test_a_registered_method_answers_the_same_id_for_the_same_key() -> None:
    body = {"token": "pm_approve", "label": "my card"}
    first = add_method(body)
    assert first == (201, {"payment_method": first[1]["payment_method"], "label": "my card"})
    assert add_method(body) == first
    assert add_method(body, key="k2")[1]["payment_method"] != first[1]["payment_method"]
    assert add_method(body, customer="bob")[1]["payment_method"] != first[1]["payment_method"]


def test_a_method_key_reused_with_another_body_is_refused_and_changes_nothing() -> None:
    add_method({"token": "pm_approve"})
    before = aws.state("payments")
    for body in ({"token": "pm_decline"}, {"token": "pm_approve", "label": "mine"}):
        status, problem = add_method(body)
        assert (status, problem["error"]) == (422, "KeyReused")
    assert aws.state("payments") == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"token": ""},
        {"token": "tok_visa"},
        {"token": "PM_approve"},
        {"token": "pm_approve\n"},
        {"token": "pm_" + "a" * 126},
        {"token": "4242424242424242"},
        {"token": "pm_4242424242424242"},
        {"token": "pm_4242_4242__4242_4242"},
        {"token": "pm_approve", "label": ""},
        {"token": "pm_approve", "label": "x" * 65},
        {"token": "pm_approve", "label": "my 4242 4242 4242 4242"},
        {"token": "pm_approve", "label": 7},
        {"token": "pm_approve", "number": "4242424242424242"},
        '{"token": "pm_approve", "token": "pm_decline"}',
        "pm_approve",
    ],
)
def test_a_malformed_registration_is_refused_writes_nothing_and_is_not_logged(
    body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    status, problem = add_method(body)
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert aws.items("payments") == []
    assert "/payments/methods" in caplog.text
    assert "4242" not in caplog.text + str(problem)


def test_only_customers_register_methods_and_only_with_a_key() -> None:
    assert add_method({"token": "pm_approve"}, role="operator")[0] == 403
    assert add_method({"token": "pm_approve"}, key="")[0] == 400
    assert aws.items("payments") == []


def test_a_payment_is_shown_to_its_customer_and_to_operators_only() -> None:
    assert show("alice")[0] == show("olga", "operator")[0] == 404
    charge()
    shown = {"order_id": "o1", "status": "CAPTURED", "amount": TOTAL}
    assert show("alice") == show("olga", "operator") == (200, shown)
    assert show("bob")[0] == 404


def test_a_tombstone_is_shown_to_operators_only() -> None:
    refund()
    assert show("olga", "operator") == (200, {"order_id": "o1", "status": "VOIDED", "amount": None})
    assert show("alice")[0] == 404


def test_no_token_and_no_processor_reference_leaves_payments(
    processor: Processor, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Any] = []
    for place, method in enumerate(OUTCOMES):
        order_id = f"order-{place}"
        processor.disturb("confirm", answer_lost)
        answers += [outcome(partial(charge, order_id, method)) for _ in range(2)]
        answers += [outcome(partial(refund, order_id)), show("olga", "operator", order_id)]
    said = caplog.text + str(aws.committed("payments")) + str(answers)
    intents = [intent_of(f"order-{place}") for place in range(len(OUTCOMES))]
    assert all(word in said for word in ("ChargePayment", "no answer", "PaymentCaptured", "order-4"))
    assert not any(secret in said for secret in ["pm_", SECRET, *intents])
