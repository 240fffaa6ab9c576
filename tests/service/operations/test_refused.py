"""Requests that operations refuses: they show nothing, move nothing and leave no record."""

from typing import Any

import pytest

from tests.support import aws
from tests.support.clock import Clock
from tests.support.letters import WHY, LetterQueues, ask, redrive

SERVICE = "operations"
pytestmark = pytest.mark.usefixtures("service")
CONSUMER = "inventory.consumers.handler"


@pytest.fixture
def queues(service: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> LetterQueues:
    return LetterQueues(monkeypatch)


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        {},
        {"because": ""},
        {"because": "  "},
        {"because": "x" * 201},
        {"because": None},
        {"because": 5},
        {"because": "card 4242 4242 4242 4242"},
        {"because": WHY, "most": 5},
    ],
    ids=str,
)
def test_a_redrive_without_a_reason_moves_nothing(body: Any, queues: LetterQueues) -> None:
    queues.put(CONSUMER, "one")
    status, problem = ask("POST", f"dead-letters/{CONSUMER}/redrive", body, key="k1")
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert queues.bodies(CONSUMER) == ["one"]
    assert aws.items("operations") == []


def test_the_longest_reason_is_taken(queues: LetterQueues) -> None:
    assert redrive(CONSUMER, because="x" * 200)[0] == 200


@pytest.mark.parametrize("key", [None, "", "x" * 256, "with space"])
def test_a_redrive_without_a_proper_key_moves_nothing(key: Any, queues: LetterQueues) -> None:
    queues.put(CONSUMER, "one")
    assert redrive(CONSUMER, key=key)[0] == 400
    assert queues.bodies(CONSUMER) == ["one"]


def test_no_customer_sees_or_moves_anything(queues: LetterQueues) -> None:
    queues.put(CONSUMER, "one")
    asked = [
        ask("GET", "dead-letters", role="customer"),
        ask("GET", f"dead-letters/{CONSUMER}", role="customer"),
        ask("GET", "audit", role="customer", query={"day": "2026-01-01"}),
        redrive(CONSUMER, role="customer"),
        redrive("nothing", role="customer"),
    ]
    assert [status for status, _ in asked] == [403] * 5
    assert queues.bodies(CONSUMER) == ["one"]
    assert aws.items("operations") == []
