"""The relay on a table's stream, and the republisher, which finds rows again that the stream lost."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from kernel import identity
from kernel.events import Decision, Event
from kernel.table import items, outbox, writes
from kernel.table.buckets import SHARDS, bucket
from kernel.triggers import relay
from tests.support import aws

SERVICE = "testing"
pytestmark = pytest.mark.usefixtures("service")
NOON = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)


class ThingMade(Event):
    """A thing was made."""

    number: int


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Subjects in the order in which the bus took them."""
    taken: list[str] = []
    monkeypatch.setattr(
        relay, "publish", lambda texts: taken.extend(json.loads(text)["subject"] for text in texts)
    )
    return taken


def make(subject: str, *, at: datetime, monkeypatch: pytest.MonkeyPatch, facts: int = 1) -> None:
    """Commits an aggregate by a writer whose clock says `at`."""
    monkeypatch.setattr(identity, "now", lambda: at)
    aggregate = outbox.Aggregate(
        {"pk": subject, "sk": "thing"}, subject, correlation=subject, version=0, sequence=0, sets={"made": 1}
    )
    made = tuple(ThingMade(number=place) for place in range(facts))
    outbox.commit(aggregate, Decision(None, made), cause="test")


def lost(first: datetime, last: datetime) -> dict[str, Any]:
    """The message to the failure destination of a stream mapping: metadata only, times in whole seconds."""
    info = {
        "shardId": "shardId-00000001573689847184-864758bb",
        "startSequenceNumber": "800000000003126276362",
        "endSequenceNumber": "800000000003126276362",
        "approximateArrivalOfFirstRecord": stamp(first),
        "approximateArrivalOfLastRecord": stamp(last),
        "batchSize": 1,
        "streamArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/s",
    }
    body = {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "version": "1.0",
        "DDBStreamBatchInfo": info,
    }
    return {"messageId": "m0", "body": json.dumps(body)}


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def stream_records() -> Iterator[dict[str, Any]]:
    """The records of the table's stream. Moto shows a created item twice, as AWS may."""
    streams = boto3.client("dynamodbstreams")
    (stream,) = streams.list_streams(TableName="testing-table")["Streams"]
    shards = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
    for shard in shards:
        iterator = streams.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        yield from streams.get_records(ShardIterator=iterator)["Records"]


def test_committed_events_come_out_of_the_tables_own_stream(
    published: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make("thing/1", at=NOON, monkeypatch=monkeypatch, facts=2)
    make("thing/2", at=NOON, monkeypatch=monkeypatch)
    writes.update(writes.Write(key={"pk": "thing/1", "sk": "thing"}, sets={"made": 2}))
    relay.handler({"Records": list(stream_records())}, None)
    assert set(published) == {"thing/1", "thing/2"}
    assert published[:2] == ["thing/1", "thing/1"]


def test_every_row_of_the_lost_time_is_published_again_whatever_its_shard(
    published: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    subjects = {f"thing/{number}" for number in range(30)}
    for place, subject in enumerate(sorted(subjects)):
        make(subject, at=NOON + timedelta(seconds=11 * place), monkeypatch=monkeypatch)
    assert len({item["pk"][-1] for item in aws.items("testing") if "kind" in item}) == SHARDS
    relay.republish({"Records": [lost(NOON, NOON + timedelta(seconds=330))]}, None)
    assert set(published) == subjects


@pytest.mark.parametrize(
    "skew", [timedelta(0), timedelta(minutes=-5), timedelta(seconds=-59), timedelta(minutes=1)]
)
def test_a_row_is_found_although_its_writers_clock_was_off(
    skew: timedelta, published: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make("thing/1", at=NOON + skew, monkeypatch=monkeypatch)
    relay.republish({"Records": [lost(NOON, NOON)]}, None)
    assert published == ["thing/1"]


def test_the_last_minute_is_looked_at_whatever_the_second_of_the_first(
    published: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make("thing/1", at=NOON.replace(minute=2, second=5), monkeypatch=monkeypatch)
    relay.republish({"Records": [lost(NOON.replace(second=50), NOON.replace(minute=1, second=10))]}, None)
    assert published == ["thing/1"]


def test_rows_of_other_times_are_left_alone(published: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    make("thing/1", at=NOON - timedelta(minutes=7), monkeypatch=monkeypatch)
    make("thing/2", at=NOON + timedelta(minutes=3), monkeypatch=monkeypatch)
    relay.republish({"Records": [lost(NOON, NOON)]}, None)
    assert published == []


def test_a_lost_time_over_midnight_is_found_whole(
    published: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    midnight = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    make("thing/1", at=midnight, monkeypatch=monkeypatch)
    make("thing/2", at=midnight + timedelta(seconds=2), monkeypatch=monkeypatch)
    relay.republish({"Records": [lost(midnight, midnight + timedelta(seconds=1))]}, None)
    assert set(published) == {"thing/1", "thing/2"}


def test_a_minute_with_more_rows_than_one_page_is_found_whole(
    published: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    large = [{"pk": bucket(NOON, 0), "sk": f"thing/{n}", "kind": "outbox", "n": n} for n in range(4)]
    for item in large:
        text = json.dumps({"subject": item["sk"], "filling": "x" * 380_000})
        boto3.client("dynamodb").put_item(
            TableName="testing-table", Item=items.pack({**item, "events": [text]})
        )
    relay.republish({"Records": [lost(NOON, NOON)]}, None)
    assert published == [f"thing/{n}" for n in range(4)]


def test_every_failure_message_of_a_batch_is_handled(
    published: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hours_later = NOON + timedelta(hours=3)
    make("thing/1", at=NOON, monkeypatch=monkeypatch)
    make("thing/2", at=hours_later, monkeypatch=monkeypatch)
    relay.republish({"Records": [lost(NOON, NOON), lost(hours_later, hours_later)]}, None)
    assert published == ["thing/1", "thing/2"]
