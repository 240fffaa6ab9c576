"""Orders' saga steps on its own table, and the claims of the sweep: counted, raced for, given up."""

from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import pytest

from kernel.errors import Contended, Fault
from kernel.table import items
from orders import sweep, tasks
from orders.domain import AlreadyConfirmed, NotFenced, OrderNotPending
from tests.support import aws
from tests.support.clock import Clock
from tests.support.orders import (
    cancel,
    change,
    claimed,
    claims,
    confirm,
    customer_cancels,
    fence,
    place,
    said,
    stored,
)
from tests.support.races import before_its_write

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service", "clock")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The metrics that the tasks counted."""
    found: list[str] = []
    for module in (tasks, sweep):
        monkeypatch.setattr(module, "count", found.append)
    return found


def test_a_confirmed_order_is_confirmed_once_and_stands() -> None:
    order_id = place()
    with pytest.raises(NotFenced):
        cancel(order_id)
    assert [confirm(order_id), confirm(order_id)] == ["CONFIRMED"] * 2
    before = aws.items("orders")
    with pytest.raises(AlreadyConfirmed):
        fence(order_id)
    with pytest.raises(NotFenced):
        cancel(order_id)
    assert aws.items("orders") == before
    assert said() == [("OrderConfirmed", {})]


def test_an_undone_order_ends_cancelled_with_its_first_reason_and_is_never_confirmed() -> None:
    order_id = place()
    customer_cancels(order_id)
    assert [fence(order_id), fence(order_id)] == ["CANCELLING"] * 2
    assert [cancel(order_id), cancel(order_id, "RefundPayment")] == ["CANCELLED"] * 2
    assert fence(order_id) == "CANCELLED"
    with pytest.raises(OrderNotPending):
        confirm(order_id)
    reason = {"reason": "CancelledByCustomer"}
    assert said() == [("CancellationStarted", reason), ("OrderCancelled", reason)]


def test_an_order_with_a_step_that_is_stuck_needs_a_person_until_it_no_longer_is(counted: list[str]) -> None:
    order_id = place()
    fence(order_id)
    assert cancel(order_id, "ReleaseStock", "RefundPayment") == "NEEDS_ATTENTION"
    assert counted == ["OrderParked"]
    with pytest.raises(OrderNotPending):
        confirm(order_id)
    assert cancel(order_id) == "NEEDS_ATTENTION"
    assert cancel(order_id, because="Resumed") == "CANCELLED"
    reason = {"reason": "PaymentDeclined"}
    assert said() == [
        ("CancellationStarted", reason),
        ("OrderParked", {**reason, "stuck": ["RefundPayment", "ReleaseStock"]}),
        ("OrderCancelled", reason),
    ]


def test_resuming_a_parked_order_raises_no_second_alarm(counted: list[str]) -> None:
    order_id = place()
    fence(order_id)
    cancel(order_id, "ReleaseStock")
    assert fence(order_id) == "NEEDS_ATTENTION"
    assert counted == ["OrderParked"]


def test_a_confirmation_that_loses_against_the_customers_cancel_is_refused() -> None:
    order_id = place()
    with before_its_write(lambda: customer_cancels(order_id)), pytest.raises(Contended):
        confirm(order_id)
    with pytest.raises(OrderNotPending):
        confirm(order_id)
    assert said() == [("CancellationStarted", {"reason": "CancelledByCustomer"})]


def test_a_service_that_holds_something_for_an_order_may_ask_for_its_status() -> None:
    order_id = place()
    before = aws.items("orders")
    assert tasks.order_status({"order_id": order_id}, None) == {"order_id": order_id, "status": "PENDING"}
    assert aws.items("orders") == before


@pytest.mark.parametrize(("order_id", "why"), [("o1", "there is no order o1"), (7, "cannot read order_id")])
@pytest.mark.parametrize("name", ["confirm_order", "fence_order", "cancel_order", "order_status"])
def test_a_step_about_no_order_is_a_fault_and_writes_nothing(name: str, order_id: Any, why: str) -> None:
    before = aws.items("orders")
    with pytest.raises(Fault, match=why):
        getattr(tasks, name)({"order_id": order_id, "reason": "x", "stuck": {}}, None)
    assert aws.items("orders") == before


def test_an_order_is_claimed_later_and_later_and_then_parked(clock: Clock, counted: list[str]) -> None:
    order_id = place()
    for attempt, minutes in enumerate((2, 4, 8, 16, 32), start=1):
        clock.advance(minutes * 60 - 1)
        assert claimed() == []
        clock.advance(1)
        assert claimed() == [(order_id, "PENDING", attempt)]
        assert claimed() == []
    clock.advance(64 * 60 - 1)
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
    assert claims() == [{"status": "PENDING", "attempt": 1, "order": placed.data}]


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
    assert (first, second) == ([(order_id, "PENDING", 1)], [])
    assert stored(order_id)["attempts"] == 1


@pytest.mark.parametrize(("act", "later"), [(confirm, []), (fence, [("CANCELLING", 1)])])
def test_an_order_that_moves_on_while_it_is_claimed_is_not_claimed(
    act: Callable[[str], object], later: list[tuple[str, int]], clock: Clock
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
    change(order_id, attempts=5)
    clock.advance(120)
    with before_its_write(lambda: act(order_id)):
        assert claimed() == []
    assert [name for name, _ in said()] == (["OrderParked"] if parked else ["OrderConfirmed"])
    assert set(counted) == {"OrderParked"}  # before it is tried: rather an alarm too many


def test_an_entry_the_index_still_shows_is_ignored(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = {key: place(key) for key in ("confirmed", "parked", "claimed", "due")}
    entries = [stored(order_id) for order_id in orders.values()]
    confirm(orders["confirmed"])
    fence(orders["parked"])
    cancel(orders["parked"], "RefundPayment")
    change(orders["claimed"], due_at="2026-01-01T00:04:00+00:00")
    clock.advance(120)

    def behind(condition: str, binds: items.Item, **_: Any) -> Iterator[items.Item]:
        return (entry for entry in entries if entry["open_shard"] == binds["shard"])

    monkeypatch.setattr(items, "query", behind)
    assert claimed() == [(orders["due"], "PENDING", 1)]


def test_a_sweep_takes_the_longest_due_of_each_shard_and_the_next_the_rest(clock: Clock) -> None:
    shards: dict[int, list[str]] = {}
    for number in range(10):
        order_id = place(f"key-{number}")
        shards.setdefault(crc32(order_id.encode()) % 4, []).append(order_id)
        clock.advance(1)
    clock.advance(120)
    for nth in range(max(map(len, shards.values()))):
        expected = [orders[nth] for orders in shards.values() if nth < len(orders)]
        assert sorted(order_id for order_id, *_ in claimed(limit=1)) == sorted(expected)
    assert claimed() == []
