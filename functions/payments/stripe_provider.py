"""The adapter for Stripe and for the sandbox, which speaks as Stripe does, in payments' own words.

No text of an error and no line of a log holds an id, a token or an address of the processor.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import stripe
from stripe import RequestOptions, StripeClient, StripeObject, _util

from kernel import identity
from kernel.money import Money
from payments import transport
from payments.currencies import AmountUnrepresentable, units_of
from payments.intents import Dispute, Intent, Progress, Reason, Refund, Transaction
from payments.provider import ProcessorConfused
from payments.shapes import (
    OURS,
    REFERENCE,
    BalanceTransaction,
    DisputedCharge,
    Endpoint,
    Page,
    PaymentIntent,
    PaymentMethod,
    ReturnedMoney,
    Shape,
    in_our_words,
    read,
)

MOST = 100  # the longest page of a list
# A payment is not created because of one of these: nobody but the customer can change that.
REFUSED: Mapping[str, Reason] = {
    "amount": Reason.AMOUNT_REFUSED,
    "currency": Reason.AMOUNT_REFUSED,
    "payment_method": Reason.CARD_DECLINED,
}
EVENTS: list[Any] = [
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.closed",
]
Call = Callable[[RequestOptions], StripeObject]


class Said(NamedTuple):
    """An answer that is no failure of the processor: the object, or Stripe's error."""

    status: int
    body: Mapping[str, Any]


class StripeProvider:
    """Stripe behind the port. PROCESSOR_URL is its address, and PROCESSOR_SECRET names the account's secret.

    To PROCESSOR_RETURN customers come back from their bank. Without it a payment has no link.
    """

    def __init__(self) -> None:
        stripe.enable_telemetry = False
        _util.logger.disabled = True  # it would log each URL, and with it the payment's id
        addresses: Any = {"api": os.environ["PROCESSOR_URL"].rstrip("/")}
        # The key comes with each request, so that one that was replaced is read again.
        client = StripeClient(
            "none", base_addresses=addresses, http_client=transport.Wire(), max_network_retries=0
        )
        self._stripe = client.v1

    def create(self, token: str, amount: Money, *, reference: str, key: str) -> Intent:
        try:
            units = units_of(amount)
        except AmountUnrepresentable:
            return Intent("", Progress.DECLINED, amount, Reason.AMOUNT_REFUSED)
        said = _ask(
            lambda options: self._stripe.payment_intents.create(
                {
                    "amount": units,
                    "currency": amount.currency.lower(),
                    "payment_method": token,
                    "allowed_payment_method_types": ["card"],
                    "confirm": False,
                    "metadata": {REFERENCE: reference},
                },
                options,
            ),
            key=key,
        )
        refused = REFUSED.get(str(said.body.get("param"))) if said.status == 400 else None
        return Intent("", Progress.DECLINED, amount, refused) if refused else _intent(said)

    def confirm(self, intent_id: str, *, key: str) -> Intent:
        back = os.environ.get("PROCESSOR_RETURN", "")
        call = self._stripe.payment_intents.confirm
        return _intent(
            _ask(lambda options: call(intent_id, {"return_url": back} if back else {}, options), key=key)
        )

    def cancel(self, intent_id: str) -> Intent:
        """Without a key: under a key the processor would repeat that it could not cancel a while ago."""
        return _intent(_ask(lambda options: self._stripe.payment_intents.cancel(intent_id, {}, options)))

    def retrieve(self, intent_id: str) -> Intent:
        return _intent(_ask(lambda options: self._stripe.payment_intents.retrieve(intent_id, {}, options)))

    def refund(self, intent_id: str, amount: Money, *, refund_id: str, key: str) -> Refund:
        units = units_of(amount)
        said = _ask(
            lambda options: self._stripe.refunds.create(
                {"payment_intent": intent_id, "amount": units, "metadata": {OURS: refund_id}}, options
            ),
            key=key,
        )
        found: Refund = in_our_words(read(ReturnedMoney, _good(said)))
        return found

    def refunds(self, intent_id: str) -> tuple[Refund, ...]:
        def page(after: dict[str, Any], options: RequestOptions) -> StripeObject:
            asked: Any = {"payment_intent": intent_id, "limit": MOST, **after}
            return self._stripe.refunds.list(asked, options)

        return tuple(in_our_words(one) for one in _pages(ReturnedMoney, page))

    def disputes(self, intent_id: str) -> tuple[Dispute, ...]:
        def page(after: dict[str, Any], options: RequestOptions) -> StripeObject:
            asked: Any = {"payment_intent": intent_id, "limit": MOST, **after}
            return self._stripe.disputes.list(asked, options)

        found = (in_our_words(one) for one in _pages(DisputedCharge, page))
        return tuple(dispute for dispute in found if dispute)

    def transactions(self, since: datetime, until: datetime) -> Iterator[Transaction]:
        created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}

        def page(after: dict[str, Any], options: RequestOptions) -> StripeObject:
            asked: Any = {"created": created, "limit": MOST, "expand": ["data.source"], **after}
            return self._stripe.balance_transactions.list(asked, options)

        return (in_our_words(one) for one in _pages(BalanceTransaction, page))

    def detach(self, token: str) -> None:
        """A method that is attached to nobody is refused, and so it is what it was to become."""
        methods = self._stripe.payment_methods
        said = _ask(lambda options: methods.detach(token, {}, options))
        if said.status == 400:
            said = _ask(lambda options: methods.retrieve(token, {}, options))
        if said.status == 404:
            return
        if read(PaymentMethod, _good(said)).customer is not None:
            raise ProcessorConfused("a payment method could not be detached")

    def register_webhook(self, url: str) -> str:
        def page(after: dict[str, Any], options: RequestOptions) -> StripeObject:
            asked: Any = {"limit": MOST, **after}
            return self._stripe.webhook_endpoints.list(asked, options)

        calls = self._stripe.webhook_endpoints
        earlier = [one.id for one in _pages(Endpoint, page) if one.url == url]
        # Each registration is a new one, since only its answer tells the secret.
        key = identity.derive("webhook", url, identity.now().isoformat())
        said = _ask(lambda options: calls.create({"url": url, "enabled_events": EVENTS}, options), key=key)
        secret = read(Endpoint, _good(said)).secret
        for endpoint in earlier:
            _ask(partial(calls.delete, endpoint, {}))
        if not secret:
            raise ProcessorConfused("the processor did not tell the secret of a webhook")
        return secret


def _pages(
    shape: type[Shape], page: Callable[[dict[str, Any], RequestOptions], StripeObject]
) -> Iterator[Shape]:
    after: dict[str, Any] = {}
    while True:
        said = _good(_ask(partial(page, after)))
        found = [read(shape, one) for one in read(Page, said).data]
        yield from found
        if not said["has_more"] or not found:
            return
        after = {"starting_after": said["data"][-1]["id"]}


def _intent(said: Said) -> Intent:
    """The payment after the request. A refusal tells the payment whose state did not allow the change."""
    found = said.body.get("payment_intent") if said.status in (400, 402) else _good(said)
    if not found:
        raise ProcessorConfused(f"the processor answered {said.status}")
    intent: Intent = in_our_words(read(PaymentIntent, found))
    return intent


def _good(said: Said) -> Mapping[str, Any]:
    if said.status != 200:
        raise ProcessorConfused(f"the processor answered {said.status}")
    return said.body


def _ask(call: Call, *, key: str = "") -> Said:
    """The answer. A secret that the processor does not know was replaced, and is read again, once."""
    said = _asked(call, key)
    if said.status != 401:
        return said
    transport.secret.cache_clear()
    return _asked(call, key)


def _asked(call: Call, key: str) -> Said:
    options: RequestOptions = {"api_key": transport.secret()}
    if key:
        options["idempotency_key"] = key
    else:
        options["headers"] = {"Idempotency-Key": ""}
    try:
        return Said(200, call(options).to_dict())
    except stripe.StripeError as error:
        told = error.json_body
        return Said(error.http_status or 0, told["error"] if isinstance(told, dict) else {})
