"""Functions of the release before the ledger run beside ours, and their records are brought forward."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from kernel.errors import ConditionFailed
from kernel.table import items
from payments import domain, ledger, store
from payments.entries import Entries
from payments.ledger import Head
from payments.payment import Charge, Payment
from tests.support import aws, release_before
from tests.support.payment_histories import (
    CAPTURED,
    CHARGE,
    HISTORIES,
    REFUND,
    REFUND_STARTED,
    REFUNDED,
    SOLD,
    STARTED,
    VOIDED,
)
from tests.support.races import before_its_write, operations

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock")
RECORDS = Path(__file__).parents[2] / "contracts" / "ledger" / "records"
# By hand, for each record: its status, whether it has a charge, its reason, what its account holds.
MEANS: Mapping[str, tuple[str, Charge | None, str, int]] = {
    "pending": ("PENDING", CHARGE, "", 0),
    "captured": ("CAPTURED", CHARGE, "", 1250),
    "captured-without-a-version": ("CAPTURED", CHARGE, "", 1250),
    "declined": ("DECLINED", CHARGE, "expired_card", 0),
    "voided": ("VOIDED", CHARGE, "", 0),
    "tombstone": ("VOIDED", None, "", 0),
    "refunding": ("REFUNDING", CHARGE, "", 1250),
    "refunded": ("REFUNDED", CHARGE, "", 0),
}
NEXT = {
    "pending": (CAPTURED,),
    "captured": (SOLD,),
    "captured-without-a-version": (REFUND_STARTED,),
    "declined": (CAPTURED, REFUND_STARTED),
    "refunding": (REFUNDED,),
}


def record(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDS / f"{name}.json").read_text())
    return found


def kept(name: str) -> dict[str, Any]:
    """Puts a record of the release before in the table."""
    boto3.client("dynamodb").put_item(TableName="payments-table", Item=items.pack(record(name)))
    return record(name)


def append(*decided: Any) -> Head[Payment]:
    return store.record(store.load("o1"), lambda payment: decided, cause="test")


def test_every_status_that_the_release_before_wrote_is_among_these_records() -> None:
    assert {path.stem for path in RECORDS.iterdir()} == set(MEANS)
    assert {status for status, *_ in MEANS.values()} == release_before.STATUSES - {"NONE"}


@pytest.mark.parametrize("name", MEANS)
def test_a_record_is_read_as_the_first_commit_of_its_stream(name: str) -> None:
    kept(name)
    status, charge, reason, held = MEANS[name]
    with operations() as done:
        found = store.load("o1")
    assert done == ["Query"]
    payment = found.state
    assert (payment.status, payment.charge, payment.reason, payment.held) == (status, charge, reason, held)
    assert (found.version, found.sequence) == (1, record(name)["sequence"])


@pytest.mark.parametrize("name", NEXT)
def test_the_next_commit_closes_the_record_in_one_transaction_and_goes_on_with_its_events(name: str) -> None:
    before = kept(name)
    with operations() as done:
        after = append(*NEXT[name])
    assert done == ["Query", "TransactWriteItems"]
    closed, commit = aws.items("payments")
    assert (closed["status"], closed["status_before"]) == ("CLOSED", before["status"])
    assert {**closed, "version": 0} == {
        **before,
        "version": 0,
        "status": "CLOSED",
        "status_before": before["status"],
    }
    assert (commit["sk"], commit["version"]) == ("payment#0000000002", 2)
    numbers = [event.sequence for event in aws.committed("payments")]
    assert numbers == list(range(before["sequence"] + 1, after.sequence + 1))
    assert store.load("o1") == after


@pytest.mark.parametrize("name", NEXT)
def test_a_stream_that_begins_with_a_closed_record_is_folded_from_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(name)
    after = append(*NEXT[name]).state
    monkeypatch.setattr(store, "PAYMENTS", replace(store.PAYMENTS, fold=store.PAYMENTS.fold + 1))
    assert store.load("o1").state == after
    again, (_, decided) = ledger.history(store.PAYMENTS, "o1")
    assert (again[1][0].model_dump()["status"], decided) == (record(name)["status"], NEXT[name])


@pytest.mark.parametrize("name", NEXT)
def test_the_release_before_can_neither_read_nor_write_a_record_that_is_closed(name: str) -> None:
    kept(name)
    read = release_before.load("o1")
    append(*NEXT[name])
    before = aws.items("payments")
    with pytest.raises(ValueError, match="CLOSED"):
        release_before.load("o1")
    for published in (0, 1):
        with pytest.raises(ConditionFailed):
            release_before.save("o1", read, published=published, status="CAPTURED", reason="")
    assert aws.items("payments") == before


@pytest.mark.parametrize("history", ["PENDING", "TOMBSTONE"])
def test_the_release_before_can_neither_read_nor_write_a_stream_that_begins_with_a_commit(
    history: str,
) -> None:
    read = release_before.load("o1")
    append(*HISTORIES[history])
    before = aws.items("payments")
    with pytest.raises(KeyError, match="status"):
        release_before.load("o1")
    with pytest.raises(ConditionFailed):
        release_before.save("o1", read, published=1, status="VOIDED", reason="")
    assert aws.items("payments") == before


def pay(read: Any) -> None:
    """A function of the release before captures the payment that it has read."""
    release_before.save("o1", read, published=1, status="CAPTURED", reason="")


def undone(payment: Payment) -> Entries:
    return domain.undo(payment, REFUND) if payment.status != "PENDING" else (VOIDED,)


def test_what_the_release_before_writes_in_between_is_found_and_decided_on() -> None:
    kept("pending")
    head, read = store.load("o1"), release_before.load("o1")
    with before_its_write(lambda: pay(read)):
        after = store.record(head, undone, cause="test")
    assert (after.state.status, after.state.held, after.version) == ("REFUNDING", 1250, 2)
    assert [event.sequence for event in aws.committed("payments")] == [2]
    assert store.load("o1") == after


def test_a_first_record_of_the_release_before_keeps_a_first_commit_out() -> None:
    terms = {"customer_id": "alice", "amount": 1250, "currency": "EUR", "intent_id": "pi_other"}

    def start() -> None:
        release_before.save("o1", None, published=0, status="PENDING", reason="", **terms)

    head = store.load("o1")
    with before_its_write(start, operation="UpdateItem"):
        after = store.record(head, lambda payment: domain.start(payment, CHARGE), cause="test")
    assert after.state.started.intent_id == "pi_other"
    assert len(aws.items("payments")) == 1
    assert store.record(after, lambda payment: (VOIDED,), cause="test").state.status == "VOIDED"


def test_two_of_our_functions_close_a_record_once() -> None:
    kept("captured")
    head = store.load("o1")
    with before_its_write(lambda: append(SOLD)):
        after = store.record(head, domain.sell, cause="test")
    assert (after.state.status, after.version) == ("SOLD", 2)
    assert len(aws.items("payments")) == 2
    assert STARTED.intent_id == after.state.started.intent_id
