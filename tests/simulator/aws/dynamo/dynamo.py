"""DynamoDB in memory, shaped like boto3's client for what this code calls, and as strict as AWS promises."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from kernel.table.items import unpack
from tests.simulator.aws.dynamo import writes
from tests.simulator.aws.dynamo.partiql import duplicate_refused, put_of
from tests.simulator.aws.dynamo.queries import Pages, asked_for, page
from tests.simulator.aws.dynamo.requests import MOST, Request, failure, insist, listed, metadata, operation
from tests.simulator.aws.dynamo.tables import Key, Table, View
from tests.simulator.aws.dynamo.values import Image, Invalid, handed_out
from tests.simulator.aws.dynamo.writes import GUARD, KNOWS, NEEDED, NEEDS, UNMET, Action

LONGEST_TOKEN, LARGEST = 36, 4 * 1024 * 1024
TOKEN_LASTS = timedelta(minutes=10)
MOST_BEHIND = timedelta(minutes=5)  # of an index or a read that need not be consistent
FINE = {"Code": "None"}
CONFLICT = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
Changed = Callable[[str, Image, Image | None, Image | None], None]


def never() -> bool:
    return False


class Dynamo:
    """Tables, and the calls on them; `changed` hears of every item that a write made another."""

    PAGE = 3  # items of a query's page: few, so that whoever reads one page only is found out

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        changed: Changed | None = None,
        lags: Callable[[], bool] = never,
        holds: Callable[[], float] = lambda: 0,
    ) -> None:
        self._now, self._changed, self._lags, self._holds = now, changed, lags, holds
        self._may_lag = lags != never
        self._held: dict[tuple[str, Key], datetime] = {}  # until when a transaction has the item
        self._tables: dict[str, Table] = {}
        self._tokens: dict[str, tuple[str, datetime]] = {}

    def create(self, table: str, indexes: Mapping[str, tuple[str, str]] = {}) -> None:
        self._tables[table] = Table(table, indexes)

    def tables(self) -> list[str]:
        return sorted(self._tables)

    def items(self, table: str, prefix: str = "") -> list[dict[str, Any]]:
        """Plain items in key order, of partition keys that begin with `prefix`."""
        found = sorted(self._tables[table].now.items.items())
        return [unpack(item) for (pk, _), item in found if pk.startswith(prefix)]

    @operation("GetItem", "TableName Key", "ConsistentRead")
    def get_item(self, request: Request) -> Any:
        table = self._table(request, "GetItem")
        found = self._view(table, request).items.get(table.key(request["Key"]))
        answer = {"Item": handed_out(found)} if found else {}
        return answer | {"ResponseMetadata": metadata()}

    @operation("BatchGetItem", "RequestItems")
    def batch_get_item(self, request: Request) -> Any:
        """Answers in no useful order, as AWS promises none."""
        wanted = request["RequestItems"]
        insist(type(wanted) is dict and all(type(one) is dict for one in wanted.values()))
        if sum(len(one.get("Keys", ())) for one in wanted.values()) > MOST:
            raise Invalid("Too many items requested for the BatchGetItem call")
        found = {name: self._batch(name, one) for name, one in wanted.items()}
        return {"Responses": found, "UnprocessedKeys": {}, "ResponseMetadata": metadata()}

    def _batch(self, name: str, wanted: Request) -> list[Image]:
        insist({"Keys"} <= wanted.keys() <= {"Keys", "ConsistentRead"} and type(wanted["Keys"]) is list)
        insist(len(wanted["Keys"]) > 0)
        table = self._table({"TableName": name}, "BatchGetItem")
        keys = [table.key(key) for key in wanted["Keys"]]
        if len({*keys}) < len(keys):
            raise Invalid("Provided list of item keys contains duplicates")
        items = [self._view(table, wanted).items.get(key) for key in reversed(keys)]
        return [handed_out(item) for item in items if item]

    @operation(
        "Query",
        "TableName KeyConditionExpression ExpressionAttributeNames ExpressionAttributeValues",
        "IndexName ConsistentRead ScanIndexForward Limit ExclusiveStartKey",
    )
    def query(self, request: Request) -> Any:
        table = self._table(request, "Query")
        asked = asked_for(table, request)
        return page(asked, self._view(table, request), self.PAGE) | {"ResponseMetadata": metadata()}

    def get_paginator(self, operation_name: str) -> Pages:
        if operation_name != "query":
            raise NotImplementedError(operation_name)
        return Pages(self)

    @operation("UpdateItem", NEEDED["Update"], GUARD)
    def update_item(self, request: Request) -> Any:
        return self._alone(writes.update(self._table(request, "UpdateItem"), request), "UpdateItem")

    @operation("PutItem", NEEDED["Put"], GUARD)
    def put_item(self, request: Request) -> Any:
        return self._alone(writes.put(self._table(request, "PutItem"), request), "PutItem")

    @operation("ExecuteStatement", "Statement Parameters")
    def execute_statement(self, request: Request) -> Any:
        put = put_of(request)
        with duplicate_refused():
            return self._alone(writes.put(self._table(put, "ExecuteStatement"), put), "ExecuteStatement")

    @operation("TransactWriteItems", "TransactItems", "ClientRequestToken")
    def transact_write_items(self, request: Request) -> Any:
        actions, token = self._actions(request["TransactItems"]), request.get("ClientRequestToken")
        if token is None:
            self._together(actions)
        elif not self._is_repeated(token, text := json.dumps(request, sort_keys=True)):
            self._together(actions)
            self._tokens[token] = text, self._now()
        return {"ResponseMetadata": metadata()}

    @operation("TransactGetItems", "TransactItems")
    def transact_get_items(self, request: Request) -> Any:
        """All as they are at one moment. It holds nothing: readers conflict with writers only."""
        gets = [self._get(item) for item in listed(request["TransactItems"])]
        if len({(table.name, key) for table, key in gets}) < len(gets):
            raise Invalid("Transaction request cannot include multiple operations on one item")
        self._cancel_for([self._conflict(table, key) or FINE for table, key in gets], "TransactGetItems")
        found = [table.now.items.get(key) for table, key in gets]
        answers = [{"Item": handed_out(item)} if item else {} for item in found]
        return {"Responses": answers, "ResponseMetadata": metadata()}

    def _get(self, item: Any) -> tuple[Table, Key]:
        insist(type(item) is dict and item.keys() == {"Get"} and type(item["Get"]) is dict)
        insist(item["Get"].keys() == {"TableName", "Key"})
        table = self._table(item["Get"], "TransactGetItems")
        return table, table.key(item["Get"]["Key"])

    def _table(self, request: Request, name: str) -> Table:
        wanted = request["TableName"]
        insist(type(wanted) is str and wanted != "")
        if wanted not in self._tables:
            raise failure("ResourceNotFoundException", "Requested resource not found", name)
        return self._tables[wanted]

    def _view(self, table: Table, request: Request) -> View:
        consistent = request.get("ConsistentRead", False)
        insist(type(consistent) is bool)
        if consistent or not self._lags():
            return table.now
        table.catch_up(self._now() - MOST_BEHIND)
        return table.before

    def _actions(self, items: Any) -> list[Action]:
        actions = [self._action(item) for item in listed(items)]
        if len({(action.table.name, action.key) for action in actions}) < len(actions):
            raise Invalid("Transaction request cannot include multiple operations on one item")
        return actions

    def _action(self, item: Any) -> Action:
        insist(type(item) is dict and len(item) == 1)
        ((verb, request),) = item.items()
        insist(verb in NEEDS and type(request) is dict and NEEDS[verb] <= request.keys() <= KNOWS[verb])
        build = writes.update if verb == "Update" else writes.put
        return build(self._table(request, "TransactWriteItems"), request)

    def _is_repeated(self, token: Any, text: str) -> bool:
        """Whether the same request did its work under this token within the last ten minutes."""
        insist(type(token) is str and token != "")
        if len(token) > LONGEST_TOKEN:
            raise Invalid("ClientRequestToken must have length less than or equal to 36")
        known = self._tokens.get(token)
        if known is None or self._now() - known[1] >= TOKEN_LASTS:
            return False
        if known[0] != text:
            message = "Request has the same token as one with other parameters"
            raise failure("IdempotentParameterMismatchException", message, "TransactWriteItems")
        return True

    def _alone(self, action: Action, name: str) -> Any:
        if self._conflict(action.table, action.key):
            raise failure("TransactionConflictException", CONFLICT["Message"], name)
        if unmet := action.unmet():
            shown = {"Item": unmet["Item"]} if "Item" in unmet else {}
            raise failure("ConditionalCheckFailedException", UNMET, name, **shown)
        self._commit([(action, action.outcome()[0])])
        return {"ResponseMetadata": metadata()}

    def _together(self, actions: list[Action]) -> None:
        reasons, items, total = list[dict[str, Any]](), list[Image](), 0
        for action in actions:
            conflict = self._conflict(action.table, action.key)
            reason, item, bytes_ = (conflict, {}, 0) if conflict else _attempt(action)
            reasons.append(reason)
            items.append(item)
            total += bytes_
        self._hold([action for action, reason in zip(actions, reasons, strict=True) if reason is FINE])
        self._cancel_for(reasons, "TransactWriteItems")
        if total > LARGEST:
            raise Invalid("Aggregate size of the items in the transaction exceeds 4 MB")
        self._commit([*zip(actions, items, strict=True)])

    def _conflict(self, table: Table, key: Key) -> dict[str, Any] | None:
        """The reason of a request that comes while a transaction has the item."""
        held = self._held.get((table.name, key))
        return CONFLICT if held and held > self._now() else None

    def _hold(self, actions: list[Action]) -> None:
        """Keeps the items from others for a while, also when the transaction is then cancelled."""
        if seconds := self._holds():
            until = self._now() + timedelta(seconds=seconds)
            self._held |= {(action.table.name, action.key): until for action in actions}

    @staticmethod
    def _cancel_for(reasons: list[dict[str, Any]], name: str) -> None:
        if all(reason is FINE for reason in reasons):
            return
        codes = ", ".join(reason["Code"] for reason in reasons)
        message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
        more = {"CancellationReasons": [*map(dict, reasons)]}
        raise failure("TransactionCanceledException", message, name, **more)

    def _commit(self, written: list[tuple[Action, Image]]) -> None:
        """All of it, and only then what listens to it."""
        changes = [(one.table, one.key, one.table.replace(one.key, item), item) for one, item in written]
        if self._may_lag:
            for table, key, *_ in changes:
                table.behind.pop(key, None)
                table.behind[key] = self._now()
        for table, key, old, new in changes:
            if self._changed and old != new:
                images = handed_out(old) if old else None, handed_out(new)
                self._changed(table.name, {"pk": {"S": key[0]}, "sk": {"S": key[1]}}, *images)


def _attempt(action: Action) -> tuple[dict[str, Any], Image, int]:
    """The reason for the place of this action in a transaction, and what it would make of the item."""
    if unmet := action.unmet():
        return unmet, {}, 0
    try:
        return FINE, *action.outcome()
    except Invalid as error:
        return {"Code": "ValidationError", "Message": str(error)}, {}, 0
