"""Inventory under contention: whoever else writes in between, the counters add up."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from inventory import stock, store, tasks
from inventory.domain import AlreadySold, OutOfStock, ReservationMissing, ReservationReleased, Stock
from kernel import identity
from kernel.errors import Fault, Refusal
from kernel.table import items, open_index, writes
from kernel.table.writes import Write
from tests.support import aws
from tests.support.races import before_its_write

SERVICE = "inventory"
pytestmark = pytest.mark.usefixtures("service")


def receive(sku: str, quantity: int, receipt: str = "first") -> None:
    stock.receive(sku, quantity, receipt=receipt)


def reserve(order_id: str, **lines: int) -> dict[str, Any]:
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]
    return tasks.reserve_stock({"order_id": order_id, "lines": wanted}, None)


def release(order_id: str) -> dict[str, Any]:
    return tasks.release_stock({"order_id": order_id}, None)


def sell(order_id: str) -> dict[str, Any]:
    return tasks.commit_stock({"order_id": order_id}, None)


def said() -> list[tuple[str, str, int]]:
    return [(event.type, event.subject, event.sequence) for event in aws.committed("inventory")]


def conflict() -> None:
    answer: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": ""},
        "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}, {"Code": "None"}],
    }
    raise items.client().exceptions.TransactionCanceledException(answer, "TransactWriteItems")


def test_two_buyers_of_the_last_unit_get_one_reservation_and_one_refusal() -> None:
    receive("mug", 1)
    with before_its_write(lambda: reserve("o2", mug=1)), pytest.raises(OutOfStock) as refused:
        reserve("o1", mug=1)
    assert refused.value.data == {"skus": ["mug"]}
    assert stock.shown("mug") == Stock("mug", available=0, taken=1, received=1)
    assert said() == [("StockReserved", "reservation/o2", 1)]


def test_two_buyers_of_plenty_both_get_theirs() -> None:
    receive("mug", 9)
    with before_its_write(lambda: reserve("o2", mug=4)):
        reserve("o1", mug=5)
    assert stock.shown("mug") == Stock("mug", available=0, taken=9, received=9)


def test_one_order_reserved_twice_at_once_is_reserved_once_even_when_it_takes_the_last_unit() -> None:
    receive("mug", 1)
    with before_its_write(lambda: reserve("o1", mug=1)):
        assert reserve("o1", mug=1)["status"] == "RESERVED"
    assert said() == [("StockReserved", "reservation/o1", 1)]
    assert stock.shown("mug") == Stock("mug", available=0, taken=1, received=1)


def test_a_reserve_that_loses_against_its_own_undo_holds_nothing() -> None:
    receive("mug", 1)
    with before_its_write(lambda: release("o1")), pytest.raises(ReservationReleased):
        reserve("o1", mug=1)
    assert stock.shown("mug") == Stock("mug", available=1, received=1)


def test_an_undo_that_loses_against_another_undo_gives_back_nothing_more() -> None:
    receive("mug", 1)
    reserve("o1", mug=1)
    with before_its_write(lambda: release("o1")):
        assert release("o1")["status"] == "RELEASED"
    assert stock.shown("mug") == Stock("mug", available=1, received=1)


def test_an_undo_that_loses_against_a_sale_gives_back_nothing() -> None:
    receive("mug", 1)
    reserve("o1", mug=1)
    with before_its_write(lambda: sell("o1")), pytest.raises(AlreadySold):
        release("o1")
    assert stock.shown("mug") == Stock("mug", available=0, taken=1, received=1)


def test_a_sale_that_loses_against_an_undo_is_a_fault_and_sells_nothing() -> None:
    receive("mug", 1)
    reserve("o1", mug=1)
    with before_its_write(lambda: release("o1"), operation="UpdateItem"), pytest.raises(ReservationMissing):
        sell("o1")
    assert stock.shown("mug") == Stock("mug", available=1, received=1)


def test_an_order_sold_twice_at_once_is_sold_once() -> None:
    receive("mug", 1)
    reserve("o1", mug=1)
    with before_its_write(lambda: sell("o1"), operation="UpdateItem"):
        assert sell("o1")["status"] == "COMMITTED"
    assert stock.shown("mug") == Stock("mug", available=0, taken=1, received=1)


def test_a_conflict_with_another_buyer_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(identity, "pause", pauses.append)
    receive("mug", 1)
    with before_its_write(conflict):
        assert reserve("o1", mug=1)["status"] == "RESERVED"
    assert len(pauses) == 1
    assert stock.shown("mug") == Stock("mug", available=0, taken=1, received=1)


def test_a_receipt_that_meets_a_conflict_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "pause", lambda seconds: None)
    with before_its_write(conflict):
        receive("mug", 5)
    assert stock.shown("mug") == Stock("mug", available=5, received=5)


def test_a_receipt_whose_answer_was_lost_may_be_sent_again() -> None:
    def lose_the_answer() -> None:
        receive("mug", 5)
        raise ReadTimeoutError(endpoint_url="table")

    with before_its_write(lose_the_answer), pytest.raises(ReadTimeoutError):
        receive("mug", 5)
    receive("mug", 5)
    assert stock.shown("mug") == Stock("mug", available=5, received=5)


def test_two_sweeps_at_once_ask_about_an_order_once(monkeypatch: pytest.MonkeyPatch) -> None:
    receive("mug", 1)
    reserve("o1", mug=1)
    later = identity.now() + timedelta(minutes=61)
    monkeypatch.setattr(identity, "now", lambda: later)
    first: list[str] = []
    with before_its_write(lambda: first.extend(claimed()), operation="UpdateItem"):
        second = claimed()
    assert (first, second) == (["o1"], [])


def test_a_release_that_loaded_the_reservation_before_a_claim_is_decided_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receive("mug", 1)
    reserve("o1", mug=1)
    later = identity.now() + timedelta(minutes=61)
    monkeypatch.setattr(identity, "now", lambda: later)
    with before_its_write(claimed):
        assert release("o1")["status"] == "RELEASED"
    assert stock.shown("mug") == Stock("mug", available=1, received=1)
    assert claimed() == []


def test_a_reservation_of_the_release_before_has_no_version_and_is_claimed_and_sold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receive("mug", 1)
    reserve("o1", mug=1)
    writes.update(Write(key={"pk": "reservation#o1", "sk": "reservation"}, removes=["version"]))
    later = identity.now() + timedelta(minutes=61)
    monkeypatch.setattr(identity, "now", lambda: later)
    assert claimed() == ["o1"]
    assert sell("o1")["status"] == "COMMITTED"
    assert store.load("o1").version == 2


def claimed() -> list[str]:
    batches = [tasks.claim_open({"shard": shard}, None) for shard in range(open_index.SHARDS)]
    return [order_id for batch in batches for order_id in batch["order_ids"]]


def test_a_reserve_whose_first_look_is_behind_does_not_hold_what_was_released(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receive("mug", 5)
    reserve("o1", mug=2)
    (before,) = [item for item in aws.items("inventory") if item["pk"] == "reservation#o1"]
    release("o1")
    really = items.load_all

    def behind(keys: Iterable[items.Key], *, consistent: bool) -> Iterator[items.Item]:
        return really(keys, consistent=True) if consistent else iter([before])

    monkeypatch.setattr(items, "load_all", behind)
    with pytest.raises(ReservationReleased):
        reserve("o1", mug=2)


orders, skus = some.sampled_from(["o1", "o2", "o3"]), some.sampled_from(["mug", "lid"])
lines = some.dictionaries(skus, some.integers(1, 4), min_size=1)
asked = some.one_of(
    some.tuples(some.just("receive"), skus, some.integers(1, 5)),
    some.tuples(some.just("reserve"), orders, lines),
    some.tuples(some.sampled_from(["release", "commit"]), orders, some.none()),
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(some.lists(asked, min_size=5, max_size=14))
def test_whatever_is_asked_the_counters_add_up_and_none_is_negative(
    steps: list[tuple[str, str, Any]],
) -> None:
    for item in aws.items("inventory"):
        key = items.pack({"pk": item["pk"], "sk": item["sk"]})
        items.client().delete_item(TableName="inventory-table", Key=key)
    for place, (action, subject, more) in enumerate(steps):
        with suppress(Refusal, Fault):
            match action:
                case "receive":
                    receive(subject, more, f"key-{place}")
                case "reserve":
                    reserve(subject, **more)
                case "release":
                    release(subject)
                case "commit":
                    sell(subject)
    held = [item for item in aws.state("inventory") if item["pk"].startswith("reservation#")]
    for sku in ("mug", "lid"):
        shown = stock.shown(sku)
        assert shown.available + shown.taken == shown.received
        assert min(shown.available, shown.taken) >= 0
        assert shown.taken == units(held, sku)


def units(reservations: list[dict[str, Any]], sku: str) -> int:
    held = [line for one in reservations if one["status"] != "RELEASED" for line in one["lines"]]
    return sum(line["quantity"] for line in held if line["sku"] == sku)
