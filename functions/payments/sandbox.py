"""The sandbox acquirer's adapter: translates Stripe-shaped JSON over HTTP into payments' own words."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from kernel.money import Money
from payments.intents import Intent, Progress, Reason
from payments.provider import ProcessorConfused, ProcessorUnavailable
from payments.transport import ProcessorAnswer, ProcessorRequest, Send, over_http, secret

Shape = TypeVar("Shape", bound=BaseModel)

PROGRESS: Mapping[str, Progress] = {
    "requires_confirmation": Progress.UNCONFIRMED,
    "processing": Progress.PROCESSING,
    "succeeded": Progress.CAPTURED,
    "requires_payment_method": Progress.DECLINED,
    "canceled": Progress.CANCELLED,
}
# A reason is published, so only these codes of the processor pass. Another code becomes a plain decline.
REASONS: Mapping[str, Reason] = {
    "": Reason.UNTOLD,
    "card_declined": Reason.CARD_DECLINED,
    "expired_card": Reason.EXPIRED_CARD,
    "incorrect_cvc": Reason.INCORRECT_CVC,
    "insufficient_funds": Reason.INSUFFICIENT_FUNDS,
    "processing_error": Reason.PROCESSING_ERROR,
}


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
        """The payment after the request. A 409 tells the state that no longer allowed the change."""
        answer = self._ask(method, path, key=key, body=body)
        if answer.status == 409:
            return _read(_Refused, ProcessorAnswer(200, answer.body)).payment_intent.plain()
        return _read(_Intent, answer).plain()

    def _ask(
        self, method: str, path: str, *, key: str = "", body: Mapping[str, Any] | None = None
    ) -> ProcessorAnswer:
        headers = {"Authorization": f"Bearer {secret()}", "Content-Type": "application/json"}
        keyed = {"Idempotency-Key": key} if key else {}
        text = None if body is None else json.dumps(body).encode()
        answer = self._send(ProcessorRequest(method, path, {**headers, **keyed}, text))
        if answer.status >= 500:
            raise ProcessorUnavailable(f"the processor answered {answer.status}")
        return answer


class _Error(BaseModel):
    code: str = ""


class _Intent(BaseModel):
    id: str
    status: str
    amount: int
    currency: str
    last_payment_error: _Error | None = None

    def plain(self) -> Intent:
        if self.status not in PROGRESS:
            raise ProcessorConfused("the payment has a status that is not known here")
        code = self.last_payment_error.code if self.last_payment_error else ""
        reason = REASONS.get(code, Reason.CARD_DECLINED)
        return Intent(self.id, PROGRESS[self.status], Money(self.amount, self.currency), reason)


class _Refused(BaseModel):
    payment_intent: _Intent


class _Refund(BaseModel):
    amount: int


class _Refunds(BaseModel):
    data: tuple[_Refund, ...]


def _read(shape: type[Shape], answer: ProcessorAnswer) -> Shape:
    if answer.status != 200:
        raise ProcessorConfused(f"the processor answered {answer.status}")
    try:
        return shape.model_validate_json(answer.body)
    except ValidationError:
        # Pydantic's own text repeats the values.
        raise ProcessorConfused(f"the answer is no {shape.__name__.strip('_')}") from None


def _quoted(part: str) -> str:
    return quote(part, safe="")
