"""Transactions that hold their items: who comes meanwhile is cancelled, as AWS documents it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kernel.table.items import pack
from kernel.table.writes import Write
from tests.simulator.aws.dynamo.dynamo import Dynamo

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Dynamo:
    monkeypatch.setenv("TABLE", "t")
    dynamo = Dynamo(now=clock, holds=lambda: 0.01)
    dynamo.create("t")
    transact(dynamo, "a")
    return dynamo


def key(name: str) -> dict[str, str]:
    return {"pk": name, "sk": name}


def transact(table: Dynamo, *names: str, condition: str = "") -> Any:
    writes = [Write(key(name), adds={"n": 1}, condition=condition) for name in names]
    return table.transact_write_items(TransactItems=[{"Update": write.request()} for write in writes])


def snapshot(table: Dynamo, *names: str) -> list[Any]:
    gets = [{"Get": {"TableName": "t", "Key": pack(key(name))}} for name in names]
    return [one.get("Item", {}).get("n") for one in table.transact_get_items(TransactItems=gets)["Responses"]]


def number(table: Dynamo, name: str) -> Any:
    return table.get_item(TableName="t", Key=pack(key(name)), ConsistentRead=True)["Item"]["n"]


def codes(call: Callable[[], Any]) -> list[str]:
    with pytest.raises(ClientError) as raised:
        call()
    response: Any = raised.value.response
    reasons = response.get("CancellationReasons", [])
    return [response["Error"]["Code"], *(reason["Code"] for reason in reasons)]


def test_a_transaction_on_an_item_that_is_held_is_cancelled_and_changes_nothing(table: Dynamo) -> None:
    cancelled = codes(lambda: transact(table, "b", "a"))
    assert cancelled == ["TransactionCanceledException", "None", "TransactionConflict"]
    assert number(table, "a") == {"N": "1"}
    assert table.items("t", "b") == []


def test_a_write_by_itself_of_an_item_that_is_held_is_refused(table: Dynamo) -> None:
    write = Write(key("a"), adds={"n": 1})
    assert codes(lambda: table.update_item(**write.request())) == ["TransactionConflictException"]
    assert number(table, "a") == {"N": "1"}


def test_a_snapshot_of_an_item_that_is_held_is_cancelled_and_a_plain_read_is_not(table: Dynamo) -> None:
    cancelled = codes(lambda: snapshot(table, "b", "a"))
    assert cancelled == ["TransactionCanceledException", "None", "TransactionConflict"]
    assert number(table, "a") == {"N": "1"}


def test_after_a_while_the_item_is_free_again(table: Dynamo, clock: Clock) -> None:
    clock.now += timedelta(milliseconds=10)
    assert snapshot(table, "a", "c") == [{"N": "1"}, None]
    transact(table, "a")
    assert number(table, "a") == {"N": "2"}


def test_a_snapshot_holds_nothing(table: Dynamo, clock: Clock) -> None:
    clock.now += timedelta(milliseconds=10)
    snapshot(table, "a")
    transact(table, "a")
    assert number(table, "a") == {"N": "2"}


def test_a_transaction_that_is_cancelled_holds_what_was_fine_and_not_what_it_was_refused_for(
    table: Dynamo, clock: Clock
) -> None:
    clock.now += timedelta(milliseconds=10)
    refused = codes(lambda: transact(table, "a", "c", condition="attribute_exists(#n)"))
    assert refused == ["TransactionCanceledException", "None", "ConditionalCheckFailed"]
    assert codes(lambda: transact(table, "a"))[-1] == "TransactionConflict"
    transact(table, "c")


def test_a_snapshot_of_one_item_twice_is_invalid(table: Dynamo) -> None:
    assert codes(lambda: snapshot(table, "a", "a")) == ["ValidationException"]
