"""How disorderly AWS is: not at all when it is calm, and within what it promises in a storm."""

from random import Random

import pytest

from tests.simulator.aws.dynamo.dynamo import Dynamo
from tests.simulator.engine import EPOCH
from tests.simulator.faults.weather import DAY, Rush, Storm, Weather

TIMES = 2_000


@pytest.fixture
def storm() -> Storm:
    return Storm(random=Random(1))


def test_calm_weather_is_the_same_every_time_and_soon() -> None:
    calm = Weather()
    items = ["a", "b", "c"]
    for _ in range(3):
        assert (calm.latency(), calm.delay(), calm.deliveries()) == (0.005, 0.1, [0.1])
        assert (calm.some(items), calm.batch(7), calm.lags(), calm.shards) == (items, 7, False, 1)


def test_who_draws_a_time_gets_the_middle_when_it_is_calm_and_any_in_a_storm(storm: Storm) -> None:
    assert {Weather().uniform(2, 6) for _ in range(3)} == {4}
    drawn = [storm.uniform(2, 6) for _ in range(TIMES)]
    assert 2 <= min(drawn) < 2.1
    assert 5.9 < max(drawn) <= 6


def test_a_storm_takes_its_time_within_bounds(storm: Storm) -> None:
    latencies = [storm.latency() for _ in range(TIMES)]
    delays = [storm.delay() for _ in range(TIMES)]
    assert min(latencies) >= 0
    assert 0.01 < sum(latencies) / TIMES < 0.03
    assert 0 <= min(delays) <= max(delays) <= 2
    assert max(delays) - min(delays) > 1.9


def test_a_storm_delivers_within_five_minutes_and_now_and_then_again_within_five_days(storm: Storm) -> None:
    delivered = [storm.deliveries() for _ in range(TIMES)]
    assert all(0 <= moment <= 300 for moment, *_ in delivered)
    again = [moment for _, *later in delivered for moment in later]
    assert all(0 <= moment <= 5 * DAY for moment in again)
    assert max(again) > DAY
    assert 0.05 < sum(len(one) > 1 for one in delivered) / TIMES < 0.15
    assert any(moment > 60 for moment, *_ in delivered), "some are late, and overtaken"


def test_a_storm_lets_a_poll_get_some_of_what_is_there_in_any_order(storm: Storm) -> None:
    items = list(range(5))
    seen = [storm.some(items) for _ in range(TIMES)]
    assert {len(one) for one in seen} == {1, 2, 3, 4, 5}
    assert all(len({*one}) == len(one) and {*one} <= {*items} for one in seen)
    assert any(one != sorted(one) for one in seen)
    assert (storm.some([]), items) == ([], list(range(5)))


def test_a_storm_makes_batches_of_any_size_there_is(storm: Storm) -> None:
    assert {storm.batch(4) for _ in range(TIMES)} == {1, 2, 3, 4}


def test_a_storm_lets_three_of_ten_reads_lag_but_never_a_consistent_one(storm: Storm) -> None:
    assert 0.25 < sum(storm.lags() for _ in range(TIMES)) / TIMES < 0.35
    dynamo = Dynamo(now=lambda: EPOCH, lags=lambda: True)
    dynamo.create("t")
    key = {"pk": {"S": "a"}, "sk": {"S": "a"}}
    dynamo.put_item(TableName="t", Item=key)
    assert "Item" in dynamo.get_item(TableName="t", Key=key, ConsistentRead=True)
    assert "Item" not in dynamo.get_item(TableName="t", Key=key)


def test_the_same_seed_makes_the_same_storm() -> None:
    one, other, another = (Storm(random=Random(seed)) for seed in (1, 1, 2))
    drawn = [[storm.delay() for _ in range(9)] for storm in (one, other, another)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_only_in_a_rush_does_a_transaction_keep_its_items() -> None:
    assert [weather.holds() for weather in (Weather(), Storm(), Rush())] == [0, 0, 0.01]
    drawn = [Rush(random=Random(1)).uniform(2, 6), Rush(random=Random(2)).uniform(2, 6)]
    assert drawn[0] != drawn[1]
