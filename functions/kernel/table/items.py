"""The door to a service's own table: the client, an item's plain and typed form, consistent reads."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from kernel.aws import at_init, connect
from kernel.errors import Contended
from kernel.retries import attempts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ATTEMPTS = 5
LARGEST_BATCH = 100
Item = dict[str, Any]
Key = Mapping[str, str]


@at_init("TABLE")
def client() -> "DynamoDBClient":
    made: DynamoDBClient = connect("dynamodb", seconds=3)
    return made


def table() -> str:
    return os.environ["TABLE"]


def pack(item: Mapping[str, Any]) -> dict[str, Any]:
    """A plain item in DynamoDB's typed form."""
    return {name: _typed(value) for name, value in item.items()}


def unpack(item: Mapping[str, Any]) -> Item:
    """A typed item in plain form, with integers as int."""
    return {name: _plain(*typed) for name, value in item.items() for typed in value.items()}


def _typed(value: Any) -> dict[str, Any]:
    """Raises TypeError for what no item of ours holds, such as a float."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case list() | tuple():
            return {"L": [_typed(one) for one in value]}
        case Mapping():
            return {"M": pack(value)}
    raise TypeError(f"an item holds no {type(value).__name__}")


def _plain(kind: str, value: Any) -> Any:
    match kind:
        case "NULL":
            return None
        case "N":
            return int(value)
        case "L":
            return [_plain(*typed) for one in value for typed in one.items()]
        case "M":
            return unpack(value)
    return value


def load(key: Key, *, within: str = "") -> Item | None:
    """The item as it is now (a consistent read), or None. `within`: see Write."""
    found = client().get_item(TableName=within or table(), Key=pack(key), ConsistentRead=True)
    return unpack(found["Item"]) if "Item" in found else None


def load_all(keys: Iterable[Key], *, consistent: bool) -> Iterator[Item]:
    """The items of the keys, each once, in no order; without those that are not there. No key comes twice.

    Raises Contended if DynamoDB keeps handing keys back.
    """
    unread = iter(keys)
    while batch := [pack(key) for key in islice(unread, LARGEST_BATCH)]:
        yield from _batch(batch, consistent=consistent)


def _batch(wanted: list[Any], *, consistent: bool) -> Iterator[Item]:
    for _ in attempts(ATTEMPTS):
        asked: Any = {table(): {"Keys": wanted, "ConsistentRead": consistent}}
        answer: Any = client().batch_get_item(RequestItems=asked)
        yield from map(unpack, answer["Responses"][table()])
        wanted = answer["UnprocessedKeys"].get(table(), {}).get("Keys", [])
        if not wanted:
            return
    raise Contended


def query(condition: str, binds: Item, **options: Any) -> Iterator[Item]:
    """Every item that meets the key condition, read page by page. `options` go to Query as they are."""
    request: Item = {
        "TableName": table(),
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": {f"#{name}": name for name in re.findall(r"#(\w+)", condition)},
        "ExpressionAttributeValues": pack({f":{name}": value for name, value in binds.items()}),
    }
    for page in client().get_paginator("query").paginate(**request | options):
        yield from (unpack(item) for item in page["Items"])
