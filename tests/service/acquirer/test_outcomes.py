"""How each test method of the acquirer ends, and which payments can be cancelled."""

import pytest

from acquirer import store
from kernel import identity
from tests.support.acquirer import approved, cancel, confirm, created, refund, retrieve
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("clock", "processor")


def test_an_approved_payment_is_captured_once_however_often_it_is_confirmed() -> None:
    intent_id = created()
    assert confirm(intent_id) == confirm(intent_id)
    assert retrieve(intent_id)["amount_captured"] == 1250
    status, problem = confirm(intent_id, key="another")
    assert (status, problem["error"], problem["payment_intent"]["status"]) == (
        409,
        "UnexpectedState",
        "succeeded",
    )


def test_a_declined_payment_says_why_and_stays_declined() -> None:
    intent_id = created("pm_decline")
    for _ in range(2):
        status, intent = confirm(intent_id)
        assert (status, intent["status"]) == (200, "requires_payment_method")
        assert intent["last_payment_error"] == {"code": "card_declined"}
    assert confirm(intent_id, key="another")[0] == 409
    assert retrieve(intent_id)["amount_captured"] == 0


def test_a_method_nobody_knows_is_declined() -> None:
    assert confirm(created("pm_unheard_of"))[1]["status"] == "requires_payment_method"


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


def test_an_error_before_the_effect_has_no_effect_however_often() -> None:
    intent_id = created("pm_error_before")
    assert [confirm(intent_id)[0] for _ in range(3)] == [500, 500, 500]
    assert retrieve(intent_id)["status"] == "requires_confirmation"
    assert cancel(intent_id)[1]["status"] == "canceled"


def test_an_error_after_the_effect_is_replayed_while_the_truth_can_be_read() -> None:
    intent_id = created("pm_error_after")
    assert [confirm(intent_id)[0] for _ in range(2)] == [500, 500]
    assert retrieve(intent_id)["amount_captured"] == 1250


def test_a_stalled_payment_is_processing_until_it_settles_by_time_alone(clock: Clock) -> None:
    intent_id = created("pm_stall")
    assert confirm(intent_id)[1]["status"] == "processing"
    assert clock.paused == [25]
    clock.advance(24)
    status, problem = cancel(intent_id)
    assert (status, problem["payment_intent"]["status"]) == (409, "processing")
    assert refund(intent_id)[0] == 400
    assert retrieve(intent_id)["amount_captured"] == 0
    clock.advance(1)
    assert retrieve(intent_id)["amount_captured"] == 1250
    assert cancel(intent_id)[0] == 409
    assert refund(intent_id)[0] == 200
    assert retrieve(intent_id)["amount_refunded"] == 1250


def test_a_stalled_confirmation_that_is_waited_for_answers_that_it_was_captured(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "pause", clock.advance)
    assert confirm(created("pm_stall"))[1]["status"] == "succeeded"


def test_a_cancelled_payment_can_never_be_captured() -> None:
    for key, method in enumerate(("pm_approve", "pm_error_after", "pm_stall", "pm_decline")):
        intent_id = created(method, key=f"create-{key}")
        assert [cancel(intent_id)[1]["status"] for _ in range(2)] == ["canceled", "canceled"]
        status, problem = confirm(intent_id)
        assert (status, problem["payment_intent"]["status"]) == (409, "canceled")
        assert retrieve(intent_id)["amount_captured"] == 0


def test_a_declined_payment_can_be_cancelled() -> None:
    intent_id = created("pm_decline")
    confirm(intent_id)
    assert cancel(intent_id)[1]["status"] == "canceled"


def test_a_captured_payment_cannot_be_cancelled() -> None:
    status, problem = cancel(approved())
    assert (status, problem["payment_intent"]["status"]) == (409, "succeeded")
