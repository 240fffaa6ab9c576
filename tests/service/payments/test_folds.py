"""A stored state is a cached opinion: another fold, and a check now and then, ask the entries again."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from payments import domain, entries, ledger, store
from payments.entries import Entries
from payments.payment import BooksDiffer, Payment, evolve
from tests.support.clock import Clock
from tests.support.commits import append, appended, lie, stored
from tests.support.payment_histories import CAPTURED, HISTORIES, SOLD, STARTED
from tests.support.races import operations

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock")


def remarked(payment: Payment, entry: entries.Entry) -> Payment:
    """A later fold, which also notes the type of the entry."""
    after = evolve(payment, entry)
    return replace(after, reason=f"{payment.reason}/{type(entry).__name__}")


def test_a_state_that_another_version_of_the_fold_stored_is_folded_again_from_the_entries(
    monkeypatch: pytest.MonkeyPatch, trusting: None
) -> None:
    appended(STARTED, CAPTURED)
    lie(held=7, status="VOIDED")
    later = replace(store.PAYMENTS, fold=store.PAYMENTS.fold + 1, evolve=remarked)
    monkeypatch.setattr(store, "PAYMENTS", later)
    found = store.load("o1").state
    assert (found.status, found.held, found.reason) == ("CAPTURED", 1250, "/ChargeStarted/Captured")
    after = append(SOLD)
    assert [item["fold"] for item in stored()] == [later.fold - 1, later.fold - 1, later.fold]
    with operations() as done:
        assert store.load("o1") == after
    assert (done, after.state.reason) == (["Query"], "/ChargeStarted/Captured/SalePosted")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    metrics: list[str] = []
    monkeypatch.setattr(ledger, "count", metrics.append)
    return metrics


def test_a_stored_state_that_lies_is_found_out_sooner_or_later_and_is_not_used_then(
    clock: Clock, counted: list[str]
) -> None:
    appended(STARTED, CAPTURED, SOLD)
    lie(held=1250, status="CAPTURED")
    found = list[Payment]()
    while not counted and len(found) < 1000:
        clock.advance(1)
        found.append(store.load("o1").state)
    assert {payment.status for payment in found[:-1]} == {"CAPTURED"}
    assert (counted, found[-1].status, found[-1].held) == (["StoredStateDiffers"], "SOLD", 0)


def test_a_decision_on_a_state_that_was_checked_is_made_on_the_entries(
    monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    appended(STARTED, CAPTURED, SOLD)
    lie(held=1250, status="CAPTURED")
    monkeypatch.setattr(ledger, "TRUSTED", 1 - 3)  # each load of a stream of three commits
    undone: Callable[[Payment], Entries] = lambda payment: domain.undo(payment, "refund-1")  # noqa: E731
    with pytest.raises(BooksDiffer):
        store.record(store.load("o1"), undone, cause="test")
    assert counted == ["StoredStateDiffers"]


def test_a_stored_state_that_is_true_is_checked_and_nothing_is_counted(
    monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    for name, history in HISTORIES.items():
        for entry in history:
            append(entry, order_id=name)
    for name, history in HISTORIES.items():
        monkeypatch.setattr(ledger, "TRUSTED", 1 - len(history))
        with operations() as done:
            store.load(name)
        assert done == ["Query"] * (2 if history else 1)
    assert counted == []


def test_an_entry_that_nobody_knows_is_a_fault_when_the_stream_is_folded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    appended(STARTED, CAPTURED)
    known = dict(entries.TYPES)
    monkeypatch.setattr(entries, "TYPES", {name: known[name] for name in ("ChargeStarted",)})
    monkeypatch.setattr(store, "PAYMENTS", replace(store.PAYMENTS, fold=store.PAYMENTS.fold + 1))
    with pytest.raises(entries.UnknownEntry):
        store.load("o1")
    assert len(stored()) == 2
