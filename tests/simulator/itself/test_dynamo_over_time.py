"""What the DynamoDB in memory does from one call to the next: changes told, reads that lag, tokens kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kernel.table.items import pack, unpack
from tests.simulator.aws.dynamo.dynamo import Dynamo

KEY = {"pk": "p", "sk": "s"}
LASTS = timedelta(minutes=10)


class Clock:
    def __init__(self) -> None:
        self.now, self.lags = datetime(2030, 1, 1, tzinfo=UTC), False
        self.changes: list[Any] = []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock) -> Dynamo:
    def changed(name: str, *images: Any) -> None:
        clock.changes.append((name, *(image and unpack(image) for image in images), len(made.items("t"))))

    made = Dynamo(now=lambda: clock.now, changed=changed, lags=lambda: clock.lags)
    made.create("t", {"open": ("open_shard", "due_at"), "by_reference": ("reference", "created_at")})
    return made


def put(**attributes: Any) -> dict[str, Any]:
    return {"TableName": "t", "Item": pack({**KEY, **attributes})}


def together(table: Dynamo, *items: dict[str, Any], **options: Any) -> None:
    table.transact_write_items(TransactItems=[{"Put": item} for item in items], **options)


def count(table: Dynamo, token: str, *, by: int = 1) -> None:
    adding = {
        "TableName": "t",
        "Key": pack(KEY),
        "UpdateExpression": "ADD #n :n",
        "ExpressionAttributeNames": {"#n": "n"},
        "ExpressionAttributeValues": pack({":n": by}),
    }
    table.transact_write_items(TransactItems=[{"Update": adding}], ClientRequestToken=token)


def found(table: Dynamo, attribute: str, value: str, **options: Any) -> list[Any]:
    pages = table.get_paginator("query").paginate(
        TableName="t",
        KeyConditionExpression="#a = :a",
        ExpressionAttributeNames={"#a": attribute},
        ExpressionAttributeValues=pack({":a": value}),
        **options,
    )
    return [unpack(item) for page in pages for item in page["Items"]]


def test_a_change_is_told_with_both_images_once_all_of_it_is_there(table: Dynamo, clock: Clock) -> None:
    together(table, put(a=1), put(sk="z"))
    table.put_item(**put(a=2))
    assert clock.changes == [
        ("t", KEY, None, {**KEY, "a": 1}, 2),
        ("t", {**KEY, "sk": "z"}, None, {**KEY, "sk": "z"}, 2),
        ("t", KEY, {**KEY, "a": 1}, {**KEY, "a": 2}, 2),
    ]


def test_a_write_that_changes_nothing_is_not_told(table: Dynamo, clock: Clock) -> None:
    table.put_item(**put(a=1, b=[{"c": "d"}]))
    clock.changes.clear()
    table.put_item(**put(a=1, b=[{"c": "d"}]))
    together(table, put(a=1, b=[{"c": "d"}]))
    assert clock.changes == []


def test_a_read_without_consistency_may_answer_what_was_there_before_the_last_write(
    table: Dynamo, clock: Clock
) -> None:
    read = {"TableName": "t", "Key": pack(KEY)}
    batch: dict[str, Any] = {"RequestItems": {"t": {"Keys": [pack(KEY)]}}}
    clock.lags = True
    for number in (1, 2, 3, 3):
        table.put_item(**put(a=number))
    assert unpack(table.get_item(**read)["Item"])["a"] == 2
    assert [unpack(one)["a"] for one in table.batch_get_item(**batch)["Responses"]["t"]] == [2]
    assert [one["a"] for one in found(table, "pk", "p")] == [2]
    assert unpack(table.get_item(**read, ConsistentRead=True)["Item"])["a"] == 3
    batch["RequestItems"]["t"]["ConsistentRead"] = True
    assert [unpack(one)["a"] for one in table.batch_get_item(**batch)["Responses"]["t"]] == [3]
    assert [one["a"] for one in found(table, "pk", "p", ConsistentRead=True)] == [3]
    clock.lags = False
    assert unpack(table.get_item(**read)["Item"])["a"] == 3


def test_an_item_that_is_new_may_be_missing_at_first(table: Dynamo, clock: Clock) -> None:
    clock.lags = True
    table.put_item(**put())
    assert "Item" not in table.get_item(TableName="t", Key=pack(KEY))


def test_an_index_may_still_have_the_item_where_it_was(table: Dynamo, clock: Clock) -> None:
    table.put_item(**put(open_shard="1", due_at="1"))
    table.put_item(**put(open_shard="2", due_at="1"))
    table.put_item(**put())
    assert found(table, "open_shard", "2", IndexName="open") == []
    clock.lags = True
    assert found(table, "open_shard", "1", IndexName="open") == []
    assert found(table, "open_shard", "2", IndexName="open") == [{**KEY, "open_shard": "2", "due_at": "1"}]


def test_an_index_holds_keys_only_unless_it_copies_whole_items(table: Dynamo) -> None:
    item = {**KEY, "open_shard": "o", "due_at": "1", "reference": "r", "created_at": "1", "a": 1}
    table.put_item(**put(**item))
    assert found(table, "reference", "r", IndexName="by_reference") == [item]
    assert found(table, "open_shard", "o", IndexName="open") == [{**KEY, "open_shard": "o", "due_at": "1"}]


def test_a_full_page_tells_where_to_go_on_even_when_nothing_follows(table: Dynamo) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html"""
    for number in range(table.PAGE):
        table.put_item(**put(sk=str(number)))
    pages = table.get_paginator("query").paginate(
        TableName="t",
        KeyConditionExpression="#pk = :pk",
        ExpressionAttributeNames={"#pk": "pk"},
        ExpressionAttributeValues=pack({":pk": "p"}),
    )
    assert [(page["Count"], "LastEvaluatedKey" in page) for page in pages] == [(table.PAGE, True), (0, False)]


def test_a_page_is_no_longer_than_asked_for_and_than_it_may_be(table: Dynamo) -> None:
    for number in range(7):
        table.put_item(**put(sk=str(number)))
    query = {
        "TableName": "t",
        "KeyConditionExpression": "#pk = :pk",
        "ExpressionAttributeNames": {"#pk": "pk"},
        "ExpressionAttributeValues": pack({":pk": "p"}),
    }
    assert [table.query(**query, Limit=limit)["Count"] for limit in (1, 2, 7)] == [1, 2, table.PAGE]
    assert [item["sk"] for item in found(table, "pk", "p", Limit=2)] == [*"0123456"]
    for most in (1, 3, 4, 9):
        items = found(table, "pk", "p", Limit=2, PaginationConfig={"MaxItems": most})
        assert [item["sk"] for item in items] == [*"0123456"][:most]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("#sk = :low", ["2"]),
        ("#sk < :high", ["1", "10", "2"]),
        ("#sk <= :high", ["1", "10", "2", "3"]),
        ("#sk > :low", ["3", "é"]),
        ("#sk >= :low", ["2", "3", "é"]),
        ("#sk BETWEEN :low AND :high", ["2", "3"]),
        ("begins_with(#sk, :one)", ["1", "10"]),
    ],
)
def test_a_range_is_in_the_order_of_its_bytes(condition: str, expected: list[str], table: Dynamo) -> None:
    for text in ["é", "2", "10", "1", "3"]:
        table.put_item(**put(sk=text))
    binds = {"pk": "p", "low": "2", "high": "3", "one": "1"}
    request = {
        "TableName": "t",
        "KeyConditionExpression": f"#pk = :pk AND {condition}",
        "ExpressionAttributeNames": {"#pk": "pk", "#sk": "sk"},
        "ExpressionAttributeValues": pack({f":{n}": binds[n] for n in binds if n in f"pk {condition}"}),
    }
    for forward, wanted in ((True, expected), (False, expected[::-1])):
        pages = table.get_paginator("query").paginate(**request, ScanIndexForward=forward)
        assert [item["sk"]["S"] for page in pages for item in page["Items"]] == wanted


def test_a_repeated_token_has_no_second_effect_for_ten_minutes(table: Dynamo, clock: Clock) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""
    count(table, "one")
    clock.now += LASTS - timedelta(seconds=1)
    count(table, "one")
    assert table.items("t") == [{**KEY, "n": 1}]
    clock.now += timedelta(seconds=1)
    count(table, "one")
    assert table.items("t") == [{**KEY, "n": 2}]
    clock.now += LASTS - timedelta(seconds=1)
    count(table, "one")
    count(table, "two")
    assert table.items("t") == [{**KEY, "n": 3}]


def test_a_token_stands_for_one_request(table: Dynamo, clock: Clock) -> None:
    count(table, "one")
    with pytest.raises(ClientError) as refused:
        count(table, "one", by=2)
    assert refused.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"
    assert table.items("t") == [{**KEY, "n": 1}]
    clock.now += LASTS
    count(table, "one", by=2)
    assert table.items("t") == [{**KEY, "n": 3}]


def test_a_token_of_a_cancelled_transaction_is_free(table: Dynamo) -> None:
    table.put_item(**put(n="text"))
    with pytest.raises(ClientError):
        count(table, "one")
    table.put_item(**put(n=1))
    count(table, "one")
    assert table.items("t") == [{**KEY, "n": 2}]


def test_nobody_else_holds_a_part_of_a_stored_item(table: Dynamo, clock: Clock) -> None:
    given = put(a=[{"b": "c"}])
    table.put_item(**given)
    given["Item"]["a"]["L"][0]["M"]["b"]["S"] = "given"
    read = {"TableName": "t", "Key": pack(KEY), "ConsistentRead": True}
    table.get_item(**read)["Item"]["a"]["L"][0]["M"]["b"]["S"] = "read"
    batch = table.batch_get_item(RequestItems={"t": {"Keys": [pack(KEY)]}})
    batch["Responses"]["t"][0]["a"]["L"].clear()
    assert table.items("t") == [{**KEY, "a": [{"b": "c"}]}]
