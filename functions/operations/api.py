"""Operations over HTTP: operators look at dead letters, redrive them, republish events, read the audit."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, TypedDict

from pydantic import AwareDatetime, BeforeValidator, Field

from kernel import identity
from kernel.errors import InvalidRequest, KeyReused, NotFound
from kernel.privacy import Because
from kernel.triggers.http import Api, Body, Response, answer
from operations import domain, store
from operations.domain import Action, ActionResult

api = handler = Api()


def dated(text: Any) -> Any:
    """The text itself. Raises ValueError for a bare number, which would be taken for seconds since 1970."""
    if not re.match(r"\d{4}-\d\d-\d\dT", str(text)):
        raise ValueError("must be an ISO 8601 time with a zone")
    return text


# Not strict: after a validator pydantic sees a Python string, and a strict datetime refuses a string.
Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(dated)]


class Redrive(Body):
    because: Because


class Republish(Body):
    first: Moment
    last: Moment
    because: Because


class Queues(TypedDict):
    """Every dead-letter queue: what it serves, about how many letters wait, whether it can be redriven."""

    queues: list[dict[str, Any]]


class Letters(TypedDict):
    """Up to ten letters of a queue, without the data of their events."""

    queue: str
    letters: list[dict[str, Any]]


class Actions(TypedDict):
    """What operators did on a day, oldest first."""

    day: str
    actions: list[Any]


class Redriven(TypedDict):
    """How many letters were moved, and about how many are left."""

    moved: int
    left: int


class Republished(TypedDict):
    """The number of pieces in which the range goes to the service's republisher."""

    service: str
    pieces: int


@api.get("/ops/dead-letters", role="operator", answers={200: Queues})
def list_queues() -> Response:
    """Every dead-letter queue, and about how many letters wait in it."""
    known = store.dead_letters().values()
    queues = [
        {"queue": each.serves, "waiting": store.waiting(each), "redrives_to": bool(each.redrives_to)}
        for each in known
    ]
    return answer(200, Queues(queues=queues))


@api.get("/ops/dead-letters/<queue>", role="operator", answers={200: Letters}, refuses=(NotFound,))
def look(queue: str) -> Response:
    """Up to ten letters, without the data of their events. The letters stay in the queue."""
    letters = store.dead_letters().get(queue)
    if letters is None:
        raise NotFound
    return answer(200, Letters(queue=queue, letters=[asdict(letter) for letter in store.look(letters)]))


@api.post(
    "/ops/dead-letters/<queue>/redrive",
    role="operator",
    takes=Redrive,
    answers={200: Redriven},
    refuses=(NotFound, KeyReused, domain.NothingToRedriveTo),
)
def redrive(queue: str) -> Response:
    """Moves letters back to the consumer's queue, once per Idempotency-Key."""
    asked = api.body(Redrive)
    action = _action("redrive", queue, asked, why=asked.because)
    return answer(200, store.outcome(action) or _redriven(action, queue))


@api.post(
    "/ops/outbox/<service>/republish",
    role="operator",
    takes=Republish,
    answers={202: Republished},
    refuses=(NotFound, KeyReused),
)
def republish(service: str) -> Response:
    """Has a range of time of the service's outbox published again, once per Idempotency-Key."""
    asked = api.body(Republish)
    given = {"first": asked.first.isoformat(), "last": asked.last.isoformat()}
    action = _action("republish", service, asked, why=asked.because, given=given)
    return answer(202, store.outcome(action) or _republished(action, service, asked))


@api.get("/ops/audit", role="operator", answers={200: Actions}, refuses=(InvalidRequest,))
def show_audit() -> Response:
    """What operators did on a day (UTC), oldest first."""
    day = _day(api.query("day") or "")
    return answer(200, Actions(day=day, actions=list(store.audit(day))))


def _action(what: str, on: str, asked: Body, *, why: str, given: Mapping[str, str] | None = None) -> Action:
    who = api.caller().customer_id
    return Action(
        id=identity.derive(who, api.idempotency_key()),
        fingerprint=identity.derive(what, on, asked.fingerprint()),
        who=who,
        what=what,
        on=on,
        why=why,
        given=given or {},
    )


def _redriven(action: Action, queue: str) -> ActionResult:
    """Checks the action, puts it on record, does it, and records its outcome.

    When a redrive died in between, the repeated request does it again.
    """
    letters = domain.redrivable(store.dead_letters().get(queue))
    begun = store.intend(action)
    return store.conclude(action, store.redrive(letters), begun=begun)


def _republished(action: Action, service: str, asked: Republish) -> ActionResult:
    """Goes as `_redriven` does. It may be done again, since publishing an event twice is harmless."""
    outbox = domain.redrivable(store.dead_letters().get(f"{service}.outbox"))
    ranges = domain.pieces(asked.first, asked.last, now=identity.now())
    begun = store.intend(action)
    return store.conclude(action, store.republish(service, outbox, ranges=ranges), begun=begun)


def _day(text: str) -> str:
    """The day as it was written. Raises InvalidRequest."""
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise InvalidRequest("day must be a date, as in 2026-03-01")
