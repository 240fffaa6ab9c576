"""A webhook is believed when one of its signatures is good and not old, and it is then a hint and no more."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel.errors import InvalidRequest
from payments.webhooks import Hint, UntrustedWebhook, signed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STAMP = int(NOW.timestamp())
SECRET = "whsec_of_a_test"


def event(about: Any) -> bytes:
    return json.dumps({"id": "evt_1", "type": "refund.failed", "data": {"object": about}}).encode()


BODY = event({"id": "re_1", "object": "refund", "payment_intent": "pi_1"})


def signature(body: bytes = BODY, stamp: int = STAMP, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def heard(body: bytes = BODY, header: str = f"t={STAMP},v1={signature()}", now: datetime = NOW) -> Hint:
    return signed(body, header, secret=SECRET, now=now)


@pytest.mark.parametrize(
    ("about", "object_id", "intent_id"),
    [
        ({"id": "re_1", "object": "refund", "payment_intent": "pi_1"}, "re_1", "pi_1"),
        (
            {"id": "du_1", "object": "dispute", "payment_intent": {"id": "pi_2", "object": "x"}},
            "du_1",
            "pi_2",
        ),
        ({"id": "pi_3", "object": "payment_intent"}, "pi_3", "pi_3"),
        ({"id": "po_1", "object": "payout"}, "po_1", ""),
    ],
)
def test_a_signed_event_is_a_hint_at_its_object_and_its_payment(
    about: Any, object_id: str, intent_id: str
) -> None:
    body = event(about)
    assert heard(body, f"t={STAMP},v1={signature(body)}") == Hint(
        "evt_1", "refund.failed", object_id, intent_id
    )


def test_one_good_signature_among_several_is_enough() -> None:
    header = f"t={STAMP}, v0=old, v1={signature(secret='whsec_retired')}, v1={signature()}"
    assert heard(header=header).event_id == "evt_1"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"t={STAMP}",
        f"v1={signature()}",
        f"t={STAMP},v0={signature()}",
        f"t={STAMP},v1={signature(secret='another')}",
        f"t={STAMP + 1},v1={signature()}",
        f"t={STAMP},t={STAMP},v1={signature()}",
        f"t=²,v1={signature()}",
        f"t=,v1={signature()}",
        f"t={STAMP},v1=schlüssel",
    ],
)
def test_an_unsigned_or_badly_signed_body_is_not_believed(header: str) -> None:
    with pytest.raises(UntrustedWebhook):
        heard(header=header)


@pytest.mark.parametrize("change", [b" ", b"\n"])
def test_the_signature_is_over_the_bytes_and_not_over_what_they_mean(change: bytes) -> None:
    with pytest.raises(UntrustedWebhook):
        heard(BODY + change)


@pytest.mark.parametrize(("age", "believed"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_an_event_that_was_signed_long_ago_is_not_believed(age: int, believed: bool) -> None:
    now = NOW + timedelta(seconds=age)
    if believed:
        assert heard(now=now).event_id == "evt_1"
    else:
        with pytest.raises(UntrustedWebhook):
            heard(now=now)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": "evt_1"}', b"\xff"])
def test_a_body_that_is_signed_and_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        heard(body, f"t={STAMP},v1={signature(body)}")
