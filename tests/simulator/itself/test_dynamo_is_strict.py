"""What the DynamoDB in memory refuses, as AWS does and moto for the most part does not."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from kernel.table.items import pack
from kernel.table.writes import Write
from tests.simulator.aws.dynamo.dynamo import Dynamo

Change = tuple[str, Any, Any, Any]
KEY = {"pk": "p", "sk": "s"}
KILOBYTE = "x" * 1024
INDEXES = {"open": ("open_shard", "due_at"), "orders_of_customer": ("customer_id", "placed_at")}


@pytest.fixture
def changes() -> list[Change]:
    return []


@pytest.fixture
def table(changes: list[Change]) -> Dynamo:
    made = Dynamo(now=lambda: datetime.now(UTC), changed=lambda *change: changes.append(change))
    made.create("t", INDEXES)
    return made


def asked(write: Write) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TABLE", "t")
        return write.request()


def write(**options: Any) -> dict[str, Any]:
    return asked(Write(key=KEY, **{"sets": {"a": 1}, **options}))


def put(**attributes: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "t", "Item": pack({**KEY, **attributes})}}


def ask(condition: str = "#pk = :pk", **options: Any) -> dict[str, Any]:
    names = {"pk": "pk", "sk": "sk", "a": "a", "due": "due_at", "open": "open_shard", "who": "customer_id"}
    binds = {"pk": "p", "sk": "s", "open": "o", "low": "2", "high": "1", "none": "", "number": 1, "who": "c"}
    return {
        "TableName": "t",
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": {
            f"#{one}": name for one, name in names.items() if f"#{one}" in condition
        },
        "ExpressionAttributeValues": pack(
            {f":{n}": value for n, value in binds.items() if f":{n}" in condition}
        ),
        **options,
    }


def refusal(call: Callable[[], Any]) -> Any:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response


def code(call: Callable[[], Any]) -> str:
    return str(refusal(call)["Error"]["Code"])


WRONG_UPDATES = {
    "a value that is missing": write(condition="#a = :b"),
    "a value that is not used": write(binds={"b": 1}),
    "a name that is missing": {**write(), "ExpressionAttributeNames": {"#b": "a"}},
    "a name that is not used": {**write(), "ExpressionAttributeNames": {"#a": "a", "#b": "b"}},
    "no expression": write(sets={}),
    "an empty condition": {**write(), "ConditionExpression": ""},
    "brackets in brackets": write(condition="((#a = :a))"),
    "one attribute twice": write(removes=["a"]),
    "one attribute by two names": {
        **write(removes=["b"]),
        "ExpressionAttributeNames": {"#a": "a", "#b": "a"},
    },
    "a clause twice": {**write(), "UpdateExpression": "SET #a = :a SET #a = :a"},
    "a key attribute": write(sets={"pk": "q"}),
    "an added text": {
        **write(),
        "UpdateExpression": "ADD #a :a",
        "ExpressionAttributeValues": {":a": {"S": "1"}},
    },
    "an addition to a text": write(sets={}, adds={"text": 1}),
    "an order of booleans": write(condition="#a < :b", binds={"b": True}),
    "the beginning of a number": write(condition="begins_with(#a, :b)", binds={"b": 1}),
    "an empty key": {**write(), "Key": pack({"pk": "", "sk": "s"})},
    "a number as a key": {**write(), "Key": pack({"pk": 1, "sk": "s"})},
    "half a key": {**write(), "Key": pack({"pk": "p"})},
    "more than a key": {**write(), "Key": pack({**KEY, "a": "a"})},
    "a long hash key": {**write(), "Key": pack({"pk": 3 * KILOBYTE, "sk": "s"})},
    "a long range key": {**write(), "Key": pack({"pk": "p", "sk": KILOBYTE + "x"})},
    "an empty key of an index": write(sets={"due_at": ""}),
    "a number as a key of an index": write(sets={"open_shard": 1}),
    "nothing as a key of an index": write(sets={"due_at": None}),
    "a number that is none": {**write(), "ExpressionAttributeValues": {":a": {"N": "one"}}},
    "a number of 39 digits": {**write(), "ExpressionAttributeValues": {":a": {"N": "1" * 39}}},
    "a number too large": {**write(), "ExpressionAttributeValues": {":a": {"N": "1e126"}}},
    "a value of two types": {**write(), "ExpressionAttributeValues": {":a": {"N": "1", "S": "1"}}},
    "a value of no type": {**write(), "ExpressionAttributeValues": {":a": {}}},
    "an item over 400 KB": write(sets={"a": KILOBYTE * 400}),
    "an item that grows over 400 KB": write(sets={"more": KILOBYTE * 300}),
    "an unknown wish": {**write(), "ReturnValuesOnConditionCheckFailure": "ALL"},
}


@pytest.mark.parametrize("wrong", WRONG_UPDATES)
def test_an_update_that_aws_calls_invalid_has_no_effect(
    wrong: str, table: Dynamo, changes: list[Change]
) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
    table.put_item(**put(text="t", filling=KILOBYTE * 200)["Put"])
    before = table.items("t")
    changes.clear()
    assert code(lambda: table.update_item(**WRONG_UPDATES[wrong])) == "ValidationException"
    assert (table.items("t"), changes) == (before, [])


WRONG_QUERIES = {
    "no hash key": ask("#sk = :sk"),
    "a range of hash keys": ask("#pk > :pk"),
    "another attribute": ask("#pk = :pk AND #a = :sk"),
    "the range key twice": ask("#pk = :pk AND #pk = :sk"),
    "an empty value": ask("#pk = :none"),
    "a number": ask("#pk = :number"),
    "an empty range": ask("#pk = :pk AND #sk BETWEEN :low AND :high"),
    "an unknown index": ask(IndexName="other"),
    "the keys of another index": ask("#open = :open", IndexName="orders_of_customer"),
    "a consistent read of an index": ask("#open = :open", IndexName="open", ConsistentRead=True),
    "a start in another partition": ask(ExclusiveStartKey=pack({"pk": "q", "sk": "s"})),
    "a start outside of the range": ask(
        "#pk = :pk AND #sk < :sk", ExclusiveStartKey=pack({"pk": "p", "sk": "z"})
    ),
    "a start in another index": ask("#open = :open", IndexName="open", ExclusiveStartKey=pack(KEY)),
}


@pytest.mark.parametrize("wrong", WRONG_QUERIES)
def test_a_query_that_aws_calls_invalid_is_refused(wrong: str, table: Dynamo) -> None:
    assert code(lambda: table.query(**WRONG_QUERIES[wrong])) == "ValidationException"


@pytest.mark.parametrize("key", [[KEY, KEY], [{"pk": "p", "sk": str(number)} for number in range(101)]])
def test_a_batch_has_each_key_once_and_at_most_a_hundred(key: list[Any], table: Dynamo) -> None:
    wanted = {"t": {"Keys": [*map(pack, key)]}}
    assert code(lambda: table.batch_get_item(RequestItems=wanted)) == "ValidationException"


@pytest.mark.parametrize(
    "items",
    [
        [put(), {"Update": write()}],
        [put(sk=str(number)) for number in range(101)],
        [put(sk=str(number), filling=KILOBYTE * 390) for number in range(11)],
        [{"Put": {"TableName": "t", "Item": pack({"pk": "p"})}}],
    ],
    ids=["one item twice", "101 items", "over 4 MB", "half a key"],
)
def test_a_transaction_that_aws_calls_invalid_has_no_effect(items: list[Any], table: Dynamo) -> None:
    assert code(lambda: table.transact_write_items(TransactItems=items)) == "ValidationException"
    assert table.items("t") == []


def test_an_item_that_a_transaction_cannot_write_is_named_by_its_place(
    table: Dynamo, changes: list[Change]
) -> None:
    table.put_item(**put(a="text")["Put"])
    changes.clear()
    adds = asked(Write(key=KEY, adds={"a": 1}))
    unmet = asked(Write(key={"pk": "p", "sk": "z"}, sets={"b": 1}, condition="attribute_exists(#pk)"))
    items = [put(sk="1"), {"Update": adds}, {"Update": unmet}, put(sk="2", due_at="")]
    response = refusal(lambda: table.transact_write_items(TransactItems=items))
    assert response["Error"]["Code"] == "TransactionCanceledException"
    codes = [reason["Code"] for reason in response["CancellationReasons"]]
    assert codes == ["None", "ValidationError", "ConditionalCheckFailed", "ValidationError"]
    assert (len(table.items("t")), changes) == (1, [])


@pytest.mark.parametrize(
    "call",
    [
        lambda table: table.update_item(**write(), Consistent=True),
        lambda table: table.get_item(TableName="t"),
        lambda table: table.get_item(TableName="t", Key={"pk": {"S": 1}, "sk": {"S": "s"}}),
        lambda table: table.put_item(TableName="t", Item={**pack(KEY), "a": {"N": 1}}),
        lambda table: table.put_item(TableName="t", Item={**pack(KEY), "a": "text"}),
        lambda table: table.batch_get_item(RequestItems={"t": {"Keys": []}}),
        lambda table: table.transact_write_items(TransactItems=[]),
        lambda table: table.query(**ask(Limit=0)),
        lambda table: table.query(**ask(ScanIndexForward="no")),
    ],
)
def test_what_boto3_would_not_send_is_refused_as_boto3_does(call: Any, table: Dynamo) -> None:
    with pytest.raises(ParamValidationError):
        call(table)


@pytest.mark.parametrize(
    "call",
    [
        lambda table: table.update_item(**write(), ReturnValues="ALL_NEW"),
        lambda table: table.update_item(**write(condition="contains(#a, :a)")),
        lambda table: table.update_item(**write(condition="size(#a) > :a")),
        lambda table: table.update_item(**write(condition="#a.#b = :a")),
        lambda table: table.update_item(**write(condition="a = :a")),
        lambda table: table.update_item(**write(condition="#a = :a :a")),
        lambda table: table.update_item(**{**write(), "UpdateExpression": "SET #a = #a + :a"}),
        lambda table: table.update_item(**write(sets={}, removes=["a"])),
        lambda table: table.put_item(TableName="t", Item={**pack(KEY), "a": {"SS": ["a set"]}}),
        lambda table: table.query(**ask(FilterExpression="#a = :a")),
        lambda table: table.transact_write_items(
            TransactItems=[{"Delete": {"TableName": "t", "Key": pack(KEY)}}]
        ),
        lambda table: table.get_paginator("scan"),
    ],
)
def test_what_is_not_simulated_says_so(call: Any, table: Dynamo) -> None:
    with pytest.raises(NotImplementedError):
        call(table)


def test_a_table_that_is_not_there_is_not_found(table: Dynamo) -> None:
    gone = {**write(), "TableName": "u"}
    assert code(lambda: table.update_item(**gone)) == "ResourceNotFoundException"
