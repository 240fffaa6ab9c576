"""The acquirer over its HTTP API: who is served, what a request may hold, and what it creates."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.support import aws
from tests.support.acquirer import approved, ask, captured, confirm, created, refund, retrieve, terms
from tests.support.clock import Clock
from tests.support.processor import SECRET

pytestmark = pytest.mark.usefixtures("clock", "processor")


def find(order_id: str) -> tuple[int, Any]:
    query = quote(f"metadata['order_id']:'{order_id}'")
    return ask("GET", f"/payment_intents/search?query={query}")


def test_only_the_bearer_of_the_secret_is_served() -> None:
    for secret in ("", "wrong", SECRET + "x", "schlüssel"):
        status, problem = ask("POST", "/payment_intents", terms(), key="k", secret=secret)
        assert (status, problem["error"]["type"]) == (401, "invalid_request_error")
    assert aws.items("acquirer") == []


def test_a_new_payment_captures_nothing_and_has_stripes_shape() -> None:
    intent = retrieve(created())
    assert intent == {
        "id": intent["id"],
        "object": "payment_intent",
        "amount": 1250,
        "amount_received": 0,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{intent['id']}_secret_sandbox",
        "confirmation_method": "automatic",
        "created": 1767225600,
        "currency": "eur",
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {"order_id": "o1"},
        "next_action": None,
        "payment_method": "pm_approve",
        "payment_method_types": ["card"],
        "status": "requires_confirmation",
    }


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": 12.5}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"currency": "EUR"}, "currency"),
        ({"payment_method": "4242424242424242"}, "payment_method"),
        ({"payment_method": "pm_4242424242424242"}, "payment_method"),
        ({"confirm": "true"}, "confirm"),
        ({"allowed_payment_method_types[0]": "cash"}, "allowed_payment_method_types.0"),
        ({"payment_method_types[0]": "card"}, "payment_method_types"),
        ({"metadata": "text"}, "metadata"),
        ({"unknown": 1}, "unknown"),
        ({"amount[gte]": 1}, None),
        ({"a[b": 1}, None),
    ],
)
def test_malformed_terms_are_refused_and_write_nothing(change: dict[str, Any], param: str | None) -> None:
    form = {name: value for name, value in terms().items() if name != "metadata[order_id]"}
    status, problem = ask("POST", "/payment_intents", form | change, key="create")
    assert (status, problem["error"]["code"]) == (400, "parameter_invalid")
    assert problem["error"].get("param") == param
    assert aws.items("acquirer") == []


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "eur", "amount_too_small"),
        (50, "eur", None),
        (29, "gbp", "amount_too_small"),
        (30, "gbp", None),
        (99_999_999, "eur", None),
        (100_000_000, "eur", "amount_too_large"),
    ],
)
def test_an_amount_that_cannot_be_charged_is_refused(amount: int, currency: str, code: str | None) -> None:
    asked = terms(amount=amount, currency=currency)
    status, said = ask("POST", "/payment_intents", asked, key="create")
    assert (status, said.get("error", {}).get("code")) == (400 if code else 200, code)


def test_payments_are_found_by_their_order_in_order_of_creation(clock: Clock) -> None:
    first = created(key="a")
    clock.advance(1)
    second = created(key="b")
    created(key="c", **{"metadata[order_id]": "o2"})
    status, found = find("o1")
    assert (status, [one["id"] for one in found["data"]]) == (200, [first, second])
    assert (found["object"], found["has_more"]) == ("search_result", False)
    assert find("none")[1]["data"] == []
    assert ask("GET", "/payment_intents/search?query=status:'succeeded'")[0] == 400


def test_a_payment_of_no_order_is_a_payment_too() -> None:
    form = {name: value for name, value in terms().items() if name != "metadata[order_id]"}
    status, intent = ask("POST", "/payment_intents", form, key="create")
    assert (status, intent["metadata"]) == (200, {})
    assert confirm(intent["id"])[1]["status"] == "succeeded"
    assert captured(intent["id"]) == 1250


def test_what_is_not_there_is_not_found() -> None:
    for method, path in (("GET", ""), ("POST", "/confirm"), ("POST", "/cancel")):
        status, problem = ask(method, f"/payment_intents/pi_none{path}", key="k")
        assert (status, problem["error"]["code"]) == (404, "resource_missing")
    assert refund("pi_none")[0] == 404
    for path in ("/refunds?payment_intent=pi_none", "/refunds/re_none_1", "/disputes?payment_intent=pi_none"):
        assert ask("GET", path)[0] == 404, path
    assert ask("GET", "/refunds/" + f"re_{created()[3:]}_1")[0] == 404


def test_a_customers_own_method_can_be_detached_and_never_used_again() -> None:
    method = "pm_approve__alice"
    assert ask("GET", f"/payment_methods/{method}")[1]["customer"]
    status, detached = ask("POST", f"/payment_methods/{method}/detach")
    assert (status, detached["customer"]) == (200, None)
    assert ask("POST", f"/payment_methods/{method}/detach")[0] == 400
    assert ask("GET", f"/payment_methods/{method}")[1]["customer"] is None
    status, problem = ask("POST", "/payment_intents", terms(method), key="k")
    assert (status, problem["error"]["param"]) == (400, "payment_method")


def test_a_method_that_everybody_shares_cannot_be_detached() -> None:
    assert ask("POST", "/payment_methods/pm_approve/detach")[0] == 400
    assert created()


def test_the_sandbox_publishes_nothing() -> None:
    refund(approved())
    assert aws.committed("acquirer") == []
