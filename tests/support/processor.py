"""The acquirer in this process: payments' adapter calls its real handler, and a test may disturb the calls.

    processor = Processor.install(monkeypatch)       # inside the `cloud` fixture
    processor.disturb("confirm", answer_lost)        # the next confirm is captured, its answer lost
    ...
    assert processor.calls == ["create", "confirm", "retrieve"]
    assert processor.books("o1") == Account(intents=1, captures=1, captured=1250, refunded=0)

Calls are named create, confirm, cancel, retrieve, find, refund and refunds. SERVICE and TABLE are the
acquirer's during a call and the caller's again after it.
"""

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from acquirer import api
from payments import adapters
from payments.provider import ProcessorUnavailable
from payments.sandbox import SandboxAcquirer
from payments.transport import ProcessorAnswer, ProcessorRequest
from tests.support import aws

SECRET_NAME, SECRET = "processor-secret", "correct-horse"
ROUTES = {
    "create": ("POST", "/payment_intents"),
    "confirm": ("POST", "/payment_intents/{id}/confirm"),
    "cancel": ("POST", "/payment_intents/{id}/cancel"),
    "retrieve": ("GET", "/payment_intents/{id}"),
    "find": ("GET", "/payment_intents"),
    "refund": ("POST", "/refunds"),
    "refunds": ("GET", "/refunds"),
}

Apply = Callable[[], ProcessorAnswer]
Disturbance = Callable[[Apply], ProcessorAnswer]


def request_lost(apply: Apply) -> ProcessorAnswer:
    """The request never arrives."""
    raise ProcessorUnavailable("request lost")


def answer_lost(apply: Apply) -> ProcessorAnswer:
    """The request has its effect, and nobody hears of it."""
    apply()
    raise ProcessorUnavailable("answer lost")


def answered(status: int, body: bytes = b"{}") -> Disturbance:
    """The request never arrives, and something on the way answers in the processor's place."""
    return lambda apply: ProcessorAnswer(status, body)


def delayed(meanwhile: Callable[[], Any]) -> Disturbance:
    """While the request is on its way, `meanwhile` happens: a void, a second charge, an hour."""

    def disturbance(apply: Apply) -> ProcessorAnswer:
        meanwhile()
        return apply()

    return disturbance


def answer_delayed(meanwhile: Callable[[], Any]) -> Disturbance:
    """The request has its effect; `meanwhile` happens before its answer is read."""

    def disturbance(apply: Apply) -> ProcessorAnswer:
        answer = apply()
        meanwhile()
        return answer

    return disturbance


@dataclass(frozen=True)
class Account:
    """The acquirer's own account of a reference, which is an order; amounts in minor units."""

    intents: int = 0
    captures: int = 0
    captured: int = 0
    refunded: int = 0


@dataclass
class Processor:
    """The transport. It records the name of every call, and disturbs the next call of a name.

    `keys` are the distinct Idempotency-Keys that payments sent with the calls of a name. A `forgetful`
    processor gets a new key with every request, as if a day lay between any two.
    """

    calls: list[str] = field(default_factory=list)
    keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    forgetful: bool = False
    disturbances: dict[str, list[Disturbance]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def install(cls, monkeypatch: pytest.MonkeyPatch) -> "Processor":
        """Creates the acquirer's table and secret, and makes `payments.adapters.provider()` lead here."""
        processor = cls()
        adapter = SandboxAcquirer(processor.send)
        aws.create_table("acquirer")
        aws.client("secretsmanager").create_secret(Name=SECRET_NAME, SecretString=SECRET)
        monkeypatch.setenv("PROCESSOR_SECRET", SECRET_NAME)
        monkeypatch.setenv("PROCESSOR_URL", "https://acquirer.invalid/v1")
        monkeypatch.setattr(adapters, "provider", lambda: adapter)
        return processor

    def disturb(self, name: str, *disturbances: Disturbance) -> None:
        """One disturbance for each of the next calls of that name; calls after them go through."""
        self.disturbances[name] += disturbances

    def send(self, request: ProcessorRequest) -> ProcessorAnswer:
        name = name_of(request)
        self.calls.append(name)
        self.keys[name].add(request.headers.get("Idempotency-Key", ""))
        waiting = self.disturbances[name]
        disturbance: Disturbance = waiting.pop(0) if waiting else lambda apply: apply()
        if self.forgetful:
            headers = {**request.headers, "Idempotency-Key": f"forgotten-{len(self.calls)}"}
            request = replace(request, headers=headers)
        return disturbance(lambda: deliver(request))

    def books(self, reference: str) -> Account:
        """The acquirer's account of an order, asked over its own API."""
        headers = {"Authorization": f"Bearer {SECRET}"}
        answer = deliver(ProcessorRequest("GET", f"/payment_intents?reference={reference}", headers))
        intents = json.loads(answer.body)["data"]
        return Account(
            intents=len(intents),
            captures=sum(intent["amount_captured"] > 0 for intent in intents),
            captured=sum(intent["amount_captured"] for intent in intents),
            refunded=sum(intent["amount_refunded"] for intent in intents),
        )


def deliver(request: ProcessorRequest) -> ProcessorAnswer:
    """One request to the acquirer's handler."""
    with _as_acquirer():
        answer = api.handler(as_event(request), None)
    return ProcessorAnswer(answer["statusCode"], answer["body"].encode())


def as_event(request: ProcessorRequest) -> dict[str, Any]:
    """The request as API Gateway hands it over."""
    url = urlsplit(request.path)
    query = dict(parse_qsl(url.query))
    body = request.body.decode() if request.body is not None else None
    event = aws.request(request.method, url.path, body, query=query)
    headers = dict(request.headers)
    return event | {"headers": headers, "resource": ROUTES[name_of(request)][1], "requestContext": {}}


def name_of(request: ProcessorRequest) -> str:
    template = re.sub("(?<=/payment_intents/)[^/]+", "{id}", urlsplit(request.path).path)
    return next(name for name, route in ROUTES.items() if route == (request.method, template))


@contextmanager
def _as_acquirer() -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(aws.environment("acquirer"))
    try:
        yield
    finally:
        for variable in aws.environment("acquirer"):
            if variable in before:
                os.environ[variable] = before[variable]
            else:
                del os.environ[variable]
