"""The card processor: the port that payments needs, and the adapter for the sandbox acquirer."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import urllib3
from pydantic import BaseModel, ValidationError

from kernel import aws
from kernel.errors import Fault
from kernel.money import Money
from payments.domain import Intent, Progress

# The processor's slowest honest answer takes 5 s.
TIMEOUT = urllib3.Timeout(connect=2, read=9)
Shape = TypeVar("Shape", bound=BaseModel)
# A decline's reason is published, so only these codes pass; anything else is a plain decline.
REASONS = {"card_declined", "expired_card", "incorrect_cvc", "insufficient_funds", "processing_error"}


class ProcessorUnavailable(Fault):
    """The processor did not answer, or failed: whether it did what was asked is unknown."""


class ProcessorConfused(Fault):
    """The processor's answer is not one that this code understands."""


class PaymentProvider(Protocol):
    """What payments asks of a card processor. Every method may be repeated.

    Raises ProcessorUnavailable and ProcessorConfused. `key` makes a repetition the same request for as
    long as the processor remembers keys, about a day. Refunds are minor units of the payment's currency.
    """

    def create(self, token: str, amount: Money, *, reference: str, key: str) -> Intent:
        """A payment that captures nothing until it is confirmed."""

    def confirm(self, intent_id: str, *, key: str) -> Intent:
        """Captures, or says why not: the answer's progress is the outcome."""

    def cancel(self, intent_id: str) -> Intent:
        """Rules out a capture if there is none yet: the answer's progress says whether that worked."""

    def retrieve(self, intent_id: str) -> Intent:
        """The payment as it is now."""

    def refund(self, intent_id: str, amount: int, *, key: str) -> int:
        """Gives back `amount`, and answers what was given back."""

    def refunds(self, intent_id: str) -> tuple[int, ...]:
        """Every refund of the payment, up to now."""


@dataclass(frozen=True)
class Request:
    """`path` is what follows the processor's base URL, query included."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes


class Send(Protocol):
    def __call__(self, request: Request) -> Answer:
        """Carries one request to the processor, once. Raises ProcessorUnavailable without an answer."""


@cache
def provider() -> PaymentProvider:
    return SandboxAcquirer()


def over_http(request: Request) -> Answer:
    """Never repeated here: a repetition is the saga's decision. Redirects are not followed."""
    url = os.environ["PROCESSOR_URL"].rstrip("/") + request.path
    try:
        answer = _connections().request(request.method, url, body=request.body, headers=request.headers)
    except urllib3.exceptions.HTTPError as error:
        # The text of such an error holds the URL, and the URL holds the payment's id.
        raise ProcessorUnavailable(f"no answer: {type(error).__name__}") from None
    return Answer(answer.status, answer.data)


class SandboxAcquirer:
    """The sandbox acquirer behind the port, reached through `send`."""

    def __init__(self, send: Send = over_http) -> None:
        self._send = send

    def create(self, token: str, amount: Money, *, reference: str, key: str) -> Intent:
        body = {**amount.plain(), "payment_method": token, "reference": reference}
        return self._intent("POST", "/payment_intents", key=key, body=body)

    def confirm(self, intent_id: str, *, key: str) -> Intent:
        return self._intent("POST", f"/payment_intents/{_quoted(intent_id)}/confirm", key=key)

    def cancel(self, intent_id: str) -> Intent:
        return self._intent("POST", f"/payment_intents/{_quoted(intent_id)}/cancel")

    def retrieve(self, intent_id: str) -> Intent:
        return self._intent("GET", f"/payment_intents/{_quoted(intent_id)}")

    def refund(self, intent_id: str, amount: int, *, key: str) -> int:
        body = {"payment_intent": intent_id, "amount": amount}
        return _read(_Refund, self._ask("POST", "/refunds", key=key, body=body)).amount

    def refunds(self, intent_id: str) -> tuple[int, ...]:
        found = _read(_Refunds, self._ask("GET", f"/refunds?payment_intent={_quoted(intent_id)}"))
        return tuple(refund.amount for refund in found.data)

    def _intent(
        self, method: str, path: str, *, key: str = "", body: Mapping[str, Any] | None = None
    ) -> Intent:
        """A change that the payment's state no longer allows is answered with that state, like any other."""
        answer = self._ask(method, path, key=key, body=body)
        if answer.status == 409:
            return _read(_Refused, Answer(200, answer.body)).payment_intent.plain()
        return _read(_Intent, answer).plain()

    def _ask(self, method: str, path: str, *, key: str = "", body: Mapping[str, Any] | None = None) -> Answer:
        bearer = _secret()
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        keyed = {"Idempotency-Key": key} if key else {}
        text = None if body is None else json.dumps(body).encode()
        answer = self._send(Request(method, path, {**headers, **keyed}, text))
        if answer.status >= 500:
            raise ProcessorUnavailable(f"the processor answered {answer.status}")
        return answer


class _Error(BaseModel):
    code: str = ""


class _Intent(BaseModel):
    id: str
    status: Progress
    amount: int
    currency: str
    last_payment_error: _Error | None = None

    def plain(self) -> Intent:
        reason = self.last_payment_error.code if self.last_payment_error else ""
        known = reason if reason in REASONS else "card_declined"
        return Intent(self.id, self.status, Money(self.amount, self.currency), known if reason else "")


class _Refused(BaseModel):
    payment_intent: _Intent


class _Refund(BaseModel):
    amount: int


class _Refunds(BaseModel):
    data: tuple[_Refund, ...]


def _read(shape: type[Shape], answer: Answer) -> Shape:
    if answer.status != 200:
        raise ProcessorConfused(f"the processor answered {answer.status}")
    try:
        return shape.model_validate_json(answer.body)
    except ValidationError:
        # Pydantic's own text repeats the values.
        raise ProcessorConfused(f"the answer is no {shape.__name__.strip('_')}") from None


def _quoted(part: str) -> str:
    return quote(part, safe="")


@cache
def _connections() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=TIMEOUT, retries=False)


@cache
def _secret() -> str:
    return aws.secret(os.environ["PROCESSOR_SECRET"])
