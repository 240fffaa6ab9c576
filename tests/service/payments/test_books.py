"""Totals, trial balance, revenue and months over HTTP: counted once, by seals. A closed month is constant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel.errors import Contended
from payments import api, replay, sales, sealing, tasks, totals, vault
from payments.seals import SealedCommitChanged
from tests.support import aws
from tests.support.clock import Clock
from tests.support.payments import charge, refund

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")
OPERATOR = {"role": "operator", "customer": "olga"}


@pytest.fixture(autouse=True)
def _an_hour_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first seal looks back for a day, hour by hour, and finds nothing here."""
    monkeypatch.setattr(sealing, "FIRST", timedelta(hours=1))


def ask(method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, method, path, **{**OPERATOR, **options})


def balances(day: str) -> dict[str, int]:
    status, told = ask("GET", "/ledger/trial-balance", query={"day": day})
    assert status == 200
    assert sum(one["debit"] for one in told["accounts"]) == sum(one["credit"] for one in told["accounts"])
    return {one["account"]: one["balance"] for one in told["accounts"]}


def is_provisional(day: str) -> bool:
    return bool(ask("GET", "/ledger/trial-balance", query={"day": day})[1]["provisional"])


def on(clock: Clock, day: str) -> None:
    """The last hour of 27 February, and the first of other days: the sealer catches up hour by hour."""
    hour = 23 if day == "2026-02-27" else 0
    clock.moment = datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def seal(clock: Clock) -> None:
    clock.advance(60)
    sealing.seal({}, None)


def give(customer: str, amount: int) -> None:
    body = {"amount": amount, "currency": "EUR", "because": "sorry"}
    assert ask("POST", f"/wallets/{customer}/deposits", body=body, key=f"{customer}-{amount}")[0] == 201


def given_february(clock: Clock) -> None:
    on(clock, "2026-02-27")
    charge("o1")
    give("alice", 500)
    seal(clock)
    on(clock, "2026-02-28")
    sales.post("o1", cause="test")
    charge("o2")
    seal(clock)


def test_a_trial_balance_is_told_by_account_as_of_a_day(clock: Clock) -> None:
    given_february(clock)
    replay.replay({}, None)
    assert balances("2026-02-26") == {}
    first = {"processor_receivable": 1250, "order": 1250, "goodwill": 500, "wallet": 500}
    assert balances("2026-02-27") == first
    second = {**first, "processor_receivable": 2500, "order": 1250, "revenue": 1250}
    assert balances("2026-02-28") == balances("2026-03-05") == second
    assert not is_provisional("2026-02-27")
    assert is_provisional("2026-02-28")


def test_a_seal_is_counted_once_however_often_the_replay_runs(clock: Clock) -> None:
    given_february(clock)
    replay.replay({}, None)
    before = balances("2026-02-28")
    replay.replay({}, None)
    assert balances("2026-02-28") == before
    refund("o2")
    seal(clock)
    replay.replay({}, None)
    assert balances("2026-02-28") == {**before, "processor_receivable": 1250, "order": 0}


def test_of_two_replays_at_once_one_counts(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    given_february(clock)
    reading = vault.since

    def overtaken(number: int) -> Any:
        monkeypatch.setattr(vault, "since", reading)
        found = list(reading(number))
        replay.replay({}, None)
        return iter(found)

    monkeypatch.setattr(vault, "since", overtaken)
    with pytest.raises(Contended):
        replay.replay({}, None)
    assert balances("2026-02-28")["processor_receivable"] == 2500


def test_a_replay_that_is_cut_short_goes_on_where_it_saved(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_february(clock)
    saving, saved = totals.save, list[int]()

    def dying(before: Any, after: Any) -> None:
        if saved:
            raise TimeoutError
        saving(before, after)
        saved.append(after.seal)

    monkeypatch.setattr(replay, "MOST", 1)
    monkeypatch.setattr(totals, "save", dying)
    with pytest.raises(TimeoutError):
        replay.replay({}, None)
    monkeypatch.setattr(totals, "save", saving)
    replay.replay({}, None)
    assert balances("2026-02-28")["processor_receivable"] == 2500


def test_a_wallets_mirror_of_an_order_counts_once(clock: Clock) -> None:
    on(clock, "2026-02-27")
    give("alice", 5000)
    body = {"wallet": True}
    method = aws.call(api.handler, "POST", "/payments/methods", body, key="w")[1]["payment_method"]
    step = {
        "order_id": "o1",
        "customer_id": "alice",
        "payment_method": method,
        "total": {"amount": 1200, "currency": "EUR"},
    }
    tasks.charge_payment(step, None)
    seal(clock)
    replay.replay({}, None)
    assert balances("2026-02-27") == {"goodwill": 5000, "wallet": 3800, "order": 1200}


def test_a_record_of_the_release_before_is_counted_when_a_commit_closes_it(clock: Clock) -> None:
    on(clock, "2026-02-27")
    record = {
        "pk": {"S": "payment#old"},
        "sk": {"S": "payment"},
        "status": {"S": "CAPTURED"},
        "reason": {"S": ""},
        "sequence": {"N": "1"},
        "version": {"N": "2"},
        "customer_id": {"S": "alice"},
        "amount": {"N": "700"},
        "currency": {"S": "EUR"},
        "intent_id": {"S": "pi_old"},
    }
    aws.client("dynamodb").put_item(TableName="payments-table", Item=record)
    sales.post("old", cause="test")
    seal(clock)
    replay.replay({}, None)
    assert balances("2026-02-27") == {"processor_receivable": 700, "order": 0, "revenue": 700}


def test_a_sealed_commit_that_is_gone_stops_the_replay(clock: Clock) -> None:
    given_february(clock)
    key = {"pk": {"S": "payment#o2"}, "sk": {"S": "payment"}}
    aws.client("dynamodb").delete_item(TableName="payments-table", Key=key)
    with pytest.raises(SealedCommitChanged):
        replay.replay({}, None)


def test_revenue_is_told_by_day(clock: Clock) -> None:
    given_february(clock)
    replay.replay({}, None)
    status, told = ask("GET", "/ledger/revenue", query={"from": "2026-02-01", "to": "2026-02-28"})
    assert (status, told["provisional"]) == (200, True)
    assert told["days"] == [{"day": "2026-02-28", "currency": "EUR", "revenue": 1250, "refunds": 0}]
    assert ask("GET", "/ledger/revenue", query={"from": "2026-01-01", "to": "2026-01-31"})[1]["days"] == []


def test_a_month_is_closed_once_and_never_changes(clock: Clock) -> None:
    given_february(clock)
    replay.replay({}, None)
    early = ask("POST", "/ledger/months/2026-02/closing", key="k1")
    assert (early[0], early[1]["error"]) == (409, "MonthNotOver")
    on(clock, "2026-03-01")
    seal(clock)
    replay.replay({}, None)
    closed = ask("POST", "/ledger/months/2026-02/closing", key="k1")
    assert closed[0] == 201
    assert {one["account"]: one["balance"] for one in closed[1]["accounts"]} == balances("2026-02-28")
    refund("o2")
    clock.advance(timedelta(days=1).total_seconds())
    seal(clock)
    replay.replay({}, None)
    assert ask("POST", "/ledger/months/2026-02/closing", key="k1") == closed
    assert ask("GET", "/ledger/months/2026-02") == (200, closed[1])
    for key, month, error in (("k2", "2026-02", "MonthClosed"), ("k1", "2026-01", "KeyReused")):
        assert ask("POST", f"/ledger/months/{month}/closing", key=key)[1]["error"] == error
    assert ask("GET", "/ledger/months/2026-02") == (200, closed[1])
    assert ask("GET", "/ledger/months/2026-03")[0] == 404
    assert balances("2026-03-02")["processor_receivable"] == 1250


def test_what_is_sealed_late_counts_in_the_open_month(clock: Clock) -> None:
    """A commit was recorded in February, and its seal was made in March."""
    given_february(clock)
    clock.moment = datetime(2026, 2, 28, 23, 59, 50, tzinfo=UTC)
    charge("o3")
    seal(clock)
    clock.advance(timedelta(days=1).total_seconds())
    seal(clock)
    replay.replay({}, None)
    closed = ask("POST", "/ledger/months/2026-02/closing", key="k1")[1]
    assert {one["account"]: one["balance"] for one in closed["accounts"]}["processor_receivable"] == 2500
    assert balances("2026-03-01")["processor_receivable"] == 3750


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/ledger/trial-balance", {}),
        ("/ledger/trial-balance", {"day": "2026-02-30"}),
        ("/ledger/trial-balance", {"day": "20260228"}),
        ("/ledger/trial-balance", {"day": "9999-12-31"}),
        ("/ledger/revenue", {"from": "2026-02-01"}),
        ("/ledger/revenue", {"from": "2026-02-02", "to": "2026-02-01"}),
        ("/ledger/revenue", {"from": "2025-02-01", "to": "2026-02-02"}),
    ],
)
def test_a_question_without_proper_days_is_refused(path: str, query: dict[str, str]) -> None:
    status, problem = ask("GET", path, query=query)
    assert (status, problem["error"]) == (400, "InvalidRequest")


def test_only_operators_see_the_books() -> None:
    for path in ("/ledger/trial-balance", "/ledger/revenue", "/ledger/months/2026-02"):
        assert ask("GET", path, role="customer")[1]["error"] == "Forbidden"
    assert ask("GET", "/ledger/months/2026-13")[1]["error"] == "NotFound"
    assert ask("POST", "/ledger/months/2026-02/closing")[1]["error"] == "InvalidRequest"
