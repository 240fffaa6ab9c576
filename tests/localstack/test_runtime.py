"""The one runtime loop of the embedded target gives the answers of AWS's own client, errors included."""

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

OURS = [sys.executable, str(Path(__file__).parents[2] / "localstack" / "machine" / "runtime.py")]
AWS = [sys.executable, "-m", "awslambdaric"]
ARN = "arn:aws:lambda:us-east-1:000000000000:function:reserve"
HANDLERS = """
import os, signal, sys
class OutOfStock(Exception): pass
class Quiet(Exception): pass
def refuse(event):
    raise OutOfStock(f"no {event['sku']} left")
def handler(event, context):
    match event["do"]:
        case "answer": return {"echo": event, "text": "Zoë ☕", "none": None}
        case "bytes": return b'{"raw": true}'
        case "refuse": refuse(event)
        case "quiet": raise Quiet
        case "chain":
            try: refuse(event)
            except OutOfStock as error: raise ValueError("while counting") from error
        case "unserializable": return {"when": object()}
        case "set": return {1, 2}
        case "exit": sys.exit(3)
        case "kill": os.kill(os.getpid(), signal.SIGKILL)
        case "context":
            left = context.get_remaining_time_in_millis()
            return [context.aws_request_id, context.function_name, context.memory_limit_in_mb,
                    context.function_version, context.invoked_function_arn, context.log_group_name,
                    context.log_stream_name, context.client_context, 0 < left <= 60_000,
                    os.environ.get("_X_AMZN_TRACE_ID"), sys.path[0] == os.environ["LAMBDA_TASK_ROOT"]]
"""


class FakeRuntimeApi(ThreadingHTTPServer):
    """Hands out the given event bodies one by one, then says the environment is stopped; keeps every post."""

    daemon_threads = True

    def __init__(self, events: list[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.events = list(enumerate(events))
        self.posts: list[tuple[str, Any]] = []


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeRuntimeApi

    def log_message(self, format: str, *args: object) -> None: ...

    def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if not self.server.events:
            self._reply(500, b"{}")
            return
        number, body = self.server.events.pop(0)
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": f"request-{number}",
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            "Lambda-Runtime-Trace-Id": f"Root=1-{number}",
        }
        self._reply(200, body, headers)

    def do_POST(self) -> None:
        body = self._chunked() if "chunked" in self.headers.get("Transfer-Encoding", "") else self._sized()
        self.server.posts.append((self.path, json.loads(body)))
        self._reply(202)

    def _sized(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _chunked(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)


@contextmanager
def served(events: list[bytes]) -> Iterator[FakeRuntimeApi]:
    server = FakeRuntimeApi(events)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def run(
    client: list[str], root: Path, handler: str, *events: bytes
) -> tuple[list[tuple[str, Any]], int, str]:
    """The posts of the client, its exit code, and its first line of output."""
    with served(list(events)) as api:
        environment = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "reserve",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/reserve",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "LAMBDA_TASK_ROOT": str(root),
            "PATH": os.environ["PATH"],
        }
        ended = subprocess.run(
            [*client, handler],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return api.posts, ended.returncode, ended.stdout.split("\n")[0]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(HANDLERS)
    (tmp_path / "broken.py").write_text("import no_such_package\n")
    (tmp_path / "failing.py").write_text("def boom():\n    raise KeyError('TABLE')\nboom()\n")
    (tmp_path / "garbled.py").write_text("def handler(:\n")
    return tmp_path


def event(do: str) -> bytes:
    return json.dumps({"do": do, "sku": "tea"}).encode()


def test_a_success_is_posted_as_the_answer_of_its_own_request(root: Path) -> None:
    posts, _, _ = run(OURS, root, "shop.handler", event("answer"), event("bytes"))
    assert posts == [
        (
            "/2018-06-01/runtime/invocation/request-0/response",
            {"echo": {"do": "answer", "sku": "tea"}, "text": "Zoë ☕", "none": None},
        ),
        ("/2018-06-01/runtime/invocation/request-1/response", {"raw": True}),
    ]


def test_a_raised_refusal_is_posted_under_its_class_name_and_the_loop_goes_on(root: Path) -> None:
    posts, _, line = run(OURS, root, "shop.handler", event("refuse"), event("answer"))
    (path, error), (second, _) = posts
    assert path == "/2018-06-01/runtime/invocation/request-0/error"
    assert (error["errorType"], error["errorMessage"]) == ("OutOfStock", "no tea left")
    assert error["stackTrace"][-1].startswith(f'  File "{root}/shop.py", line 6, in refuse\n')
    assert second.endswith("/request-1/response")
    assert line == "[ERROR] OutOfStock: no tea left"


def test_the_context_tells_request_function_memory_arn_and_time_left(root: Path) -> None:
    posts, _, _ = run(OURS, root, "shop.handler", event("context"))
    assert posts[0][1] == [
        "request-0",
        "reserve",
        "512",
        "$LATEST",
        ARN,
        "/aws/lambda/reserve",
        "stream",
        None,
        True,
        "Root=1-0",
        True,
    ]


def test_a_stopped_environment_ends_the_loop_at_once(root: Path) -> None:
    assert run(OURS, root, "shop.handler")[:2] == ([], 0)


def test_a_process_whose_runtime_api_is_gone_ends_at_once(root: Path) -> None:
    environment = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", "LAMBDA_TASK_ROOT": str(root)}
    ended = subprocess.run(
        [*OURS, "shop.handler"], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stderr[:22]) == (1, "The Runtime API is gon")


@pytest.mark.skipif(
    importlib.util.find_spec("awslambdaric") is None, reason="AWS's client has no wheels here"
)
class TestAgainstAwsOwnClient:
    """The same events to both clients: posts, errors and log lines agree."""

    @pytest.mark.parametrize(
        "do", ["answer", "bytes", "refuse", "quiet", "chain", "unserializable", "set", "context"]
    )
    def test_each_answer_is_the_same(self, root: Path, do: str) -> None:
        ours, theirs = (
            run(client, root, "shop.handler", event(do), event("answer")) for client in (OURS, AWS)
        )
        assert ours[0] == theirs[0]
        assert ours[2] == theirs[2]
        assert len(ours[0]) == 2

    @pytest.mark.parametrize("do", ["exit", "kill"])
    def test_a_process_that_dies_answers_nothing_and_dies_alike(self, root: Path, do: str) -> None:
        ours, theirs = (
            run(client, root, "shop.handler", event(do), event("answer")) for client in (OURS, AWS)
        )
        assert ours == theirs
        assert ours[0] == []
        assert ours[1] != 0

    @pytest.mark.parametrize(
        "handler",
        ["broken.handler", "absent.handler", "failing.handler", "garbled.handler", "shop.absent", "handler"],
    )
    def test_a_function_that_cannot_be_loaded_reports_the_same_and_exits(
        self, root: Path, handler: str
    ) -> None:
        ours, theirs = (run(client, root, handler) for client in (OURS, AWS))
        assert ours[0] == theirs[0]
        assert ours[1] == theirs[1] == 1
        assert [path for path, _ in ours[0]] == ["/2018-06-01/runtime/init/error"]
