"""The batches of the reconciliation: each reservation that was open for an hour is claimed by one of them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from inventory import stock, tasks
from kernel import identity
from kernel.table import open_index, writes
from kernel.table.writes import Write

SERVICE = "inventory"
pytestmark = pytest.mark.usefixtures("service")


def batches(limit: int = 25) -> Iterator[dict[str, Any]]:
    """Every batch of every shard."""
    for shard in range(open_index.SHARDS):
        answer = tasks.claim_open({"shard": shard, "limit": limit}, None)
        yield answer
        while answer["after"]:
            answer = tasks.claim_open({"shard": shard, "limit": limit, "after": answer["after"]}, None)
            yield answer


def hour_old(monkeypatch: pytest.MonkeyPatch, *, orders: int) -> list[str]:
    """So many orders whose stock is held for over an hour."""
    stock.receive("mug", orders, receipt="first")
    held = [f"o{number:02}" for number in range(orders)]
    for order_id in held:
        lines = [{"sku": "mug", "quantity": 1}]
        tasks.reserve_stock({"order_id": order_id, "lines": lines}, None)
    later = identity.now() + timedelta(minutes=61)
    monkeypatch.setattr(identity, "now", lambda: later)
    return held


def test_a_batch_looks_at_a_few_of_its_shard_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    held = hour_old(monkeypatch, orders=12)
    found = [batch["order_ids"] for batch in batches(limit=2)]
    assert max(map(len, found)) == 2
    assert sorted(order_id for batch in found for order_id in batch) == held


def test_a_reservation_that_cannot_be_read_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken, *sound = hour_old(monkeypatch, orders=12)
    writes.update(Write(key={"pk": f"reservation#{broken}", "sk": "reservation"}, removes=["lines"]))
    found = list(batches())
    assert sorted(order_id for batch in found for order_id in batch["order_ids"]) == sound
    assert [key for batch in found for key in batch["failed"]] == [f"reservation#{broken}"]
