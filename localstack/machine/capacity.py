"""Writes down what each call of DynamoDB consumes, as MiniStack counts it by code of its own.

A line of `capacity.jsonl` in the state directory tells the operation, the table, the index and the units.
MiniStack counts writes as AWS does. It counts any Query as one item, so no reading has units here.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ministack.services import dynamodb

FILE = "capacity.jsonl"
WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")


def count_capacity(file: Path) -> None:
    """Functions do not ask for the capacity of their writes, so that is done for them at the door."""
    handle = dynamodb.handle_request

    async def counted(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        operation, asked = headers.get("x-amz-target", "").rpartition(".")[2], json.loads(body or b"{}")
        if operation in WRITES:
            body = json.dumps(asked | {"ReturnConsumedCapacity": "TOTAL"}).encode()
        answer = await handle(method, path, headers, body, query)
        with file.open("a") as lines:
            lines.writelines(f"{json.dumps(each)}\n" for each in _told(operation, asked, answer))
        return answer

    dynamodb.handle_request = counted


def _told(operation: str, asked: Any, answer: Any) -> Iterator[dict[str, Any]]:
    """A call that failed, or only read, has no units."""
    found = json.loads(answer[2]).get("ConsumedCapacity", []) if operation in WRITES else []
    for each in found if isinstance(found, list) else [found]:
        yield {
            "operation": operation,
            "table": each["TableName"],
            "index": "",
            "units": each["CapacityUnits"],
        }
    if not found:
        yield {
            "operation": operation,
            "table": _table(asked),
            "index": asked.get("IndexName", ""),
            "units": 0,
        }


def _table(asked: Any) -> str:
    transacted = [one["TableName"] for item in asked.get("TransactItems", ()) for one in item.values()]
    return str(asked.get("TableName") or next(iter([*transacted, *asked.get("RequestItems", ())]), ""))
