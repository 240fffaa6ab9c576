"""Refunds and disputes over HTTP, and the movements of the merchant's balance."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from acquirer import domain, moments, shapes, store
from acquirer.domain import Refund
from acquirer.moments import Transaction
from acquirer.payment_intents import KEYED, Amount, Look, Metadata
from acquirer.refusals import ChargeDisputed, RefundRefused
from acquirer.shapes import Listed, ShownRefund
from acquirer.wire import Form, Outcome, api
from kernel import identity
from kernel.errors import InvalidRequest, NotFound
from kernel.triggers.http import Response, Slug, answer

LONGEST = timedelta(days=31)
Limit = Annotated[int, Field(ge=1, le=100)]


class NewRefund(Form):
    payment_intent: Slug
    amount: Amount
    metadata: Metadata = Field(default_factory=dict)


class OfIntent(Form):
    payment_intent: Slug
    limit: Limit = 10
    starting_after: str = ""


class Range(Form):
    gte: int | None = None
    gt: int | None = None
    lt: int | None = None
    lte: int | None = None


class Balance(Form):
    created: Range = Range()
    type: Literal["", "charge", "refund", "refund_failure", "adjustment"] = ""
    source: Annotated[str, StringConstraints(max_length=128)] = ""
    limit: Limit = 10
    starting_after: str = ""


@api.post(
    "/v1/refunds",
    role=None,
    takes=NewRefund,
    answers={200: ShownRefund},
    refuses=(*KEYED, NotFound, RefundRefused, ChargeDisputed),
)
def create_refund() -> Response:
    """Gives money back, once per key and never more than was captured."""
    asked = api.form(NewRefund)
    return api.once(lambda: _refunded(asked))


def _refunded(asked: NewRefund) -> Outcome:
    intent = store.load(asked.payment_intent)
    now = identity.now()  # after the load, which may take long: no refund that it knows is of a later time
    at = now.isoformat()
    new_id = f"re_{intent.suffix}_{len(intent.refunds) + 1}"
    new = Refund(new_id, intent.id, asked.amount, at, at, metadata=asked.metadata)
    changed = domain.refund(intent, new, now=now)
    return Outcome(shapes.refund(changed.refunds[-1], intent, now=now), store.changed(intent, changed))


@api.get("/v1/refunds", role=None, takes=OfIntent, answers={200: Listed}, refuses=(NotFound,))
def list_refunds() -> Response:
    """The refunds of one payment, newest first: a refund that was answered is among them."""
    asked, now = api.form(OfIntent), identity.now()
    intent = store.load(asked.payment_intent)
    found = [shapes.refund(refund, intent, now=now) for refund in reversed(intent.refunds)]
    return answer(200, _page(found, asked, "/v1/refunds"))


@api.get("/v1/refunds/<refund_id>", role=None, takes=Look, answers={200: ShownRefund}, refuses=(NotFound,))
def show_refund(refund_id: str) -> Response:
    """A refund as it is at this moment."""
    api.form(Look)
    intent = store.load(_owner(refund_id, "re_"))
    for refund in intent.refunds:
        if refund.id == refund_id:
            return answer(200, shapes.refund(refund, intent, now=identity.now()))
    raise NotFound


@api.get("/v1/disputes", role=None, takes=OfIntent, answers={200: Listed}, refuses=(NotFound,))
def list_disputes() -> Response:
    """The disputes of one payment that have opened by now."""
    asked, now = api.form(OfIntent), identity.now()
    intent = store.load(asked.payment_intent)
    found = intent.dispute(now)
    data = [shapes.dispute(found, intent, now=now)] if found else []
    return answer(200, _page(data, asked, "/v1/disputes"))


@api.get(
    "/v1/balance_transactions",
    role=None,
    takes=Balance,
    answers={200: Listed},
    refuses=(NotFound, InvalidRequest),
)
def list_transactions() -> Response:
    """The movements of the balance, newest first: of one source, or of the times that `created` names.

    Without `created[gte]` these are the movements of the last 31 days.
    """
    asked, now = api.form(Balance), identity.now()
    wanted = (one for one in _movements(asked, now) if asked.type in ("", one.type))
    found = [*islice(wanted, asked.limit + 1)]
    full = "data.source" in asked.expand
    data = [shapes.transaction(one, now, expanded=full) for one in found[: asked.limit]]
    return answer(200, shapes.page(data, "/v1/balance_transactions", more=len(found) > asked.limit))


def _movements(asked: Balance, now: datetime) -> Iterator[Transaction]:
    since, before = _times(asked.created, now)
    if not asked.source:
        yield from store.transactions(since, before, last=_last(asked.starting_after))
        return
    intent = store.load(_owner(asked.source, asked.source[:3]))
    known = sorted(moments.transactions(intent), key=lambda one: one.id, reverse=True)
    for one in known:
        named = shapes.transaction(one, now)["source"] == asked.source
        if named and since <= one.at < before and (not asked.starting_after or one.id < asked.starting_after):
            yield one


def _times(created: Range, now: datetime) -> tuple[datetime, datetime]:
    """From the first second on until just before a moment, which is never later than now."""
    first = [created.gte] if created.gte is not None else []
    first += [created.gt + 1] if created.gt is not None else []
    last = [created.lte + 1] if created.lte is not None else []
    last += [created.lt] if created.lt is not None else []
    just_after = now + timedelta(microseconds=1)
    before = min([just_after, *map(_moment, last)])
    return max(map(_moment, first), default=before - LONGEST), before


def _moment(seconds: int) -> datetime:
    try:
        return moments.EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise InvalidRequest("no moment has this number", param="created") from None


def _last(transaction_id: str) -> str:
    """The id after which the list goes on. Raises InvalidRequest for what is no id of a transaction."""
    try:
        if transaction_id:
            moments.time_of(transaction_id)
    except (ValueError, OverflowError):
        raise InvalidRequest("no such transaction", param="starting_after") from None
    return transaction_id


def _page(found: Sequence[Any], asked: OfIntent, url: str) -> Listed:
    """The page after the object that `starting_after` names."""
    if asked.starting_after:
        ids = [one["id"] for one in found]
        if asked.starting_after not in ids:
            raise NotFound
        found = found[ids.index(asked.starting_after) + 1 :]
    return shapes.page(found[: asked.limit], url, more=len(found) > asked.limit)


def _owner(source: str, prefix: str) -> str:
    """The id of the payment that a refund, a charge or a dispute belongs to."""
    return f"pi_{source.removeprefix(prefix).partition('_')[0]}"
