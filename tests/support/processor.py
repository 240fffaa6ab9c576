"""The acquirer in this process: payments' adapter calls its real handler, and a test may disturb the calls.

    processor = Processor.install(monkeypatch)       # inside the `cloud` fixture
    processor.disturb("confirm", answer_lost)        # the next confirm is captured, its answer lost
    ...
    assert processor.calls == ["create", "confirm", "retrieve"]
    assert processor.books("o1") == Account(intents=1, captures=1, captured=1250, refunded=0)

Calls are named as in ROUTES. SERVICE and TABLE are the acquirer's during a call, and the caller's
again after it.
"""

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from urllib3.exceptions import ProtocolError

from acquirer import api
from payments import adapters, transport
from tests.support import aws, circuits

SECRET_NAME, SECRET = "processor-secret", "correct-horse"
URL, PUBLIC = "https://acquirer.invalid", "https://{api}.invalid/{stage}"
ROUTES = {
    "create": ("POST", "/v1/payment_intents"),
    "confirm": ("POST", "/v1/payment_intents/{id}/confirm"),
    "cancel": ("POST", "/v1/payment_intents/{id}/cancel"),
    "find": ("GET", "/v1/payment_intents/search"),
    "retrieve": ("GET", "/v1/payment_intents/{id}"),
    "authenticate": ("GET", "/authentications/{id}/{id}"),
    "refund": ("POST", "/v1/refunds"),
    "refunds": ("GET", "/v1/refunds"),
    "retrieve refund": ("GET", "/v1/refunds/{id}"),
    "disputes": ("GET", "/v1/disputes"),
    "transactions": ("GET", "/v1/balance_transactions"),
    "method": ("GET", "/v1/payment_methods/{id}"),
    "detach": ("POST", "/v1/payment_methods/{id}/detach"),
    "register": ("POST", "/v1/webhook_endpoints"),
    "endpoints": ("GET", "/v1/webhook_endpoints"),
    "unregister": ("DELETE", "/v1/webhook_endpoints/{id}"),
}


@dataclass(frozen=True)
class Request:
    """A request as it leaves payments; `path` is all that follows the processor's address, query included."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """An answer, as far as payments reads what urllib3 answers."""

    status: int
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Apply = Callable[[], Answer]
Disturbance = Callable[[Apply], Answer]


def request_lost(apply: Apply) -> Answer:
    """The request never arrives."""
    raise ProtocolError("request lost")


def answer_lost(apply: Apply) -> Answer:
    """The request has its effect, and nobody hears of it."""
    apply()
    raise ProtocolError("answer lost")


def answered(status: int, body: bytes = b"{}", **headers: str) -> Disturbance:
    """The request never arrives, and something on the way answers in the processor's place."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda apply: Answer(status, body, named)


def delayed(meanwhile: Callable[[], Any]) -> Disturbance:
    """While the request is on its way, `meanwhile` happens: a void, a second charge, an hour."""

    def disturbance(apply: Apply) -> Answer:
        meanwhile()
        return apply()

    return disturbance


def answer_delayed(meanwhile: Callable[[], Any]) -> Disturbance:
    """The request has its effect; `meanwhile` happens before its answer is read."""

    def disturbance(apply: Apply) -> Answer:
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
    """What payments sends requests with. It records the name of every call, and disturbs the next of a name.

    `keys` are the distinct Idempotency-Keys that payments sent with the calls of a name. A `forgetful`
    processor gets a new key with every request, as if a day lay between any two.
    """

    calls: list[str] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    forgetful: bool = False
    disturbances: dict[str, list[Disturbance]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def install(cls, monkeypatch: pytest.MonkeyPatch) -> "Processor":
        """Creates the acquirer's table and secret, and makes payments' connections lead here."""
        processor = cls()
        aws.create_table("acquirer")
        aws.client("secretsmanager").create_secret(Name=SECRET_NAME, SecretString=SECRET)
        monkeypatch.setenv("PROCESSOR_SECRET", SECRET_NAME)
        monkeypatch.setenv("PROCESSOR_URL", URL)
        monkeypatch.setenv("PUBLIC_ADDRESS", PUBLIC)
        monkeypatch.setattr(transport, "_connections", lambda: processor)
        transport.secret.cache_clear()
        adapters.provider.cache_clear()
        circuits.install(monkeypatch, circuits.Counters(), owner=lambda: "an environment")
        return processor

    def disturb(self, name: str, *disturbances: Disturbance) -> None:
        """One disturbance for each of the next calls of that name; calls after them go through."""
        self.disturbances[name] += disturbances

    def request(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """As urllib3's pool manager does."""
        return self.send(Request(method, url.removeprefix(URL), headers, body))

    def send(self, request: Request) -> Answer:
        name = name_of(request)
        self.calls.append(name)
        self.sent.append(request)
        self.keys[name].add(request.headers.get("Idempotency-Key", ""))
        waiting = self.disturbances[name]
        disturbance: Disturbance = waiting.pop(0) if waiting else lambda apply: apply()
        if self.forgetful and "Idempotency-Key" in request.headers:
            headers = {**request.headers, "Idempotency-Key": f"forgotten-{len(self.calls)}"}
            request = replace(request, headers=headers)
        return disturbance(lambda: deliver(request))

    def books(self, reference: str) -> Account:
        """The acquirer's account of an order, asked over its own API."""
        query = quote(f"metadata['order_id']:'{reference}'")
        path = f"/v1/payment_intents/search?query={query}&expand[]=data.latest_charge"
        answer = deliver(Request("GET", path, {"Authorization": f"Bearer {SECRET}"}))
        intents = json.loads(answer.data)["data"]
        charges = [intent["latest_charge"] for intent in intents if intent["latest_charge"]]
        return Account(
            intents=len(intents),
            captures=sum(intent["amount_received"] > 0 for intent in intents),
            captured=sum(intent["amount_received"] for intent in intents),
            refunded=sum(charge["amount_refunded"] for charge in charges),
        )


def deliver(request: Request) -> Answer:
    """One request to the acquirer's handler."""
    with as_acquirer():
        answer = api.handler(as_event(request), None)
    return Answer(answer["statusCode"], answer["body"].encode(), answer["headers"])


def as_event(request: Request) -> dict[str, Any]:
    """The request as API Gateway hands it over."""
    url = urlsplit(request.path)
    query = dict(parse_qsl(url.query))
    body = request.body.decode() if request.body is not None else None
    event = aws.request(request.method, url.path, body, query=query)
    headers = dict(request.headers)
    context = {"apiId": "acquirer", "stage": "v1"}
    return event | {"headers": headers, "resource": ROUTES[name_of(request)][1], "requestContext": context}


def name_of(request: Request) -> str:
    """The name of the first route that the request fits."""
    path = urlsplit(request.path).path
    return next(
        name
        for name, (method, template) in ROUTES.items()
        if method == request.method and re.fullmatch(template.replace("{id}", "[^/]+"), path)
    )


@contextmanager
def as_service(service: str) -> Iterator[None]:
    """The environment is that service's, until the end of the block."""
    before = dict(os.environ)
    os.environ.update(aws.environment(service))
    try:
        yield
    finally:
        for variable in aws.environment(service):
            if variable in before:
                os.environ[variable] = before[variable]
            else:
                del os.environ[variable]


def as_acquirer() -> AbstractContextManager[None]:
    """The environment is the acquirer's, until the end of the block."""
    return as_service("acquirer")
