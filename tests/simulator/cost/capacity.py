"""What a call of DynamoDB consumes, told by the items before and after it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from botocore.exceptions import ClientError

from tests.simulator.aws.dynamo.dynamo import Dynamo
from tests.simulator.aws.dynamo.partiql import put_of
from tests.simulator.aws.dynamo.values import Image, size
from tests.simulator.cost.meter import Meter

WRITE, READ = 1024, 4096
FAILED = {"ConditionalCheckFailedException", "TransactionCanceledException"}
Request = Mapping[str, Any]


@dataclass(frozen=True)
class Index:
    """`keys` is its hash and range key, `shows` the attributes beside all keys; None shows all there are."""

    keys: tuple[str, ...]
    shows: frozenset[str] | None = None

    def entry(self, item: Image | None) -> Image | None:
        """What the index holds of an item; nothing of one without its keys."""
        if item is None or not item.keys() >= {*self.keys}:
            return None
        if self.shows is None:
            return item
        return {name: item[name] for name in {"pk", "sk", *self.keys, *self.shows} & item.keys()}


def units(size_: int, of: int) -> int:
    """Never less than one."""
    return max(1, ceil(size_ / of))


def write_units(*items: Image | None) -> int:
    """The larger of an item before and after counts, as it does for an item that a condition spared."""
    return units(max([size(item) for item in items if item], default=0), WRITE)


def index_units(index: Index, old: Image | None, new: Image | None) -> int:
    """An entry that stays the same costs nothing, and one that moves is deleted and put."""
    before, after = index.entry(old), index.entry(new)
    if before == after:
        return 0
    if before and after and any(before[key] != after[key] for key in index.keys):
        return write_units(before) + write_units(after)
    return write_units(before, after)


class MeteredDynamo:
    """Stands before the simulator's DynamoDB. `indexes` by table and name."""

    def __init__(self, dynamo: Dynamo, meter: Meter, indexes: Mapping[str, Mapping[str, Index]]) -> None:
        self._dynamo, self._meter, self._indexes = dynamo, meter, indexes

    # Reads: half a unit for each 4 KB that may be behind, twice a unit in a transaction

    def get_item(self, **request: Any) -> Any:
        answer = self._dynamo.get_item(**request)
        self._read([answer.get("Item", {})], request)
        return answer

    def batch_get_item(self, **request: Any) -> Any:
        """Each item counts for itself; one that is not there is a unit too."""
        answer = self._dynamo.batch_get_item(**request)
        for table, wanted in request["RequestItems"].items():
            found = answer["Responses"].get(table, [])
            self._read([*found, *[{}] * (len(wanted["Keys"]) - len(found))], wanted)
        return answer

    def query(self, **request: Any) -> Any:
        """What a page holds is summed, then rounded."""
        answer = self._dynamo.query(**request)
        total = sum(size(item) for item in answer["Items"])
        self._meter.caused("read units", units(total, READ) * _share(request))
        return answer

    def transact_get_items(self, **request: Any) -> Any:
        answer = self._dynamo.transact_get_items(**request)
        for found in answer["Responses"]:
            self._meter.caused("read units", 2 * units(size(found.get("Item", {})), READ))
        return answer

    def _read(self, items: Iterable[Image], request: Request) -> None:
        for item in items:
            self._meter.caused("read units", units(size(item), READ) * _share(request))

    # Writes: a unit for each KB, two in a transaction, and what every index has to write

    def put_item(self, **request: Any) -> Any:
        return self._write([request], 1, lambda: self._dynamo.put_item(**request))

    def update_item(self, **request: Any) -> Any:
        return self._write([request], 1, lambda: self._dynamo.update_item(**request))

    def execute_statement(self, **request: Any) -> Any:
        return self._write([put_of(request)], 1, lambda: self._dynamo.execute_statement(**request))

    def transact_write_items(self, **request: Any) -> Any:
        writes = [one for item in request["TransactItems"] for one in item.values()]
        return self._write(writes, 2, lambda: self._dynamo.transact_write_items(**request))

    def _write(self, requests: list[Request], times: int, act: Callable[[], Any]) -> Any:
        before = [self._item(request) for request in requests]
        try:
            answer = act()
        except ClientError as error:
            if error.response["Error"]["Code"] in FAILED:
                self._failed(requests, before, times)
            raise
        for request, old in zip(requests, before, strict=True):
            new = self._item(request)
            indexes = self._indexes.get(request["TableName"], {}).values()
            beside = sum(index_units(index, old, new) for index in indexes)
            self._meter.caused("write units", times * write_units(old, new) + beside)
        return answer

    def _failed(self, requests: list[Request], before: list[Image | None], times: int) -> None:
        for request, old in zip(requests, before, strict=True):
            self._meter.caused("write units", times * write_units(old, request.get("Item")))

    def _item(self, request: Request) -> Image | None:
        whole = request.get("Key") or request["Item"]
        key = {name: whole[name] for name in ("pk", "sk")}
        found: Image | None = self._dynamo.get_item(
            TableName=request["TableName"], Key=key, ConsistentRead=True
        ).get("Item")
        return found


def _share(request: Request) -> float:
    return 1 if request.get("ConsistentRead") else 0.5
