"""The acquirer's API as a merchant calls it."""

import json
from typing import Any

from payments.transport import ProcessorRequest
from tests.support.processor import SECRET, deliver


def ask(method: str, path: str, body: Any = None, *, key: str = "", secret: str = SECRET) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {secret}"} | ({"Idempotency-Key": key} if key else {})
    content = None if body is None else json.dumps(body).encode()
    answer = deliver(ProcessorRequest(method, path, headers, content))
    return answer.status, json.loads(answer.body)


def terms(method: str = "pm_approve", **other: Any) -> dict[str, Any]:
    return {"amount": 1250, "currency": "EUR", "payment_method": method, "reference": "o1", **other}


def created(method: str = "pm_approve", key: str = "create") -> str:
    status, intent = ask("POST", "/payment_intents", terms(method), key=key)
    assert (status, intent["status"]) == (200, "requires_confirmation")
    return str(intent["id"])


def confirm(intent_id: str, key: str = "confirm") -> tuple[int, Any]:
    return ask("POST", f"/payment_intents/{intent_id}/confirm", key=key)


def cancel(intent_id: str) -> tuple[int, Any]:
    return ask("POST", f"/payment_intents/{intent_id}/cancel")


def retrieve(intent_id: str) -> Any:
    return ask("GET", f"/payment_intents/{intent_id}")[1]


def refund(intent_id: str, amount: int = 1250, key: str = "refund") -> tuple[int, Any]:
    return ask("POST", "/refunds", {"payment_intent": intent_id, "amount": amount}, key=key)


def approved() -> str:
    intent_id = created()
    assert confirm(intent_id)[1]["status"] == "succeeded"
    return intent_id
