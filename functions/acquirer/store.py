"""The acquirer's table: `intent#<id>` and `refund#<id>` records."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from functools import cache
from typing import Any

from acquirer.domain import Busy, Intent, Refund, Status, as_of
from kernel import aws, identity
from kernel.errors import ConditionFailed, NotFound
from kernel.table import items, writes
from kernel.table.items import Key
from kernel.table.writes import Write


def create(intent: Intent) -> Intent:
    """Creates the intent. Answers the intent that has this id already, unchanged, if there is one."""
    try:
        writes.update(_put(_intent_key(intent.id), intent))
    except ConditionFailed as failed:
        return _intent(failed.old[0])
    return intent


def load(intent_id: str) -> Intent:
    """The intent as it is at this moment. Raises NotFound."""
    item = items.load(_intent_key(intent_id))
    if item is None:
        raise NotFound
    return _intent(item)


def save(intent: Intent) -> None:
    """Saves the changed intent. Raises Busy when another request has changed it since it was loaded."""
    try:
        writes.update(_changed(intent))
    except ConditionFailed:
        raise Busy from None


def by_reference(reference: str) -> Iterator[Intent]:
    """Every intent of a reference, oldest first. They come from an index, so the newest may be missing."""
    found = items.query("#reference = :reference", {"reference": reference}, IndexName="by_reference")
    return (_intent(item) for item in found)


def load_refund(refund_id: str) -> Refund | None:
    item = items.load(_refund_key(refund_id))
    return _refund(item) if item else None


def save_refund(intent: Intent, refund: Refund) -> None:
    """Saves the refund and the intent that counts it, in one transaction. Raises Busy as `save` does."""
    try:
        writes.transact([_changed(intent), _put(_refund_key(refund.id), refund)])
    except ConditionFailed:
        raise Busy from None


@cache
def secret() -> str:
    """The secret that a caller must know, read once for each execution environment."""
    return aws.secret(os.environ["PROCESSOR_SECRET"])


def _put(key: Key, record: Intent | Refund) -> Write:
    return Write(key=key, sets=asdict(record), condition="attribute_not_exists(#pk)")


def _changed(intent: Intent) -> Write:
    return Write(
        key=_intent_key(intent.id),
        sets=asdict(replace(intent, version=intent.version + 1)),
        condition="#version = :loaded",
        binds={"loaded": intent.version},
    )


def _intent(item: Mapping[str, Any]) -> Intent:
    known = {field.name: item[field.name] for field in fields(Intent)}
    refunds = tuple(_refund(refund) for refund in item["refunds"])
    intent = Intent(**known | {"status": Status(item["status"]), "refunds": refunds})
    return as_of(intent, identity.now())


def _refund(item: Mapping[str, Any]) -> Refund:
    return Refund(**{field.name: item[field.name] for field in fields(Refund)})


def _intent_key(intent_id: str) -> Key:
    return {"pk": f"intent#{intent_id}", "sk": "intent"}


def _refund_key(refund_id: str) -> Key:
    return {"pk": f"refund#{refund_id}", "sk": "refund"}
