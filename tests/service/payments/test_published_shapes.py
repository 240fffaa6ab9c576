"""The adapter reads Stripe's objects as Stripe publishes them, and the sandbox's objects have the same shape.

The files in `published` are written by hand, from https://docs.stripe.com/api.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kernel.money import Money
from payments import adapters, transport
from payments.intents import (
    Dispute,
    DisputeProgress,
    Intent,
    Kind,
    Progress,
    Reason,
    Refund,
    RefundProgress,
    Transaction,
)
from payments.provider import PaymentProvider, ProcessorConfused, ProcessorUnavailable
from tests.support import acquirer
from tests.support.clock import Clock
from tests.support.processor import Processor

SERVICE = "payments"
PUBLISHED = Path(__file__).parent / "published"
EUROS = Money(1250, "EUR")
PAID = Intent("pi_3PublishedExample00", Progress.CAPTURED, EUROS, reference="o1")


def published(name: str) -> Any:
    return json.loads((PUBLISHED / f"{name}.json").read_text())


@dataclass
class Stripe:
    """Answers each request with the next of `answers`: a status and a published object."""

    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def request(self, method: str, url: str, *, body: bytes | None, headers: Any) -> Any:
        self.asked.append(f"{method} {url.removeprefix('https://api.stripe.com')}")
        status, said = self.answers.pop(0)
        return SimpleNamespace(status=status, data=json.dumps(said).encode(), headers={"Request-Id": "req_1"})


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> Stripe:
    stripe = Stripe()
    monkeypatch.setenv("PROCESSOR_URL", "https://api.stripe.com")
    monkeypatch.setattr(transport, "_connections", lambda: stripe)
    monkeypatch.setattr(transport, "secret", lambda: "of a test")
    adapters.provider.cache_clear()
    return stripe


def listed(*found: Any, more: bool = False) -> Any:
    return {"object": "list", "url": "/v1/some", "has_more": more, "data": list(found)}


@pytest.mark.parametrize(
    ("call", "status", "name", "wanted"),
    [
        (lambda it: it.retrieve("pi_1"), 200, "payment_intent", PAID),
        (lambda it: it.cancel("pi_1"), 400, "error_unexpected_state", PAID),
        (
            lambda it: it.confirm("pi_1", key="k"),
            402,
            "error_card_declined",
            Intent(PAID.id, Progress.DECLINED, EUROS, Reason.INSUFFICIENT_FUNDS, reference="o1"),
        ),
        (
            lambda it: it.confirm("pi_1", key="k"),
            200,
            "payment_intent_to_authenticate",
            Intent(
                PAID.id,
                Progress.AUTHENTICATION_REQUIRED,
                EUROS,
                link="https://hooks.stripe.example/redirect/authenticate/src_1",
                reference="o1",
            ),
        ),
        (
            lambda it: it.create("pm_1", EUROS, reference="o1", key="k"),
            400,
            "error_amount_too_small",
            Intent("", Progress.DECLINED, EUROS, Reason.AMOUNT_REFUSED),
        ),
        (
            lambda it: it.refund("pi_1", EUROS, refund_id="ours", key="k"),
            200,
            "refund",
            Refund("re_3PublishedExample00", "ours", EUROS, RefundProgress.SUCCEEDED),
        ),
    ],
)
def test_a_published_answer_is_understood(
    stripe: Stripe, call: Callable[[PaymentProvider], Any], status: int, name: str, wanted: Any
) -> None:
    stripe.answers = [(status, published(name))]
    assert call(adapters.provider()) == wanted


@pytest.mark.parametrize(
    ("status", "name", "error"),
    [
        (400, "error_idempotency", ProcessorConfused),
        (409, "error_lock_timeout", ProcessorUnavailable),
        (429, "error_lock_timeout", ProcessorUnavailable),
    ],
)
def test_a_published_error_is_a_fault(stripe: Stripe, status: int, name: str, error: Any) -> None:
    stripe.answers = [(status, published(name))]
    with pytest.raises(error):
        adapters.provider().confirm("pi_1", key="k")


def test_published_refunds_are_listed_page_by_page(stripe: Stripe) -> None:
    stripe.answers = [
        (200, listed(published("refund_failed"), more=True)),
        (200, listed(published("refund"))),
    ]
    failed, made = adapters.provider().refunds("pi_1")
    assert failed == Refund("re_3PublishedExample02", "", EUROS, RefundProgress.FAILED, "lost_or_stolen_card")
    assert (made.ours, made.progress) == ("ours", RefundProgress.SUCCEEDED)
    assert stripe.asked[1].endswith("starting_after=re_3PublishedExample02")


def test_a_published_dispute_has_its_fee_and_an_inquiry_is_none(stripe: Stripe) -> None:
    inquiry = published("dispute") | {"status": "warning_needs_response"}
    stripe.answers = [(200, listed(published("dispute"), inquiry))]
    wanted = Dispute("du_1PublishedExample00", EUROS, 1500, DisputeProgress.OPEN)
    assert adapters.provider().disputes("pi_1") == (wanted,)


def test_published_movements_of_the_balance_name_what_they_are_about(stripe: Stripe) -> None:
    stripe.answers = [(200, published("balance_transactions"))]
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    payout, dispute, refund, charge = adapters.provider().transactions(since, until)
    assert charge == Transaction(
        "txn_3PublishedExample00", Kind.CHARGE, 1250, 61, 1189, "EUR", since, intent_id=PAID.id
    )
    assert (refund.kind, refund.refund_id, refund.intent_id) == (
        Kind.REFUND,
        "re_3PublishedExample00",
        PAID.id,
    )
    assert (dispute.kind, dispute.dispute_id, dispute.net) == (Kind.DISPUTE, "du_1PublishedExample00", -2750)
    assert (payout.kind, payout.net, payout.intent_id) == (Kind.PAYOUT, -1189, "")
    assert "created[gte]=1767225600&created[lt]=1767312000" in stripe.asked[0]


def test_a_webhook_is_registered_and_its_predecessor_is_deleted(stripe: Stripe) -> None:
    endpoint = published("webhook_endpoint")
    earlier = {**endpoint, "id": "we_earlier", "secret": None}
    other = {**earlier, "id": "we_other", "url": "https://shop.example/other"}
    stripe.answers = [(200, listed(earlier, other)), (200, endpoint), (200, {"id": "we_earlier"})]
    assert adapters.provider().register_webhook("https://shop.example/hook") == "whsec_example"
    assert [asked.partition("?")[0] for asked in stripe.asked] == [
        "GET /v1/webhook_endpoints",
        "POST /v1/webhook_endpoints",
        "DELETE /v1/webhook_endpoints/we_earlier",
    ]


def test_a_published_method_that_is_attached_to_nobody_counts_as_detached(stripe: Stripe) -> None:
    stripe.answers = [(400, {"error": {"type": "invalid_request_error"}}), (200, published("payment_method"))]
    adapters.provider().detach("pm_1")
    assert stripe.answers == []


def shape_of(value: Any) -> Any:
    """The type of each field. A value that may be absent has no type of its own."""
    return type(value).__name__


def misfits(ours: Any, theirs: Any, *, open_fields: tuple[str, ...] = ()) -> list[str]:
    """The fields of the sandbox's object that the published object has not, or has with another type."""
    return [
        f"{name}: {shape_of(value)}"
        for name, value in ours.items()
        if name not in theirs
        or (
            None not in (value, theirs[name])
            and shape_of(value) != shape_of(theirs[name])
            and name not in open_fields
        )
    ]


@pytest.mark.usefixtures("service")
def test_the_sandbox_shows_its_objects_in_the_published_shapes(clock: Clock, processor: Processor) -> None:
    intent_id = acquirer.approved("pm_dispute_won")
    _, refund = acquirer.refund(intent_id, 250)
    clock.advance(3 * 86400)
    intent = acquirer.retrieve(intent_id)
    (dispute,) = acquirer.ask("GET", f"/disputes?payment_intent={intent_id}")[1]["data"]
    movements = acquirer.ask("GET", "/balance_transactions")[1]
    endpoint = acquirer.ask(
        "POST", "/webhook_endpoints", {"url": "https://a.example", "enabled_events[]": "*"}, key="w"
    )[1]
    assert misfits(intent, published("payment_intent"), open_fields=("latest_charge",)) == []
    assert misfits(intent["latest_charge"], published("charge")) == []
    assert misfits(refund, {**published("refund"), "failure_reason": None}) == []
    assert misfits(dispute, published("dispute")) == []
    transaction = published("balance_transactions")["data"][-1]
    assert [misfits(one, transaction, open_fields=("source",)) for one in movements["data"]] == [[]] * 3
    assert misfits(endpoint, published("webhook_endpoint")) == []
    declined = acquirer.created("pm_decline", key="declined")
    error = acquirer.confirm(declined, key="c")[1]["error"]
    assert misfits(error, published("error_card_declined")["error"]) == []
    assert misfits(error["payment_intent"], published("payment_intent")) == []
