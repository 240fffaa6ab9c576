"""Events, steps and log lines of one order become one story in order of time."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ops import timeline
from ops.timeline import Moment
from tests.support.evidence import NOON
from tests.support.good_books import good


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def history(*events: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": place, "timestamp": after(place), "type": kind, **details}
        for place, (kind, details) in enumerate(events, start=1)
    ]


def entered(state: str) -> tuple[str, dict[str, Any]]:
    return "TaskStateEntered", {"stateEnteredEventDetails": {"name": state, "input": "pm_secret"}}


def test_an_event_is_told_with_its_number_and_what_an_operator_may_read() -> None:
    events = [event for event in good().journal if event.correlationid == "parked"]
    told = [moment.what for moment in timeline.of_events(events, "journal")]
    assert told == [
        "order 1: OrderPlaced",
        "reservation 1: StockReserved",
        "order 2: CancellationStarted reason=Interrupted",
        "order 3: OrderParked reason=Interrupted",
    ]


def test_a_step_is_told_with_each_attempt_and_the_name_of_its_error() -> None:
    failed = {"lambdaFunctionFailedEventDetails": {"error": "StillProcessing", "cause": "pm_secret"}}
    ended = {"executionFailedEventDetails": {"error": "Contended", "cause": "pm_secret"}}
    events = history(
        ("ExecutionStarted", {}),
        entered("ChargePayment"),
        ("LambdaFunctionScheduled", {}),
        ("LambdaFunctionFailed", failed),
        ("LambdaFunctionScheduled", {}),
        ("LambdaFunctionTimedOut", {}),
        entered("FenceOrder"),
        ("TaskScheduled", {}),
        ("TaskSucceeded", {}),
        ("ExecutionFailed", ended),
    )
    told = timeline.of_history(reversed(events), "saga")
    assert [moment.what for moment in told] == [
        "execution started",
        "ChargePayment: attempt 1",
        "ChargePayment: StillProcessing",
        "ChargePayment: attempt 2",
        "ChargePayment: LambdaFunctionTimedOut",
        "FenceOrder: attempt 1",
        "FenceOrder: done",
        "execution failed: Contended",
    ]


def line(second: int, message: str) -> dict[str, Any]:
    return {"timestamp": int(after(second).timestamp() * 1000), "message": message}


def test_a_log_line_is_told_in_the_words_of_the_invocation() -> None:
    said = {"invocation": "ChargePayment", "outcome": "done", "about": "o1", "milliseconds": 7}
    ours = json.dumps({"service": "payments", "message": said})
    other = json.dumps({"service": "payments", "message": {**said, "about": "o2"}})
    foreign = "Task timed out \n after 24 s: o1"
    told = timeline.of_logs([line(1, ours), line(2, other), line(3, foreign)], "o1")
    assert told == [
        Moment(after(1), "log payments", "ChargePayment: done milliseconds=7"),
        Moment(after(3), "log", "Task timed out after 24 s: o1"),
    ]


def test_the_story_is_in_order_of_time_with_the_gap_to_the_moment_before() -> None:
    moments = [
        Moment(after(65.5), "saga", "second"),
        Moment(after(0.25), "journal", "first"),
        Moment(after(65.5).astimezone(UTC), "saga", "b, told later in the same moment"),
    ]
    assert timeline.render(moments, ["No logs."]) == [
        "2026-03-01 12:00:00.250    +0.000 s  journal  first",
        "2026-03-01 12:01:05.500   +65.250 s  saga     second",
        "2026-03-01 12:01:05.500    +0.000 s  saga     b, told later in the same moment",
        "",
        "No logs.",
    ]


def test_no_moments_make_no_lines() -> None:
    assert timeline.render([], []) == []
