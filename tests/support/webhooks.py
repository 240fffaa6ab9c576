"""The processor's webhooks as they reach payments: registered by an operator, sent by a schedule."""

import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest

from acquirer import transport, webhooks
from kernel import identity
from kernel.money import Money
from payments import adapters, webhook_rows, webhooks_api
from tests.support import aws
from tests.support.processor import as_acquirer, as_service

CONTEXT = {"apiId": "shop", "stage": "v1"}
PATH = "/payments/webhooks"


def register(*, role: str = "operator") -> tuple[int, Any]:
    """An operator has the processor send its events here."""
    return _called(registration(role=role))


def registration(*, role: str = "operator") -> dict[str, Any]:
    """The request, as API Gateway hands it over."""
    asked = aws.request("POST", f"{PATH}/registration", None, customer="olga", role=role)
    return asked | {"requestContext": asked["requestContext"] | CONTEXT}


def post(body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
    """One webhook."""
    return _called(_sent(body, headers))


def repeat(body: bytes, *, secret: str | None = None) -> tuple[int, Any]:
    """The webhook, signed now."""
    return _called(signed(body, secret=secret))


def signed(body: bytes, *, secret: str | None = None) -> dict[str, Any]:
    """The webhook, signed now, as API Gateway hands it over."""
    at = int(identity.now().timestamp())
    key = secret or webhook_rows.secret() or ""
    mac = hmac.new(key.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    return _sent(body, {"stripe-signature": f"t={at},v1={mac}"})


def _sent(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    return aws.request("POST", PATH, None) | {"body": body.decode(), "headers": dict(headers)}


def event(type: str, about: str, *, kind: str = "payment_intent") -> bytes:
    """The body of a webhook about an object of the processor's."""
    return json.dumps(
        {"id": "evt_1", "type": type, "data": {"object": {"id": about, "object": kind}}}
    ).encode()


def foreign() -> str:
    """The id of a payment of 700 that somebody else has captured on our account."""
    provider = adapters.provider()
    made = provider.create("pm_approve", Money(700, "EUR"), reference="theirs", key="foreign")
    return provider.confirm(made.id, key="foreign-confirm").id


def give_back(intent_id: str, *, amount: int = 700, key: str = "by-hand") -> None:
    """Somebody gives money back by hand, at the processor."""
    adapters.provider().refund(intent_id, Money(amount, "EUR"), refund_id="", key=key)


def connected(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Has what the sandbox sends reach payments. Answers the bodies that are sent."""
    sent: list[bytes] = []

    def arrive(url: str, body: bytes, *, headers: Mapping[str, str]) -> bool:
        assert url == f"https://shop.invalid/v1{PATH}"
        sent.append(body)
        with as_service("payments"):
            return 200 <= post(body, headers)[0] < 300

    monkeypatch.setattr(transport, "post", arrive)
    return sent


def send() -> None:
    """A run of the sandbox's schedule."""
    with as_acquirer():
        webhooks.send.run({})


def _called(event: Mapping[str, Any]) -> tuple[int, Any]:
    answer = webhooks_api.handler(event, None)
    return answer["statusCode"], json.loads(answer["body"])
