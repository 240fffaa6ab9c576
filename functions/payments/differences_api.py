"""Differences over HTTP. Its routes are answered by the function of `payments.api`."""

from datetime import datetime
from typing import TypedDict

from kernel import identity
from kernel.errors import KeyReused, NotFound
from kernel.triggers.http import Api, Response, answer, slug
from payments import bodies, difference_rows, store
from payments.bodies import Reasoned
from payments.difference_rows import Raised
from payments.differences import Kind, State, StillDisputed
from payments.requests import Request

api = Api()

MOST_SHOWN = 25  # of each shard


class ShownDifference(TypedDict):
    """By how much the processor's books say more than ours, about its object `reference`, for how long."""

    id: str
    kind: Kind
    reference: str
    order_id: str
    amount: dict[str, int | str]
    state: State
    raised_at: str
    age_seconds: int


class ShownDifferences(TypedDict):
    """The differences that are open."""

    differences: list[ShownDifference]


class ResolvedDifference(TypedDict):
    """A difference that a person has seen to."""

    id: str
    state: State


@api.get("/payments/differences", role="operator", answers={200: ShownDifferences})
def list_differences() -> Response:
    """What differs between the processor's books and ours, the longest open of each shard first."""
    shown = [_shown(raised) for raised in difference_rows.opened(most=MOST_SHOWN)]
    return answer(200, ShownDifferences(differences=shown))


@api.post(
    "/payments/differences/<difference>/resolve",
    role="operator",
    takes=Reasoned,
    answers={200: ResolvedDifference},
    refuses=(KeyReused, NotFound, StillDisputed),
)
def resolve_difference(difference: str) -> Response:
    """Closes a difference that a person has seen to, once per Idempotency-Key."""
    id = slug(difference)
    asked = Request(**bodies.request(api, api.body(Reasoned), "resolve", id))
    store.grant(asked, lambda: difference_rows.resolved(id))
    return answer(200, ResolvedDifference(id=id, state=State.RESOLVED))


def _shown(raised: Raised) -> ShownDifference:
    one, age = raised.difference, identity.now() - datetime.fromisoformat(raised.raised_at)
    return ShownDifference(
        id=difference_rows.name_of(one),
        kind=one.kind,
        reference=one.reference,
        order_id=one.order_id,
        amount=one.amount.plain(),
        state=raised.state,
        raised_at=raised.raised_at,
        age_seconds=int(age.total_seconds()),
    )
