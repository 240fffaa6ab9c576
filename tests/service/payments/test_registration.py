"""The registration of a webhook at the sandbox: its secret signs what is sent, and an earlier one ends."""

import pytest

from acquirer import transport, webhooks
from kernel import identity
from kernel.money import Money
from payments import adapters
from payments.webhooks import Hint, signed
from tests.support.clock import Clock
from tests.support.processor import Processor, as_acquirer

SERVICE = "payments"
HOOK = "https://shop.example/payments/webhooks"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")


def test_what_the_sandbox_sends_is_signed_with_the_secret_of_the_newest_registration(
    processor: Processor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[tuple[str, bytes, str]] = []

    def post(url: str, body: bytes, *, headers: dict[str, str]) -> bool:
        got.append((url, body, headers["Stripe-Signature"]))
        return True

    monkeypatch.setattr(transport, "post", post)
    provider = adapters.provider()
    earlier = provider.register_webhook(HOOK)
    clock.advance(1)
    secret = provider.register_webhook(HOOK)
    assert secret != earlier
    intent = provider.create("pm_stall", Money(1250, "EUR"), reference="o1", key="k")
    provider.confirm(intent.id, key="c")
    clock.advance(60)
    with as_acquirer():
        webhooks.send({}, None)
    ((url, body, header),) = got
    hint = signed(body, header, secret=secret, now=identity.now())
    assert (url, hint) == (HOOK, Hint(hint.event_id, "payment_intent.succeeded", intent.id, intent.id))
