"""Tells registered webhooks, every minute, what has happened to payments by time alone.

An event is sent until each endpoint has taken it, for three days at most. It may be sent twice, in any order.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from acquirer import shapes, store, transport
from acquirer.domain import Intent
from acquirer.endpoints import signing_secret
from acquirer.moments import Moment, untold
from acquirer.refusals import Busy
from kernel import identity
from kernel.errors import NotFound
from kernel.triggers.schedules import scheduled

TRIED_FOR = timedelta(days=3)
EVERYTHING = "*"
API_VERSION = "2026-10-28.endive"


@scheduled(minutes=1)
def send(line: dict[str, Any]) -> None:
    """Sends the events that are due. What was not taken is sent again by the next run."""
    now, endpoints = identity.now(), store.endpoints()
    found = store.due(now)
    line["due"] = len(found)
    line["told"] = sum(_tell(intent_id, endpoints, now) for intent_id in found)


def _tell(intent_id: str, endpoints: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """How many events of the payment were dealt with: taken, or given up."""
    try:
        intent = store.load(intent_id)
        waiting = [moment for moment in untold(intent) if moment.at <= now]
        done = [one.name for one in waiting if _sent(one, intent, endpoints) or now - one.at > TRIED_FOR]
        if done:
            store.told(intent, done)
        return len(done)
    except (Busy, NotFound):
        return 0  # the next run finds it


def _sent(moment: Moment, intent: Intent, endpoints: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every endpoint that wants the event has taken it."""
    body = json.dumps(_event(moment, intent)).encode()
    wanted = [one for one in endpoints if {EVERYTHING, moment.type} & {*one["enabled_events"]}]
    taken = [transport.post(one["url"], body, headers=_headers(one["id"], body)) for one in wanted]
    return all(taken)


def _headers(endpoint_id: str, body: bytes) -> Mapping[str, str]:
    """https://docs.stripe.com/webhooks#verify-manually"""
    at = int(identity.now().timestamp())
    signed = hmac.new(signing_secret(endpoint_id).encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    return {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": f"t={at},v1={signed}"}


def _event(moment: Moment, intent: Intent) -> dict[str, Any]:
    return {
        "id": f"evt_{identity.derive('event', intent.id, moment.name)}",
        "object": "event",
        "api_version": API_VERSION,
        "created": shapes.epoch(moment.at),
        "data": {"object": _object(moment, intent)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": moment.type,
    }


def _object(moment: Moment, intent: Intent) -> Any:
    """What the event is about, as it is when the event is sent."""
    now = identity.now()
    if moment.refund:
        return shapes.refund(moment.refund, intent, now=now)
    dispute = intent.dispute(now) if moment.type.startswith("charge.dispute") else None
    return shapes.dispute(dispute, intent, now=now) if dispute else shapes.intent(intent, now)
