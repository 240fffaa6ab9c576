"""What a webhook tells: a hint that something has happened at the processor, if its signature is good."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from kernel.errors import InvalidRequest, Refusal

# An event that was signed longer ago may have been recorded, and be sent again by somebody else.
WINDOW = timedelta(minutes=5)


class UntrustedWebhook(Refusal):
    """The webhook is not signed with our secret, or was signed too long ago."""

    status = 400


@dataclass(frozen=True)
class Hint:
    """Something has happened, and the object says what; `intent_id` is empty when no payment is named."""

    event_id: str
    type: str
    object_id: str
    intent_id: str


class _Object(BaseModel):
    id: str = ""
    object: str = ""
    payment_intent: str | dict[str, Any] | None = None


class _Data(BaseModel):
    object: _Object


class _Event(BaseModel):
    id: str
    type: str
    data: _Data


def signed(body: bytes, header: str, *, secret: str, now: datetime) -> Hint:
    """The hint in the body, whose bytes the header signs, by one of its signatures at least.

    Raises UntrustedWebhook, and InvalidRequest for a body that is signed and no event.
    https://docs.stripe.com/webhooks#verify-manually
    """
    at = [*_values(header, "t")]
    if len(at) != 1 or not at[0].isascii() or not at[0].isdigit():
        raise UntrustedWebhook
    wanted = hmac.new(secret.encode(), f"{at[0]}.".encode() + body, "sha256").hexdigest()
    given = [one for one in _values(header, "v1") if hmac.compare_digest(one.encode(), wanted.encode())]
    if not given or abs(now.timestamp() - int(at[0])) > WINDOW.total_seconds():
        raise UntrustedWebhook
    return _hint(body)


def _values(header: str, name: str) -> Iterator[str]:
    pairs = (part.strip().partition("=") for part in header.split(","))
    return (value for key, _, value in pairs if key == name)


def _hint(body: bytes) -> Hint:
    try:
        event = _Event.model_validate_json(body)
    except ValidationError:
        raise InvalidRequest("the body is no event") from None
    about = event.data.object
    named = about.payment_intent
    intent_id = str(named.get("id", "")) if isinstance(named, dict) else named or ""
    if about.object == "payment_intent":
        intent_id = about.id
    return Hint(event.id, event.type, about.id, intent_id)
