"""The adapter to the processor: what counts as an answer, what a request holds, what is a decline."""

import json
import logging
from typing import Any
from urllib.parse import parse_qs

import pytest

from kernel.errors import Fault
from kernel.money import Money
from payments import adapters, stripe_provider
from payments.domain import PaymentDeclined
from payments.intents import Progress, Reason, RefundProgress
from payments.provider import PaymentProvider, ProcessorConfused, ProcessorUnavailable
from tests.support import aws
from tests.support.payments import PAID, charge
from tests.support.processor import Processor, answered

SERVICE = "payments"
EUROS = Money(1250, "EUR")
LOCKED = b'{"error": {"type": "invalid_request_error", "code": "lock_timeout"}}'
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")


@pytest.fixture
def provider(processor: Processor) -> PaymentProvider:
    return adapters.provider()


def created(provider: PaymentProvider, token: str = "pm_approve") -> str:
    return provider.create(token, EUROS, reference="o1", key=token).id


def approved(provider: PaymentProvider, token: str = "pm_approve") -> str:
    intent = provider.confirm(created(provider, token), key=f"confirm-{token}")
    assert intent.progress is Progress.CAPTURED
    return intent.id


def form_of(processor: Processor) -> dict[str, list[str]]:
    """The form of the last request."""
    return parse_qs((processor.sent[-1].body or b"").decode(), keep_blank_values=True)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (answered(500), ProcessorUnavailable),
        (answered(503, b"<html>"), ProcessorUnavailable),
        (answered(429), ProcessorUnavailable),
        (answered(409, LOCKED), ProcessorUnavailable),
        (answered(401), ProcessorConfused),
        (answered(403, b'{"error": "Forbidden"}'), ProcessorConfused),
        (answered(400, b'{"error": {"type": "invalid_request_error"}}'), ProcessorConfused),
        (answered(302), ProcessorConfused),
        (answered(200, b"<html>"), ProcessorConfused),
        (answered(200, b"\xff\xfe"), ProcessorConfused),
        (answered(200, b"[]"), ProcessorConfused),
        (answered(200, b'{"id": "pi_1", "status": "succeeded", "currency": "eur"}'), ProcessorConfused),
        (
            answered(200, b'{"id": "pi_1", "status": "requires_capture", "amount": 1250, "currency": "eur"}'),
            ProcessorConfused,
        ),
        (
            answered(200, b'{"id": "pi_1", "status": "succeeded", "amount": 1250, "currency": "e"}'),
            ProcessorConfused,
        ),
    ],
)
def test_an_unusable_answer_is_a_fault_and_the_next_run_goes_on(
    processor: Processor, answer: Any, error: type[Fault]
) -> None:
    processor.disturb("confirm", answer, *([answer] if error is ProcessorConfused else []))
    with pytest.raises(error) as fault:
        charge()
    assert "pi_" not in str(fault.value)
    processor.disturbances.clear()
    assert (charge(), processor.books("o1")) == ("CAPTURED", PAID)


@pytest.mark.parametrize(
    ("answer", "replayed"),
    [
        (answered(500, Idempotent_Replayed="true"), True),
        (answered(500), False),
        (answered(503, Idempotent_Replayed="false"), False),
    ],
)
def test_an_outage_tells_whether_the_processor_only_remembers_it(
    provider: PaymentProvider, processor: Processor, answer: Any, replayed: bool
) -> None:
    processor.disturb("create", answer)
    with pytest.raises(ProcessorUnavailable) as fault:
        created(provider)
    assert fault.value.replayed is replayed


def test_the_sandbox_replays_its_outage_under_the_same_key_only(provider: PaymentProvider) -> None:
    intent_id = created(provider, "pm_error_before_once")
    told = []
    for _ in range(2):
        with pytest.raises(ProcessorUnavailable) as fault:
            provider.confirm(intent_id, key="first")
        told.append(fault.value.replayed)
    assert told == [False, True]
    assert provider.confirm(intent_id, key="second").progress is Progress.CAPTURED


def test_a_request_holds_what_the_processor_needs_and_no_more(
    provider: PaymentProvider, processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROCESSOR_RETURN", "https://shop.example/back")
    intent_id = created(provider)
    assert form_of(processor) == {
        "amount": ["1250"],
        "currency": ["eur"],
        "payment_method": ["pm_approve"],
        "allowed_payment_method_types[0]": ["card"],
        "confirm": ["false"],
        "metadata[order_id]": ["o1"],
    }
    sent = dict(processor.sent[-1].headers)
    assert sent["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent["Idempotency-Key"] == "pm_approve"
    assert "telemetry" not in json.dumps(sent).lower()
    provider.confirm(intent_id, key="c")
    assert form_of(processor) == {"return_url": ["https://shop.example/back"]}
    provider.refund(intent_id, EUROS, refund_id="ours", key="r")
    assert form_of(processor) == {
        "payment_intent": [intent_id],
        "amount": ["1250"],
        "metadata[refund_id]": ["ours"],
    }


def test_a_cancel_has_no_key_since_its_answer_may_change(
    provider: PaymentProvider, processor: Processor
) -> None:
    assert provider.cancel(created(provider)).progress is Progress.CANCELLED
    assert "Idempotency-Key" not in processor.sent[-1].headers


def test_a_secret_that_was_replaced_is_read_again_once(
    provider: PaymentProvider, processor: Processor
) -> None:
    unknown = answered(401, b'{"error": {"type": "invalid_request_error"}}')
    processor.disturb("create", unknown)
    assert created(provider)
    assert processor.calls == ["create", "create"]
    processor.disturb("create", unknown, unknown)
    with pytest.raises(ProcessorConfused, match="401"):
        created(provider)


def test_the_package_of_stripe_logs_nothing(
    provider: PaymentProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    approved(provider)
    assert [record.message for record in caplog.records if record.name.startswith("stripe")] == []
    assert logging.getLogger("stripe").getEffectiveLevel() == logging.DEBUG


def test_a_declines_reason_is_published_only_if_it_is_a_known_code(processor: Processor) -> None:
    for order_id, code, decline, reason in (
        ("o1", "expired_card", "expired_card", "expired_card"),
        ("o2", "card_declined", "insufficient_funds", "insufficient_funds"),
        ("o3", "pm_4242_is_broke", None, "card_declined"),
    ):
        error = {"code": code, "decline_code": decline}
        intent = {"id": "pi_1", "status": "requires_payment_method", "amount": 1250, "currency": "eur"}
        body = {"error": {**error, "payment_intent": {**intent, "last_payment_error": error}}}
        processor.disturb("confirm", answered(402, json.dumps(body).encode()))
        with pytest.raises(PaymentDeclined) as refused:
            charge(order_id)
        assert refused.value.data == {"reason": reason}
        assert aws.committed("payments")[-1].data == {"order_id": order_id, "reason": reason}


@pytest.mark.parametrize(
    ("amount", "token", "reason"),
    [
        (Money(49, "EUR"), "pm_approve", Reason.AMOUNT_REFUSED),
        (Money(10**9, "EUR"), "pm_approve", Reason.AMOUNT_REFUSED),
        (Money(1234, "KWD"), "pm_approve", Reason.AMOUNT_REFUSED),
        (Money(1250, "MGA"), "pm_approve", Reason.AMOUNT_REFUSED),
        (EUROS, "pm_approve__gone", Reason.CARD_DECLINED),
    ],
)
def test_what_the_processor_cannot_take_is_a_decline_of_a_payment_that_does_not_exist(
    provider: PaymentProvider, amount: Money, token: str, reason: Reason
) -> None:
    provider.detach("pm_approve__gone")
    intent = provider.create(token, amount, reference="o1", key="k")
    assert (intent.id, intent.progress, intent.reason) == ("", Progress.DECLINED, reason)


def test_an_id_of_the_processor_cannot_change_the_path(
    provider: PaymentProvider, processor: Processor
) -> None:
    with pytest.raises(ProcessorConfused, match="404"):
        provider.cancel("x/confirm?y")
    assert processor.calls == ["cancel"]


def test_a_payment_that_must_be_authenticated_tells_a_link_that_is_never_shown(
    provider: PaymentProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent_id = created(provider, "pm_authenticate")
    assert provider.confirm(intent_id, key="c").progress is Progress.AUTHENTICATION_REQUIRED
    assert provider.retrieve(intent_id).link is None
    monkeypatch.setenv("PROCESSOR_RETURN", "https://shop.example/back")
    other = provider.confirm(provider.create("pm_authenticate", EUROS, reference="o2", key="o2").id, key="c2")
    assert other.link
    assert other.link.startswith(f"https://acquirer.invalid/v1/authentications/{other.id}/")
    assert other.link not in repr(other)


def test_refunds_are_told_by_our_own_id_however_many_pages_they_fill(
    provider: PaymentProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_provider, "MOST", 2)
    intent_id = approved(provider)
    for name in "abcde":
        made = provider.refund(intent_id, Money(10, "EUR"), refund_id=name, key=name)
        assert (made.progress, made.amount) == (RefundProgress.SUCCEEDED, Money(10, "EUR"))
    assert [refund.ours for refund in provider.refunds(intent_id)] == ["e", "d", "c", "b", "a"]
