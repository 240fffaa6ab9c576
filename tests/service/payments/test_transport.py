"""The one request of the adapter over real HTTP: sent once, answered or not."""

import http.server
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
import urllib3

from payments import transport
from payments.provider import ProcessorUnavailable


class Listener(http.server.BaseHTTPRequestHandler):
    """Answers by path, and records each request."""

    seen: ClassVar[list[str]] = []
    released: ClassVar[threading.Event]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append(f"{self.path} {self.headers.get('Idempotency-Key')}")
        if self.path == "/v1/late":
            self.released.wait(5)
            self.close_connection = True
            return
        self.send_response({"/v1/fails": 503, "/v1/elsewhere": 307}.get(self.path, 200))
        self.send_header("Location", "/v1/ok")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a real server on loopback, and the adapter's own connections."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    Listener.released = threading.Event()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setattr(transport, "TIMEOUT", urllib3.Timeout(connect=2, read=0.2))
    transport._connections.cache_clear()
    Listener.seen.clear()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    Listener.released.set()
    transport._connections().clear()
    transport._connections.cache_clear()
    server.shutdown()
    server.server_close()


def over_http(address: str) -> int:
    return transport.Wire().request("post", address, {"Idempotency-Key": "k1"}, "a=b")[1]


def test_a_request_goes_out_once_whatever_comes_back(listener: str) -> None:
    assert [over_http(f"{listener}/ok"), over_http(f"{listener}/elsewhere")] == [200, 307]
    with pytest.raises(ProcessorUnavailable, match="503"):
        over_http(f"{listener}/fails")
    assert Listener.seen == ["/v1/ok k1", "/v1/elsewhere k1", "/v1/fails k1"]


def test_a_processor_that_does_not_answer_is_unavailable_and_not_asked_twice(listener: str) -> None:
    with pytest.raises(ProcessorUnavailable, match="ReadTimeoutError"):
        over_http(f"{listener}/late")
    assert Listener.seen == ["/v1/late k1"]


def test_a_processor_that_cannot_be_reached_is_unavailable(listener: str) -> None:
    with pytest.raises(ProcessorUnavailable):
        over_http("http://127.0.0.1:1/ok")


def test_the_transport_waits_longer_than_the_slow_method_and_shorter_than_the_function() -> None:
    assert (transport.TIMEOUT.connect_timeout, transport.TIMEOUT.read_timeout) == (2, 9)
