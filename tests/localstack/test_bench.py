"""The arithmetic of `make bench`, and what the emulator counts for it."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from localstack.bench.load import Measured, Sample
from localstack.bench.meter import Reading
from localstack.bench.table import figures, percentile, rows
from localstack.machine.counting import PATH, Counts

READING = Reading(
    calls=Counter({"dynamodb GetItem": 30, "sqs SendMessage": 10}),
    invocations=Counter({"Start": 6}),
    cpu={"emulator": 0.4, "functions": 0.2, "clients": 0.1},
)


def measured(*finals: float) -> Measured:
    """Checkouts that are sent a second apart and accepted after 20 ms; `finals` are seconds after each."""
    samples = [Sample(number, number + 0.02, number + final) for number, final in enumerate(finals)]
    return Measured(tuple(samples), READING)


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50), (99, 99), (100, 100), (1, 1), (0.5, 1), (99.5, 100)]
)
def test_a_percentile_is_a_value_that_was_seen(percent: float, expected: float) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == expected
    assert percentile([7], percent) == 7


def test_the_rounds_of_a_phase_are_one_sample() -> None:
    found = figures([measured(0.1, 0.2), measured(0.3, 0.4)])
    assert {name: round(value, 6) for name, value in found.items()} == {
        "accepted p50 ms": 20,
        "accepted p99 ms": 20,
        "final p50 ms": 200,
        "final p99 ms": 400,
        "checkouts/s": round(4 / (1.2 + 1.4), 6),
        "SDK calls": 20,
        "invocations": 3,
        "CPU ms, emulator": 200,
        "CPU ms, functions": 100,
        "CPU ms, clients": 50,
    }


def test_a_ratio_is_the_first_side_to_the_second() -> None:
    sides = {
        "this code": {"SDK calls": 26.0, "checkouts/s": 17.0},
        "base": {"SDK calls": 44.0, "checkouts/s": 0},
    }
    assert rows("burst", sides) == [
        ["burst", "SDK calls", "26.0", "44.0", "0.59"],
        ["burst", "checkouts/s", "17.0", "0.0", "-"],
    ]
    assert rows("burst", {"this code": {"SDK calls": 26.0}}) == [["burst", "SDK calls", "26.0"]]


def test_a_reading_tells_what_came_since_another() -> None:
    later = Reading(READING.calls + Counter({"sqs SendMessage": 2}), Counter({"Start": 9}), {"emulator": 1.5})
    came = later.since(replace(READING, cpu={"emulator": 1.0}))
    assert came == Reading(Counter({"sqs SendMessage": 2}), Counter({"Start": 3}), {"emulator": 0.5})


def signed(key: str, service: str) -> tuple[bytes, bytes]:
    scope = f"AWS4-HMAC-SHA256 Credential={key}/20260301/us-east-1/{service}/aws4_request, SignedHeaders=host"
    return b"authorization", scope.encode()


def test_calls_of_functions_are_counted_and_those_of_this_machine_are_not() -> None:
    counts, passed, sent = Counts(), list[str](), list[Any]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope["path"])

    async def send(message: Any) -> None:
        sent.append(message)

    def ask(path: str, *headers: tuple[bytes, bytes]) -> None:
        scope = {"type": "http", "path": path, "headers": headers}
        asyncio.run(counts.around(app)(scope, None, send))

    get = (b"x-amz-target", b"DynamoDB_20120810.GetItem")
    ask("/", signed("ASIA1", "dynamodb"), get)
    ask("/", signed("ASIA2", "dynamodb"), get)
    ask("/2015-03-31/functions", signed("ASIA1", "lambda"))
    ask("/", signed("test", "dynamodb"), get)
    ask("/checkout")
    ask(PATH)
    assert passed == ["/", "/", "/2015-03-31/functions", "/", "/checkout"]
    assert json.loads(sent[1]["body"]) == {"calls": {"dynamodb GetItem": 2, "lambda": 1}, "invocations": {}}
