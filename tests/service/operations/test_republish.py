"""Republishing over HTTP: a range reaches the republisher in pieces, and its events are published again."""

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from kernel.events import Decision, Event
from kernel.table import outbox
from kernel.triggers import relay
from operations import store
from tests.support import aws
from tests.support.clock import Clock
from tests.support.letters import WHY, FailingSqs, LetterQueues, ask, trail
from tests.support.wiring import RecordingBus

SERVICE = "operations"
pytestmark = pytest.mark.usefixtures("service")
NOW = datetime(2026, 1, 1, tzinfo=UTC)  # where the clock stands
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class ThingMade(Event):
    """A thing was made."""


@pytest.fixture
def queues(service: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> LetterQueues:
    return LetterQueues(monkeypatch)


def republish(
    first: datetime = NOW - HOUR,
    last: datetime = NOW,
    *,
    service: str = "orders",
    key: str = "k1",
    **more: Any,
) -> tuple[int, dict[str, Any]]:
    body = {"first": first.isoformat(), "last": last.isoformat(), "because": WHY}
    return ask("POST", f"outbox/{service}/republish", body, key=key, **more)


def asked(queues: LetterQueues) -> list[tuple[str, str]]:
    """The ranges in the queue of orders' republisher, earliest first. The queue is empty afterwards."""
    said = [json.loads(body)["DDBStreamBatchInfo"] for body in queues.bodies("orders-lost")]
    return sorted(
        (each["approximateArrivalOfFirstRecord"], each["approximateArrivalOfLastRecord"]) for each in said
    )


def test_a_range_reaches_the_services_own_republisher_in_quarters_of_an_hour(queues: LetterQueues) -> None:
    assert republish() == (202, {"service": "orders", "pieces": 4})
    starts = [NOW - HOUR + place * timedelta(minutes=15) for place in range(4)]
    assert asked(queues) == [
        (start.isoformat(), (start + timedelta(minutes=15)).isoformat()) for start in starts
    ]
    assert queues.bodies("inventory-queue") == []


def test_a_whole_day_is_asked_for(queues: LetterQueues) -> None:
    assert republish(NOW - DAY, NOW) == (202, {"service": "orders", "pieces": 96})
    ranges = asked(queues)
    assert len(ranges) == len(set(ranges)) == 96
    assert (ranges[0][0], ranges[-1][1]) == ((NOW - DAY).isoformat(), NOW.isoformat())


def become(patch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    """Sets the environment of another service from here on."""
    for variable, value in values.items():
        patch.setenv(variable, value)


def test_events_of_the_range_are_published_again_whatever_time_zone_it_is_in(
    queues: LetterQueues, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = RecordingBus()
    monkeypatch.setattr(relay, "bus", lambda: bus)
    aws.create_table("orders")
    operations, orders = dict(os.environ), aws.environment("orders")
    become(monkeypatch, orders)
    for place in range(5):
        aggregate = outbox.Aggregate(
            key={"pk": f"thing/{place}", "sk": "thing"},
            subject=f"thing/{place}",
            correlation="c",
            version=0,
            sequence=0,
            sets={"made": 1},
        )
        outbox.commit(aggregate, Decision(None, (ThingMade(),)), cause="test")
        clock.advance(600)
    become(monkeypatch, {name: operations[name] for name in orders})
    first, last = NOW + timedelta(minutes=10), NOW + timedelta(minutes=30)
    delhi = timezone(timedelta(hours=5, minutes=30))
    assert republish(first.astimezone(delhi), last.astimezone(delhi))[0] == 202
    bodies = queues.bodies("orders-lost")
    become(monkeypatch, orders)
    for body in bodies:
        relay.republish({"Records": [{"body": body}]}, None)
    assert {event.subject for event in bus.published} == {"thing/1", "thing/2", "thing/3"}


def test_the_same_request_again_answers_the_same_and_asks_for_nothing(
    queues: LetterQueues, clock: Clock
) -> None:
    first = republish()
    asked(queues)
    clock.advance(40 * 24 * 3600)  # by then the range would be too old for a new request
    assert republish() == first
    assert asked(queues) == []


def test_a_key_used_for_another_range_is_refused_and_nothing_is_asked_for(queues: LetterQueues) -> None:
    republish()
    asked(queues)
    before = aws.items("operations")
    for other in (republish(NOW - HOUR / 2), republish(service="nobody"), republish(NOW, NOW + HOUR)):
        assert (other[0], other[1]["error"]) == (422, "KeyReused")
    assert aws.items("operations") == before
    assert asked(queues) == []


@pytest.mark.parametrize("unknown", ["nobody", "inventory", "orders.outbox", "storefront"])
def test_a_service_without_an_outbox_is_not_found(unknown: str, queues: LetterQueues) -> None:
    assert republish(service=unknown)[0] == 404
    assert aws.items("operations") == []


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (NOW, NOW - HOUR),
        (NOW, NOW + timedelta(seconds=1)),
        (NOW - DAY - timedelta(seconds=1), NOW),
        (NOW - 30 * DAY - timedelta(seconds=1), NOW - 30 * DAY),
    ],
    ids=["backwards", "to come", "too long", "too old"],
)
def test_a_range_that_the_outbox_cannot_hold_is_refused(
    first: datetime, last: datetime, queues: LetterQueues
) -> None:
    status, problem = republish(first, last)
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert asked(queues) == []
    assert aws.items("operations") == []


MOMENT = "2025-12-31T23:00:00Z"


@pytest.mark.parametrize(
    "change",
    [
        {"first": None},
        {"first": ""},
        {"first": 1_767_222_000},
        {"first": "1767222000"},
        {"first": "2025-12-31"},
        {"first": "2025-12-31T23:00:00"},
        {"first": "2025-12-31T25:00:00Z"},
        {"first": "0001-01-01T00:00:00+14:00"},
        {"last": "9999-12-31T23:59:59-12:00"},
        {"last": "now"},
        {"because": ""},
        {"because": "4242424242424242"},
        {"service": "orders"},
    ],
    ids=str,
)
def test_a_request_nobody_can_read_asks_for_nothing(change: dict[str, Any], queues: LetterQueues) -> None:
    body = {"first": MOMENT, "last": MOMENT, "because": WHY} | change
    status, problem = ask("POST", "outbox/orders/republish", body, key="k1")
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert asked(queues) == []
    assert aws.items("operations") == []


@pytest.mark.parametrize("missing", ["first", "last", "because"])
def test_a_request_without_one_of_its_parts_asks_for_nothing(missing: str, queues: LetterQueues) -> None:
    body = {"first": MOMENT, "last": MOMENT, "because": WHY}
    del body[missing]
    assert ask("POST", "outbox/orders/republish", body, key="k1")[0] == 400
    assert asked(queues) == []


@pytest.mark.parametrize("more", [{"role": "customer"}, {"key": ""}, {"key": "with space"}], ids=str)
def test_neither_a_customer_nor_a_request_without_a_key_asks_for_anything(
    more: dict[str, Any], queues: LetterQueues
) -> None:
    assert republish(**more)[0] in (400, 403)
    assert asked(queues) == []
    assert aws.items("operations") == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_request_that_dies_between_pieces_is_completed_by_its_repetition(
    after: bool, queues: LetterQueues
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        failing = FailingSqs("send_message", call=2, after=after)
        patch.setattr(store, "queues", lambda: failing)
        assert republish(NOW - 6 * HOUR)[0] == 500
    assert [action["outcome"] for action in trail()] == [None]
    assert republish(NOW - 6 * HOUR) == (202, {"service": "orders", "pieces": 24})
    assert len(set(asked(queues))) == 24


def test_the_record_says_which_range_was_asked_for(queues: LetterQueues) -> None:
    republish()
    (action,) = trail()
    assert (action["what"], action["on"], action["why"]) == ("republish", "orders", WHY)
    assert action["given"] == {"first": "2025-12-31T23:00:00+00:00", "last": "2026-01-01T00:00:00+00:00"}
    assert action["outcome"] == {"service": "orders", "pieces": 4}
