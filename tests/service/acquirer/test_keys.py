"""An Idempotency-Key has one answer for a day: a good one, a refusal or an outage. Then it is forgotten."""

from typing import Any

import pytest

from kernel import identity
from tests.support.acquirer import ask, captured, confirm, created, refund, refunded, retrieve, send, terms
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("clock", "processor")
HOUR, DAY = 3600, 24 * 3600
REPLAYED = "Idempotent-Replayed"


def test_the_same_key_gives_the_same_answer_and_says_so(clock: Clock) -> None:
    first = send("POST", "/payment_intents", terms(), key="k")
    confirm(first[1]["id"])
    clock.advance(DAY - 1)
    again = send("POST", "/payment_intents", terms(), key="k")
    assert again[:2] == first[:2]
    assert (first[2].get(REPLAYED), again[2][REPLAYED]) == (None, "true")


def test_after_a_day_the_key_is_forgotten_and_makes_another_payment(clock: Clock) -> None:
    first = created(key="k")
    clock.advance(DAY)
    assert created(key="k") != first


@pytest.mark.parametrize(
    "change", [{"amount": 100}, {"payment_method": "pm_decline"}, {"metadata[order_id]": "o2"}]
)
def test_a_key_with_other_parameters_is_an_idempotency_error(change: dict[str, Any]) -> None:
    created(key="k")
    status, problem = ask("POST", "/payment_intents", terms(**change), key="k")
    assert (status, problem["error"]["type"]) == (400, "idempotency_error")


def test_a_key_of_another_request_is_an_idempotency_error() -> None:
    intent_id = created(key="k")
    for status, problem in (confirm(intent_id, key="k"), refund(intent_id, key="k")):
        assert (status, problem["error"]["type"]) == (400, "idempotency_error")
    assert retrieve(intent_id)["status"] == "requires_confirmation"


def test_every_change_of_money_needs_a_key() -> None:
    intent_id = created()
    assert ask("POST", "/payment_intents", terms())[0] == 400
    assert confirm(intent_id, key="")[0] == 400
    assert refund(intent_id, key="")[0] == 400
    assert retrieve(intent_id)["status"] == "requires_confirmation"


def test_a_refusal_is_kept_also_when_it_would_be_none_any_more() -> None:
    intent_id = created()
    early = refund(intent_id, key="k")
    assert early[0] == 400
    confirm(intent_id)
    assert refund(intent_id, key="k") == early
    assert refund(intent_id, key="other")[0] == 200


def test_what_was_never_begun_is_not_kept() -> None:
    for _ in range(2):
        assert ask("POST", "/payment_intents", terms(amount=0), key="k")[0] == 400
    assert ask("POST", "/payment_intents", terms(), key="k")[0] == 200
    assert confirm("pi_none", key="c")[0] == 404
    assert confirm(created(key="other"), key="c")[0] == 200


def test_an_outage_before_the_effect_is_replayed_and_stays_under_every_key() -> None:
    intent_id = created("pm_error_before")
    answers = [send("POST", f"/payment_intents/{intent_id}/confirm", {}, key=key) for key in ("a", "a", "b")]
    assert [(status, headers.get(REPLAYED)) for status, _, headers in answers] == [
        (500, None),
        (500, "true"),
        (500, None),
    ]
    assert all(body["error"]["type"] == "api_error" for _, body, _ in answers)
    assert captured(intent_id) == 0


def test_an_outage_that_happens_once_is_replayed_and_another_key_works() -> None:
    intent_id = created("pm_error_before_once")
    assert [confirm(intent_id, key=key)[0] for key in ("a", "a", "b", "a")] == [500, 500, 200, 500]
    assert captured(intent_id) == 1250


def test_an_outage_after_the_effect_is_replayed_while_the_truth_can_be_read() -> None:
    intent_id = created("pm_error_after")
    assert [confirm(intent_id)[0] for _ in range(2)] == [500, 500]
    assert captured(intent_id) == 1250
    status, problem = confirm(intent_id, key="another")
    assert (status, problem["error"]["payment_intent"]["status"]) == (400, "succeeded")


def test_a_request_that_is_under_way_keeps_its_key_to_itself(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent_id, met = created("pm_answer_lost"), []

    def pause(seconds: float) -> None:
        met.append((seconds, captured(intent_id), confirm(intent_id)))
        clock.advance(seconds)

    monkeypatch.setattr(identity, "pause", pause)
    assert confirm(intent_id)[1]["status"] == "succeeded"
    ((seconds, taken, (status, problem)),) = met
    assert (seconds, taken, status) == (25, 1250, 409)
    assert problem["error"]["code"] == "idempotency_key_in_use"
    assert confirm(intent_id)[0] == 200


def test_a_request_that_died_before_it_answered_can_be_sent_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent_id = created("pm_answer_lost")

    def die(seconds: float) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(identity, "pause", die)
    assert confirm(intent_id)[0] == 500
    assert confirm(intent_id)[0] == 409
    clock.advance(30)
    assert confirm(intent_id)[1]["status"] == "succeeded"
    assert send("POST", f"/payment_intents/{intent_id}/confirm", {}, key="confirm")[2][REPLAYED] == "true"


def test_a_refund_is_made_once_per_key_until_the_key_is_forgotten(clock: Clock) -> None:
    intent_id = created()
    confirm(intent_id)
    assert [refund(intent_id, 500)[0] for _ in range(3)] == [200, 200, 200]
    assert refunded(intent_id) == 500
    clock.advance(DAY + HOUR)
    assert refund(intent_id, 500)[0] == 200
    assert refunded(intent_id) == 1000
