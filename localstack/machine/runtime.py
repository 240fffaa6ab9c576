"""Runs one Lambda handler against the Lambda Runtime API and answers as AWS's Python runtime would.

AWS's own client (`awslambdaric`) has no wheels for macOS, so the embedded target uses this loop on every
system; tests/localstack/test_runtime.py holds it to that client's answers. The one known difference is
stricter: a Decimal is not serializable here. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

API = "/2018-06-01/runtime"
Handler = Callable[[Any, Any], Any]


class UnusableFunction(Exception):
    """The function cannot be loaded or its answer cannot be sent; `kind` is the error type AWS gives it."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = trace or []


def _environment(name: str) -> Any:
    return field(default_factory=lambda: os.environ.get(name))


@dataclass(frozen=True)
class Context:
    """The context that AWS passes to a handler. The deadline is in milliseconds since 1970."""

    aws_request_id: str
    invoked_function_arn: str
    deadline: int
    function_name: str | None = _environment("AWS_LAMBDA_FUNCTION_NAME")
    function_version: str | None = _environment("AWS_LAMBDA_FUNCTION_VERSION")
    memory_limit_in_mb: str | None = _environment("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    log_group_name: str | None = _environment("AWS_LAMBDA_LOG_GROUP_NAME")
    log_stream_name: str | None = _environment("AWS_LAMBDA_LOG_STREAM_NAME")
    client_context: None = None
    identity: None = None

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self.deadline - int(time.time() * 1000))


def load(handler: str) -> Handler:
    """The callable that `package.module.function` names. Raises UnusableFunction with AWS's own messages."""
    module, dot, name = handler.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"
        raise UnusableFunction("Runtime.MalformedHandlerName", f"Bad handler '{handler}': {reason}")
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        raise UnusableFunction(
            "Runtime.ImportModuleError", f"Unable to import module '{module}': {error}"
        ) from error
    except SyntaxError as error:
        where = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        message = f"Syntax error in module '{module}': {error}"
        raise UnusableFunction("Runtime.UserCodeSyntaxError", message, [where]) from error
    if not hasattr(loaded, name):
        raise UnusableFunction("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'")
    return getattr(loaded, name)  # type: ignore[no-any-return]


def encode(answer: Any) -> bytes:
    if isinstance(answer, bytes):
        return answer
    try:
        return json.dumps(answer).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UnusableFunction("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _frames(tb: TracebackType | None) -> list[str]:
    """The handler's own frames: those of this loop come first and are left out, as AWS leaves out its own."""
    frames = traceback.extract_tb(tb)
    while frames and frames[0].filename == __file__:
        del frames[0]
    return traceback.format_list([(f.filename, f.lineno or 0, f.name, f.line) for f in frames])


def describe(error: Exception, request_id: str = "") -> dict[str, Any]:
    """The error document: a Step Functions Catch matches on its `errorType`."""
    fault = isinstance(error, UnusableFunction)
    return {
        "errorMessage": str(error),
        "errorType": error.kind if isinstance(error, UnusableFunction) else type(error).__name__,
        "requestId": request_id,
        "stackTrace": error.trace if fault else _frames(error.__traceback__),  # type: ignore[attr-defined]
    }


def _log(document: dict[str, Any]) -> None:
    what = ": ".join(filter(None, [document["errorType"], document["errorMessage"]]))
    trace = "".join(document["stackTrace"]).splitlines()
    # One record of several lines: carriage returns keep it together, as in AWS's log.
    print("\r".join([f"[ERROR] {what}", "Traceback (most recent call last):", *trace]), flush=True)


class RuntimeApi:
    """One lasting connection to the Runtime API. The process ends when the API is gone."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address)

    def _call(self, method: str, path: str, body: bytes | None, kind: str = "") -> http.client.HTTPResponse:
        headers = {"Content-Type": "application/json"} | (
            {"Lambda-Runtime-Function-Error-Type": kind} if kind else {}
        )
        try:
            self._connection.request(method, API + path, body, headers)
            return self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            sys.exit(f"The Runtime API is gone: {error!r}")

    def next(self) -> tuple[bytes, http.client.HTTPMessage]:
        response = self._call("GET", "/invocation/next", None)
        body = response.read()
        if response.status != http.HTTPStatus.OK:
            sys.exit(0)
        return body, response.headers

    def post(self, path: str, body: bytes, kind: str = "") -> None:
        response = self._call("POST", path, body, kind)
        reason = response.read()
        if response.status != http.HTTPStatus.ACCEPTED:
            sys.exit(f"The Runtime API refused an answer: {response.status} {reason!r}")

    def fail(self, path: str, document: dict[str, Any]) -> None:
        _log(document)
        self.post(path, json.dumps(document).encode(), document["errorType"])


def serve_one(api: RuntimeApi, handler: Handler) -> None:
    body, headers = api.next()
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
    deadline = int(headers.get("Lambda-Runtime-Deadline-Ms", 0))
    context = Context(request_id, headers.get("Lambda-Runtime-Invoked-Function-Arn", ""), deadline)
    try:
        answer = encode(handler(json.loads(body), context))
    except Exception as error:  # noqa: BLE001 -- whatever a handler raises is its answer
        api.fail(f"/invocation/{request_id}/error", describe(error, request_id))
    else:
        sys.stdout.flush()
        api.post(f"/invocation/{request_id}/response", answer)


def main(handler_name: str) -> None:
    sys.path.insert(0, os.environ.get("LAMBDA_TASK_ROOT") or os.path.dirname(os.path.abspath(__file__)))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    logging.basicConfig(stream=sys.stdout, format="[%(levelname)s]\t%(asctime)s\t%(message)s")
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load(handler_name)
    except Exception as error:  # noqa: BLE001 -- whatever a module raises at import is reported as AWS does
        api.fail("/init/error", describe(error))
        sys.exit(1)
    while True:
        serve_one(api, handler)


if __name__ == "__main__":
    main(sys.argv[1])
