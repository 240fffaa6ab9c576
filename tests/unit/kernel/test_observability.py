"""One log line per invocation, which never repeats the text of a foreign error."""

import json
import logging
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import BaseModel, ValidationError

from kernel.errors import Contended, Fault, NotFound
from kernel.triggers import observability
from kernel.triggers.observability import describe, invocation

SECRET = "4242424242424242"


class Shape(BaseModel):
    number: int


def foreign_errors() -> list[BaseException]:
    try:
        Shape.model_validate({"number": SECRET + "x"})
    except ValidationError as error:
        unread = error
    return [ValueError(SECRET), KeyError(SECRET), unread, OSError(5, SECRET), SystemExit(SECRET)]


def test_a_line_is_json_once_with_the_level_and_the_time_that_lambda_reads(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html"""
    with pytest.raises(Fault), invocation("test"):
        raise Fault
    (record,) = caplog.records
    line = json.loads(observability.logger().registered_formatter.format(record))
    assert (line["level"], line["message"]["invocation"]) == ("ERROR", "test")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+\d\d:\d\d", line["timestamp"])


@pytest.mark.parametrize("error", foreign_errors(), ids=lambda error: type(error).__name__)
def test_the_text_of_a_foreign_error_is_never_logged(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(type(error)), invocation("test"):
        raise error
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    line: Any = record.msg
    assert line["outcome"] == type(error).__name__
    assert SECRET not in json.dumps(record.msg) + record.getMessage() + str(record.exc_info)


def test_our_own_errors_and_those_of_aws_say_why() -> None:
    throttled = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "PutEvents")
    assert "slow down" in describe(throttled)["reason"]
    assert describe(Contended())["reason"] == "Somebody else wrote first: load again and decide again."


def test_a_refusal_is_no_error_of_ours_and_has_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(NotFound), invocation("test"):
        raise NotFound
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert "trace" not in record.msg


def test_a_fault_is_logged_with_the_lines_it_came_from(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Fault), invocation("test"):
        raise Fault
    line: Any = caplog.records[0].msg
    assert any("raise Fault" in frame for frame in line["trace"])


def test_one_line_tells_outcome_ids_and_duration(caplog: pytest.LogCaptureFixture) -> None:
    with invocation("test", order="o1") as line:
        line["found"] = 3
    (record,) = caplog.records
    said: Any = record.msg
    assert said.pop("milliseconds") >= 0
    assert said == {"invocation": "test", "outcome": "done", "order": "o1", "found": 3}


def test_a_metric_carries_the_name_of_its_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERVICE", "orders")
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    observability.count("Fault")
    said = json.loads(capsys.readouterr().out)
    assert (said["service"], said["Fault"]) == ("orders", [1.0])
    assert said["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Settle"


@pytest.mark.parametrize(
    ("error", "counted"), [(NotFound(), []), (Contended(), ["Fault"]), (OSError(), ["Fault"])]
)
def test_every_error_but_a_refusal_counts_as_a_fault(
    error: Exception, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(observability, "count", seen.append)
    with pytest.raises(type(error)), invocation("test"):
        raise error
    assert seen == counted
