"""A table's stream: in order, a failed batch in halves, what is behind held up, and at last given up on."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from tests.simulator.aws.delivery import MOST_RECORDS, OLDEST, RETRIES, Queue, Streams
from tests.simulator.engine import Engine
from tests.simulator.faults.weather import Storm, Weather
from tests.simulator.itself.stage import Stage

RELAY = "kernel.triggers.relay.handler"
Batch = list[Any]


class Tail:
    """A stream whose relay takes every batch that `fails` does not say has failed, after `seconds`."""

    def __init__(self, patch: pytest.MonkeyPatch, *, weather: Weather | None = None) -> None:
        self.tried: list[tuple[float, Batch]] = []
        self.relayed: Batch = []
        self.fails: Callable[[Batch], bool] = lambda batch: False
        self.seconds = 0.0
        self.stage = Stage.of(patch, handlers={RELAY: self.relay}, timeouts={RELAY: 60})
        self.engine: Engine = self.stage.engine
        weather = weather or Weather()
        self.lost = Queue("orders.outbox", self.engine, weather)
        self.streams = Streams(self.engine, weather, self.stage.functions, lost={"orders": self.lost})

    def relay(self, event: Any, context: object) -> None:
        batch = [int(record["dynamodb"]["NewImage"]["number"]["N"]) for record in event["Records"]]
        self.tried.append((self.engine.elapsed, batch))
        self.engine.sleep(self.seconds)
        if self.fails(batch):
            raise RuntimeError
        self.relayed += batch

    def write(self, *numbers: int, kind: str = "outbox", table: str = "orders-table") -> None:
        for number in numbers:
            new = {"number": {"N": str(number)}, "kind": {"S": kind}}
            self.streams.changed(table, {"pk": {"S": str(number)}}, None, new)

    @property
    def ranges(self) -> list[tuple[datetime, datetime]]:
        """From when to when what was given up on arrived."""
        bodies = [json.loads(message.body)["DDBStreamBatchInfo"] for message in self.lost.messages]
        names = ("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord")
        first, last = names
        return [(datetime.fromisoformat(b[first]), datetime.fromisoformat(b[last])) for b in bodies]


@pytest.fixture
def tail(monkeypatch: pytest.MonkeyPatch) -> Tail:
    return Tail(monkeypatch)


def test_new_rows_of_the_outbox_come_in_order_and_nothing_else_comes(tail: Tail) -> None:
    tail.write(1, 2)
    tail.write(3, kind="order")
    tail.write(4, table="checkout-table")
    row = {"number": {"N": "5"}, "kind": {"S": "outbox"}}
    tail.streams.changed("orders-table", {"pk": {"S": "5"}}, row, row)
    tail.streams.changed("orders-table", {"pk": {"S": "6"}}, row, None)
    tail.write(7)
    tail.engine.run()
    assert tail.relayed == [1, 2, 7]


def test_a_record_is_an_insert_with_its_image_as_the_relay_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    stage = Stage.of(monkeypatch, handlers={RELAY: lambda event, context: seen.extend(event["Records"])})
    lost = Queue("orders.outbox", stage.engine, Weather())
    streams = Streams(stage.engine, Weather(), stage.functions, lost={"orders": lost})
    new = {"kind": {"S": "outbox"}, "events": {"L": []}}
    streams.changed("orders-table", {"pk": {"S": "1"}}, None, new)
    stage.engine.run()
    (record,) = seen
    assert (record["eventName"], record["dynamodb"]["NewImage"]) == ("INSERT", new)


def test_a_failed_batch_comes_again_in_halves_and_holds_up_what_is_behind(tail: Tail) -> None:
    tail.fails = lambda batch: 3 in batch and tail.engine.elapsed < 10
    tail.write(1, 2, 3, 4)
    tail.engine.after(1, lambda: tail.write(5))
    tail.engine.run()
    assert [batch for _, batch in tail.tried] == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [3], [3], [4], [5]]
    assert tail.relayed == [1, 2, 3, 4, 5]


def test_tries_of_a_batch_lie_further_and_further_apart(tail: Tail) -> None:
    tail.fails = lambda batch: tail.engine.elapsed < 400
    tail.write(1)
    tail.engine.run()
    moments = [moment for moment, _ in tail.tried]
    gaps = [round(later - earlier) for earlier, later in pairwise(moments)]
    assert gaps[:8] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_record_is_given_up_on_after_fifty_retries_and_the_next_goes_on(tail: Tail) -> None:
    tail.fails = lambda batch: 1 in batch
    tail.write(1)
    tail.engine.after(30, lambda: tail.write(2, 3))
    tail.engine.run()
    assert len([batch for _, batch in tail.tried if 1 in batch]) == 1 + RETRIES
    assert tail.relayed == [2, 3]
    assert tail.ranges == [(tail.engine.began, tail.engine.began)]


def test_only_what_cannot_be_relayed_is_given_up_on(tail: Tail) -> None:
    tail.fails = lambda batch: 2 in batch
    tail.write(1)
    tail.engine.after(0.05, lambda: tail.write(2))
    tail.engine.after(0.06, lambda: tail.write(3))
    tail.engine.run()
    arrived = tail.engine.began + timedelta(seconds=0.05)
    assert (tail.relayed, tail.ranges) == ([1, 3], [(arrived, arrived)])


def test_a_record_that_is_six_hours_old_is_given_up_on_before_its_retries_are_spent(tail: Tail) -> None:
    tail.fails = lambda batch: True
    tail.engine.now += timedelta(hours=1)
    tail.write(1)
    for record in next(iter(tail.streams.shards.values())).records:
        record["at"] -= OLDEST
    tail.engine.run()
    assert len(tail.tried) == 1
    assert tail.ranges == [(tail.engine.began - timedelta(hours=5),) * 2]


def test_a_relay_that_takes_too_long_has_failed_and_goes_on_all_the_same(tail: Tail) -> None:
    tail.seconds = 90
    tail.fails = lambda batch: False
    tail.write(1)
    tail.engine.after(70, lambda: setattr(tail, "seconds", 0))
    tail.engine.run()
    assert tail.relayed == [1] * len(tail.tried)
    assert len(tail.tried) > 1


def test_a_batch_holds_a_hundred_records_at_most(tail: Tail) -> None:
    tail.write(*range(MOST_RECORDS + 20))
    tail.engine.run()
    assert [len(batch) for _, batch in tail.tried] == [100, 20]


@pytest.mark.parametrize("seed", range(20))
def test_in_a_storm_every_record_is_relayed_or_told_as_lost(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    random = Random(seed)
    tail = Tail(monkeypatch, weather=Storm(random=Random(seed)))
    tail.fails = lambda batch: 13 in batch or random.random() < 0.3
    for number in range(40):
        tail.engine.after(random.uniform(0, 30), partial(tail.write, number))
    tail.engine.run()
    assert sorted(tail.relayed) == [number for number in range(40) if number != 13]
    assert len(tail.ranges) == 1
    assert len(tail.streams.shards) > 1


def test_a_shard_hands_out_in_the_order_of_writing_whatever_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(20):
        random = Random(seed)
        tail = Tail(monkeypatch, weather=Storm(random=Random(seed), shards=1))
        tail.fails = lambda batch, random=random: random.random() < 0.4  # type: ignore[misc]
        tail.write(*range(30))
        tail.engine.run()
        assert tail.relayed == list(range(30))
