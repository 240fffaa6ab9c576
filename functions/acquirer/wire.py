"""How the processor speaks: forms in, Stripe's error bodies out, and one answer for each Idempotency-Key."""

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, ValidationError

from acquirer import forms, store
from acquirer.refusals import (
    AmountRefused,
    ChargeDisputed,
    IdempotencyError,
    KeyInUse,
    MethodUnusable,
    RefundRefused,
    UnexpectedState,
)
from acquirer.store import Answer, Changes
from kernel import identity
from kernel.errors import InvalidRequest, Unauthenticated
from kernel.triggers.http import LARGEST_BODY, REQUEST, Api, Body, Response, answer

INVALID = "invalid_request_error"
# The types of Stripe's errors, where they are not that of a request that is refused.
TYPES = {
    "CardDeclined": "card_error",
    "IdempotencyError": "idempotency_error",
    "KeyInUse": "idempotency_error",
}
CODES = {"NotFound": "resource_missing", "InvalidRequest": "parameter_invalid"}
# A refusal by an endpoint that has begun its work is its answer to the key for ever, as at Stripe.
KEPT = (AmountRefused, UnexpectedState, RefundRefused, ChargeDisputed, MethodUnusable)
# An answer that takes longer than this was never given, and the request may be sent again.
LEASE_SECONDS = 30

Shape = TypeVar("Shape", bound=BaseModel)


class Form(Body):
    """The parameters of a request: text, which becomes what its field is."""

    model_config = ConfigDict(frozen=True, strict=False, extra="forbid")

    expand: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What a request changes, and its answer. With `seconds` the answer is `later`, so many seconds later."""

    body: Mapping[str, Any]
    changes: Changes = store.NOTHING
    status: int = 200
    seconds: int = 0
    later: Callable[[], Mapping[str, Any]] | None = None


class StripeApi(Api):
    """The processor's routes. An error is logged by its name, and its body is Stripe's."""

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        said = super().__call__(event, context)
        if said["statusCode"] >= 400:
            said["body"] = json.dumps(_as_stripe(said["statusCode"], json.loads(said["body"])))
        return said

    def form(self, shape: type[Shape]) -> Shape:
        """The body, or the query, in its shape. Raises InvalidRequest with the first wrong parameter."""
        given = _sent_query() if REQUEST.get()["httpMethod"] == "GET" else parse_qsl(_body(), True)
        try:
            return shape.model_validate(forms.nested(given))
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"]))
            raise InvalidRequest(param=place[:64]) from None

    def once(self, decide: Callable[[], Outcome], *, look_first: bool = True) -> Response:
        """The answer of the request's key: the one that is kept, or that of `decide`, which is then kept.

        A request that can only create something need not look first: its key is found when it is kept.
        """
        key, fingerprint = self.idempotency_key(), _fingerprint()
        known = store.answer_of(key) if look_first else None
        if known and not _is_lapsed(known):
            return _again(known, fingerprint)
        try:
            found = decide()
        except KEPT as refusal:
            found = Outcome(refusal.problem(), status=refusal.status)
        if known:  # the answer never came, and what it was about is done
            store.finish(key, _answer(found, fingerprint))
            return answer(found.status, found.body)
        return _first(key, fingerprint, found)

    @staticmethod
    def root() -> str:
        """The address of this API, without a trailing slash. No function can be told its own API's id."""
        context = REQUEST.get()["requestContext"]
        return os.environ["PUBLIC_ADDRESS"].format(api=context["apiId"], stage=context["stage"])


def bearer_only() -> None:
    """Raises Unauthenticated without the secret. Compares in constant time, so that delays tell nothing.

    The link to the customer's bank has no secret but its own.
    """
    given = api.header("Authorization")
    is_link = REQUEST.get()["path"].startswith("/authentications/")
    if not is_link and not hmac.compare_digest(given.encode(), f"Bearer {store.secret()}".encode()):
        raise Unauthenticated


api = StripeApi(before=bearer_only)


def _first(key: str, fingerprint: str, found: Outcome) -> Response:
    wanted = _answer(found, fingerprint)
    kept = store.commit(found.changes, key, answer=wanted)
    if kept != wanted:
        return _again(kept, fingerprint)
    if not found.later:
        return answer(found.status, found.body)
    identity.pause(found.seconds)
    late = Outcome(found.later())
    store.finish(key, _answer(late, fingerprint))
    return answer(late.status, late.body)


def _answer(found: Outcome, fingerprint: str) -> Answer:
    if found.later:
        until = identity.now().timestamp() + LEASE_SECONDS
        return Answer(fingerprint, until=str(int(until)))
    return Answer(fingerprint, found.status, json.dumps(found.body))


def _is_lapsed(known: Answer) -> bool:
    return not known.status and int(known.until) <= identity.now().timestamp()


def _again(known: Answer, fingerprint: str) -> Response:
    if known.fingerprint != fingerprint:
        raise IdempotencyError
    if not known.status:
        raise KeyInUse(code="idempotency_key_in_use")
    return answer(known.status, json.loads(known.text), Idempotent_Replayed="true")


def _fingerprint() -> str:
    event = REQUEST.get()
    said = [event["httpMethod"], event["path"], sorted(parse_qsl(_body(), True))]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _body() -> str:
    text = str(REQUEST.get().get("body") or "")
    if len(text.encode()) > LARGEST_BODY or REQUEST.get().get("isBase64Encoded"):
        raise InvalidRequest(f"the body must be a form of at most {LARGEST_BODY} bytes")
    return text


def _sent_query() -> Sequence[tuple[str, str]]:
    """The parameters of the query, with each value of a parameter that was given several times."""
    event = REQUEST.get()
    many = event.get("multiValueQueryStringParameters") or {}
    single = event.get("queryStringParameters") or {}
    return [(name, value) for name in {**single, **many} for value in many.get(name, [single.get(name)])]


def _as_stripe(status: int, problem: Mapping[str, Any]) -> Mapping[str, Any]:
    """The kernel's body of an error as Stripe's. The fields of Stripe's error are the data of the refusal."""
    name = str(problem.get("error"))
    kind = "api_error" if status >= 500 else TYPES.get(name, INVALID)
    known = {"type": kind, "message": problem.get("message"), "code": CODES.get(name)}
    told = {field: value for field, value in problem.items() if field not in ("error", "message", "fields")}
    return {"error": {field: value for field, value in {**known, **told}.items() if value is not None}}
