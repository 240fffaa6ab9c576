"""The DynamoDB in memory answers what moto answers, to any sequence of what this code sends."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from kernel.table.items import Item, pack
from kernel.table.writes import Write
from tests.simulator.aws.dynamo.dynamo import Dynamo
from tests.support import aws

Call = Callable[[Any], Any]
KNOWN: Item = {"one": 1, "ten": 10, "two": "2", "word": "b", "both": ["b", {"deep": 1}], "yes": True}
ORDERINGS = ("<", "<=", ">", ">=")
INDEX = {
    "orders": ("open", "open_shard", "due_at"),
    "storefront": ("orders_of_customer", "customer_id", "placed_at"),
}
INDEXED = {name for _, *names in INDEX.values() for name in names}

keys = some.builds(
    lambda pk, sk: {"pk": pk, "sk": sk},
    some.sampled_from("pq"),
    some.sampled_from(["1", "10", "2", "é", "z"]),
)
texts = some.sampled_from(["b", "bc", "2", "10", "", "é"])
values = some.recursive(
    texts | some.integers(-12, 12) | some.booleans() | some.none(),
    lambda inner: (
        some.lists(inner, max_size=2) | some.dictionaries(some.sampled_from("xy"), inner, max_size=2)
    ),
    max_leaves=3,
)
names = some.sampled_from("abcnx")
leaves = some.one_of(
    some.builds("attribute_exists(#{})".format, names),
    some.builds("attribute_not_exists(#{})".format, names),
    some.builds("begins_with(#a, :{})".format, some.sampled_from(["two", "word"])),
    some.builds("#{} {} :{}".format, names, some.sampled_from(["=", "<>"]), some.sampled_from([*KNOWN])),
    # moto cannot order values of two types.
    some.builds("#a {} :{}".format, some.sampled_from(ORDERINGS), some.sampled_from(["two", "word"])),
    some.builds("#n {} :{}".format, some.sampled_from(ORDERINGS), some.sampled_from(["one", "ten"])),
)
conditions = some.just("") | some.recursive(
    leaves,
    lambda inner: some.one_of(
        some.builds("NOT {}".format, leaves),
        some.builds("NOT ({} OR {})".format, inner, inner),
        some.builds("{} AND {}".format, inner, inner),
        some.builds("({} OR {}) AND {}".format, inner, inner, inner),
        some.builds("{} OR {}".format, inner, inner),
    ),
    max_leaves=4,
)


attributes = some.fixed_dictionaries(
    {"b": values}, optional={"a": texts, "x": values, "c": some.integers(-12, 12)}
)


@some.composite
def writes(draw: some.DrawFn) -> Write:
    """Sets at least one attribute, so that what it makes of no item is documented."""
    sets = draw(attributes)
    sets |= draw(some.dictionaries(some.sampled_from(sorted(INDEXED)), some.sampled_from("123"), max_size=4))
    adds = draw(some.dictionaries(some.sampled_from("nm"), some.integers(-5, 5), max_size=2))
    removes = draw(some.sets(some.sampled_from(["a", "x", "n", *sorted(INDEXED)]), max_size=2))
    condition = draw(conditions)
    return Write(
        key=draw(keys),
        sets=sets,
        adds=adds,
        removes=sorted(removes - {*sets, *adds}),
        condition=condition,
        binds={name: value for name, value in KNOWN.items() if f":{name}" in condition},
    )


def done(answered: Item) -> Item | None:
    """A write answers no attributes unless asked; what moto adds about capacity, nobody asked for."""
    return answered.get("Attributes")


def updated(write: Write) -> Call:
    return lambda client: done(client.update_item(**write.request()))


def put(item: Item) -> Call:
    return lambda client: done(client.put_item(TableName=os.environ["TABLE"], Item=pack(item)))


def transacted(several: list[Write], puts: list[Item]) -> Call:
    items = [{"Update": write.request()} for write in several]
    items += [{"Put": {"TableName": os.environ["TABLE"], "Item": pack(item)}} for item in puts]
    return lambda client: done(client.transact_write_items(TransactItems=items))


def loaded(key: Item) -> Call:
    return lambda client: client.get_item(
        TableName=os.environ["TABLE"], Key=pack(key), ConsistentRead=True
    ).get("Item")


def batched(several: list[Item]) -> Call:
    def call(client: Any) -> Any:
        answer = client.batch_get_item(
            RequestItems={os.environ["TABLE"]: {"Keys": [pack(key) for key in several]}}
        )
        return sorted(answer["Responses"][os.environ["TABLE"]], key=repr), answer["UnprocessedKeys"]

    return call


def snapped(several: list[Item]) -> Call:
    gets: list[Item] = [{"Get": {"TableName": os.environ["TABLE"], "Key": pack(key)}} for key in several]
    return lambda client: client.transact_get_items(TransactItems=gets)["Responses"]


@some.composite
def queries(draw: some.DrawFn) -> Call:
    """All pages of the table or of its index, by any condition, in any order, from anywhere."""
    index, hash_key, range_key = draw(some.sampled_from([INDEX[os.environ["SERVICE"]], ("", "pk", "sk")]))
    condition, binds = draw(some.sampled_from(RANGES))
    binds = {":hash": draw(some.sampled_from("pq" if not index else "123")), **binds}
    request: Item = {
        "TableName": os.environ["TABLE"],
        "KeyConditionExpression": f"#hash = :hash{condition}",
        "ExpressionAttributeNames": {"#hash": hash_key} | ({"#range": range_key} if condition else {}),
        "ExpressionAttributeValues": pack(binds),
        "ScanIndexForward": draw(some.booleans()),
        "PaginationConfig": {} if index else draw(some.sampled_from([{}, {"MaxItems": 1}, {"MaxItems": 4}])),
    }
    request |= {"IndexName": index} if index else {"ConsistentRead": True}
    request |= draw(some.sampled_from([{}, {"Limit": 1}, {"Limit": 2}, {"Limit": 7}]))
    if not index and not condition and draw(some.booleans()):
        start = {"pk": binds[":hash"], "sk": draw(keys)["sk"]}
        request["ExclusiveStartKey"] = pack(start)
    return lambda client: whole(client, request, range_key)


RANGES: list[tuple[str, Item]] = [
    ("", {}),
    *((f" AND #range {operator} :range", {":range": "2"}) for operator in ["=", *ORDERINGS]),
    (" AND #range BETWEEN :low AND :high", {":low": "10", ":high": "2"}),
    (" AND begins_with(#range, :range)", {":range": "1"}),
]


def whole(client: Any, request: Item, range_key: str) -> Any:
    """Items in order of the range key; of equals in an index AWS promises none."""
    pages = client.get_paginator("query").paginate(**request)
    found = [item for page in pages for item in page["Items"]]
    ranges = [item[range_key]["S"] for item in found]
    assert ranges == sorted(ranges, reverse=not request["ScanIndexForward"])
    return sorted(found, key=repr)


def answer(client: Any, call: Call) -> Any:
    """What came back, or the error as far as this code can tell it from others."""
    try:
        found = call(client)
    except ClientError as error:
        response: Any = error.response
        reasons = [(one["Code"], one.get("Item")) for one in response.get("CancellationReasons", [])]
        return response["Error"]["Code"], response.get("Item"), reasons
    return found


calls = some.one_of(
    some.builds(updated, writes()),
    some.builds(updated, writes()),
    some.builds(
        put,
        some.builds(lambda key, more: {**key, **more}, keys, attributes),
    ),
    some.builds(
        transacted,
        some.lists(writes(), max_size=3, min_size=1),
        some.lists(keys, max_size=2),
    ),
    some.builds(loaded, keys),
    some.builds(batched, some.lists(keys, min_size=1, max_size=4, unique_by=repr)),
    some.builds(snapped, some.lists(keys, min_size=1, max_size=4, unique_by=repr)),
    queries(),
)


@pytest.fixture
def clients(moto: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Callable[[], Any]:
    """Moto's client and the one in memory, both with an empty table of the service."""
    for variable, value in aws.environment(request.param).items():
        monkeypatch.setenv(variable, value)
    aws.create_table(request.param)
    client = aws.client("dynamodb")

    def empty() -> tuple[Any, Dynamo]:
        client.delete_table(TableName=os.environ["TABLE"])
        aws.create_table(request.param)
        memory = Dynamo(now=lambda: datetime.now(UTC))
        memory.create(os.environ["TABLE"], aws.INDEXES[request.param])
        return client, memory

    return empty


@pytest.mark.parametrize("clients", [*INDEX], indirect=True)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=some.data())
def test_any_sequence_of_calls_has_the_answers_that_moto_gives(
    clients: Callable[[], Any], data: some.DataObject
) -> None:
    moto, memory = clients()
    for place, sk in enumerate(["1", "10", "2", "é", "z"]):
        item = {"pk": "p", "sk": sk, **dict.fromkeys(sorted(INDEXED), str(place % 2 + 1))}
        assert answer(memory, put(item)) == answer(moto, put(item))
    for call in data.draw(some.lists(calls, min_size=1, max_size=12)):
        assert answer(memory, call) == answer(moto, call)
    assert memory.items(os.environ["TABLE"]) == aws.items(os.environ["SERVICE"])
