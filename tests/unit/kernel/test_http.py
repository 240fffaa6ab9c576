"""HTTP: the caller, the body of a refusal, and the data that no answer holds."""

import json
import logging
import sys
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from pydantic import BaseModel

from kernel.errors import Fault, Forbidden, InvalidRequest, KeyReused, NotFound, Refusal, Unauthenticated
from kernel.triggers import http, observability
from kernel.triggers.http import Api, Response, answer, slug
from kernel.triggers.tokens import Caller
from tests.support import aws

SECRET = "4242424242424242"
api = Api()


class TeapotShort(Refusal):
    """The teapot is short."""


class Greeting(BaseModel):
    text: str


RAISED: dict[str, Exception] = {
    "refusal": TeapotShort(handle="here", spout=["there"]),
    "missing": NotFound(),
    "unknown": Unauthenticated(),
    "reused": KeyReused(),
    "forbidden": Forbidden(),
    "fault": Fault(SECRET),
    "foreign": RuntimeError(SECRET),
    "unsayable": TeapotShort(handle=object()),
}


@api.get("/whoami", role=None, answers={200: dict})
def show_caller() -> Response:
    caller = api.caller()
    return answer(200, {"customer": caller.customer_id, "role": caller.role, "until": caller.expires_at})


@api.post("/keys", role=None, answers={200: dict})
def show_key() -> Response:
    return answer(201, {"key": api.idempotency_key()}, Retry_After="1")


@api.get("/greeting", role=None, answers={200: dict})
def greet() -> Response:
    return answer(200, Greeting(text="grüß dich"))


@api.get("/raise/<name>", role=None, answers={200: dict})
def throw(name: str) -> Response:
    raise RAISED[name]


def spoken(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """The records that are really written: pytest also hears loggers that Powertools keeps silent."""
    return [record for record in caplog.records if not record.name.startswith("aws_lambda_powertools")]


def call(event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    said = api(event, None)
    return said["statusCode"], json.loads(said["body"])


def test_the_caller_is_whom_the_gateway_found() -> None:
    event = aws.request("GET", "/whoami", customer="bob", role="operator")
    assert call(event) == (200, {"customer": "bob", "role": "operator", "until": aws.FAR_FUTURE})


def test_a_caller_whose_token_expired_after_the_gateway_looked_is_refused() -> None:
    event = aws.request("GET", "/whoami")
    event["requestContext"]["authorizer"]["expires_at"] = "1700000000"
    status, problem = call(event)
    assert (status, problem["error"]) == (401, "Unauthenticated")


@pytest.mark.parametrize(
    "context", [{}, {"authorizer": None}, {"authorizer": {}}, {"authorizer": {"x": "y"}}]
)
@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
def test_where_no_gateway_has_looked_the_token_is_verified_here(
    context: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "verify", lambda header: Caller(f"from {header}", "customer", 9))
    event = aws.request("GET", "/whoami") | {"requestContext": context, "headers": {name: "Bearer t"}}
    assert call(event) == (200, {"customer": "from Bearer t", "role": "customer", "until": 9})


@pytest.mark.parametrize("headers", [{}, None, {"Authorization": ""}, {"Authorization": "Basic x"}])
def test_a_request_without_a_token_is_refused(headers: dict[str, str] | None) -> None:
    event = aws.request("GET", "/whoami") | {"requestContext": {}, "headers": headers}
    status, problem = call(event)
    assert (status, problem["error"]) == (401, "Unauthenticated")


def test_headers_of_the_sender_do_not_stand_in_for_the_gateway() -> None:
    forged = {"customer_id": "bob", "role": "operator", "expires_at": str(aws.FAR_FUTURE)}
    event = aws.request("GET", "/whoami") | {"requestContext": {}, "headers": forged}
    assert call(event)[0] == 401


@pytest.mark.parametrize("key", ["k", "a-1", "~!", "x" * 255])
def test_an_idempotency_key_is_visible_text(key: str) -> None:
    assert call(aws.request("POST", "/keys", key=key)) == (201, {"key": key})


@pytest.mark.parametrize("key", [None, "", " ", "a b", "x" * 256, "ключ", "a\n", "a\x00", "\ud800"])
def test_an_idempotency_key_that_is_missing_long_or_odd_is_refused(key: str | None) -> None:
    status, problem = call(aws.request("POST", "/keys", key=key))
    assert (status, problem["error"]) == (400, "InvalidRequest")
    assert key is None or key.strip() == "" or key not in json.dumps(problem, ensure_ascii=False)


def test_an_idempotency_key_is_found_however_its_header_is_written() -> None:
    event = aws.request("POST", "/keys") | {"headers": {"IDEMPOTENCY-KEY": "k"}}
    assert call(event) == (201, {"key": "k"})


def test_a_refusal_becomes_a_problem_with_its_name_its_words_and_its_data() -> None:
    assert call(aws.request("GET", "/raise/refusal")) == (
        409,
        {"error": "TeapotShort", "message": "The teapot is short.", "handle": "here", "spout": ["there"]},
    )


@pytest.mark.parametrize(
    ("name", "status"), [("missing", 404), ("unknown", 401), ("reused", 422), ("forbidden", 403)]
)
def test_a_refusal_is_answered_with_its_own_status(name: str, status: int) -> None:
    found, problem = call(aws.request("GET", f"/raise/{name}"))
    assert (found, problem["error"]) == (status, type(RAISED[name]).__name__)


@pytest.mark.parametrize("name", ["fault", "foreign", "unsayable", "no-such-entry"])
def test_a_failure_is_a_500_that_tells_no_details(name: str, caplog: pytest.LogCaptureFixture) -> None:
    status, problem = call(aws.request("GET", f"/raise/{name}"))
    assert (status, problem["error"]) == (500, "InternalError")
    assert SECRET not in json.dumps(problem)
    assert [record.levelno for record in spoken(caplog)] == [logging.ERROR]


def test_a_failure_writes_no_foreign_text_to_the_log(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(observability, "logger", lambda: Logger(service="a fresh one", stream=sys.stdout))
    call(aws.request("GET", "/raise/foreign"))
    written = "".join(capfd.readouterr())
    assert "RuntimeError" in written
    assert SECRET not in written


def test_an_event_that_is_no_request_is_a_500_too() -> None:
    assert call({})[0] == 500


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("DELETE", "/keys"), ("GET", "/raise")])
def test_a_route_that_is_not_there_is_a_problem_like_any_other(method: str, path: str) -> None:
    status, problem = call(aws.request(method, path))
    assert (status, problem["error"]) == (404, "NotFound")


@pytest.mark.parametrize("path", ["/greeting", "/raise/missing", "/raise/foreign", "/nowhere"])
def test_every_answer_is_json_that_nobody_keeps(path: str) -> None:
    said = api(aws.request("GET", path), None)
    headers = said["headers"]
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/json", "no-store")


def test_an_answer_may_carry_headers_and_models() -> None:
    said = api(aws.request("POST", "/keys", key="k"), None)
    assert said["headers"]["Retry-After"] == "1"
    assert call(aws.request("GET", "/greeting")) == (200, {"text": "grüß dich"})


def test_one_line_tells_route_and_status(caplog: pytest.LogCaptureFixture) -> None:
    call(aws.request("GET", "/raise/missing", customer="bob"))
    (record,) = spoken(caplog)
    line: Any = record.msg
    assert line.pop("milliseconds") >= 0
    expected = {"invocation": "http", "method": "GET", "route": "/raise/missing", "status": 404}
    assert line == {"outcome": "NotFound", "request": "request-1", **expected}


@pytest.mark.parametrize("text", ["mug", "MUG-1", "a.b_c", "7", "x" * 64])
def test_a_slug_names_something(text: str) -> None:
    assert slug(text) == text


@pytest.mark.parametrize("text", ["", "-a", ".", "a b", "a/b", "a#b", "x" * 65, "mug\n", "é", "٣"])
def test_an_invalid_slug_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        slug(text)


def test_refusals_say_their_docstring_unless_told_otherwise() -> None:
    assert str(InvalidRequest()) == "The request is not one this service understands."
    assert str(InvalidRequest("no")) == "no"
