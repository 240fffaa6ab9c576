"""The acquirer's refunds and disputes, and which request has to be repeated when two meet."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from acquirer import domain, store
from acquirer.domain import Intent, Refund
from tests.support.acquirer import (
    approved,
    ask,
    cancel,
    confirm,
    created,
    refund,
    refunded,
    refunds,
    retrieve,
)
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("clock", "processor")
DAY = timedelta(days=1).total_seconds()


def test_a_refund_has_stripes_shape_and_is_listed_newest_first(clock: Clock) -> None:
    intent_id = approved()
    status, first = refund(intent_id, 1000, **{"metadata[refund_id]": "ours"})
    assert (status, first) == (
        200,
        {
            "id": first["id"],
            "object": "refund",
            "amount": 1000,
            "charge": retrieve(intent_id)["latest_charge"]["id"],
            "created": 1767225600,
            "currency": "eur",
            "failure_reason": None,
            "metadata": {"refund_id": "ours"},
            "payment_intent": intent_id,
            "status": "succeeded",
        },
    )
    assert refund(intent_id, 250, key="rest")[0] == 200
    assert [one["amount"] for one in refunds(intent_id)] == [250, 1000]
    assert ask("GET", f"/refunds/{first['id']}")[1] == first
    assert refunded(intent_id) == 1250


def test_a_list_is_read_page_by_page() -> None:
    intent_id = approved()
    for number in range(3):
        refund(intent_id, 10, key=f"r{number}")
    path = f"/refunds?payment_intent={intent_id}&limit=2"
    first = ask("GET", path)[1]
    second = ask("GET", f"{path}&starting_after={first['data'][-1]['id']}")[1]
    assert [len(page["data"]) for page in (first, second)] == [2, 1]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert ask("GET", f"{path}&starting_after=re_unknown")[0] == 404


def test_never_more_is_refunded_than_was_captured() -> None:
    intent_id = approved()
    assert refund(intent_id, 1251, key="too-much")[0] == 400
    assert refund(intent_id, 1000, key="most")[0] == 200
    assert refund(intent_id, 251, key="over")[0] == 400
    assert refund(created(key="uncaptured"), 1, key="nothing")[0] == 400
    assert refund(intent_id, 250, key="rest")[0] == 200
    status, problem = refund(intent_id, 1, key="one-more")
    assert (status, problem["error"]["code"]) == (400, "charge_already_refunded")
    assert refunded(intent_id) == 1250


@pytest.mark.parametrize(
    ("method", "history"),
    [
        ("pm_refund_pending", [(0, "pending", 1250), (89, "pending", 1250), (1, "succeeded", 1250)]),
        ("pm_refund_fails", [(0, "failed", 0), (30 * DAY, "failed", 0)]),
        (
            "pm_refund_fails_later",
            [(0, "succeeded", 1250), (3 * DAY - 1, "succeeded", 1250), (1, "failed", 0)],
        ),
    ],
)
def test_a_refund_goes_on_by_time_alone(
    clock: Clock, method: str, history: list[tuple[float, str, int]]
) -> None:
    intent_id = approved(method)
    refund(intent_id)
    for wait, status, gone in history:
        clock.advance(wait)
        (found,) = refunds(intent_id)
        assert (found["status"], refunded(intent_id)) == (status, gone)
        assert (found["failure_reason"] is None) is (status != "failed")


def test_a_refund_that_fails_once_can_be_made_again() -> None:
    intent_id = approved("pm_refund_fails_once")
    assert refund(intent_id, key="first")[1]["status"] == "failed"
    assert refund(intent_id, key="first")[1]["status"] == "failed"
    assert refund(intent_id, key="second")[1]["status"] == "succeeded"
    assert refunded(intent_id) == 1250


@pytest.mark.parametrize(("method", "end"), [("pm_dispute_won", "won"), ("pm_dispute_lost", "lost")])
def test_a_dispute_opens_after_days_and_is_closed_after_more(clock: Clock, method: str, end: str) -> None:
    intent_id = approved(method)
    seen = []
    for days in (1.9, 0.2, 9.8, 0.2):
        clock.advance(days * DAY)
        found = ask("GET", f"/disputes?payment_intent={intent_id}")[1]["data"]
        seen.append([(one["amount"], one["status"]) for one in found])
        assert retrieve(intent_id)["latest_charge"]["disputed"] is bool(found)
    assert seen == [[], [(1250, "needs_response")], [(1250, "needs_response")], [(1250, end)]]


def test_a_disputed_charge_is_not_refunded_and_a_refunded_charge_is_not_disputed(clock: Clock) -> None:
    disputed, repaid = approved("pm_dispute_won"), approved("pm_dispute_won", key="repaid")
    part = approved("pm_dispute_lost", key="part")
    refund(repaid, key="all")
    refund(part, 1000, key="most")
    clock.advance(3 * DAY)
    status, problem = refund(disputed, key="late")
    assert (status, problem["error"]["code"]) == (400, "charge_disputed")
    assert ask("GET", f"/disputes?payment_intent={repaid}")[1]["data"] == []
    assert [one["amount"] for one in ask("GET", f"/disputes?payment_intent={part}")[1]["data"]] == [250]
    clock.advance(10 * DAY)
    assert refund(disputed, key="won")[0] == 200
    assert refund(part, 250, key="lost")[1]["error"]["code"] == "charge_disputed"
    assert [one["amount"] for one in ask("GET", f"/disputes?payment_intent={disputed}")[1]["data"]] == [1250]


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


def saved(change: Callable[[Intent], Intent]) -> Callable[[Intent], None]:
    return lambda found: store.save(store.changed(found, change(found)))


def test_a_confirmation_overtaken_by_a_cancel_captures_nothing_and_may_be_repeated(overtaken: Any) -> None:
    intent_id = created()
    overtaken(saved(domain.cancel))
    status, problem = confirm(intent_id)
    assert (status, problem["error"]["code"]) == (409, "lock_timeout")
    assert retrieve(intent_id)["status"] == "canceled"
    assert confirm(intent_id)[1]["error"]["code"] == "payment_intent_unexpected_state"


def test_a_cancel_overtaken_by_a_confirmation_is_told_to_repeat(overtaken: Any, clock: Clock) -> None:
    intent_id = created()
    overtaken(saved(lambda found: domain.confirm(found, "confirmation", link="", now=clock.now())))
    assert cancel(intent_id)[1]["error"]["code"] == "lock_timeout"
    assert cancel(intent_id)[1]["error"]["code"] == "payment_intent_unexpected_state"


def test_two_refunds_at_once_do_not_give_back_twice(overtaken: Any, clock: Clock) -> None:
    intent_id = approved()
    at = clock.now().isoformat()
    other = Refund("re_other", intent_id, 1250, at, at)
    overtaken(saved(lambda found: domain.refund(found, other, now=clock.now())))
    assert refund(intent_id)[0] == 409
    assert refund(intent_id)[0] == 400
    assert refunded(intent_id) == 1250
