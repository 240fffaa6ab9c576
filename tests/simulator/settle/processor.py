"""The way to the card processor: the adapter's own HTTP port, and the acquirer's real handler behind it."""

from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from urllib3.exceptions import ReadTimeoutError

from acquirer import transport as webhook
from payments.transport import TIMEOUT
from tests.simulator.aws.functions import Answer, Functions
from tests.simulator.boundary import Boundary
from tests.simulator.engine import Engine, Outcome, Timeout
from tests.support import aws
from tests.support.processor import URL, Request, as_event, name_of

NONE: Mapping[str, str] = {}
WEBHOOKS = "payments.webhooks_api.handler"
STATUSES = {"ThrottlingException": 429, "TransactionConflictException": 409}


class Connections:
    """What `payments.transport` sends requests with; `forgetful`: the processor remembers no key for long."""

    def __init__(self, engine: Engine, boundary: Boundary, functions: Functions) -> None:
        self.engine, self.boundary, self.functions = engine, boundary, functions
        self.forgetful = False
        self._requests = 0

    def request(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str]) -> Any:
        request = Request(method, url.removeprefix(URL), headers, body)
        operation = f"{method} {name_of(request)}"
        try:
            return self.boundary.call("processor", operation, partial(self._answered, request))
        except ClientError as error:  # the way is busy: an HTTP answer like any other
            return _http(STATUSES[error.response["Error"]["Code"]])

    def _answered(self, request: Request) -> Any:
        event = as_event(request)
        if self.forgetful and "Idempotency-Key" in event["headers"]:
            self._requests += 1
            event["headers"]["Idempotency-Key"] = f"forgotten-{self._requests}"

        def start(ended: Any) -> None:
            self.functions.invoke("acquirer.api.handler", event, heard=lambda answer: ended(Outcome(answer)))

        try:
            answer: Answer = self.engine.wait(start, timeout=float(TIMEOUT.read_timeout or 0))
        except Timeout:
            raise ReadTimeoutError(None, None, "no answer in time") from None  # type: ignore[arg-type]
        if answer.error:
            return _http(502)
        payload = answer.payload
        return _http(payload["statusCode"], payload["body"].encode(), payload["headers"])


class Merchant:
    """What the sandbox sends webhooks with: payments' real handler, as far away as the processor is."""

    def __init__(self, engine: Engine, boundary: Boundary, functions: Functions) -> None:
        self.engine, self.boundary, self.functions = engine, boundary, functions

    def request(self, method: str, url: str, *, body: bytes, headers: Mapping[str, str]) -> Any:
        event = aws.request(method, urlsplit(url).path.removeprefix("/v1"), None)
        event |= {"body": body.decode(), "headers": dict(headers)}
        try:
            return self.boundary.call("processor", "POST webhook", partial(self._taken, event))
        except ClientError as error:
            return _http(STATUSES[error.response["Error"]["Code"]])

    def _taken(self, event: Mapping[str, Any]) -> Any:
        def start(ended: Any) -> None:
            self.functions.invoke(WEBHOOKS, event, heard=lambda answer: ended(Outcome(answer)))

        try:
            answer: Answer = self.engine.wait(start, timeout=float(webhook.TIMEOUT.read_timeout or 0))
        except Timeout:
            raise ReadTimeoutError(None, None, "no answer in time") from None  # type: ignore[arg-type]
        return _http(502 if answer.error else answer.payload["statusCode"])


def _http(status: int, body: bytes = b"{}", headers: Mapping[str, str] = NONE) -> SimpleNamespace:
    return SimpleNamespace(status=status, data=body, headers=headers)
