"""Inventory's steps and reactions on its own table: in any order, any number of times."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inventory import consumers, stock, tasks
from inventory.domain import OutOfStock, ReservationMissing, ReservationReleased, Stock
from kernel import identity
from kernel.errors import Fault, InvalidStep, Refusal
from kernel.triggers.schedules import SHARDS
from tests.support import aws
from tests.support.events import arriving

SERVICE = "inventory"
pytestmark = pytest.mark.usefixtures("service")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def receive(sku: str, quantity: int, receipt: str = "first") -> None:
    stock.receive(sku, quantity, receipt=receipt)


def reserve(order_id: str, **lines: int) -> dict[str, Any]:
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]
    return tasks.reserve_stock({"order_id": order_id, "lines": wanted}, None)


def release(order_id: str) -> dict[str, Any]:
    return tasks.release_stock({"order_id": order_id}, None)


def confirm(order_id: str) -> list[dict[str, str]]:
    event = arriving(
        "OrderConfirmed", source="orders", subject=f"order/{order_id}", sequence=2, order_id=order_id
    )
    failed: list[dict[str, str]] = consumers.handler(aws.batch([event]), None)["batchItemFailures"]
    return failed


def said() -> list[tuple[str, str, int]]:
    return [(event.type, event.subject, event.sequence) for event in aws.committed("inventory")]


def test_an_order_is_reserved_whole_or_not_at_all() -> None:
    receive("mug", 5)
    before = aws.items("inventory")
    with pytest.raises(OutOfStock) as refused:
        reserve("o1", mug=2, lid=1, mat=1)
    assert refused.value.data == {"skus": ["lid", "mat"]}
    assert aws.items("inventory") == before


def test_what_is_reserved_is_not_available_and_reserving_it_again_changes_nothing() -> None:
    receive("mug", 5)
    receive("lid", 5, "second")
    assert reserve("o1", mug=2, lid=5) == {"order_id": "o1", "status": "RESERVED"}
    before = aws.items("inventory")
    assert reserve("o1", mug=2, lid=5) == {"order_id": "o1", "status": "RESERVED"}
    assert aws.items("inventory") == before
    assert stock.shown("mug") == Stock("mug", available=3, taken=2, received=5)
    assert stock.shown("lid") == Stock("lid", available=0, taken=5, received=5)
    assert said() == [("StockReserved", "reservation/o1", 1)]


def test_a_refused_order_may_be_reserved_once_there_is_stock() -> None:
    with pytest.raises(OutOfStock):
        reserve("o1", mug=1)
    receive("mug", 1)
    assert reserve("o1", mug=1)["status"] == "RESERVED"


def test_how_a_reservation_stands_is_told_and_changes_nothing() -> None:
    receive("mug", 5)
    reserve("held", mug=1)
    reserve("sold", mug=1)
    confirm("sold")
    reserve("released", mug=1)
    release("released")
    release("tombstone")
    before = aws.items("inventory")
    found = {
        order_id: tasks.reservation_status({"order_id": order_id}, None)
        for order_id in ("nothing", "held", "sold", "released", "tombstone")
    }
    assert {order_id: (said["status"], said["undone"], said["held"]) for order_id, said in found.items()} == {
        "nothing": ("NONE", False, False),
        "held": ("RESERVED", False, True),
        "sold": ("COMMITTED", False, True),
        "released": ("RELEASED", True, False),
        "tombstone": ("RELEASED", True, False),
    }
    assert aws.items("inventory") == before


def test_fifty_lines_are_one_transaction() -> None:
    lines = {f"sku-{number}": 1 for number in range(50)}
    for place, sku in enumerate(lines):
        stock.receive(sku, 1, receipt=str(place))
    assert reserve("o1", **lines)["status"] == "RESERVED"
    assert {stock.shown(sku).available for sku in lines} == {0}


def test_what_is_released_is_available_again_and_releasing_it_again_changes_nothing() -> None:
    receive("mug", 5)
    reserve("o1", mug=2)
    assert [release("o1")["status"], release("o1")["status"]] == ["RELEASED", "RELEASED"]
    assert stock.shown("mug") == Stock("mug", available=5, received=5)
    assert said() == [("StockReserved", "reservation/o1", 1), ("StockReleased", "reservation/o1", 2)]


def test_an_undo_before_the_do_leaves_a_tombstone_that_a_late_do_finds() -> None:
    receive("mug", 5)
    assert release("o1") == {"order_id": "o1", "status": "RELEASED"}
    with pytest.raises(ReservationReleased):
        reserve("o1", mug=2)
    assert stock.shown("mug") == Stock("mug", available=5, received=5)
    assert said() == [("StockReleased", "reservation/o1", 1)]
    (event,) = aws.committed("inventory")
    assert event.data == {"order_id": "o1", "lines": []}


def test_an_order_that_was_undone_is_never_reserved_again() -> None:
    receive("mug", 5)
    reserve("o1", mug=2)
    release("o1")
    with pytest.raises(ReservationReleased):
        reserve("o1", mug=2)
    assert stock.shown("mug").taken == 0


def test_a_confirmed_order_turns_its_reservation_into_a_sale_once() -> None:
    receive("mug", 5)
    reserve("o1", mug=2)
    assert [confirm("o1"), confirm("o1")] == [[], []]
    assert stock.shown("mug") == Stock("mug", available=3, taken=2, received=5)
    assert [kind for kind, *_ in said()] == ["StockReserved"]
    assert tasks.reservation_status({"order_id": "o1"}, None)["status"] == "COMMITTED"


def test_a_sale_may_be_asked_for_when_its_event_was_lost() -> None:
    receive("mug", 5)
    reserve("o1", mug=2)
    assert tasks.commit_stock({"order_id": "o1"}, None) == {"order_id": "o1", "status": "COMMITTED"}
    assert confirm("o1") == []
    assert stock.shown("mug") == Stock("mug", available=3, taken=2, received=5)


def test_a_sale_is_never_undone() -> None:
    receive("mug", 5)
    reserve("o1", mug=2)
    confirm("o1")
    before = aws.items("inventory")
    assert reserve("o1", mug=2)["status"] == "COMMITTED"
    with pytest.raises(Fault):
        release("o1")
    assert aws.items("inventory") == before


@pytest.mark.parametrize("undone", [False, True])
def test_a_confirmed_order_without_a_reservation_comes_back_and_sells_nothing(undone: bool) -> None:
    receive("mug", 5)
    if undone:
        release("o1")
    before = aws.items("inventory")
    assert confirm("o1") == [{"itemIdentifier": "m0"}]
    with pytest.raises(ReservationMissing):
        tasks.commit_stock({"order_id": "o1"}, None)
    assert aws.items("inventory") == before


def test_a_sale_touches_nothing_but_the_reservation() -> None:
    receive("mug", 5)
    reserve("o1", mug=2)
    before = aws.items("inventory")
    confirm("o1")
    changed = [item["pk"] for item in aws.items("inventory") if item not in before]
    assert changed == ["reservation#o1"]


def test_stock_held_for_over_an_hour_is_asked_about_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    def claimed(minutes: int) -> list[str]:
        monkeypatch.setattr(identity, "now", lambda: NOON + timedelta(minutes=minutes))
        batches = [tasks.claim_open({"shard": shard}, None) for shard in range(SHARDS)]
        return sorted(order_id for batch in batches for order_id in batch["order_ids"])

    monkeypatch.setattr(identity, "now", lambda: NOON)
    receive("mug", 9)
    for order_id in ("o1", "o2", "o3", "o4"):
        reserve(order_id, mug=1)
    release("o2")
    confirm("o3")
    release("o5")
    assert claimed(59) == []
    assert claimed(61) == ["o1", "o4"]
    assert claimed(62) == []
    release("o4")
    assert claimed(122) == ["o1"]
    assert tasks.commit_stock({"order_id": "o1"}, None)["status"] == "COMMITTED"
    assert claimed(999) == []


@pytest.mark.parametrize("given", [{}, {"order_id": "o1"}, {"order_id": "o1", "lines": [{"sku": "mug"}]}])
def test_a_step_that_cannot_be_read_is_a_fault_and_changes_nothing(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidStep):
        tasks.reserve_stock(given, None)
    assert aws.items("inventory") == []


@pytest.mark.parametrize("quantity", [0, -3])
def test_a_line_without_a_quantity_to_hold_is_never_reserved(quantity: int) -> None:
    receive("mug", 5)
    with pytest.raises((InvalidStep, Refusal)):
        reserve("o1", mug=quantity)
