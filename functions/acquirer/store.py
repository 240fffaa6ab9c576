"""The acquirer's table: payments with their refunds, answered requests, days of the balance, webhooks."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from acquirer import moments
from acquirer.domain import Intent, Refund, as_of
from acquirer.methods import Status
from acquirer.moments import Transaction
from acquirer.refusals import Busy
from kernel import aws, identity
from kernel.errors import ConditionFailed, NotFound
from kernel.table import items, writes
from kernel.table.items import Item, Key
from kernel.table.writes import Write

REMEMBERED = timedelta(hours=24)
Changes = Sequence[Write]
NOTHING: Changes = ()
DUE = ("due", "due_at")


@dataclass(frozen=True)
class Answer:
    """The answer to a request. While the request is under way, until `until` at most, the status is 0."""

    fingerprint: str
    status: int = 0
    text: str = ""
    until: str = ""


def load(intent_id: str) -> Intent:
    """The intent as it is at this moment. Raises NotFound."""
    item = items.load(_intent_key(intent_id))
    if item is None:
        raise NotFound
    return _intent(item)


def by_reference(reference: str) -> Iterator[Intent]:
    """Every intent of a reference, oldest first. They come from an index, so the newest may be missing."""
    found = items.query("#reference = :reference", {"reference": reference}, IndexName="by_reference")
    return (_intent(item) for item in found)


def created(intent: Intent) -> Changes:
    """The change that creates the intent."""
    return [Write(_intent_key(intent.id), sets=_attributes(intent), condition="attribute_not_exists(#pk)")]


def changed(before: Intent, after: Intent) -> Changes:
    """The changes that save the intent, unless another request has changed it since it was loaded."""
    saved = Write(
        _intent_key(after.id),
        sets=_attributes(replace(after, version=before.version + 1)),
        removes=() if moments.untold(after) else DUE,
        condition="#version = :loaded",
        binds={"loaded": before.version},
    )
    known = {one.id for one in moments.transactions(before)}
    return [saved, *(_entry(one) for one in moments.transactions(after) if one.id not in known)]


def save(changes: Changes) -> None:
    """Makes the changes in one transaction. Raises Busy when another request was first."""
    try:
        writes.transact(changes)
    except ConditionFailed:
        raise Busy(code="lock_timeout") from None


def answer_of(key: str) -> Answer | None:
    """The answer that the key has got within a day, if any."""
    item = items.load(_request_key(key))
    if item is None or item["expires_at"] <= identity.now().timestamp():
        return None
    return _answer(item)


def commit(changes: Changes, key: str, *, answer: Answer) -> Answer:
    """Makes the changes and keeps the answer, in one transaction. Answers what the key has got before, if so.

    Raises Busy when another request was first.
    """
    now = identity.now()
    kept = Write(
        _request_key(key),
        sets={**asdict(answer), "expires_at": int((now + REMEMBERED).timestamp())},
        condition="attribute_not_exists(#pk) OR #expires_at <= :now",
        binds={"now": int(now.timestamp())},
    )
    try:
        writes.transact([kept, *changes]) if changes else writes.update(kept)
    except ConditionFailed as failed:
        if 0 not in failed.old:
            raise Busy(code="lock_timeout") from None
        return _answer(failed.old[0])
    return answer


def finish(key: str, answer: Answer) -> None:
    """Keeps the answer of a request that was under way."""
    writes.update(Write(_request_key(key), sets=asdict(answer)))


def transactions(since: datetime, before: datetime, *, last: str = "") -> Iterator[Transaction]:
    """The movements from `since` until just before `before`, newest first; only those older than `last`."""
    day = min(before, moments.time_of(last)).date() if last else before.date()
    while day >= since.date():
        ids = [*_of_day(f"day#{day}", last)]
        for chunk in (ids[start : start + 100] for start in range(0, len(ids), 100)):
            known = {one.id: one for one in _movements({owner for _, owner in chunk})}
            found = (known[txn] for txn, _ in chunk if txn in known)
            yield from (one for one in found if since <= one.at < before)
        day -= timedelta(days=1)


def due(now: datetime) -> list[str]:
    """The ids of the payments of which a webhook has to be told something by now, the longest due first."""
    binds = {"due": "due", "by": now.isoformat()}
    found = items.query("#due = :due AND #due_at <= :by", binds, IndexName="due", Limit=100)
    return [item["pk"].removeprefix("intent#") for item in found]


def told(intent: Intent, names: Iterable[str]) -> None:
    """Notes which events were sent. Raises Busy when the payment has changed since it was loaded."""
    save(changed(intent, replace(intent, told=(*intent.told, *names))))


@cache
def secret() -> str:
    """The secret that a caller must know, read once for each execution environment."""
    return aws.secret(os.environ["PROCESSOR_SECRET"])


def add_endpoint(endpoint: Item) -> Changes:
    """The change that registers a webhook endpoint."""
    return [Write(_endpoint_key(endpoint["id"]), sets=endpoint)]


def endpoints() -> list[Item]:
    """The registered endpoints, with their secrets."""
    found = items.query("#pk = :pk", {"pk": "webhooks"}, ConsistentRead=True)
    return [item for item in found if not item.get("deleted")]


def delete_endpoint(endpoint_id: str) -> None:
    """Sends nothing to the endpoint any more. Raises NotFound for an endpoint that is not there."""
    try:
        writes.update(
            Write(_endpoint_key(endpoint_id), sets={"deleted": True}, condition="attribute_exists(#pk)")
        )
    except ConditionFailed:
        raise NotFound from None


def is_detached(method: str) -> bool:
    """Whether this customer's method was detached. A bare name is everybody's, and never detached."""
    return "__" in method and items.load(_method_key(method)) is not None


def detach(method: str) -> None:
    """Detaches a customer's method for good."""
    writes.update(Write(_method_key(method), sets={"detached_at": identity.now().isoformat()}))


def _attributes(intent: Intent) -> Item:
    """The record, without a reference when there is none: no index may hold an empty text."""
    kept = {name: value for name, value in asdict(intent).items() if name != "reference" or value}
    waiting = moments.untold(intent)
    return kept | ({"due": "due", "due_at": waiting[0].at.isoformat()} if waiting else {})


def _entry(one: Transaction) -> Write:
    return Write({"pk": f"day#{one.at.date()}", "sk": one.id}, sets={"intent": one.intent.id})


def _of_day(day: str, last: str) -> Iterator[tuple[str, str]]:
    """Ids of a day's movements and of their payments, newest first; those older than `last`, if given."""
    older = (" AND #sk < :last", {"last": last}) if last else ("", {})
    found = items.query("#pk = :day" + older[0], {"day": day, **older[1]}, ScanIndexForward=False)
    return ((item["sk"], item["intent"]) for item in found)


def _movements(owners: Iterable[str]) -> Iterator[Transaction]:
    found = items.load_all([_intent_key(owner) for owner in owners], consistent=True)
    return (one for item in found for one in moments.transactions(_intent(item)))


def _intent(item: Mapping[str, Any]) -> Intent:
    known = {field.name: item[field.name] for field in fields(Intent) if field.name in item}
    refunds = tuple(Refund(**refund) for refund in item["refunds"])
    typed = {"status": Status(item["status"]), "refunds": refunds, "told": tuple(item["told"])}
    return as_of(Intent(**known | typed), identity.now())


def _answer(item: Mapping[str, Any]) -> Answer:
    return Answer(item["fingerprint"], item["status"], item["text"], item["until"])


def _intent_key(intent_id: str) -> Key:
    return {"pk": f"intent#{intent_id}", "sk": "intent"}


def _request_key(key: str) -> Key:
    return {"pk": f"request#{identity.derive('request', key)}", "sk": "request"}


def _endpoint_key(endpoint_id: str) -> Key:
    return {"pk": "webhooks", "sk": endpoint_id}


def _method_key(method: str) -> Key:
    return {"pk": f"method#{method}", "sk": "method"}
