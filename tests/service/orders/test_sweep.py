"""What the sweep claims of orders: when, how often, for which way, and when it gives up."""

from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest

from orders import domain, tasks
from tests.support import aws
from tests.support.clock import Clock
from tests.support.orders import (
    cancel,
    change,
    claimed,
    claims,
    confirm,
    fail,
    fence,
    place,
    said,
    stored,
)
from tests.support.races import before_its_write

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service", "clock")


FORWARD, UNDONE = (2, 4, 8, 8, 8), (8, *[32] * 6)  # minutes from look to look


def test_an_order_is_finished_forward_for_half_an_hour_then_undone_for_hours_and_then_parked(
    clock: Clock, counted: list[str]
) -> None:
    order_id = place()
    for run, minutes in enumerate((*FORWARD, *UNDONE), start=2):
        fail(order_id, run - 1)
        clock.advance(minutes * 60 - 1)
        assert claimed() == []
        clock.advance(1)
        assert claimed() == [(order_id, run <= 1 + len(FORWARD), run)]
        assert claimed() == []
    clock.advance(32 * 60 - 1)
    assert (claimed(), counted) == ([], [])
    clock.advance(1)
    assert (claimed(), counted) == ([], ["OrderParked"])
    assert said() == [("OrderParked", {"reason": "Interrupted", "stuck": []})]
    clock.advance(1_000_000)
    assert (claimed(), counted) == ([], ["OrderParked"])


def test_a_claim_carries_all_that_a_saga_is_started_with(clock: Clock) -> None:
    place()
    (placed,) = aws.committed("orders")
    clock.advance(120)
    assert claims() == [{"forward": True, "run": 2, "order": placed.data}]


def test_an_order_whose_runs_were_not_seen_to_fail_three_times_is_not_undone(clock: Clock) -> None:
    """In an outage of hours no execution is started, or runs: that is no reason to undo anything."""
    order_id = place()
    for run in range(2, 8):
        clock.advance(3600)
        assert claimed() == [(order_id, True, run)]
    for run in (6, 6, 7, 5, 7):  # twice each, or late
        fail(order_id, run)
    assert (stored(order_id)["failed"], stored(order_id)["failed_run"]) == (2, 7)
    clock.advance(3600)
    assert claimed() == [(order_id, True, 8)]
    fail(order_id, 8)
    clock.advance(3600)
    assert claimed() == [(order_id, False, 9)]


def test_an_order_that_was_never_seen_to_fail_is_a_persons_after_hours(
    clock: Clock, counted: list[str]
) -> None:
    order_id = place()
    for run in range(2, 14):
        clock.advance(3600)
        assert claimed() == [(order_id, True, run)]
    clock.advance(3600)
    assert (claimed(), counted) == ([], ["OrderParked"])
    assert stored(order_id)["status"] == "NEEDS_ATTENTION"


@pytest.mark.parametrize("act", [confirm, fence])
def test_a_fault_that_is_noted_late_changes_nothing(act: Callable[[str], object]) -> None:
    order_id = place()
    act(order_id)
    before = stored(order_id)
    fail(order_id, 1)
    assert stored(order_id) == before


def test_a_fence_counts_attempts_anew_and_puts_the_next_look_past_the_end_of_its_machine(
    clock: Clock,
) -> None:
    order_id = place()
    clock.advance(120)
    claimed()
    given = {"order_id": order_id, "reason": "PaymentDeclined", "finished_within": 300}
    tasks.fence_order(given, None)
    clock.advance(300 + 119)
    assert claimed() == []
    clock.advance(1)
    assert claimed() == [(order_id, False, 3)]
    assert (stored(order_id)["attempts"], stored(order_id)["runs"]) == (1, 3)


def test_the_repair_of_a_fenced_order_puts_the_next_look_past_its_own_end(clock: Clock) -> None:
    order_id = place()
    fence(order_id)
    clock.advance(120)
    assert claimed() == [(order_id, False, 2)]
    given = {"order_id": order_id, "reason": "Interrupted", "finished_within": 2400}
    assert tasks.fence_order(given, None)["status"] == "CANCELLING"
    assert [name for name, _ in said()] == ["CancellationStarted"]
    clock.advance(2400 + 119)
    assert claimed() == []
    clock.advance(1)
    assert claimed() == [(order_id, False, 3)]
    assert stored(order_id)["attempts"] == 2


def test_a_stuck_step_is_tried_again_until_the_last_claim(clock: Clock, counted: list[str]) -> None:
    order_id = place()
    fence(order_id)
    stuck = {"order_id": order_id, "stuck": {"RefundPayment": {"Error": "ProcessorUnavailable"}}}
    for attempts in range(8):
        change(order_id, attempts=attempts)
        with pytest.raises(domain.UndoStuck):
            tasks.cancel_order(stuck, None)
    change(order_id, attempts=8)
    assert "OrderParked" not in counted
    assert tasks.cancel_order(stuck, None)["status"] == "NEEDS_ATTENTION"
    assert said()[-1] == ("OrderParked", {"reason": "PaymentDeclined", "stuck": ["RefundPayment"]})
    assert counted.count("OrderParked") == 1


@pytest.mark.parametrize("error", ["BooksDiffer", "AlreadySold", "Disputed"])
def test_books_that_disagree_go_to_a_person_at_once(error: str) -> None:
    order_id = place()
    fence(order_id)
    stuck = {"ReleaseStock": {"Error": "States.Timeout"}, "RefundPayment": {"Error": error, "Cause": ""}}
    assert tasks.cancel_order({"order_id": order_id, "stuck": stuck}, None)["status"] == "NEEDS_ATTENTION"
    assert said()[-1][1]["stuck"] == ["RefundPayment", "ReleaseStock"]


@pytest.mark.parametrize("end", [confirm, lambda order_id: (fence(order_id), cancel(order_id))])
def test_an_order_that_has_ended_leaves_the_index(end: Callable[[str], object], clock: Clock) -> None:
    order_id = place()
    assert {"open_shard", "due_at"} <= stored(order_id).keys()
    end(order_id)
    assert not {"open_shard", "due_at"} & stored(order_id).keys()
    clock.advance(300)
    assert claimed() == []


def test_a_parked_order_stands_apart_in_the_index_since_it_was_parked(clock: Clock) -> None:
    order_id = place()
    fence(order_id)
    clock.advance(60)
    cancel(order_id, "RefundPayment")
    shard = crc32(order_id.encode()) % 4
    found = {name: stored(order_id)[name] for name in ("open_shard", "due_at")}
    assert found == {"open_shard": f"parked#{shard}", "due_at": "2026-01-01T00:01:00+00:00"}
    clock.advance(300)
    assert claimed() == []


def test_two_sweeps_at_once_claim_an_order_once(clock: Clock) -> None:
    order_id = place()
    clock.advance(120)
    first: list[Any] = []
    with before_its_write(lambda: first.extend(claimed()), operation="UpdateItem"):
        second = claimed()
    assert (first, second) == ([(order_id, True, 2)], [])
    assert stored(order_id)["attempts"] == 1


@pytest.mark.parametrize(("act", "later"), [(confirm, []), (fence, [(False, 2)])])
def test_an_order_that_moves_on_while_it_is_claimed_is_not_claimed(
    act: Callable[[str], object], later: list[tuple[bool, int]], clock: Clock
) -> None:
    order_id = place()
    clock.advance(120)
    with before_its_write(lambda: act(order_id), operation="UpdateItem"):
        assert claimed() == []
    assert [claim[1:] for claim in claimed()] == later


@pytest.mark.parametrize(("act", "parked"), [(lambda _: claims(), True), (confirm, False)])
def test_an_order_that_is_given_up_is_parked_once_unless_it_ends_meanwhile(
    act: Callable[[str], object], parked: bool, clock: Clock, counted: list[str]
) -> None:
    order_id = place()
    change(order_id, attempts=domain.MOST_ATTEMPTS_UNFENCED)
    clock.advance(120)
    with before_its_write(lambda: act(order_id)):
        assert claimed() == []
    assert [name for name, _ in said()] == (["OrderParked"] if parked else ["OrderConfirmed"])
    assert set(counted) == {"OrderParked"}  # before it is tried: rather an alarm too many
