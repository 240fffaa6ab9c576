"""The acquirer's API as a merchant calls it."""

import json
from typing import Any
from urllib.parse import urlencode

from tests.support.processor import SECRET, Request, deliver


def ask(method: str, path: str, form: Any = None, *, key: str = "", secret: str = SECRET) -> tuple[int, Any]:
    """Status and body. The names of a form are written out: `metadata[order_id]`."""
    answer = send(method, path, form, key=key, secret=secret)
    return answer[0], answer[1]


def send(
    method: str, path: str, form: Any = None, *, key: str = "", secret: str = SECRET
) -> tuple[int, Any, dict[str, str]]:
    """Status, body and headers."""
    headers = {"Authorization": f"Bearer {secret}"}
    headers |= {"Idempotency-Key": key} if key else {}
    body = None if form is None else urlencode(form).encode()
    answer = deliver(Request(method, f"/v1{path}" if not path.startswith("/auth") else path, headers, body))
    return answer.status, json.loads(answer.data), dict(answer.headers)


def terms(method: str = "pm_approve", **other: Any) -> dict[str, Any]:
    named = {"amount": 1250, "currency": "eur", "payment_method": method, "metadata[order_id]": "o1"}
    return {**named, "confirm": "false", "allowed_payment_method_types[0]": "card", **other}


def created(method: str = "pm_approve", key: str = "create", **other: Any) -> str:
    status, intent = ask("POST", "/payment_intents", terms(method, **other), key=key)
    assert (status, intent["status"]) == (200, "requires_confirmation"), intent
    return str(intent["id"])


def confirm(intent_id: str, key: str = "confirm", **form: Any) -> tuple[int, Any]:
    return ask("POST", f"/payment_intents/{intent_id}/confirm", form, key=key)


def cancel(intent_id: str) -> tuple[int, Any]:
    return ask("POST", f"/payment_intents/{intent_id}/cancel")


def retrieve(intent_id: str) -> Any:
    """The payment, with its charge in full."""
    return ask("GET", f"/payment_intents/{intent_id}?expand[]=latest_charge")[1]


def captured(intent_id: str) -> int:
    return int(retrieve(intent_id)["amount_received"])


def refunded(intent_id: str) -> int:
    return int(retrieve(intent_id)["latest_charge"]["amount_refunded"])


def refund(intent_id: str, amount: int = 1250, key: str = "refund", **more: Any) -> tuple[int, Any]:
    return ask("POST", "/refunds", {"payment_intent": intent_id, "amount": amount, **more}, key=key)


def refunds(intent_id: str) -> list[Any]:
    status, found = ask("GET", f"/refunds?payment_intent={intent_id}&limit=100")
    assert status == 200, found
    return list(found["data"])


def approved(method: str = "pm_approve", key: str = "create") -> str:
    intent_id = created(method, key)
    assert confirm(intent_id, key=f"confirm {key}".replace(" ", "-"))[1]["status"] == "succeeded"
    return intent_id
