"""The door to a service's own table: reads, guarded writes, whole transactions."""

import os
import random
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import ClientError

from kernel import identity
from kernel.errors import ConditionFailed, Contended

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
Key = Mapping[str, str]

OPEN = "open"
CLOSED = ("open_shard", "due_at")
SHARDS = 4
ATTEMPTS = 5
# Reasons within a cancelled transaction, and the same as errors of their own: all pass with time.
PASSING = {
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ThrottlingError",
    "ThrottlingException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
}
UNMET = {"ConditionalCheckFailed", "ConditionalCheckFailedException"}


@dataclass(frozen=True)
class Write:
    """One guarded write: `#name` stands for the attribute `name`, `:name` for `binds["name"]`."""

    key: Key
    sets: Item = field(default_factory=dict)
    adds: Mapping[str, int] = field(default_factory=dict)
    removes: Sequence[str] = ()
    condition: str = ""
    binds: Item = field(default_factory=dict)

    def __post_init__(self) -> None:
        if names := {*self.sets, *self.adds} & {*self.binds}:
            raise ValueError(f"one name, one value: {', '.join(sorted(names))}")

    def request(self) -> dict[str, Any]:
        """The arguments of UpdateItem, which are also those of an Update in a transaction."""
        clauses = {
            "SET": ", ".join(f"#{name} = :{name}" for name in self.sets),
            "ADD": ", ".join(f"#{name} :{name}" for name in self.adds),
            "REMOVE": ", ".join(f"#{name}" for name in self.removes),
        }
        update = " ".join(f"{verb} {clause}" for verb, clause in clauses.items() if clause)
        names = re.findall(r"#(\w+)", f"{update} {self.condition}")
        values = {f":{name}": value for name, value in {**self.sets, **self.adds, **self.binds}.items()}
        request: dict[str, Any] = {
            "TableName": table(),
            "Key": pack(self.key),
            "UpdateExpression": update,
            "ExpressionAttributeNames": {f"#{name}": name for name in names},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        # DynamoDB refuses both when empty.
        request |= {"ExpressionAttributeValues": pack(values)} if values else {}
        return request | ({"ConditionExpression": self.condition} if self.condition else {})


@cache
def client() -> "DynamoDBClient":
    config = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client("dynamodb", config=config)


def table() -> str:
    return os.environ["TABLE"]


def pack(item: Mapping[str, Any]) -> dict[str, Any]:
    """A plain item in DynamoDB's typed form."""
    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in item.items()}


def unpack(item: Mapping[str, Any]) -> Item:
    """A typed item in plain form, with integers as int."""
    deserialize = TypeDeserializer().deserialize
    return {name: _plain(deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value)
        case list():
            return [_plain(one) for one in value]
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case _:
            return value


def load(key: Key) -> Item | None:
    """The item as it is now (a consistent read), or None."""
    found = client().get_item(TableName=table(), Key=pack(key), ConsistentRead=True)
    return unpack(found["Item"]) if "Item" in found else None


def query(condition: str, binds: Item, **options: Any) -> Iterator[Item]:
    """Every item of a key condition, page by page; `options` go to Query as they are."""
    pages = (
        client()
        .get_paginator("query")
        .paginate(
            TableName=table(),
            KeyConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in re.findall(r"#(\w+)", condition)},
            ExpressionAttributeValues=pack({f":{name}": value for name, value in binds.items()}),
            **options,
        )
    )
    for page in pages:
        yield from (unpack(item) for item in page["Items"])


def opened(name: str, due_at: datetime, *, kind: str = OPEN) -> Item:
    """Attributes that keep an item in the table's `open` index, until CLOSED are removed from it.

    `due` finds those of the kind OPEN only.
    """
    return {"open_shard": f"{kind}#{zlib.crc32(name.encode()) % SHARDS}", "due_at": due_at.isoformat()}


def due(now: datetime, *, limit: int) -> Iterator[Item]:
    """Items of the `open` index that were due by `now`, as they are now; `limit` of each shard."""
    for shard in (f"{OPEN}#{number}" for number in range(SHARDS)):
        found = query(
            "#open_shard = :shard AND #due_at <= :now",
            {"shard": shard, "now": now.isoformat()},
            IndexName="open",
            PaginationConfig={"MaxItems": limit},
        )
        current = [load({"pk": entry["pk"], "sk": entry["sk"]}) for entry in found]
        there = (item for item in current if item and item.get("open_shard") == shard)
        yield from (item for item in there if item["due_at"] <= now.isoformat())


def update(write: Write) -> None:
    """One write outside a transaction. Raises ConditionFailed (place 0), and Contended like `transact`."""
    _insist(lambda: client().update_item(**write.request()))


def transact(writes: Sequence[Write], *, puts: Sequence[Item] = ()) -> None:
    """All of it or nothing. Raises ConditionFailed naming the places in `writes` that did not hold.

    A conflict with another transaction is tried again here, and ends as Contended.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    items: list[Any] = [{"Update": write.request()} for write in writes]
    items += [{"Put": {"TableName": table(), "Item": pack(item)}} for item in puts]
    _insist(lambda: client().transact_write_items(TransactItems=items))


def _insist(write: Callable[[], object]) -> None:
    for attempt in range(ATTEMPTS):
        try:
            write()
            return
        except ClientError as error:
            reasons = _reasons(error)
            if not any(reason.get("Code") in PASSING for reason in reasons):
                _raise_unmet(error, reasons)
        back_off(attempt)
    raise Contended


def back_off(attempt: int) -> None:
    """Waits up to twice as long as after the attempt before, so that those who collided part."""
    identity.pause(random.uniform(0, 0.05 * 2**attempt))


def _raise_unmet(error: ClientError, reasons: Sequence[Item]) -> NoReturn:
    """ConditionFailed with the items found, or the error itself when it is not about conditions."""
    unmet = {place: reason for place, reason in enumerate(reasons) if reason.get("Code") in UNMET}
    if not unmet:
        raise error
    raise ConditionFailed(
        {place: unpack(reason.get("Item", {})) for place, reason in unmet.items()}
    ) from error


def _reasons(error: ClientError) -> list[Item]:
    """Code and item found, for each item of a cancelled transaction or for the one of any other error."""
    response: Any = error.response
    alone = {"Code": response["Error"].get("Code"), "Item": response.get("Item", {})}
    return response.get("CancellationReasons") or [alone]
