"""DynamoDB behind boto3's own client: the simulator's, which answers as moto's does, but sooner.

`tests/simulator/itself/test_dynamo.py` compares the two. Tables with a stream stay moto's.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from threading import RLock
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import BotocoreStubber

from tests.simulator.aws.dynamo.dynamo import Dynamo
from tests.simulator.aws.dynamo.values import Image, handed_out
from tests.support import moto_memory

TARGET = "DynamoDB_20120810."
Answer = tuple[int, Mapping[str, Any]]


class Tables(Dynamo):
    """The simulator's tables, and what tests alone ask of a table."""

    PAGE = 1_000

    def create_table(self, **request: Any) -> Any:
        indexes = request.get("GlobalSecondaryIndexes", [])
        self.create(request["TableName"], {one["IndexName"]: _names(one["KeySchema"]) for one in indexes})
        return {"TableDescription": {"TableName": request["TableName"]}}

    def delete_item(self, **request: Any) -> Any:
        table = self._tables[request["TableName"]]
        key = table.key(request["Key"])
        table.before.put(key, None)
        table.now.put(key, None)
        return {}

    def scan(self, **request: Any) -> Any:
        return {"Items": self.images(request["TableName"])}

    def images(self, table: str) -> list[Image]:
        return [handed_out(item) for item in self._tables[table].now.items.values()]


class Stub:
    """Answers the requests to its own tables, and leaves all others to moto."""

    def __init__(self, moto: Callable[..., Any]) -> None:
        self.moto, self.tables, self._lock = moto, Tables(now=_now), RLock()

    def process(self, stubber: BotocoreStubber, request: Any) -> Any:
        target = request.headers.get("X-Amz-Target", b"").decode()
        if not target.startswith(TARGET):
            return self.moto(stubber, request)
        operation, asked = target.removeprefix(TARGET), json.loads(request.body)
        if not self._is_ours(operation, asked):
            return self.moto(stubber, request)
        status, answer = self._answered(operation, asked)
        return status, {}, json.dumps(answer).encode()

    def _is_ours(self, operation: str, asked: Mapping[str, Any]) -> bool:
        if operation == "CreateTable":
            return "StreamSpecification" not in asked
        return not {*_tables(asked)} - {*self.tables.tables()}

    def _answered(self, operation: str, asked: Mapping[str, Any]) -> Answer:
        with self._lock:
            try:
                return 200, getattr(self.tables, xform_name(operation))(**asked)
            except ClientError as error:
                told: Mapping[str, Any] = error.response
        shown = {name: told[name] for name in ("Item", "CancellationReasons") if name in told}
        return 400, {"__type": told["Error"]["Code"], "message": told["Error"]["Message"], **shown}


def _tables(asked: Mapping[str, Any]) -> Iterator[str]:
    """The tables that a request names."""
    if "TableName" in asked:
        yield asked["TableName"]
    yield from asked.get("RequestItems", ())
    for item in asked.get("TransactItems", ()):
        yield from (part["TableName"] for part in item.values())
    if "Statement" in asked:
        yield asked["Statement"].split('"')[1]


def _names(schema: list[Mapping[str, str]]) -> tuple[str, str]:
    first, second = (key["AttributeName"] for key in schema)
    return first, second


def _now() -> datetime:
    return datetime.now(UTC)


STUB: Stub | None = None


def install(patch: pytest.MonkeyPatch) -> None:
    """From here on, and until the patch is undone, tables are made in memory."""
    stub = Stub(BotocoreStubber.process_request)
    patch.setattr(BotocoreStubber, "process_request", lambda *asked: stub.process(*asked))  # noqa: PLW0108 - bound
    patch.setitem(globals(), "STUB", stub)


def images(table: str) -> list[Image]:
    """Every item of a table, as DynamoDB's API spells items, read past the API: tests look all the time."""
    if STUB and table in STUB.tables.tables():
        return STUB.tables.images(table)
    return moto_memory.images(table)
