"""HTTP to a card processor: sends a request once, within time-outs, and reads the secret that it needs."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import stripe
import urllib3

from kernel import aws
from payments.provider import ProcessorUnavailable

# The processor's slowest good answer takes 5 s.
TIMEOUT = urllib3.Timeout(connect=2, read=9)
# Somebody else is changing the same object, or there were too many requests. Both pass.
PASSING = (409, 429)
NO_ERROR = b'{"error": {}}'


class Wire(stripe.HTTPClient):
    """What stripe's package sends its requests with. It follows no redirect, and repeats nothing."""

    name = "urllib3"

    def _sent(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Sends the request once, since a repetition is the saga's decision.

        Raises ProcessorUnavailable without an answer, or with one that says as much. A header without a
        value is left out: so a request can go without the key that the package would give it.
        """
        sent = {name: value for name, value in (headers or {}).items() if value}
        body = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            answer = _connections().request(method.upper(), url, body=body, headers=sent)
        except urllib3.exceptions.HTTPError as error:
            # The text of such an error holds the URL, and the URL holds the payment's id.
            raise ProcessorUnavailable(f"no answer: {type(error).__name__}") from None
        if answer.status >= 500 or answer.status in PASSING:
            replayed = answer.headers.get("Idempotent-Replayed") == "true"
            raise ProcessorUnavailable(f"the processor answered {answer.status}", replayed=replayed)
        return _readable(answer.status, answer.data), answer.status, answer.headers

    request = _sent


def _readable(status: int, body: bytes) -> bytes:
    """The body, or an empty error in the place of one that the package would stumble over."""
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    is_error = isinstance(told, dict) and isinstance(told.get("error"), dict)
    is_fine = status < 300 and isinstance(told, dict)
    return body if is_fine or is_error else NO_ERROR


@cache
def secret() -> str:
    """The bearer secret of payments' account, read once for each execution environment."""
    return aws.secret(os.environ["PROCESSOR_SECRET"])


@cache
def _connections() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=TIMEOUT, retries=False)
