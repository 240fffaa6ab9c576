"""Operations: the parts of a letter that are shown, where it may go, and how a range is cut in pieces."""

import json
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from kernel.errors import InvalidRequest, NotFound
from operations import domain
from operations.domain import DeadLetters, NothingToRedriveTo

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
EVENT = {
    "specversion": "1.0",
    "id": "e1",
    "source": "settle.orders",
    "type": "OrderPlaced",
    "subject": "order/o1",
    "time": "2026-03-01T12:00:00Z",
    "sequence": 1,
    "correlationid": "o1",
    "causationid": "http/r1",
    "data": {"customer_id": "alice", "payment_method": "secret"},
}


def shown(body: Any) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    return dict(domain.letter("m1", text, sent=0, received=1).event)


def test_a_letter_tells_what_its_event_is_about_but_not_its_data() -> None:
    about = shown({"detail-type": "OrderPlaced", "account": "1", "detail": EVENT})
    assert about == {
        "id": "e1",
        "source": "settle.orders",
        "type": "OrderPlaced",
        "subject": "order/o1",
        "time": "2026-03-01T12:00:00Z",
        "sequence": 1,
        "correlationid": "o1",
    }


@pytest.mark.parametrize(
    "body",
    [
        "",
        "alice",
        "[" * 100_000,
        "null",
        "[]",
        "5",
        '"detail"',
        {},
        {"detail": None},
        {"detail": "alice"},
        {"detail": []},
        {"detail": {}},
        {"detail": {"type": {"customer": "alice"}, "subject": ["alice"], "data": "alice"}},
        {"DDBStreamBatchInfo": {"approximateArrivalOfFirstRecord": "2026-03-01T12:00:00Z"}},
    ],
    ids=lambda body: str(body)[:40],
)
def test_a_letter_that_is_no_event_tells_nothing_of_its_body(body: Any) -> None:
    assert shown(body) == {}


def test_a_letter_says_when_it_was_sent_and_how_often_it_was_received() -> None:
    letter = domain.letter("m1", "", sent=1_772_366_400_123, received=6)
    assert (letter.id, letter.sent_at, letter.received) == ("m1", "2026-03-01T12:00:00.123+00:00", 6)


def test_only_what_came_from_a_queue_is_redrivable() -> None:
    letters = DeadLetters("orders.outbox", "letters", "lost")
    assert domain.redrivable(letters) is letters
    with pytest.raises(NothingToRedriveTo):
        domain.redrivable(DeadLetters("checkout.schedules", "letters"))
    with pytest.raises(NotFound):
        domain.redrivable(None)


@pytest.mark.parametrize(
    ("minutes", "count"), [(0, 1), (1, 1), (15, 1), (15.01, 2), (30, 2), (31, 3), (24 * 60, 96)]
)
def test_a_range_is_cut_in_quarters_of_an_hour_without_a_gap(minutes: int, count: int) -> None:
    first, last = NOON, NOON + timedelta(minutes=minutes)
    pieces = domain.pieces(first, last, now=last)
    assert len(pieces) == count
    assert (pieces[0][0], pieces[-1][1]) == (first, last)
    assert all(end == start for (_, end), (start, _) in pairwise(pieces))
    assert all(timedelta(0) <= end - start <= QUARTER for start, end in pieces)


def test_a_range_is_cut_in_utc_since_the_outbox_is_kept_by_it() -> None:
    tokyo = timezone(timedelta(hours=9))
    ((first, last),) = domain.pieces(NOON.astimezone(tokyo), NOON.astimezone(tokyo), now=NOON)
    assert first.isoformat() == last.isoformat() == "2026-03-01T12:00:00+00:00"


EVER = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
NEVER = datetime.max.replace(tzinfo=timezone(-timedelta(hours=12)))
SECOND, MONTH = timedelta(seconds=1), timedelta(days=30)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (NOON, NOON - SECOND),
        (NOON, NOON + SECOND),
        (NOON - timedelta(days=1, seconds=1), NOON),
        (NOON - MONTH - SECOND, NOON - MONTH),
        (EVER, EVER),
        (EVER, NOON),
        (NOON, NEVER),
        (NEVER, NEVER),
    ],
    ids=["backwards", "to come", "too long", "too old", "ever", "since ever", "for ever", "never"],
)
def test_a_range_that_the_outbox_cannot_hold_is_refused(first: datetime, last: datetime) -> None:
    with pytest.raises(InvalidRequest):
        domain.pieces(first, last, now=NOON)


def test_the_oldest_range_and_the_longest_are_taken() -> None:
    assert domain.pieces(NOON - MONTH, NOON - MONTH + timedelta(days=1), now=NOON)
