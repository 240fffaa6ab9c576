"""The payments adapter: what counts as an answer, and its one request over real HTTP."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
import urllib3

from kernel.errors import Fault
from payments import adapters, transport
from payments.domain import PaymentDeclined
from payments.provider import ProcessorConfused, ProcessorUnavailable
from payments.transport import ProcessorRequest
from tests.support import aws
from tests.support.payments import PAID, TOTAL, charge
from tests.support.processor import Processor, answered

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (answered(500), ProcessorUnavailable),
        (answered(503, b"<html>"), ProcessorUnavailable),
        (answered(401), ProcessorConfused),
        (answered(409, b'{"error": "Busy"}'), ProcessorConfused),
        (answered(429), ProcessorConfused),
        (answered(302), ProcessorConfused),
        (answered(200, b"<html>"), ProcessorConfused),
        (answered(200, b'{"id": "pi_1", "status": "requires_action"}'), ProcessorConfused),
    ],
)
def test_an_unusable_answer_is_a_fault_and_the_next_run_goes_on(
    processor: Processor, answer: Any, error: type[Fault]
) -> None:
    processor.disturb("confirm", answer)
    with pytest.raises(error) as fault:
        charge()
    assert "pi_" not in str(fault.value)
    assert (charge(), processor.books("o1")) == ("CAPTURED", PAID)


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
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A real server on loopback, and the adapter's own transport pointed at it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    Listener.released = threading.Event()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("PROCESSOR_URL", f"http://127.0.0.1:{server.server_port}/v1/")
    monkeypatch.setattr(transport, "TIMEOUT", urllib3.Timeout(connect=2, read=0.2))
    transport._connections.cache_clear()
    Listener.seen.clear()
    yield Listener.seen
    Listener.released.set()
    transport._connections().clear()
    transport._connections.cache_clear()
    server.shutdown()
    server.server_close()


def over_http(path: str) -> int:
    return transport.over_http(ProcessorRequest("POST", path, {"Idempotency-Key": "k1"}, b"{}")).status


def test_a_request_goes_out_once_whatever_comes_back(listener: list[str]) -> None:
    assert [over_http("/ok"), over_http("/fails"), over_http("/elsewhere")] == [200, 503, 307]
    assert listener == ["/v1/ok k1", "/v1/fails k1", "/v1/elsewhere k1"]


def test_a_processor_that_does_not_answer_is_unavailable_and_not_asked_twice(listener: list[str]) -> None:
    with pytest.raises(ProcessorUnavailable, match="ReadTimeoutError"):
        over_http("/late")
    assert listener == ["/v1/late k1"]


def test_a_processor_that_cannot_be_reached_is_unavailable(
    listener: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROCESSOR_URL", "http://127.0.0.1:1")
    with pytest.raises(ProcessorUnavailable):
        over_http("/ok")


def test_the_transport_waits_longer_than_the_slow_method_and_shorter_than_the_function() -> None:
    assert (transport.TIMEOUT.connect_timeout, transport.TIMEOUT.read_timeout) == (2, 9)


def test_a_declines_reason_is_published_only_if_it_is_a_known_code(processor: Processor) -> None:
    for order_id, code, reason in (
        ("o1", "expired_card", "expired_card"),
        ("o2", "pm_4242_is_broke", "card_declined"),
    ):
        intent = {"id": "pi_1", "status": "requires_payment_method", **TOTAL}
        body = json.dumps(intent | {"last_payment_error": {"code": code}}).encode()
        processor.disturb("confirm", answered(200, body))
        with pytest.raises(PaymentDeclined) as refused:
            charge(order_id)
        assert refused.value.data == {"reason": reason}
        assert aws.committed("payments")[-1].data == {"order_id": order_id, "reason": reason}


def test_an_id_of_the_processor_cannot_change_the_path(processor: Processor) -> None:
    with pytest.raises(ProcessorConfused, match="404"):
        adapters.provider().cancel("x/confirm?y")
    assert processor.calls == ["cancel"]
