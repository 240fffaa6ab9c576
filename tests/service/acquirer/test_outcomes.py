"""How each test method of the acquirer ends, and which payments can be cancelled."""

from urllib.parse import urlsplit

import pytest

from acquirer import store
from kernel import identity
from tests.support.acquirer import (
    approved,
    ask,
    cancel,
    captured,
    confirm,
    created,
    refund,
    refunded,
    retrieve,
)
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("clock", "processor")
BACK = "https://shop.example/back"


def test_an_approved_payment_is_captured_once_however_often_it_is_confirmed() -> None:
    intent_id = created()
    assert confirm(intent_id) == confirm(intent_id)
    charge = retrieve(intent_id)["latest_charge"]
    assert (charge["object"], charge["amount_captured"], charge["paid"]) == ("charge", 1250, True)
    status, problem = confirm(intent_id, key="another")
    error = problem["error"]
    assert (status, error["code"]) == (400, "payment_intent_unexpected_state")
    assert error["payment_intent"]["status"] == "succeeded"


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_decline", "card_declined", "generic_decline"),
        ("pm_unheard_of", "card_declined", "generic_decline"),
        ("pm_decline_insufficient_funds", "card_declined", "insufficient_funds"),
        ("pm_decline_expired_card", "expired_card", "expired_card"),
        ("pm_decline_incorrect_cvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_decline_processing_error", "processing_error", "processing_error"),
    ],
)
def test_a_declined_payment_says_why_and_stays_declined(method: str, code: str, decline_code: str) -> None:
    intent_id = created(method)
    for _ in range(2):
        status, problem = confirm(intent_id)
        error = problem["error"]
        assert (status, error["type"], error["code"]) == (402, "card_error", code)
        assert error["decline_code"] == decline_code
        shown = error["payment_intent"]
        assert (shown["status"], shown["payment_method"]) == ("requires_payment_method", None)
        assert shown["last_payment_error"]["decline_code"] == decline_code
    assert confirm(intent_id, key="another")[0] == 400
    assert captured(intent_id) == 0


def test_a_slow_approval_captures_first_and_answers_after_five_seconds(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent_id = created("pm_approve_slowly")
    seen = []
    monkeypatch.setattr(
        identity, "pause", lambda seconds: seen.append((seconds, store.load(intent_id).status))
    )
    assert confirm(intent_id)[1]["status"] == "succeeded"
    assert seen == [(5, "succeeded")]
    confirm(intent_id)
    assert len(seen) == 1


def test_a_stalled_payment_is_processing_until_it_settles_by_time_alone(clock: Clock) -> None:
    intent_id = created("pm_stall")
    assert confirm(intent_id)[1]["status"] == "processing"
    assert clock.paused == [25]
    clock.advance(24)
    status, problem = cancel(intent_id)
    assert (status, problem["error"]["payment_intent"]["status"]) == (400, "processing")
    assert refund(intent_id, key="early")[0] == 400
    assert captured(intent_id) == 0
    clock.advance(1)
    assert captured(intent_id) == 1250
    assert cancel(intent_id)[0] == 400
    assert refund(intent_id)[0] == 200
    assert refunded(intent_id) == 1250


def test_a_stalled_confirmation_that_is_waited_for_answers_that_it_was_captured(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "pause", clock.advance)
    assert confirm(created("pm_stall"))[1]["status"] == "succeeded"


def authenticated(intent_id: str, outcome: str = "") -> tuple[int, str]:
    """Opens the link of the payment, as the customer does: without the secret of the account."""
    url = urlsplit(retrieve(intent_id)["next_action"]["redirect_to_url"]["url"])
    assert url.hostname == "acquirer.invalid"
    path = url.path.removeprefix("/v1") + (f"?outcome={outcome}" if outcome else "")
    status, shown = ask("GET", path, secret="")
    return status, shown["status"]


@pytest.mark.parametrize(
    ("outcome", "status", "taken"),
    [
        ("", "succeeded", 1250),
        ("succeeds", "succeeded", 1250),
        ("fails", "requires_payment_method", 0),
    ],
)
def test_a_payment_that_must_be_authenticated_waits_for_the_customer(
    outcome: str, status: str, taken: int
) -> None:
    intent_id = created("pm_authenticate")
    assert confirm(intent_id, return_url=BACK)[1]["status"] == "requires_action"
    assert captured(intent_id) == 0
    assert authenticated(intent_id, outcome) == (200, status)
    assert captured(intent_id) == taken
    failed = retrieve(intent_id)["last_payment_error"]
    assert (failed or {}).get("code") == (None if taken else "payment_intent_authentication_failure")


def test_the_link_of_one_payment_opens_no_other_and_works_once() -> None:
    mine, other = created("pm_authenticate", key="mine"), created("pm_authenticate", key="other")
    for intent_id in (mine, other):
        confirm(intent_id, key=f"c{intent_id}", return_url=BACK)
    url = urlsplit(retrieve(mine)["next_action"]["redirect_to_url"]["url"])
    path = url.path.removeprefix("/v1")
    assert ask("GET", path.replace(mine, other), secret="")[0] == 404
    assert ask("GET", path, secret="")[1]["status"] == "succeeded"
    assert ask("GET", f"{path}?outcome=fails", secret="")[1]["status"] == "succeeded"
    assert captured(other) == 0


def test_without_an_address_to_return_to_there_is_no_link() -> None:
    intent_id = created("pm_authenticate")
    action = confirm(intent_id)[1]["next_action"]
    assert action["type"] == "use_stripe_sdk"
    assert cancel(intent_id)[1]["status"] == "canceled"


def test_a_cancelled_payment_can_never_be_captured() -> None:
    for key, method in enumerate(("pm_approve", "pm_error_after", "pm_stall", "pm_decline")):
        intent_id = created(method, key=f"create-{key}")
        assert cancel(intent_id)[1]["status"] == "canceled"
        assert cancel(intent_id)[1]["error"]["payment_intent"]["status"] == "canceled"
        status, problem = confirm(intent_id, key=f"confirm-{key}")
        assert (status, problem["error"]["payment_intent"]["status"]) == (400, "canceled")
        assert captured(intent_id) == 0


def test_a_declined_payment_can_be_cancelled() -> None:
    intent_id = created("pm_decline")
    confirm(intent_id)
    assert cancel(intent_id)[1]["status"] == "canceled"


def test_a_captured_payment_cannot_be_cancelled() -> None:
    status, problem = cancel(approved())
    assert (status, problem["error"]["payment_intent"]["status"]) == (400, "succeeded")
