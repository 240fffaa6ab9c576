"""Counts what functions ask the emulator for, and how often each function runs, for whoever measures."""

import json
import re
from collections import Counter
from collections.abc import Callable, Coroutine, MutableMapping
from typing import Any

from ministack import app as gateway
from ministack.services import lambda_svc

PATH = "/_settle/counts"
# The access key and the service in the signature of an AWS request.
SIGNED = re.compile(rb"Credential=([^/]+)/[^/]+/[^/]+/([^/]+)/aws4_request")
OUTSIDE = b"test"  # the access key of this machine's own clients; functions have keys of their roles

Scope = MutableMapping[str, Any]
Send = Callable[[Scope], Coroutine[Any, Any, None]]
App = Callable[[Scope, Any, Send], Coroutine[Any, Any, None]]


class Counts:
    """`calls` by AWS service and operation, `invocations` by the function's name, since the start."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.invocations: Counter[str] = Counter()

    def install(self) -> None:
        gateway.app = self.around(gateway.app)
        acquire = lambda_svc.acquire_worker

        def counted(name: str, *args: Any, **named: Any) -> Any:
            self.invocations[name] += 1
            return acquire(name, *args, **named)

        lambda_svc.acquire_worker = counted

    def around(self, app: App) -> App:
        """The app, which also counts its signed requests and tells its counts at PATH."""

        async def counting(scope: Scope, receive: Any, send: Send) -> None:
            if scope["type"] == "http" and scope["path"] == PATH:
                await self._tell(send)
                return
            if scope["type"] == "http":
                self._count(dict(scope["headers"]))
            await app(scope, receive, send)

        return counting

    def _count(self, headers: dict[bytes, bytes]) -> None:
        signed = SIGNED.search(headers.get(b"authorization", b""))
        if signed and signed[1] != OUTSIDE:
            operation = headers.get(b"x-amz-target", b"").rpartition(b".")[2]
            self.calls[b" ".join(filter(None, (signed[2], operation))).decode()] += 1

    async def _tell(self, send: Send) -> None:
        told = json.dumps({"calls": self.calls, "invocations": self.invocations}).encode()
        head = [(b"content-type", b"application/json"), (b"content-length", str(len(told)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": told})
