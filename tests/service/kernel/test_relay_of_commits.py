"""The republisher finds the commits of a ledger by their index, those of the lost time and no others."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from kernel.table import items
from kernel.table.buckets import bucket
from kernel.triggers import relay
from tests.support import aws

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service")
NOON = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
SHARDS = range(4)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The events in the order in which the bus took them."""
    taken: list[str] = []
    monkeypatch.setattr(relay, "publish", taken.extend)
    return taken


def put(item: dict[str, Any]) -> None:
    boto3.client("dynamodb").put_item(TableName="payments-table", Item=items.pack(item))


def commit(name: str, *, at: datetime, events: Sequence[str] = ("said",), shard: int = 0) -> None:
    """A commit that was recorded at that time, with what the index reads of it."""
    moment = f"{at:%Y-%m-%dT%H:%M:%S.%f}+00:00"
    place = {"pk": f"payment#{name}", "sk": "payment", "hour": f"{moment[:13]}#{shard}"}
    texts = [f"{name} {event}" for event in events]
    put({**place, "moment": f"{moment}#f00", "kind": "outbox" if texts else "commit", "events": texts})


def republish(first: datetime, last: datetime) -> None:
    arrived = {"First": first, "Last": last}
    lost = {f"approximateArrivalOf{which}Record": f"{at:%Y-%m-%dT%H:%M:%SZ}" for which, at in arrived.items()}
    body = json.dumps({"DDBStreamBatchInfo": lost})
    relay.republish({"Records": [{"messageId": "m0", "body": body}]}, None)


def test_every_commit_of_the_lost_time_is_published_again_whatever_its_shard(published: list[str]) -> None:
    for shard in SHARDS:
        for place in range(3):
            commit(f"{shard}-{place}", at=NOON + timedelta(seconds=40 * place), shard=shard)
    republish(NOON, NOON + timedelta(seconds=80))
    assert sorted(published) == sorted(f"{shard}-{place} said" for shard in SHARDS for place in range(3))


def test_all_events_of_a_commit_are_published_in_their_order_and_a_commit_without_events_says_nothing(
    published: list[str],
) -> None:
    commit("loud", at=NOON, events=["first", "second"])
    commit("silent", at=NOON, events=[])
    republish(NOON, NOON)
    assert published == ["loud first", "loud second"]


@pytest.mark.parametrize(
    "skew", [timedelta(0), timedelta(minutes=-5), timedelta(seconds=-59), timedelta(seconds=59)]
)
def test_a_commit_is_found_although_its_writers_clock_was_off(skew: timedelta, published: list[str]) -> None:
    commit("o1", at=NOON + skew)
    republish(NOON, NOON)
    assert published == ["o1 said"]


def test_commits_of_other_times_are_left_alone_even_within_the_hour(published: list[str]) -> None:
    for place, minutes in enumerate((-60, -7, 3, 60, 24 * 60, -24 * 60)):
        commit(f"o{place}", at=NOON + timedelta(minutes=minutes))
    republish(NOON, NOON)
    assert published == []


def test_a_lost_time_over_midnight_is_found_whole(published: list[str]) -> None:
    midnight = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    commit("before", at=midnight)
    commit("after", at=midnight + timedelta(seconds=2))
    republish(midnight, midnight + timedelta(seconds=1))
    assert published == ["before said", "after said"]


def test_more_commits_than_one_read_can_take_are_found(published: list[str]) -> None:
    names = [f"o{number:03}" for number in range(230)]
    for place, name in enumerate(names):
        commit(name, at=NOON + timedelta(milliseconds=place))
    republish(NOON, NOON)
    assert sorted(published) == [f"{name} said" for name in names]


def test_rows_of_the_outbox_are_found_beside_the_commits(published: list[str]) -> None:
    commit("o1", at=NOON)
    put({"pk": bucket(NOON, 0), "sk": "thing/1", "kind": "outbox", "events": ["a row"]})
    republish(NOON, NOON)
    assert sorted(published) == ["a row", "o1 said"]


@pytest.mark.parametrize("named", ["", None])
def test_a_service_without_a_ledger_has_no_index_to_ask(
    named: str | None, published: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit("o1", at=NOON)
    monkeypatch.delenv("COMMITS")
    if named is not None:
        monkeypatch.setenv("COMMITS", named)
    republish(NOON, NOON)
    assert published == []


def test_the_relay_takes_a_new_commit_with_events_from_the_stream_and_no_other_item(
    published: list[str],
) -> None:
    commit("loud", at=NOON)
    commit("silent", at=NOON, events=[])
    put({"pk": "payment#old", "sk": "payment", "status": "CAPTURED", "version": 2, "sequence": 1})
    images = [items.pack(item) for item in aws.items("payments")]
    records = [{"eventName": "INSERT", "dynamodb": {"NewImage": image}} for image in images]
    relay.handler({"Records": records}, None)
    assert published == ["loud said"]
