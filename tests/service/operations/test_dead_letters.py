"""Dead letters over HTTP: listed, looked at, moved back, and every move on record."""

import json
from typing import Any

import pytest

from inventory import consumers, stock, tasks
from operations import store
from tests.support import aws
from tests.support.clock import Clock
from tests.support.events import arriving
from tests.support.letters import FailingSqs, LetterQueues, SlowSqs, ask, redrive, trail

SERVICE = "operations"
pytestmark = pytest.mark.usefixtures("service")
CONSUMER = "inventory.consumers.handler"
DAY = 24 * 3600


@pytest.fixture
def queues(service: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> LetterQueues:
    return LetterQueues(monkeypatch)


def confirmed(order_id: str = "o1") -> str:
    """The body that EventBridge puts into a consumer's queue, or else into its dead-letter queue."""
    event = arriving(
        "OrderConfirmed",
        source="orders",
        subject=f"order/{order_id}",
        sequence=2,
        order_id=order_id,
        secret="mug",
    )
    return json.dumps({"detail-type": event.type, "detail": event.model_dump(mode="json")})


def test_every_queue_is_listed_with_what_waits_in_it(queues: LetterQueues) -> None:
    queues.put(CONSUMER, "one", "two")
    assert ask("GET", "dead-letters") == (
        200,
        {
            "queues": [
                {"queue": "orders.outbox", "waiting": 0, "redrives_to": True},
                {"queue": CONSUMER, "waiting": 2, "redrives_to": True},
                {"queue": "checkout.schedules", "waiting": 0, "redrives_to": False},
            ]
        },
    )


def test_a_look_tells_what_each_letter_is_about_but_not_its_data(queues: LetterQueues) -> None:
    queues.put(CONSUMER, confirmed(), "not an event: mug")
    status, seen = ask("GET", f"dead-letters/{CONSUMER}")
    assert (status, seen["queue"]) == (200, CONSUMER)
    event, other = sorted(seen["letters"], key=lambda letter: -len(letter["event"]))
    assert set(event) == {"id", "sent_at", "received", "event"}
    assert (event["event"]["type"], event["event"]["correlationid"]) == ("OrderConfirmed", "order/o1")
    assert (event["received"], other["event"]) == (1, {})
    assert "mug" not in json.dumps(seen)


def test_a_look_leaves_the_letters_where_they_are(
    queues: LetterQueues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LOOKED_AT_SECONDS", 0)
    queues.put(CONSUMER, "one", "two")
    for _ in range(2):
        assert len(ask("GET", f"dead-letters/{CONSUMER}")[1]["letters"]) == 2
    assert queues.bodies(CONSUMER) == ["one", "two"]
    assert aws.items("operations") == []


def test_a_look_shows_ten_and_hides_them_from_others_for_seconds(queues: LetterQueues) -> None:
    queues.put(CONSUMER, *map(str, range(12)))
    assert len(ask("GET", f"dead-letters/{CONSUMER}")[1]["letters"]) == 10
    assert (queues.count(CONSUMER), queues.count(CONSUMER, hidden=True)) == (2, 10)
    assert 0 < store.LOOKED_AT_SECONDS <= 10


def test_letters_go_back_to_the_queue_they_came_from_as_they_were(queues: LetterQueues) -> None:
    bodies = sorted(confirmed(f"o{place}") for place in range(23))
    queues.put(CONSUMER, *bodies)
    assert redrive(CONSUMER) == (200, {"moved": 23, "left": 0})
    assert queues.bodies("inventory-queue") == bodies
    assert queues.count(CONSUMER) + queues.count(CONSUMER, hidden=True) == 0


def test_a_letter_that_went_back_is_what_its_consumer_reads(
    queues: LetterQueues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.put(CONSUMER, confirmed())
    redrive(CONSUMER)
    (body,) = queues.bodies("inventory-queue")
    aws.create_table("inventory")
    for variable, value in aws.environment("inventory").items():
        monkeypatch.setenv(variable, value)
    stock.receive("mug", 1, receipt="r1")
    tasks.reserve_stock({"order_id": "o1", "lines": [{"sku": "mug", "quantity": 1}]}, None)
    answer = consumers.handler({"Records": [{"messageId": "m1", "body": body}]}, None)
    assert answer == {"batchItemFailures": []}
    assert tasks.reservation_status({"order_id": "o1"}, None)["status"] == "COMMITTED"


def test_one_request_moves_a_hundred_and_says_how_many_are_left(queues: LetterQueues) -> None:
    queues.put(CONSUMER, *map(str, range(105)))
    assert redrive(CONSUMER) == (200, {"moved": 100, "left": 5})
    assert redrive(CONSUMER, key="k2") == (200, {"moved": 5, "left": 0})
    assert len(queues.bodies("inventory-queue")) == 105


def test_a_request_that_takes_long_ends_before_its_time(
    queues: LetterQueues, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.put(CONSUMER, *map(str, range(30)))
    slow = SlowSqs(clock)
    monkeypatch.setattr(store, "queues", lambda: slow)
    status, said = redrive(CONSUMER)
    assert (status, said["moved"]) == (200, 4)
    assert len(queues.bodies("inventory-queue")) == 4
    assert store.PATIENCE.total_seconds() < 29 - 2 * 6  # the function's time, less two calls at their worst


def test_the_same_request_again_answers_the_same_and_moves_nothing_that_came_later(
    queues: LetterQueues,
) -> None:
    queues.put(CONSUMER, "one")
    first = redrive(CONSUMER)
    queues.put(CONSUMER, "later")
    assert redrive(CONSUMER) == first == (200, {"moved": 1, "left": 0})
    assert queues.bodies(CONSUMER) == ["later"]
    assert len(trail()) == 1


def test_the_same_request_on_another_day_is_still_the_same(queues: LetterQueues, clock: Clock) -> None:
    first = redrive(CONSUMER)
    clock.advance(40 * DAY)
    queues.put(CONSUMER, "later")
    assert redrive(CONSUMER) == first
    assert trail("2026-02-10") == []


@pytest.mark.parametrize(
    "other",
    [
        lambda: redrive(CONSUMER, because="something else"),
        lambda: redrive("orders.outbox"),
        lambda: redrive("checkout.schedules"),
    ],
    ids=["another reason", "another queue", "a queue that would be refused"],
)
def test_a_key_used_for_another_request_is_refused_and_nothing_happens(
    other: Any, queues: LetterQueues
) -> None:
    redrive(CONSUMER)
    queues.put(CONSUMER, "one")
    before = aws.items("operations")
    status, problem = other()
    assert (status, problem["error"]) == (422, "KeyReused")
    assert aws.items("operations") == before
    assert queues.bodies(CONSUMER) == ["one"]


def test_two_operators_may_use_the_same_key(queues: LetterQueues) -> None:
    redrive(CONSUMER)
    queues.put(CONSUMER, "one")
    assert redrive(CONSUMER, customer="bob")[1]["moved"] == 1
    assert sorted(action["who"] for action in trail()) == ["alice", "bob"]


def test_letters_of_a_schedule_have_nowhere_to_go(queues: LetterQueues) -> None:
    queues.put("checkout.schedules", "one")
    status, problem = redrive("checkout.schedules")
    assert (status, problem["error"]) == (409, "NothingToRedriveTo")
    assert queues.bodies("checkout.schedules") == ["one"]
    assert aws.items("operations") == []


@pytest.mark.parametrize("queue", ["nothing", "inventory-queue", "orders", "-", "a.b.c.d"])
def test_an_unknown_queue_is_not_found(queue: str, queues: LetterQueues) -> None:
    assert redrive(queue)[0] == ask("GET", f"dead-letters/{queue}")[0] == 404
    assert aws.items("operations") == []


@pytest.mark.parametrize("operation", ["receive_message", "send_message", "delete_message"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", [1, 2])
def test_a_redrive_that_dies_anywhere_loses_no_letter_and_is_completed_by_its_repetition(
    operation: str, after: bool, call: int, queues: LetterQueues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOVED_SECONDS", 0)
    queues.put(CONSUMER, "one", "two")
    with pytest.MonkeyPatch.context() as patch:
        failing = FailingSqs(operation, call=call, after=after)
        patch.setattr(store, "queues", lambda: failing)
        assert redrive(CONSUMER)[0] == 500
    assert [action["outcome"] for action in trail()] == [None]
    status, said = redrive(CONSUMER)
    (action,) = trail()
    assert (status, action["outcome"]) == (200, said)
    assert set(queues.bodies("inventory-queue")) == {"one", "two"}
    assert queues.bodies(CONSUMER) == []


def test_of_two_runs_of_one_request_the_first_to_end_is_on_record(
    queues: LetterQueues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.put(CONSUMER, "one", "two")
    real = store.redrive
    overtaken: list[bool] = []

    def slowly(letters: Any) -> Any:
        if not overtaken:
            overtaken.append(True)
            assert redrive(CONSUMER) == (200, {"moved": 2, "left": 0})
        return real(letters)

    monkeypatch.setattr(store, "redrive", slowly)
    assert redrive(CONSUMER) == (200, {"moved": 2, "left": 0})
    assert [action["outcome"] for action in trail()] == [{"moved": 2, "left": 0}]
