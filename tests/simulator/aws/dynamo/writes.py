"""Writes of one item: what a request says must hold, and what the item then becomes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulator.aws.dynamo import expressions
from tests.simulator.aws.dynamo.expressions import Parsed
from tests.simulator.aws.dynamo.requests import Bound, Request, bound, insist
from tests.simulator.aws.dynamo.tables import Key, Table
from tests.simulator.aws.dynamo.values import Image, Invalid, added, handed_out, kept, size

GUARD = (
    "ConditionExpression ExpressionAttributeNames ExpressionAttributeValues "
    "ReturnValuesOnConditionCheckFailure"
)
NEEDED = {"Update": "TableName Key UpdateExpression", "Put": "TableName Item"}
NEEDS = {verb: frozenset(needed.split()) for verb, needed in NEEDED.items()}
KNOWS = {verb: needs | frozenset(GUARD.split()) for verb, needs in NEEDS.items()}
LARGEST_ITEM = 400 * 1024
UNMET = "The conditional request failed"


@dataclass(frozen=True, slots=True)
class Action:
    """One checked write; `becomes` takes the item as it is, which is left alone, or None."""

    table: Table
    key: Key
    condition: Parsed | None
    bound: Bound
    tells: bool
    becomes: Callable[[Image | None], Image]

    def unmet(self) -> dict[str, Any] | None:
        """Why it may not be, as a reason of a cancelled transaction; None if it may."""
        found = self.table.now.items.get(self.key)
        if self.condition is None or self.condition.run(found or {}, self.bound.names, self.bound.values):
            return None
        shown = {"Item": handed_out(found)} if found and self.tells else {}
        return {"Code": "ConditionalCheckFailed", "Message": UNMET, **shown}

    def outcome(self) -> tuple[Image, int]:
        """The new item and its bytes. Raises Invalid for one that the table cannot hold."""
        item = self.becomes(self.table.now.items.get(self.key))
        self.table.check(item)
        bytes_ = size(item)
        if bytes_ > LARGEST_ITEM:
            raise Invalid("Item size to update has exceeded the maximum allowed size")
        return item, bytes_


def update(table: Table, request: Request) -> Action:
    """An Update of a transaction, which is also the request of UpdateItem."""
    insist(type(request["UpdateExpression"]) is str)
    key, parsed = table.key(request["Key"]), expressions.update(request["UpdateExpression"])
    condition = _condition(request)
    given = bound(request, parsed, condition)
    touched = [given.names[name] for _, name, _ in parsed.run]
    if len({*touched}) < len(touched):
        raise Invalid(f"Two document paths overlap with each other: {sorted(touched)}")
    if not {"pk", "sk"}.isdisjoint(touched):
        raise Invalid("Cannot update attribute pk or sk. This attribute is part of the key")
    return Action(
        table, key, condition, given, _tells(request), lambda old: _updated(old, key, parsed, given)
    )


def put(table: Table, request: Request) -> Action:
    """A Put of a transaction, which is also the request of PutItem."""
    item, condition = kept(request["Item"]), _condition(request)
    if not {"pk", "sk"} <= item.keys():
        raise Invalid("One or more parameter values were invalid: Missing the key pk or sk in the item")
    key = table.key({"pk": item["pk"], "sk": item["sk"]})
    return Action(table, key, condition, bound(request, condition), _tells(request), lambda _: item)


def _condition(request: Request) -> Parsed | None:
    text = request.get("ConditionExpression")
    insist(text is None or type(text) is str)
    return None if text is None else expressions.condition(text)


def _tells(request: Request) -> bool:
    wish = request.get("ReturnValuesOnConditionCheckFailure", "NONE")
    insist(type(wish) is str)
    if wish not in ("ALL_OLD", "NONE"):
        raise Invalid("ReturnValuesOnConditionCheckFailure must satisfy enum value set: [ALL_OLD, NONE]")
    return bool(wish == "ALL_OLD")


def _updated(old: Image | None, key: Key, parsed: Parsed, given: Bound) -> Image:
    if old is None and all(verb == "REMOVE" for verb, _, _ in parsed.run):
        raise NotImplementedError("whether nothing but REMOVE makes a new item is not documented")
    item = {"pk": {"S": key[0]}, "sk": {"S": key[1]}} if old is None else old.copy()
    for verb, name, value in parsed.run:
        attribute = given.names[name]
        if verb == "SET":
            item[attribute] = given.values[value]
        elif verb == "REMOVE":
            item.pop(attribute, None)
        else:
            item[attribute] = _sum(item.get(attribute, {"N": "0"}), given.values[value])
    return item


def _sum(old: Image, value: Image) -> Image:
    if "N" not in old:
        raise Invalid("An operand in the update expression has an incorrect data type")
    return {"N": added(old["N"], value["N"])}
