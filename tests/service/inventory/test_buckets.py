"""Stock in several buckets: no order is refused while there are units, wherever they lie."""

from collections import Counter
from typing import Any

import pytest

from inventory import api, reservations, stock, store, tasks
from inventory.domain import Line, OutOfStock, Stock
from kernel import identity
from kernel.errors import Contended
from kernel.table import writes
from tests.support import aws
from tests.support.races import before_its_write

SERVICE = "inventory"
pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "pause", lambda seconds: None)


def spread(count: Any, sku: str = "mug", role: str = "operator") -> tuple[int, dict[str, Any]]:
    return aws.call(api.handler, "POST", f"/inventory/{sku}/buckets", {"count": count}, role=role)


def reserve(order_id: str, **lines: int) -> dict[str, Any]:
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]
    return tasks.reserve_stock({"order_id": order_id, "lines": wanted}, None)


def release(order_id: str) -> dict[str, Any]:
    return tasks.release_stock({"order_id": order_id}, None)


def available(sku: str = "mug") -> list[int]:
    """Units of each bucket, as they stand in the table."""
    found = {item["pk"]: item.get("available", 0) for item in aws.items("inventory")}
    names = [f"stock#{sku}", *(f"stock#{sku}#{bucket}" for bucket in range(1, 32))]
    return [found[name] for name in names if name in found]


def fill(*units: int, sku: str = "mug") -> None:
    """Puts so many units into each bucket."""
    store.grow(sku, len(units))
    for bucket, quantity in enumerate(units):
        if quantity:
            store.receive(sku, quantity, receipt=f"{sku}-{bucket}", bucket=bucket)


def test_stock_that_is_spread_lies_evenly_in_items_of_one_partition_each() -> None:
    stock.receive("mug", 10, receipt="first")
    assert spread(4) == (200, {"sku": "mug", "buckets": 4})
    assert available() == [3, 3, 2, 2]
    assert stock.shown("mug") == Stock("mug", available=10, received=10, buckets=4)


def test_spreading_again_changes_nothing_and_buckets_never_become_fewer() -> None:
    stock.receive("mug", 10, receipt="first")
    spread(4)
    before = aws.items("inventory")
    assert spread(4) == (200, {"sku": "mug", "buckets": 4})
    assert spread(2) == (200, {"sku": "mug", "buckets": 4})
    assert aws.items("inventory") == before


def test_a_receipt_is_spread_over_the_buckets_and_counts_once() -> None:
    spread(4)
    for _ in range(2):
        stock.receive("mug", 8, receipt="first")
    assert available() == [2, 2, 2, 2]
    assert stock.shown("mug") == Stock("mug", available=8, received=8, buckets=4)


@pytest.mark.parametrize("count", [0, -1, 33, 1.0, "4", None, True])
def test_a_number_of_buckets_that_cannot_be_is_refused(count: Any) -> None:
    assert spread(count)[0] == 400
    assert aws.items("inventory") == []


def test_no_customer_spreads_stock() -> None:
    assert spread(4, role="customer")[0] == 403
    assert spread(4, sku="-mug")[0] == 404
    assert aws.items("inventory") == []


@pytest.mark.parametrize("bucket", range(3))
def test_the_last_unit_is_sold_wherever_it_lies(bucket: int) -> None:
    fill(*(int(place == bucket) for place in range(3)))
    assert reserve("o1", mug=1)["status"] == "RESERVED"
    assert sum(available()) == 0
    with pytest.raises(OutOfStock):
        reserve("o2", mug=1)


def test_an_order_that_no_bucket_can_fill_takes_from_several_and_gives_each_its_own_back() -> None:
    fill(2, 3, 1)
    assert reserve("o1", mug=5)["status"] == "RESERVED"
    assert sorted(available()) == [0, 0, 1]
    assert stock.shown("mug") == Stock("mug", available=1, taken=5, received=6, buckets=3)
    assert release("o1")["status"] == release("o1")["status"] == "RELEASED"
    assert available() == [2, 3, 1]


def test_an_order_for_more_than_all_buckets_have_is_refused_and_changes_nothing() -> None:
    fill(2, 3, 1)
    fill(9, sku="lid")
    before = aws.items("inventory")
    with pytest.raises(OutOfStock) as refused:
        reserve("o1", lid=1, mug=7)
    assert refused.value.data == {"skus": ["mug"]}
    assert aws.items("inventory") == before


def test_buckets_that_came_after_the_count_was_read_are_looked_at_before_an_order_is_refused() -> None:
    fill(0, 0)

    def grow() -> None:
        store.grow("mug", 5)
        store.receive("mug", 1, receipt="late", bucket=4)

    with before_its_write(grow, operation="TransactGetItems"):
        assert reserve("o1", mug=1)["status"] == "RESERVED"
    assert available()[-1] == 0


def test_units_that_are_moved_while_an_order_tries_are_not_missed() -> None:
    fill(0, 0, 1)

    def move() -> None:
        store.move("mug", {2: -1, 0: 1})

    with before_its_write(move, operation="TransactWriteItems"):
        assert reserve("o1", mug=1)["status"] == "RESERVED"
    assert sum(available()) == 0


def test_an_order_whose_twin_takes_the_last_unit_while_it_looks_is_not_refused() -> None:
    fill(0, 1)
    reserve("other", mug=1)

    def twin() -> None:
        release("other")
        reserve("o1", mug=1)

    with before_its_write(twin, operation="TransactGetItems"):
        assert reserve("o1", mug=1)["status"] == "RESERVED"
    assert stock.shown("mug") == Stock("mug", available=0, taken=1, received=1, buckets=2)
    events = Counter(event.type for event in aws.committed("inventory") if event.subject == "reservation/o1")
    assert events == {"StockReserved": 1}


def test_an_order_with_more_places_than_a_transaction_has_merges_buckets_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Here a transaction has nine places; two of DynamoDB's hundred are the reservation's and its events'."""
    assert reservations.PLACES + 2 == 100
    monkeypatch.setattr(reservations, "PLACES", 9)
    skus = ["mug", "lid", "mat"]
    for sku in skus:
        fill(1, 1, 1, 1, sku=sku)
    held = reservations.reserve("o1", [Line(sku, 4) for sku in skus], cause="test")
    assert Counter(take.sku for take in held.takes) == {"mug": 1, "lid": 4, "mat": 4}
    assert [stock.shown(sku) for sku in skus] == [
        Stock(sku, available=0, taken=4, received=4, buckets=4) for sku in skus
    ]
    release("o1")
    assert [stock.shown(sku) for sku in skus] == [
        Stock(sku, available=4, received=4, buckets=4) for sku in skus
    ]


def test_buyers_fill_the_bucket_that_was_empty_from_another() -> None:
    first = {number: f"o{number}" for number in range(9)}
    fill(0, 20)
    for order_id in first.values():
        reserve(order_id, mug=1)
    assert sum(available()) == 11
    assert min(available()) > 0


def test_a_reservation_of_the_release_before_took_its_lines_from_the_first_bucket() -> None:
    stock.receive("mug", 4, receipt="first")
    reserve("o1", mug=3)
    store.grow("mug", 4)
    assert "takes" not in next(item for item in aws.items("inventory") if item["sk"] == "reservation")
    release("o1")
    assert available() == [4]


def test_an_order_gives_up_after_some_attempts_while_a_bucket_is_always_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(3)
    tried: list[object] = []

    def contended(*arguments: object, **named: object) -> None:
        tried.append(arguments)
        raise Contended

    monkeypatch.setattr(writes, "transact", contended)
    with pytest.raises(Contended):
        reserve("o1", mug=1)
    assert len(tried) == reservations.ATTEMPTS
