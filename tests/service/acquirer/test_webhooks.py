"""The acquirer's webhooks: registered at run time, signed, and told what happens later until they take it."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from acquirer import transport, webhooks
from tests.support.acquirer import approved, ask, confirm, created, refund, retrieve
from tests.support.clock import Clock
from tests.support.processor import as_acquirer

pytestmark = pytest.mark.usefixtures("clock", "processor")
DAY = timedelta(days=1).total_seconds()
HOOK = "https://shop.example/payments/webhooks"
REGISTRATION = {"url": HOOK, "enabled_events[0]": "*"}


@dataclass
class Merchant:
    """The merchant's end. It answers each request with the next of `statuses`, and then with 200."""

    got: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)
    statuses: list[int | Exception] = field(default_factory=list)

    def request(self, method: str, url: str, *, body: bytes, headers: Mapping[str, str]) -> Any:
        self.got.append((f"{method} {url}", body, headers))
        status = self.statuses.pop(0) if self.statuses else 200
        if isinstance(status, Exception):
            raise status
        return SimpleNamespace(status=status)

    def events(self) -> list[str]:
        return [json.loads(body)["type"] for _, body, _ in self.got]


@pytest.fixture
def merchant(monkeypatch: pytest.MonkeyPatch) -> Merchant:
    merchant = Merchant()
    monkeypatch.setattr(transport, "_connections", lambda: merchant)
    return merchant


def register(key: str = "register", **other: Any) -> Any:
    status, endpoint = ask("POST", "/webhook_endpoints", {**REGISTRATION, **other}, key=key)
    assert status == 200, endpoint
    return endpoint


def minute() -> None:
    with as_acquirer():
        webhooks.send({}, None)


def test_the_secret_is_told_once_and_never_again() -> None:
    endpoint = register()
    assert endpoint["secret"].startswith("whsec_")
    assert register()["secret"] == endpoint["secret"]  # the same request, answered again
    assert register(key="another")["secret"] != endpoint["secret"]
    listed = ask("GET", "/webhook_endpoints")[1]["data"]
    assert [(one["url"], one["secret"]) for one in listed] == [(HOOK, None)] * 2


def test_an_event_is_signed_over_its_bytes(merchant: Merchant, clock: Clock) -> None:
    secret = register()["secret"]
    intent_id = created("pm_stall")
    confirm(intent_id)
    clock.advance(60)
    minute()
    ((where, body, headers),) = merchant.got
    stamp = int(clock.now().timestamp())
    wanted = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert (where, headers["Stripe-Signature"]) == (f"POST {HOOK}", f"t={stamp},v1={wanted}")
    event = json.loads(body)
    assert (event["object"], event["type"]) == ("event", "payment_intent.succeeded")
    assert (event["data"]["object"]["id"], event["data"]["object"]["amount_received"]) == (intent_id, 1250)


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("pm_approve", []),
        ("pm_refund_pending", [(90, "refund.updated")]),
        ("pm_refund_fails", []),
        ("pm_refund_fails_later", [(3 * DAY, "refund.failed")]),
        ("pm_dispute_won", [(2 * DAY, "charge.dispute.created"), (10 * DAY, "charge.dispute.closed")]),
    ],
)
def test_what_happens_later_is_told_when_it_has_happened(
    merchant: Merchant, clock: Clock, method: str, wanted: list[tuple[float, str]]
) -> None:
    register()
    intent_id = approved(method)
    if "refund" in method:
        refund(intent_id)
    minute()
    assert merchant.events() == []
    for place, (wait, _) in enumerate(wanted):
        clock.advance(wait - 1)
        minute()
        clock.advance(1)
        assert len(merchant.got) == place
        minute()
    clock.advance(90 * DAY)
    minute()
    assert merchant.events() == [name for _, name in wanted]


@pytest.mark.parametrize(
    ("outcome", "event"),
    [("succeeds", "payment_intent.succeeded"), ("fails", "payment_intent.payment_failed")],
)
def test_an_authentication_that_has_ended_is_told(merchant: Merchant, outcome: str, event: str) -> None:
    register()
    intent_id = created("pm_authenticate")
    confirm(intent_id, return_url="https://shop.example/")
    minute()
    path = urlsplit(retrieve(intent_id)["next_action"]["redirect_to_url"]["url"]).path.removeprefix("/v1")
    ask("GET", f"{path}?outcome={outcome}", secret="")
    minute()
    assert merchant.events() == [event]


def test_an_event_that_was_not_taken_comes_again_with_the_same_id(merchant: Merchant, clock: Clock) -> None:
    register()
    merchant.statuses = [500, 302, urllib3.exceptions.ProtocolError("gone")]
    confirm(created("pm_stall"))
    clock.advance(60)
    for _ in range(6):
        minute()
    assert len(merchant.got) == 4
    assert len({json.loads(body)["id"] for _, body, _ in merchant.got}) == 1


def test_an_event_that_nobody_takes_is_given_up_after_three_days(merchant: Merchant, clock: Clock) -> None:
    register()
    merchant.statuses = [500] * 9
    confirm(created("pm_stall"))
    for days in (0.1, 2.8, 1, 1):
        clock.advance(days * DAY)
        minute()
    assert len(merchant.got) == 3


def test_an_endpoint_that_is_deleted_or_wants_other_events_is_told_nothing(
    merchant: Merchant, clock: Clock
) -> None:
    deleted = register()["id"]
    assert ask("DELETE", f"/webhook_endpoints/{deleted}")[1]["deleted"] is True
    assert ask("DELETE", "/webhook_endpoints/we_unknown")[0] == 404
    register(key="other", **{"enabled_events[0]": "refund.failed"})
    confirm(created("pm_stall"))
    clock.advance(60)
    minute()
    assert merchant.got == []


def test_a_payment_that_changes_while_it_is_told_is_told_again(
    merchant: Merchant, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    register()
    intent_id = created("pm_stall")
    confirm(intent_id)
    clock.advance(60)
    sent: list[bytes] = []

    def post(url: str, body: bytes, *, headers: Mapping[str, str]) -> bool:
        sent.append(body)
        refund(intent_id, 10, key=f"refund-{min(len(sent), 2)}")
        return True

    monkeypatch.setattr(transport, "post", post)
    for _ in range(5):
        minute()
    # Twice another request changes the payment before it is noted that the event was taken.
    assert len(sent) == 3
    assert len({json.loads(body)["id"] for body in sent}) == 1
