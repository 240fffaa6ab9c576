"""The batches of a sweep: whatever entries a shard has, each order that is due is claimed by one of them."""

import json
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest

from kernel.errors import Fault
from kernel.table import items, open_index
from kernel.table.open_index import Entry
from orders import domain, tasks
from tests.support.clock import Clock
from tests.support.orders import change, confirm, place, stored

SERVICE = "orders"
pytestmark = pytest.mark.usefixtures("service", "clock")


def in_shard(count: int, clock: Clock) -> list[str]:
    """So many orders of shard 0, one placed after the other, all due."""
    placed = (place(f"key-{number}") for number in range(1_000))
    found = (order_id for order_id in placed if crc32(order_id.encode()) % 4 == 0)
    orders = [(next(found), clock.advance(1))[0] for _ in range(count)]
    clock.advance(120)
    return orders


def batch(shard: int = 0, **given: Any) -> dict[str, Any]:
    answer: dict[str, Any] = tasks.claim_overdue({"shard": shard, **given}, None)
    return answer


def swept(**given: Any) -> Iterator[dict[str, Any]]:
    """Batch after batch of shard 0, until there is no next."""
    answer = batch(**given)
    yield answer
    while answer["after"]:
        answer = batch(**given, after=answer["after"])
        yield answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [claim["order"]["order_id"] for claim in answer["claims"]]


def test_a_batch_takes_the_longest_due_of_its_shard_and_says_where_the_next_goes_on(clock: Clock) -> None:
    first, second, third = in_shard(3, clock)
    assert [ids(answer) for answer in swept(limit=2)] == [[first, second], [third]]
    assert [ids(answer) for answer in swept()] == [[]]


def test_a_batch_of_which_nothing_can_be_claimed_is_not_the_last(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index is seconds behind: it still shows what was claimed as due."""
    first, second, third = orders = in_shard(3, clock)
    entries = [Entry(stored(order_id)["due_at"], f"order#{order_id}", "order") for order_id in orders]
    confirm(first)
    change(second, due_at="2026-01-01T12:00:00+00:00")

    def behind(*_: Any, limit: int, after: Entry | None, **__: Any) -> list[Entry]:
        begin = entries.index(Entry(*after)) + 1 if after else 0
        return entries[begin : begin + limit]

    monkeypatch.setattr(open_index, "entries", behind)
    assert [ids(answer) for answer in swept(limit=1)] == [[], [], [third], []]


def test_stale_entries_of_orders_that_were_parked_or_have_ended_change_nothing(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    parked, ended = orders = in_shard(2, clock)
    entries = [Entry(stored(order_id)["due_at"], f"order#{order_id}", "order") for order_id in orders]
    change(parked, attempts=domain.MOST_ATTEMPTS_UNFENCED)
    assert ids(batch(limit=1)) == []
    confirm(ended)
    before = [stored(order_id) for order_id in orders]
    monkeypatch.setattr(open_index, "entries", lambda *_, **__: entries)
    answer = batch()
    assert (answer["claims"], answer["failed"]) == ([], {})
    assert [stored(order_id) for order_id in orders] == before


def test_a_batch_that_takes_long_answers_what_it_has_claimed_and_where_to_go_on(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its function has 30 seconds. An answer that comes too late leaves its orders claimed for nothing."""
    orders = in_shard(5, clock)
    really = items.load

    def slow(key: items.Key) -> items.Item | None:
        clock.advance(6)
        return really(key)

    monkeypatch.setattr(items, "load", slow)
    assert [ids(answer) for answer in swept()] == [orders[:2], orders[2:4], orders[4:]]


def test_the_next_batch_may_be_asked_of_a_function_whose_clock_is_behind(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = in_shard(2, clock)
    answer = batch(limit=1)
    assert ids(answer) == [first]
    asked: list[items.Item] = []
    monkeypatch.setattr(items, "query", lambda _, binds, **options: asked.append(binds | options) or iter(()))
    clock.advance(-200)
    batch(after=answer["after"])
    (query,) = asked
    assert query["by"] >= items.unpack(query["ExclusiveStartKey"])["due_at"]


def test_an_order_that_cannot_be_read_is_reported_and_does_not_hold_up_the_others(clock: Clock) -> None:
    first, second, third = in_shard(3, clock)
    change(second, total="a lot")
    (answer,) = swept()
    assert ids(answer) == [first, third]
    assert answer["failed"].keys() == {f"order#{second}"}
    assert answer["failed"][f"order#{second}"]["outcome"] == "TypeError"
    assert "a lot" not in json.dumps(answer)


def test_a_sweep_of_one_shard_leaves_the_others_to_theirs(clock: Clock) -> None:
    orders = [place(f"key-{number}") for number in range(12)]
    clock.advance(120)
    for shard in range(4):
        found = [claim["order"]["order_id"] for claim in batch(shard)["claims"]]
        assert sorted(found) == sorted(one for one in orders if crc32(one.encode()) % 4 == shard)
    with pytest.raises(Fault, match="cannot read shard"):
        batch(4)
