"""The acquirer's refunds, and which request has to be repeated when two meet."""

from collections.abc import Callable
from typing import Any

import pytest

from acquirer import domain, store
from acquirer.domain import Intent, Refund
from tests.support.acquirer import approved, ask, cancel, confirm, created, refund, retrieve
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("clock", "processor")


def test_a_refund_is_made_once_per_key_and_listed() -> None:
    intent_id = approved()
    first = refund(intent_id, 1000)
    assert (first[0], refund(intent_id, 1000)) == (200, first)
    assert refund(intent_id, 250, key="rest")[0] == 200
    status, listed = ask("GET", f"/refunds?payment_intent={intent_id}")
    assert (status, [one["amount"] for one in listed["data"]]) == (200, [1000, 250])
    assert listed["data"][0] == first[1]
    assert retrieve(intent_id)["amount_refunded"] == 1250


def test_a_refund_key_reused_for_another_refund_is_an_idempotency_error() -> None:
    intent_id = approved()
    refund(intent_id, 1000)
    status, problem = refund(intent_id, 1)
    assert (status, problem["type"]) == (400, "idempotency_error")
    assert retrieve(intent_id)["amount_refunded"] == 1000


def test_never_more_is_refunded_than_was_captured() -> None:
    intent_id = approved()
    assert refund(intent_id, 1251, key="too much")[0] == 400
    assert refund(intent_id, 1000, key="most")[0] == 200
    assert refund(intent_id, 251, key="over")[0] == 400
    assert refund(created(key="uncaptured"), 1, key="nothing")[0] == 400
    assert retrieve(intent_id)["amount_refunded"] == 1000


@pytest.fixture
def overtaken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Intent], None]], None]:
    """After the next request has loaded its payment, another request changes that payment."""

    def overtake(change: Callable[[Intent], None]) -> None:
        load = store.load

        def load_and_be_overtaken(intent_id: str) -> Intent:
            found = load(intent_id)
            monkeypatch.setattr(store, "load", load)
            change(found)
            return found

        monkeypatch.setattr(store, "load", load_and_be_overtaken)

    return overtake


def test_a_confirmation_overtaken_by_a_cancel_captures_nothing(overtaken: Any) -> None:
    intent_id = created()
    overtaken(lambda found: store.save(domain.cancel(found)))
    status, problem = confirm(intent_id)
    assert (status, problem["error"]) == (409, "Busy")
    assert retrieve(intent_id)["status"] == "canceled"


def test_a_cancel_overtaken_by_a_confirmation_is_told_to_repeat(overtaken: Any, clock: Clock) -> None:
    intent_id = created()
    overtaken(lambda found: store.save(domain.confirm(found, "confirmation", now=clock.now())))
    assert cancel(intent_id)[1]["error"] == "Busy"
    assert cancel(intent_id)[1]["error"] == "UnexpectedState"


def test_two_refunds_at_once_do_not_give_back_twice(overtaken: Any) -> None:
    intent_id = approved()
    other = Refund("re_other", intent_id, 1250)
    overtaken(lambda found: store.save_refund(domain.refund(found, other), other))
    assert refund(intent_id)[0] == 409
    assert refund(intent_id)[0] == 400
    assert retrieve(intent_id)["amount_refunded"] == 1250
