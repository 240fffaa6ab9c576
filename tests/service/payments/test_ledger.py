"""The ledger on a table: commits are appended, chained and never changed; loading is one read."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kernel.errors import Contended
from kernel.events import Envelope
from kernel.table import items, writes
from payments import domain, entries, ledger, store
from payments.entries import Entries
from payments.ledger import Head
from payments.payment import Payment, Status
from tests.support import aws, ledgers
from tests.support.clock import Clock
from tests.support.commits import append, appended, captured, stored
from tests.support.payment_histories import CAPTURED, DECLINED, HISTORIES, SOLD, STARTED, VOIDED
from tests.support.races import before_its_write, operations

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock")


def test_a_commit_is_one_item_after_the_other_and_one_plain_write(clock: Clock) -> None:
    with operations() as done:
        append(STARTED, cause="a step")
        append(CAPTURED)
        append(SOLD, cause="an event")
    assert done == ["Query", "UpdateItem"] * 3
    found = stored()
    assert [item["sk"] for item in found] == ["payment", "payment#0000000002", "payment#0000000003"]
    assert [item["version"] for item in found] == [1, 2, 3]
    assert [item["cause"] for item in found] == ["a step", "test", "an event"]
    said = [entries.loaded(item["entries"]) for item in found]
    assert said == [(STARTED,), (CAPTURED,), (SOLD,)]
    amount = {"amount": 1250, "currency": "EUR"}
    charge = {"customer_id": "alice", "amount": amount, "intent_id": "pi_1"}
    known = {"order_id": "o1", "charge": charge}
    assert [json.loads(item["state"]) for item in found] == [
        {**known, "status": "PENDING"},
        {**known, "status": "CAPTURED", "held": 1250, "receivable": 1250},
        {**known, "status": "SOLD", "receivable": 1250},
    ]


def test_what_a_commit_makes_public_is_numbered_and_sealed_in_it_and_the_relay_sees_no_other() -> None:
    appended(STARTED)
    append(CAPTURED, *HISTORIES["REFUNDING"][2:], cause="the undo")
    append(HISTORIES["REFUNDED"][-1])
    found = stored()
    assert [item["kind"] for item in found] == ["commit", "outbox", "outbox"]
    assert [item["sequence"] for item in found] == [0, 2, 3]
    sealed = [Envelope.model_validate_json(text) for item in found for text in item["events"]]
    assert [(each.sequence, each.type) for each in sealed] == [
        (1, "PaymentCaptured"),
        (2, "RefundStarted"),
        (3, "PaymentRefunded"),
    ]
    told = {(each.source, each.subject, each.correlationid) for each in sealed}
    assert told == {("settle.payments", "payment/o1", "o1")}
    assert [each.causationid for each in sealed] == ["the undo", "the undo", "test"]


def test_a_commit_never_expires_and_stands_in_the_index_by_its_time_and_digest(clock: Clock) -> None:
    appended(*HISTORIES["SOLD"])
    for item in stored():
        assert "expires_at" not in item
        assert item["moment"].startswith("2026-01-01T00:00:00.000000+00:00#")
        assert item["hour"] in {f"2026-01-01T00#{shard}" for shard in range(4)}
    assert len({item["hour"] for item in stored()}) == 1


def test_a_decision_without_entries_writes_nothing() -> None:
    before = appended(STARTED)
    with operations() as done:
        assert store.record(before, lambda payment: (), cause="test") == before
    assert (done, len(stored())) == ([], 1)


def test_every_commit_is_chained_to_the_commit_before() -> None:
    append(STARTED)
    append(*HISTORIES["REFUNDING"][1:], cause="é\u2028")
    append(HISTORIES["REFUNDED"][-1])
    before = ""
    for item in stored():
        before = ledgers.digest(item, after=before)
        assert item["moment"].partition("#")[2] == before
    assert store.load("o1").digest == before


def test_no_commit_is_recorded_before_its_predecessor_although_the_clock_goes_back(clock: Clock) -> None:
    clock.advance(0.25)
    append(STARTED)
    clock.advance(-3600)
    append(CAPTURED)
    clock.advance(3601)
    append(SOLD)
    moments = [item["moment"].partition("#")[0] for item in stored()]
    first, last = "2026-01-01T00:00:00.250000+00:00", "2026-01-01T00:00:01.250000+00:00"
    assert moments == [first, first, last]
    assert [item["hour"].partition("#")[0] for item in stored()] == ["2026-01-01T00"] * 3


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("length", [1, 2, 60])
def test_loading_is_one_consistent_read_of_one_item_at_any_length(length: int) -> None:
    appended(STARTED, *[DECLINED] * (length - 1))
    asked: list[Any] = []
    hook = "provide-client-params.dynamodb.Query"
    items.client().meta.events.register(hook, lambda params, **_: asked.append(params), "asked")
    with operations() as done:
        found = store.load("o1")
    items.client().meta.events.unregister(hook, unique_id="asked")
    assert done == ["Query"]
    assert [(one["Limit"], one["ConsistentRead"], one["ScanIndexForward"]) for one in asked] == [
        (1, True, False)
    ]
    assert (found.version, found.sequence) == (length, length - 1)


def test_a_stream_without_commits_is_as_it_is_in_the_beginning() -> None:
    assert store.load("o1") == Head("o1", Payment("o1"))


def test_when_somebody_else_wrote_first_the_decision_is_made_again_on_what_came_back() -> None:
    head, seen = appended(STARTED), list[Status]()

    def decide(payment: Payment) -> Entries:
        seen.append(payment.status)
        return captured(payment) or (SOLD,)

    twin = lambda: append(CAPTURED, cause="the twin")  # noqa: E731
    with operations() as done, before_its_write(twin, operation="UpdateItem"):
        after = store.record(head, decide, cause="test")
    assert seen == ["PENDING", "CAPTURED"]
    assert (after.state.status, after.version, after.sequence) == ("SOLD", 3, 1)
    assert done == ["Query", "UpdateItem", "UpdateItem", "UpdateItem"]  # the twin's two, and ours
    assert [item["cause"] for item in stored()] == ["test", "the twin", "test"]
    assert store.load("o1") == after


def test_a_write_whose_answer_was_lost_is_found_when_it_is_repeated() -> None:
    head = appended(STARTED)
    _, [write] = ledger.drafted(store.PAYMENTS, head, decided=captured(head.state), cause="test")
    with before_its_write(lambda: writes.update(write), operation="UpdateItem"):
        after = store.record(head, captured, cause="test")
    assert (after.state.status, after.version, len(stored())) == ("CAPTURED", 2, 2)
    assert [event.type for event in aws.committed("payments")] == ["PaymentCaptured"]


@contextmanager
def always_first(clock: Clock) -> Iterator[list[int]]:
    """Somebody else writes first, each time; counts the writes that came too late."""
    late: list[int] = []

    def refuse(**_: Any) -> None:
        late.append(1)
        error = {"Code": "ConditionalCheckFailedException", "Message": ""}
        newest: Any = {"Error": error, "Item": items.pack(stored()[-1])}
        raise items.client().exceptions.ConditionalCheckFailedException(newest, "UpdateItem")

    items.client().meta.events.register("before-call.dynamodb.UpdateItem", refuse, "refuse")
    yield late
    items.client().meta.events.unregister("before-call.dynamodb.UpdateItem", unique_id="refuse")


def test_who_always_comes_too_late_gives_up_and_has_written_nothing(clock: Clock) -> None:
    head = appended(STARTED)
    with always_first(clock) as late, pytest.raises(Contended):
        store.record(head, captured, cause="test")
    assert (len(late), len(clock.paused)) == (5, 4)
    assert len(stored()) == 1


def test_a_refusal_of_the_second_decision_is_raised_and_nothing_is_written() -> None:
    head = appended(STARTED)
    with before_its_write(lambda: append(VOIDED), operation="UpdateItem"), pytest.raises(domain.ChargeVoided):
        store.record(head, captured, cause="test")
    assert [item["version"] for item in stored()] == [1, 2]


def test_the_history_of_a_stream_is_all_its_entries_oldest_first() -> None:
    appended(*HISTORIES["REFUNDED"])
    told = [entry for _, decided in ledger.history(store.PAYMENTS, "o1") for entry in decided]
    assert tuple(told) == HISTORIES["REFUNDED"]
