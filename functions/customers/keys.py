"""The table of data keys: one item per person, wrapped by a key of KMS, until the person is forgotten.

No other place holds a wrapped key, and the table has neither a stream nor a backup. So a key that is
destroyed here is gone. Its item stays, and is the record of the erasure: when, asked for by which role, and
how much store credit was paid out.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from customers.domain import ErasedCustomer
from kernel import identity
from kernel.aws import at_init, connect
from kernel.errors import ConditionFailed
from kernel.money import Money
from kernel.table import items, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


@at_init("WRAPPING_KEY")
def kms() -> "KMSClient":
    made: KMSClient = connect("kms", seconds=3)
    return made


def find(customer_id: str) -> bytes | None:
    """The person's data key, or None once it is destroyed or before it was made. It is not to be kept.

    Whatever KMS or DynamoDB raise is raised: only an item without a key means that there is none.
    """
    item = items.load(_key(customer_id), within=os.environ["KEYS"])
    return _unwrapped(customer_id, item) if item else None


def make(customer_id: str) -> bytes:
    """The person's data key, made if there is none. Raises ErasedCustomer once it was destroyed.

    Of two that make a key at once, both get the one that was kept first.
    """
    made = kms().generate_data_key(
        KeyId=os.environ["WRAPPING_KEY"], KeySpec="AES_256", EncryptionContext=_context(customer_id)
    )
    kept = {"wrapped": b64encode(made["CiphertextBlob"]).decode(), "made_at": identity.now().isoformat()}
    try:
        writes.update(_write(customer_id, sets=kept, condition="attribute_not_exists(#pk)"))
    except ConditionFailed as failed:
        if (known := _unwrapped(customer_id, failed.old[0])) is None:
            raise ErasedCustomer from failed
        return known
    return made["Plaintext"]


def destroy(customer_id: str, *, by: str, paid_out: Sequence[Money] = ()) -> None:
    """Destroys the key, or rules out that there ever is one. May run twice; the first time is on record."""
    record: Item = {"destroyed_at": identity.now().isoformat(), "by": by}
    if paid_out:
        record["paid_out"] = [amount.plain() for amount in paid_out]
    write = _write(customer_id, sets=record, condition="attribute_not_exists(#destroyed_at)")
    try:
        writes.update(write)
    except ConditionFailed:
        return


def _write(customer_id: str, *, sets: Item, condition: str) -> Write:
    removes = () if "wrapped" in sets else ("wrapped",)
    return Write(
        _key(customer_id), sets=sets, removes=removes, condition=condition, within=os.environ["KEYS"]
    )


def _unwrapped(customer_id: str, item: Mapping[str, Any]) -> bytes | None:
    if "wrapped" not in item:
        return None
    wrapped = b64decode(item["wrapped"])
    return kms().decrypt(CiphertextBlob=wrapped, EncryptionContext=_context(customer_id))["Plaintext"]


def _context(customer_id: str) -> dict[str, str]:
    """KMS unwraps a key only for the person for whom it was wrapped."""
    return {"customer": customer_id}


def _key(customer_id: str) -> Key:
    return {"pk": f"key#{customer_id}", "sk": "key"}
