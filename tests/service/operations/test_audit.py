"""The audit of operators' actions: who, when, what, on what, why, and the result."""

import pytest

from tests.support import aws
from tests.support.clock import Clock
from tests.support.letters import WHY, LetterQueues, ask, redrive, trail

SERVICE = "operations"
pytestmark = pytest.mark.usefixtures("service")
CONSUMER = "inventory.consumers.handler"


@pytest.fixture
def queues(service: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> LetterQueues:
    return LetterQueues(monkeypatch)


def test_the_record_says_who_did_what_when_to_what_and_why(queues: LetterQueues, clock: Clock) -> None:
    clock.advance(3600)
    queues.put(CONSUMER, "one")
    redrive(CONSUMER)
    (action,) = trail()
    assert action.pop("id")
    assert action == {
        "at": "2026-01-01T01:00:00+00:00",
        "who": "alice",
        "what": "redrive",
        "on": CONSUMER,
        "why": WHY,
        "given": {},
        "outcome": {"moved": 1, "left": 0},
        "done_at": "2026-01-01T01:00:00+00:00",
    }


def test_the_record_is_read_by_the_day_and_oldest_first(queues: LetterQueues, clock: Clock) -> None:
    for key in ("k1", "k2", "k3"):
        redrive(CONSUMER, key=key, because=key)
        clock.advance(10 * 3600)
    assert [action["why"] for action in trail()] == ["k1", "k2", "k3"]
    redrive(CONSUMER, key="k4", because="the day after")
    assert [action["why"] for action in trail("2026-01-02")] == ["the day after"]


def test_nothing_of_the_record_ever_expires(queues: LetterQueues) -> None:
    redrive(CONSUMER)
    assert len(aws.items("operations")) == 2
    assert [item for item in aws.items("operations") if "expires_at" in item] == []


@pytest.mark.parametrize(
    "day", [None, "", "today", "2026-02-30", "20260101", "2026-W01-1", "2026-1-1", "2026-01-01 "]
)
def test_the_record_of_no_day_is_refused(day: str | None, queues: LetterQueues) -> None:
    status, problem = ask("GET", "audit", query={"day": day} if day is not None else None)
    assert (status, problem["error"]) == (400, "InvalidRequest")
