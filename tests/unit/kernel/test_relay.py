"""The relay: every outbox row of a batch is published, or the whole batch comes again."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as some

from kernel import identity
from kernel.errors import Unpublished
from kernel.table import items
from kernel.triggers import relay
from tests.support.events import arriving

Refuse = Callable[[int, dict[str, Any]], str | Exception | None]


class FakeBus:
    """Takes entries. `refuse` may give an entry an error code, or its whole call an exception."""

    def __init__(self, refuse: Refuse = lambda call, entry: None) -> None:
        self.refuse = refuse
        self.calls: list[list[str]] = []
        self.taken: list[dict[str, Any]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.calls.append([name(entry) for entry in Entries])
        answers = [self.refuse(len(self.calls), entry) for entry in Entries]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        self.taken += [entry for entry, code in zip(Entries, answers, strict=True) if code is None]
        results = [{"EventId": "e"} if code is None else {"ErrorCode": code} for code in answers]
        return {"FailedEntryCount": len([code for code in answers if code]), "Entries": results}

    def names(self) -> list[str]:
        return [name(entry) for entry in self.taken]


def name(entry: dict[str, Any]) -> str:
    return str(json.loads(entry["Detail"])["subject"])


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    monkeypatch.setenv("BUS", "settle")
    slept: list[float] = []
    monkeypatch.setattr(identity, "pause", slept.append)
    return slept


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> Callable[..., FakeBus]:
    def use(refuse: Refuse = lambda call, entry: None) -> FakeBus:
        bus = FakeBus(refuse)
        monkeypatch.setattr(relay, "bus", lambda: bus)
        return bus

    return use


def text(subject: str, filling: int = 0) -> str:
    made = arriving("OrderPlaced", source="orders", subject=subject, sequence=1, filling="x" * filling)
    return made.model_dump_json()


def record(*texts: str, event: str = "INSERT", kind: str | None = "outbox") -> dict[str, Any]:
    item = {"pk": "outbox#2026-11-23T09:00#0", "sk": "s", "events": list(texts)} | (
        {"kind": kind} if kind else {}
    )
    image = {} if event == "REMOVE" else {"NewImage": items.pack(item)}
    return {"eventName": event, "dynamodb": {"Keys": items.pack({"pk": "p", "sk": "s"}), **image}}


def batch(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records)}


def numbered(count: int, filling: int = 0) -> list[str]:
    return [text(str(number), filling) for number in range(count)]


def test_every_event_of_every_row_is_published_in_order(place: Callable[..., FakeBus]) -> None:
    bus = place()
    relay.handler(batch(record(text("a"), text("b")), record(text("c"))), None)
    assert bus.calls == [["a", "b", "c"]]


def test_an_entry_says_whose_event_it_is_and_carries_it_word_for_word(place: Callable[..., FakeBus]) -> None:
    bus, told = place(), text("a")
    relay.handler(batch(record(told)), None)
    (entry,) = bus.taken
    assert entry.pop("Time") == datetime.fromisoformat(json.loads(told)["time"])
    assert entry == {
        "EventBusName": "settle",
        "Source": "settle.orders",
        "DetailType": "OrderPlaced",
        "Detail": told,
    }


@pytest.mark.parametrize(
    "other",
    [
        record(text("a"), event="MODIFY"),
        record(text("a"), event="REMOVE"),
        record(text("a"), kind=None),
        record(text("a"), kind="order"),
    ],
    ids=["changed", "expired", "no kind", "another kind"],
)
def test_only_new_outbox_rows_are_published(other: dict[str, Any], place: Callable[..., FakeBus]) -> None:
    bus = place()
    relay.handler(batch(other, record(text("b")), other), None)
    assert bus.names() == ["b"]


def test_a_batch_without_outbox_rows_calls_nobody(place: Callable[..., FakeBus]) -> None:
    bus = place()
    relay.handler(batch(record(text("a"), kind="order")), None)
    assert bus.calls == []


def test_only_the_entries_that_failed_are_sent_again(
    place: Callable[..., FakeBus], pauses: list[float]
) -> None:
    bus = place(lambda call, entry: "InternalFailure" if call == 1 and name(entry) in "13" else None)
    relay.publish(numbered(5))
    assert bus.calls == [["0", "1", "2", "3", "4"], ["1", "3"]]
    assert sorted(bus.names()) == ["0", "1", "2", "3", "4"]
    assert len(pauses) == 1


def test_throttled_entries_are_sent_again_after_growing_pauses(
    place: Callable[..., FakeBus], pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda least, most: most)
    bus = place(lambda call, entry: "ThrottlingException" if call < 4 else None)
    relay.publish(numbered(2))
    assert bus.calls == [["0", "1"]] * 4
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]


def test_entries_that_keep_failing_bring_the_whole_batch_back(place: Callable[..., FakeBus]) -> None:
    bus = place(lambda call, entry: "ThrottlingException" if name(entry) == "1" else None)
    with pytest.raises(Unpublished) as failed:
        relay.handler(batch(*map(record, numbered(3))), None)
    assert failed.value.data == {"count": 1}
    assert bus.names() == ["0", "2"]
    assert 1 < len(bus.calls) < 10


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="bus"),
        ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "PutEvents"),
    ],
    ids=["timeout", "throttled call"],
)
def test_a_call_that_fails_as_a_whole_brings_the_whole_batch_back(
    error: Exception, place: Callable[..., FakeBus]
) -> None:
    bus = place(lambda call, entry: error if call == 2 else None)
    lost = batch(*map(record, numbered(15)))
    with pytest.raises(type(error)):
        relay.handler(lost, None)
    relay.handler(lost, None)
    assert set(bus.names()) == {str(number) for number in range(15)}


def test_an_answer_that_does_not_speak_of_every_entry_is_not_believed(
    place: Callable[..., FakeBus], monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = place()
    monkeypatch.setattr(bus, "put_events", lambda **_: {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]})
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        relay.publish(numbered(2))


def test_more_than_ten_entries_are_sent_in_turns(place: Callable[..., FakeBus]) -> None:
    bus = place()
    relay.publish(numbered(25))
    assert [len(call) for call in bus.calls] == [10, 10, 5]
    assert bus.names() == [str(number) for number in range(25)]


def test_no_call_is_larger_than_the_bus_takes(place: Callable[..., FakeBus]) -> None:
    bus = place()
    sizes: list[int] = []
    bus.refuse = lambda call, entry: sizes.append(size(entry))
    relay.publish(
        [text(str(number), filling) for number, filling in enumerate([200_000, 60_000, 70_000, 120_000])]
    )
    assert bus.calls == [["0", "1"], ["2", "3"]]
    assert sum(sizes[:2]) <= 256 * 1024


def size(entry: dict[str, Any]) -> int:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html"""
    return 14 + sum(len(entry[part].encode()) for part in ("Source", "DetailType", "Detail"))


def test_the_size_of_a_call_is_counted_in_bytes_with_all_its_parts(place: Callable[..., FakeBus]) -> None:
    bus = place()
    bare = size(relay._entry(text("0")))
    fits = [text("0", 256 * 1024 - 2 * bare), text("1")]
    relay.publish(fits)
    relay.publish([text("0", 256 * 1024 - 2 * bare + 1), text("1")])
    wide = text("0").replace('"filling":""', '"filling":"' + "é" * 130_000 + '"')
    relay.publish([wide, text("1", 2000)])
    assert [len(call) for call in bus.calls] == [2, 1, 1, 1, 1]


def test_the_largest_event_there_may_be_is_sent_alone(place: Callable[..., FakeBus]) -> None:
    bus = place()
    relay.publish([text(name, 262_144 - len(text(name)) if name in "03" else 0) for name in "0123"])
    assert bus.calls == [["0"], ["1", "2"], ["3"]]


@settings(max_examples=50, deadline=None)
@given(
    rows=some.lists(some.lists(some.integers(0, 120_000), min_size=1, max_size=12), max_size=5),
    failures=some.sets(some.integers(0, 40)),
)
def test_whatever_fails_nothing_is_lost_once_the_batch_went_through(
    rows: list[list[int]], failures: set[int]
) -> None:
    told = iter(range(1000))
    records = [record(*(text(str(next(told)), filling) for filling in row)) for row in rows]
    attempts = iter(range(10_000))
    bus = FakeBus(lambda call, entry: "InternalFailure" if next(attempts) in failures else None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUS", "settle")
        patch.setattr(relay, "bus", lambda: bus)
        patch.setattr(identity, "pause", lambda seconds: None)
        while not delivered(batch(*records)):
            pass
    everything = [str(number) for number in range(next(told))]
    assert set(everything) == set(bus.names())
    assert failures or bus.names() == everything
    assert max(map(len, bus.calls), default=0) <= 10
    assert not failures or max(Counter(bus.names()).values(), default=0) <= 1 + len(failures)


def delivered(records: dict[str, Any]) -> bool:
    try:
        relay.handler(records, None)
    except Unpublished:
        return False
    return True
