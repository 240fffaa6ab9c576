"""The vault: the table of seals. A seal is added once; the sealer can neither replace nor delete a seal.

An INSERT of PartiQL fails on an existing key, and it is the only write that the sealer is allowed.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html
"""

import json
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from botocore.exceptions import ClientError

from kernel.errors import Contended
from kernel.table import items
from kernel.table.items import Item, client, pack
from payments.seals import Seal, Sealed, SealMissing
from payments.statements import Cut

SEALS = "seal"


class Seals:
    """The seals that there were when it was made, each read once at most. Their times never go back."""

    def __init__(self) -> None:
        last = next(newest(), None)
        self._known = {last.number: last} if last else {}
        self._numbers = range(1, last.number + 1 if last else 1)

    def cut(self, moment: str) -> Cut:
        """The cut at a time (as `buckets.stamp` writes it).

        Seals of one run have one time. So the cut is final only when a seal after that time is known.
        """
        number = bisect_right(self._numbers, moment, key=self._sealed_at)
        return Cut(moment, number, provisional=number == len(self._numbers))

    def number_of(self, pk: str, sk: str, *, recorded_at: str) -> int | None:
        """The number of the seal that holds the commit; None when none of these does.

        Nothing is sealed before it is recorded, and nearly all within a minute or two after that.
        """
        first = bisect_left(self._numbers, recorded_at, key=self._sealed_at) + 1
        for seal in self._following(first):
            if any((one.pk, one.sk) == (pk, sk) for one in seal.commits):
                return seal.number
        return None

    def _sealed_at(self, number: int) -> str:
        if number not in self._known:
            self._known[number] = _numbered(number)
        return self._known[number].sealed_at

    def _following(self, number: int) -> Iterator[Seal]:
        while number in self._known:
            yield self._known[number]
            number += 1
        for seal in since(number) if number in self._numbers else ():
            if seal.number not in self._numbers:
                return
            self._known[seal.number] = seal
            yield seal


def newest() -> Iterator[Seal]:
    """The seals, the newest first."""
    options: Item = {"TableName": _table(), "ConsistentRead": True, "ScanIndexForward": False, "Limit": 4}
    return map(_seal, items.query("#pk = :pk", {"pk": SEALS}, **options))


def since(number: int, *, page: int = 25) -> Iterator[Seal]:
    """The seals from that number on, in order, so many in each read."""
    return (seal for seal, _ in stored(number, page=page))


def stored(number: int, *, page: int = 25) -> Iterator[tuple[Seal, str]]:
    """The seals from that number on, in order, each with the digest that is stored beside it."""
    options: Item = {"TableName": _table(), "ConsistentRead": True, "Limit": page}
    found = items.query("#pk = :pk AND #sk >= :sk", {"pk": SEALS, "sk": f"{number:010}"}, **options)
    return ((_seal(item), item["digest"]) for item in found)


def add(seal: Seal) -> None:
    """Adds the seal. Raises Contended when another run has added a seal of that number."""
    row: Item = {
        "pk": SEALS,
        "sk": f"{seal.number:010}",
        "sealed_at": seal.sealed_at,
        "until": seal.until,
        "previous": seal.previous,
        "digest": seal.digest(),
        "commits": json.dumps(seal.commits),
    }
    values = ", ".join(f"'{name}': ?" for name in row)
    statement = f"""INSERT INTO "{_table()}" VALUE {{{values}}}"""
    try:
        client().execute_statement(Statement=statement, Parameters=[*pack(row).values()])
    except ClientError as error:
        if error.response["Error"]["Code"] != "DuplicateItemException":
            raise
        if next(newest(), None) != seal:  # the SDK may have sent it twice
            raise Contended from error


def _numbered(number: int) -> Seal:
    found = next(since(number, page=1), None)
    if found is None or found.number != number:
        raise SealMissing(number=number)
    return found


def _seal(item: Item) -> Seal:
    commits = tuple(Sealed(*sealed) for sealed in json.loads(item["commits"]))
    return Seal(int(item["sk"]), item["sealed_at"], item["until"], item["previous"], commits)


def _table() -> str:
    return os.environ["VAULT"]
