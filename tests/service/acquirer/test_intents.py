"""The acquirer over its HTTP API and on its own table."""

from typing import Any

import pytest

from tests.support import aws
from tests.support.acquirer import approved, ask, confirm, created, refund, retrieve, terms
from tests.support.clock import Clock
from tests.support.processor import SECRET

pytestmark = pytest.mark.usefixtures("clock", "processor")


def test_only_the_bearer_of_the_secret_is_served() -> None:
    for secret in ("", "wrong", SECRET + "x", "schlüssel"):
        status, problem = ask("POST", "/payment_intents", terms(), key="k", secret=secret)
        assert (status, problem["error"]) == (401, "Unauthenticated")
    assert aws.items("acquirer") == []


def test_a_payment_is_created_once_per_key_and_captures_nothing() -> None:
    first = created()
    assert created() == first
    assert created(key="another") != first
    assert retrieve(first) == {
        **terms(),
        "id": first,
        "status": "requires_confirmation",
        "amount_captured": 0,
        "amount_refunded": 0,
        "last_payment_error": None,
    }


@pytest.mark.parametrize("change", [{"amount": 1}, {"payment_method": "pm_decline"}, {"reference": "o2"}])
def test_a_key_reused_with_other_parameters_is_an_idempotency_error(change: dict[str, Any]) -> None:
    created()
    status, problem = ask("POST", "/payment_intents", terms(**change), key="create")
    assert (status, problem["type"]) == (400, "idempotency_error")


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 0},
        {"amount": 12.5},
        {"amount": "1250"},
        {"currency": "eur"},
        {"payment_method": "4242424242424242"},
        {"payment_method": "pm_4242424242424242"},
        {"reference": ""},
        {"unknown": 1},
    ],
)
def test_malformed_terms_are_refused_and_write_nothing(change: dict[str, Any]) -> None:
    assert ask("POST", "/payment_intents", terms(**change), key="create")[0] == 400
    assert aws.items("acquirer") == []


def test_every_change_of_money_needs_an_idempotency_key() -> None:
    intent_id = created()
    assert ask("POST", "/payment_intents", terms())[0] == 400
    assert confirm(intent_id, key="")[0] == 400
    assert refund(intent_id, key="")[0] == 400
    assert retrieve(intent_id)["status"] == "requires_confirmation"


def test_payments_are_found_by_reference_in_order_of_creation(clock: Clock) -> None:
    first = created(key="a")
    clock.advance(1)
    second = created(key="b")
    assert ask("POST", "/payment_intents", terms(reference="o2"), key="c")[0] == 200
    status, found = ask("GET", "/payment_intents?reference=o1")
    assert (status, [one["id"] for one in found["data"]]) == (200, [first, second])
    assert ask("GET", "/payment_intents?reference=none")[1] == {"data": []}
    assert ask("GET", "/payment_intents")[0] == 400


def test_what_is_not_there_is_not_found() -> None:
    for method, path in (("GET", ""), ("POST", "/confirm"), ("POST", "/cancel")):
        assert ask(method, f"/payment_intents/pi_none{path}", key="k")[0] == 404
    assert refund("pi_none")[0] == 404
    assert ask("GET", "/refunds?payment_intent=pi_none")[0] == 404


def test_the_sandbox_publishes_nothing() -> None:
    refund(approved())
    assert aws.committed("acquirer") == []
