"""HTTP to a card processor: sends a request once, within time-outs, and reads the secret that it needs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import urllib3

from kernel import aws
from payments.provider import ProcessorUnavailable

# The processor's slowest good answer takes 5 s.
TIMEOUT = urllib3.Timeout(connect=2, read=9)


@dataclass(frozen=True)
class ProcessorRequest:
    """`path` is all that follows the processor's base URL, query included."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True)
class ProcessorAnswer:
    """An HTTP answer, whatever its status."""

    status: int
    body: bytes


class Send(Protocol):
    def __call__(self, request: ProcessorRequest) -> ProcessorAnswer:
        """Carries one request to the processor, once. Raises ProcessorUnavailable without an answer."""


def over_http(request: ProcessorRequest) -> ProcessorAnswer:
    """Sends the request once, since a repetition is the saga's decision. Redirects are not followed."""
    url = os.environ["PROCESSOR_URL"].rstrip("/") + request.path
    try:
        answer = _connections().request(request.method, url, body=request.body, headers=request.headers)
    except urllib3.exceptions.HTTPError as error:
        # The text of such an error holds the URL, and the URL holds the payment's id.
        raise ProcessorUnavailable(f"no answer: {type(error).__name__}") from None
    return ProcessorAnswer(answer.status, answer.data)


@cache
def secret() -> str:
    """The bearer secret of payments' account, read once for each execution environment."""
    return aws.secret(os.environ["PROCESSOR_SECRET"])


@cache
def _connections() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=TIMEOUT, retries=False)
