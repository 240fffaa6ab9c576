"""The door to the table: transactions are whole, failed conditions are told, conflicts are tried again."""

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import ClientError, ReadTimeoutError

from kernel import identity
from kernel.errors import ConditionFailed, Contended
from kernel.table import items, writes
from kernel.table.writes import Write
from tests.support import aws

SERVICE = "testing"
pytestmark = pytest.mark.usefixtures("service")
KEY = {"pk": "thing", "sk": "thing"}
OTHER = {"pk": "other", "sk": "other"}
CONFLICT, FAILED, FINE, BROKEN = "TransactionConflict", "ConditionalCheckFailed", "None", "ValidationError"


class Wire:
    """Answers the next writes in place of the table. After those, the table answers.

    `asked` counts the calls, `sent` keeps the requests: the client sends a call again when nobody answers.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.sent: list[dict[str, Any]] = []
        self.refusals: list[dict[str, Any]] = []
        self.timeouts = 0

    def cancels(self, *codes: str) -> None:
        reasons = [{"Code": code, "Message": code} if code != FINE else {"Code": code} for code in codes]
        self.refuses("TransactionCanceledException", CancellationReasons=reasons)

    def refuses(self, code: str, **more: Any) -> None:
        self.refusals.append({"Error": {"Code": code, "Message": f"because of {code}"}, **more})

    def call(self, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        self.asked += 1
        answer = AWSResponse("table", 400, HTTPHeaders(), None)
        return (answer, self.refusals.pop(0)) if self.refusals else None

    def send(self, request: Any, **_: Any) -> None:
        self.sent.append(json.loads(request.body))
        if self.timeouts:
            self.timeouts -= 1
            raise ReadTimeoutError(endpoint_url="table")


@pytest.fixture
def wire(service: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    events, scripted = items.client().meta.events, Wire()
    hooks: dict[str, Any] = {
        f"{hook}.dynamodb.{operation}": listener
        for operation in ("TransactWriteItems", "UpdateItem")
        for hook, listener in (("before-call", scripted.call), ("before-send", scripted.send))
    }
    for event, listener in hooks.items():
        events.register_first(event, listener)
    yield scripted
    for event, listener in hooks.items():
        events.unregister(event, listener)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(identity, "pause", slept.append)
    monkeypatch.setattr("random.uniform", lambda least, most: most)
    return slept


def put(**attributes: Any) -> Write:
    return Write(key=KEY, sets=attributes)


def test_a_write_sets_adds_and_removes_and_leaves_the_rest() -> None:
    writes.update(Write(key=KEY, sets={"a": "x", "b": ["y", {"z": 1}]}, adds={"n": 5}))
    writes.update(Write(key=KEY, sets={"a": "w"}, adds={"n": -2, "m": 1}, removes=["b"]))
    assert items.load(KEY) == {**KEY, "a": "w", "n": 3, "m": 1}


def test_a_missing_item_is_none() -> None:
    assert items.load(KEY) is None


def test_a_read_sees_every_write_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    events = items.client().meta.events
    events.register("provide-client-params.dynamodb.GetItem", lambda params, **_: asked.append(params), "spy")
    items.load(KEY)
    events.unregister("provide-client-params.dynamodb.GetItem", unique_id="spy")
    assert [params["ConsistentRead"] for params in asked] == [True]


def test_a_query_goes_on_after_the_first_page() -> None:
    for number in range(4):
        item = {"pk": "many", "sk": str(number), "filling": "x" * 390_000}
        boto3.client("dynamodb").put_item(TableName="testing-table", Item=items.pack(item))
    assert [found["sk"] for found in items.query("#pk = :pk", {"pk": "many"})] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
def test_items_are_read_by_any_number_of_keys(count: int) -> None:
    keys = [{"pk": f"thing{number}", "sk": "thing"} for number in range(count)]
    for key in keys:
        writes.update(Write(key, sets={"kind": "thing"}))
    found = [*items.load_all([*keys, KEY], consistent=True)]
    assert sorted(item["pk"] for item in found) == sorted(key["pk"] for key in keys)
    assert len([*items.load_all(keys, consistent=True)]) == count


def test_a_write_whose_condition_does_not_hold_tells_the_item_that_is_there() -> None:
    writes.update(put(a=1))
    with pytest.raises(ConditionFailed) as failed:
        writes.update(Write(key=KEY, sets={"a": 2}, condition="attribute_not_exists(#pk)"))
    assert failed.value.old == {0: {**KEY, "a": 1}}
    assert items.load(KEY) == {**KEY, "a": 1}


def test_a_transaction_is_whole_or_not_at_all() -> None:
    writes.update(put(a=1))
    guarded = Write(key=KEY, sets={"a": 2}, condition="#a = :expected", binds={"expected": 7})
    with pytest.raises(ConditionFailed) as failed:
        writes.transact([Write(key=OTHER, sets={"a": 1}), guarded], puts=[{"pk": "put", "sk": "put"}])
    assert failed.value.old == {1: {**KEY, "a": 1}}
    assert aws.items("testing") == [{**KEY, "a": 1}]
    writes.transact([Write(key=OTHER, sets={"a": 1}), put(a=2)], puts=[{"pk": "put", "sk": "put"}])
    assert [item["pk"] for item in aws.items("testing")] == ["other", "put", "thing"]


def test_a_condition_on_a_missing_item_tells_that_it_is_missing() -> None:
    with pytest.raises(ConditionFailed) as failed:
        writes.transact([Write(key=KEY, sets={"a": 2}, condition="attribute_exists(#pk)")])
    assert failed.value.old == {0: {}}


@pytest.mark.parametrize("code", [CONFLICT, "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_passing_error_is_tried_again_after_growing_pauses(
    code: str, wire: Wire, pauses: list[float]
) -> None:
    for _ in range(3):
        wire.cancels(code)
    writes.transact([put(a=1)])
    assert items.load(KEY) == {**KEY, "a": 1}
    assert wire.asked == 4
    assert pauses == sorted(pauses)
    assert 0 < pauses[0] < pauses[-1] < 2


def test_one_conflict_is_one_more_try(wire: Wire, pauses: list[float]) -> None:
    wire.cancels(CONFLICT)
    writes.transact([put(a=1)])
    assert wire.asked == 2


def test_a_conflict_that_stays_ends_as_contended(wire: Wire, pauses: list[float]) -> None:
    for _ in range(50):
        wire.cancels(CONFLICT)
    with pytest.raises(Contended):
        writes.transact([put(a=1)])
    assert items.load(KEY) is None
    assert wire.asked == 5


@pytest.mark.parametrize("codes", [(CONFLICT, FAILED), (FAILED, CONFLICT)])
def test_a_condition_that_failed_beside_a_conflict_is_looked_at_again(
    codes: tuple[str, str], wire: Wire, pauses: list[float]
) -> None:
    wire.cancels(*codes)
    writes.transact([put(a=1), Write(key=OTHER, sets={"a": 1})])
    assert len(aws.items("testing")) == 2


def test_a_condition_that_still_fails_after_the_conflict_is_told(wire: Wire, pauses: list[float]) -> None:
    wire.cancels(CONFLICT, FAILED)
    wire.cancels(FINE, FAILED)
    with pytest.raises(ConditionFailed) as failed:
        writes.transact([put(a=1), Write(key=OTHER, sets={"a": 1})])
    assert failed.value.old == {1: {}}


def test_a_cancellation_for_another_reason_is_no_conflict_and_no_condition(
    wire: Wire, pauses: list[float]
) -> None:
    wire.cancels(BROKEN)
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        writes.transact([put(a=1)])
    assert wire.asked == 1
    assert pauses == []


def test_a_call_that_times_out_for_good_is_a_fault_of_its_own_name(wire: Wire, pauses: list[float]) -> None:
    wire.timeouts = 50
    with pytest.raises(ReadTimeoutError):
        writes.transact([put(a=1)])
    assert (wire.asked, len(wire.sent)) == (1, 3)
    assert pauses == []
    assert items.load(KEY) is None


def test_a_call_that_times_out_once_is_repeated_as_the_same_transaction(wire: Wire) -> None:
    wire.timeouts = 1
    writes.transact([put(a=1)])
    assert len(wire.sent) == 2
    assert len({sent["ClientRequestToken"] for sent in wire.sent}) == 1


def test_a_call_that_nobody_answers_is_given_up_in_time() -> None:
    config: Any = items.client().meta.config
    attempts = config.retries["total_max_attempts"]
    assert attempts * (config.connect_timeout + config.read_timeout) <= 12


def test_numbers_come_back_as_integers_at_any_depth() -> None:
    writes.update(put(a=1, b=[2, [3]], c={"d": {"e": 4}}, f=True, g=None))
    assert items.load(KEY) == {**KEY, "a": 1, "b": [2, [3]], "c": {"d": {"e": 4}}, "f": True, "g": None}
    found = items.load(KEY)
    assert found is not None
    assert not re.search("Decimal", repr(found))


def test_a_write_may_remove_an_attribute_under_a_condition() -> None:
    writes.update(put(gone=1, stays=1))
    writes.update(Write(key=KEY, removes=["gone"], sets={"b": 1}, condition="attribute_exists(#pk)"))
    assert items.load(KEY) == {**KEY, "stays": 1, "b": 1}


def test_a_write_may_do_nothing_but_remove() -> None:
    writes.update(put(gone=1, stays=1))
    writes.update(Write(key=KEY, removes=["gone"]))
    assert items.load(KEY) == {**KEY, "stays": 1}


def test_a_value_to_compare_with_never_becomes_the_value_to_write() -> None:
    with pytest.raises(ValueError, match="status"):
        Write(
            key=KEY, sets={"status": "CANCELLING"}, condition="#status = :status", binds={"status": "PENDING"}
        )


@pytest.mark.parametrize("code", ["TransactionConflictException", "ProvisionedThroughputExceededException"])
def test_a_single_write_that_meets_another_is_tried_again(code: str, wire: Wire, pauses: list[float]) -> None:
    wire.refuses(code)
    writes.update(put(a=1))
    assert items.load(KEY) == {**KEY, "a": 1}
