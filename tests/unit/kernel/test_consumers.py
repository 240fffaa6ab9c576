"""Events in: each event of a batch stands alone, and only those that failed come back."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from kernel.errors import Contended
from kernel.events import Envelope
from kernel.triggers.consumers import Consumer, consumer, consumer_of_everything
from tests.support import aws
from tests.support.events import arriving

SECRET = "4242424242424242"
seen: list[str] = []


class Anything(BaseModel):
    """A shape without fields, for a reader that takes nothing of an event."""


@consumer(of="orders", types=("OrderConfirmed",), reads=Anything)
def handler(event: Envelope, data: Anything) -> None:
    if event.data.get("fail"):
        raise Contended
    if event.data.get("explode"):
        raise ValueError(f"cannot read {SECRET}")
    seen.append(event.subject)


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    seen.clear()


def event(number: int, **data: Any) -> Envelope:
    return arriving("OrderConfirmed", source="orders", subject=f"order/{number}", sequence=1, **data)


def failed(batch: dict[str, Any], by: Consumer = handler) -> list[str]:
    return [item["itemIdentifier"] for item in by(batch, None)["batchItemFailures"]]


def finish(name: str) -> None:
    seen.append(f"finished {name}")
    if name == "unlucky":
        raise Contended


@consumer_of_everything(batch=100, window=2, then=finish)
def finishing(event: Envelope) -> str | None:
    """Sees the event, and gives the name that its data hold, if any."""
    handler.react(event)
    return event.data.get("name")


def test_every_event_of_a_batch_is_reacted_to_in_turn() -> None:
    assert failed(aws.batch([event(1), event(2), event(3)])) == []
    assert seen == ["order/1", "order/2", "order/3"]


def test_only_the_event_that_failed_comes_back() -> None:
    assert failed(aws.batch([event(1), event(2, fail=True), event(3)])) == ["m1"]
    assert seen == ["order/1", "order/3"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "null",
        "{}",
        '{"detail": null}',
        '{"detail": {"specversion": "1.0"}}',
        '{"detail": ' * 5000,
        json.dumps({"detail": {**json.loads(event(2).model_dump_json()), "specversion": "0.3"}}),
        json.dumps({"detail": {**json.loads(event(2).model_dump_json()), "sequence": "many"}}),
    ],
)
def test_a_message_nobody_can_read_fails_only_itself(body: str) -> None:
    batch = aws.batch([event(1), event(2), event(3)])
    batch["Records"][1]["body"] = body
    assert failed(batch) == ["m1"]
    assert seen == ["order/1", "order/3"]


def test_a_name_is_finished_once_after_all_events_of_the_batch() -> None:
    batch = aws.batch([event(1, name="a"), event(2, name="b"), event(3, name="a"), event(4)])
    assert failed(batch, finishing) == []
    assert seen == [*(f"order/{number}" for number in (1, 2, 3, 4)), "finished a", "finished b"]


def test_a_name_that_cannot_be_finished_brings_back_all_its_events_and_no_others() -> None:
    batch = aws.batch([event(1, name="unlucky"), event(2, name="b"), event(3, name="unlucky")])
    assert failed(batch, finishing) == ["m0", "m2"]
    assert seen[3:] == ["finished unlucky", "finished b"]


def test_an_event_that_failed_keeps_no_other_event_of_its_name_from_being_finished() -> None:
    batch = aws.batch([event(1, name="a", fail=True), event(2, name="a"), event(3, name="b", explode=True)])
    assert failed(batch, finishing) == ["m0", "m2"]
    assert seen == ["order/2", "finished a"]


def test_attributes_that_the_envelope_gains_later_are_ignored() -> None:
    batch = aws.batch([event(1)])
    body = json.loads(batch["Records"][0]["body"])
    body["detail"]["traceparent"] = "00-1-1-00"
    batch["Records"][0]["body"] = json.dumps(body)
    assert failed(batch) == []


def test_one_line_tells_the_whole_batch_and_repeats_no_foreign_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed(aws.batch([event(1), event(2, explode=True), event(3, fail=True)]))
    (record,) = caplog.records
    line: Any = record.msg
    assert (line["invocation"], line["events"]) == (__name__, 3)
    assert line["correlations"] == ["order/1", "order/2", "order/3"]
    assert {message: said["outcome"] for message, said in line["failed"].items()} == {
        "m1": "ValueError",
        "m2": "Contended",
    }
    assert SECRET not in str(line)
