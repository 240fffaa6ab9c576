"""One log line per invocation, and the few metrics that alarms watch."""

import os
import time  # noqa: TID251 -- how long an invocation took
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, single_metric  # noqa: TID251 -- the place that logs
from aws_lambda_powertools.metrics import MetricUnit  # noqa: TID251
from botocore.exceptions import ClientError

from kernel.errors import Refusal, SettleError


@cache
def logger() -> Logger:
    # Lambda takes a line without a time of RFC 3339 for one of the level INFO.
    return Logger(service=os.environ.get("SERVICE", "settle"), use_rfc3339=True)


def count(metric: str) -> None:
    """Adds one to a metric of this service."""
    with single_metric(name=metric, unit=MetricUnit.Count, value=1, namespace="Settle") as point:
        point.add_dimension(name="service", value=os.environ.get("SERVICE", "settle"))


@contextmanager
def invocation(name: str, **ids: Any) -> Iterator[dict[str, Any]]:
    """Logs the invocation's outcome and duration once, also when it raises. The caller may add ids.

    Every error that is no refusal counts in the metric Fault, which an alarm watches.
    """
    line: dict[str, Any] = {"invocation": name, "outcome": "done", **ids}
    started = time.perf_counter()
    try:
        yield line
    except BaseException as error:
        line |= describe(error)
        if not isinstance(error, Refusal):
            count("Fault")
        raise
    finally:
        line["milliseconds"] = round((time.perf_counter() - started) * 1000)
        log = logger().error if {"trace", "failed"} & set(line) else logger().info
        log(line)


@contextmanager
def noted(failed: dict[str, dict[str, Any]], *names: str) -> Iterator[None]:
    """Notes what it is about as failed when the block raises, and goes on: it holds up nothing else."""
    try:
        yield
    except Exception as error:
        failed |= dict.fromkeys(names, describe(error))


def describe(error: BaseException) -> dict[str, Any]:
    """The parts of an error that a log may hold: its class, and its text if Settle or AWS defined the error.

    The text of another error may repeat its input.
    """
    said: dict[str, Any] = {"outcome": type(error).__name__}
    if isinstance(error, SettleError | ClientError):
        said["reason"] = str(error)
    if not isinstance(error, Refusal):
        said["trace"] = traceback.format_tb(error.__traceback__)[-4:]
    return said
