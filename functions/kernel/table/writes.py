"""Guarded writes to a service's own table: one item by itself, or several in one transaction."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from botocore.exceptions import ClientError

from kernel.errors import ConditionFailed, Contended
from kernel.retries import attempts
from kernel.table.items import ATTEMPTS, Item, Key, client, pack, table, unpack

Answer = TypeVar("Answer")

# Failures that pass with time, by their code in a cancelled transaction and by their code as an error.
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
    """One guarded write: `#name` stands for the attribute `name`, `:name` for `binds["name"]`.

    `within` names another table of the service's own than its first.
    """

    key: Key
    sets: Item = field(default_factory=dict)
    adds: Mapping[str, int] = field(default_factory=dict)
    removes: Sequence[str] = ()
    condition: str = ""
    binds: Item = field(default_factory=dict)
    within: str = ""

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
            "TableName": self.within or table(),
            "Key": pack(self.key),
            "UpdateExpression": update,
            "ExpressionAttributeNames": {f"#{name}": name for name in names},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        # DynamoDB refuses an empty map of values and an empty condition.
        request |= {"ExpressionAttributeValues": pack(values)} if values else {}
        return request | ({"ConditionExpression": self.condition} if self.condition else {})


def update(write: Write) -> None:
    """Does one write, without a transaction. Raises ConditionFailed (place 0), Contended like `transact`."""
    _insist(lambda: client().update_item(**write.request()))


def transact(writes: Sequence[Write], *, puts: Sequence[Item] = ()) -> None:
    """Does all the writes or none.

    Raises ConditionFailed with the places in `writes` whose condition did not hold. After a conflict with
    another transaction or a throttled call it tries again. Raises Contended when ATTEMPTS tries failed so.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    items: list[Any] = [{"Update": write.request()} for write in writes]
    items += [{"Put": {"TableName": table(), "Item": pack(item)}} for item in puts]
    _insist(lambda: client().transact_write_items(TransactItems=items))


def snapshot(keys: Sequence[Key]) -> list[Item | None]:
    """The items of at most 100 keys, all of one moment; None for an item that is not there.

    A write on its way to one of the items is a conflict, as in `transact`. Raises Contended like `transact`.
    """
    gets: list[Any] = [{"Get": {"TableName": table(), "Key": pack(key)}} for key in keys]
    found = _insist(lambda: client().transact_get_items(TransactItems=gets))["Responses"]
    return [unpack(one["Item"]) if "Item" in one else None for one in found]


def _insist(call: Callable[[], Answer]) -> Answer:
    for _ in attempts(ATTEMPTS):
        try:
            return call()
        except ClientError as error:
            reasons = _reasons(error)
            if not any(reason.get("Code") in PASSING for reason in reasons):
                _raise_unmet(error, reasons)
    raise Contended


def _raise_unmet(error: ClientError, reasons: Sequence[Item]) -> NoReturn:
    """Raises ConditionFailed with the items found, or the error itself when no condition failed."""
    unmet = {place: reason for place, reason in enumerate(reasons) if reason.get("Code") in UNMET}
    if not unmet:
        raise error
    raise ConditionFailed(
        {place: unpack(reason.get("Item", {})) for place, reason in unmet.items()}
    ) from error


def _reasons(error: ClientError) -> list[Item]:
    """Code and item found, for each write of a cancelled transaction; just one pair for another error."""
    response: Any = error.response
    alone = {"Code": response["Error"].get("Code"), "Item": response.get("Item", {})}
    return response.get("CancellationReasons") or [alone]
