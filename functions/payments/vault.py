"""The vault: the table of seals. A seal is added once; the sealer can neither replace nor delete a seal.

An INSERT of PartiQL fails on an existing key, and it is the only write that the sealer is allowed.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html
"""

import json
import os
from collections.abc import Iterator

from botocore.exceptions import ClientError

from kernel.errors import Contended
from kernel.table import items
from kernel.table.items import Item, client, pack
from payments.seals import Seal, Sealed

SEALS = "seal"


def newest() -> Iterator[Seal]:
    """The seals, the newest first."""
    options: Item = {"TableName": _table(), "ConsistentRead": True, "ScanIndexForward": False, "Limit": 4}
    return map(_seal, items.query("#pk = :pk", {"pk": SEALS}, **options))


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


def _seal(item: Item) -> Seal:
    commits = tuple(Sealed(*sealed) for sealed in json.loads(item["commits"]))
    return Seal(int(item["sk"]), item["sealed_at"], item["until"], item["previous"], commits)


def _table() -> str:
    return os.environ["VAULT"]
