"""One page of a Query: which items of one hash key, in which order, from where and how many."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.simulator.aws.dynamo import expressions
from tests.simulator.aws.dynamo.expressions import Term
from tests.simulator.aws.dynamo.requests import Bound, Request, bound, insist
from tests.simulator.aws.dynamo.tables import LONGEST_HASH, LONGEST_RANGE, Place, Table, View, key_text
from tests.simulator.aws.dynamo.values import Image, Invalid, handed_out
from tests.support.aws import COPIES

OPERATORS: dict[str, Callable[..., bool]] = {
    "=": lambda found, wanted: found == wanted,
    "<": lambda found, wanted: found < wanted,
    "<=": lambda found, wanted: found <= wanted,
    ">": lambda found, wanted: found > wanted,
    ">=": lambda found, wanted: found >= wanted,
    "BETWEEN": lambda found, low, high: low <= found <= high,
    "begins_with": lambda found, wanted: found.startswith(wanted),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked query of the index `name`, whose key attributes are `hash_key` and `range_key`."""

    name: str
    hash_key: str
    range_key: str
    partition: str
    holds: Callable[[str], bool]
    forward: bool
    limit: int | None
    start: Place | None

    def finds(self, place: Place) -> bool:
        if self.start is not None and (place <= self.start if self.forward else place >= self.start):
            return False
        return self.holds(place[0])


def asked_for(table: Table, request: Request) -> Asked:
    """The query of a request. Raises Invalid for what the index cannot answer."""
    name, limit = request.get("IndexName", ""), request.get("Limit")
    insist(type(name) is str and ("IndexName" not in request or name != ""))
    insist(limit is None or (type(limit) is int and limit > 0))
    insist(type(request.get("ScanIndexForward", True)) is bool)
    if name not in table.schemas:
        raise Invalid(f"The table does not have the specified index: {name}")
    if name and request.get("ConsistentRead"):
        raise Invalid("Consistent reads are not supported on global secondary indexes")
    hash_key, range_key = table.schemas[name]
    partition, holds = _terms(request, hash_key, range_key)
    start = _start(table, request["ExclusiveStartKey"], name) if "ExclusiveStartKey" in request else None
    if start and (start[0] != partition or not holds(start[1])):
        raise Invalid("The provided starting key is outside query boundaries based on provided conditions")
    forward = request.get("ScanIndexForward", True)
    return Asked(name, hash_key, range_key, partition, holds, forward, limit, start[1:] if start else None)


def _terms(request: Request, hash_key: str, range_key: str) -> tuple[str, Callable[[str], bool]]:
    insist(type(request["KeyConditionExpression"]) is str)
    parsed = expressions.key_condition(request["KeyConditionExpression"])
    given = bound(request, parsed)
    terms: dict[str, Term] = {given.names[term.name]: term for term in parsed.run}
    if len(terms) < len(parsed.run):
        raise Invalid("KeyConditionExpressions must only contain one condition per key")
    partition = terms.pop(hash_key, None)
    if partition is None or partition.operator != "=":
        raise Invalid(f"Query condition missed key schema element: {hash_key}")
    if terms.keys() - {range_key}:
        raise Invalid(f"Query condition missed key schema element: {range_key}")
    (wanted,) = _texts(partition, given, hash_key, LONGEST_HASH)
    return wanted, _predicate(terms.get(range_key), given, range_key)


def _predicate(term: Term | None, given: Bound, range_key: str) -> Callable[[str], bool]:
    if term is None:
        return lambda found: True
    operator, wanted = OPERATORS[term.operator], _texts(term, given, range_key, LONGEST_RANGE)
    if term.operator == "BETWEEN" and wanted[0] > wanted[1]:
        raise Invalid("The BETWEEN operator requires upper bound to be greater than or equal to lower bound")
    return lambda found: operator(found, *wanted)


def _texts(term: Term, given: Bound, name: str, longest: int) -> list[str]:
    return [key_text(given.values[value], name, longest) for value in term.values]


def _start(table: Table, given: Any, name: str) -> tuple[str, str, str, str]:
    insist(type(given) is dict)
    hash_key, range_key = table.schemas[name]
    if given.keys() != {"pk", "sk", hash_key, range_key}:
        raise Invalid("The provided starting key is invalid")
    texts = {one: key_text(value, one, LONGEST_HASH) for one, value in given.items()}
    return texts[hash_key], texts[range_key], texts["pk"], texts["sk"]


def page(asked: Asked, view: View, most: int) -> dict[str, Any]:
    """Up to `most` or the asked limit; a full page has a key to go on from, even if it is the last.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
    """
    entries = view.entries[asked.name].get(asked.partition, {})
    places = sorted((place for place in entries if asked.finds(place)), reverse=not asked.forward)
    limit = min(most, asked.limit or most)
    found = [entries[place] for place in places[:limit]]
    items = [handed_out(_projected(item, asked)) for item in found]
    answer = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
    return answer | ({"LastEvaluatedKey": handed_out(_key(found[-1], asked))} if len(found) == limit else {})


def _projected(item: Image, asked: Asked) -> Image:
    """As infrastructure/service_table.py has it: an index holds keys only, unless it copies whole items."""
    return item if asked.name in ("", *COPIES) else _key(item, asked)


def _key(item: Image, asked: Asked) -> Image:
    return {name: item[name] for name in {"pk", "sk", asked.hash_key, asked.range_key}}


class Pages:
    """The paginator of Query, as far as botocore's goes with MaxItems."""

    def __init__(self, dynamo: Any) -> None:
        self._dynamo = dynamo

    def paginate(self, **request: Any) -> Iterator[Any]:
        config = dict(request.pop("PaginationConfig", {}))
        left = config.pop("MaxItems", None)
        if config:
            raise NotImplementedError(f"PaginationConfig {config}")
        while True:
            page = self._dynamo.query(**request)
            if left is not None:
                page["Items"] = page["Items"][:left]
                left -= len(page["Items"])
            yield page
            if left == 0 or "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
