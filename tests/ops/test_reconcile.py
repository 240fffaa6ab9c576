"""The command `make reconcile` has the books compared, lists what is open, and ends accordingly."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from kernel import identity
from ops import reconcile
from ops.deployment import Deployment
from tests.support.deployment import FakeCloudFormation, deployed, put
from tests.support.evidence import NOON
from tests.support.good_books import good

ROW = {"sk": "difference", "order_id": "o1", "amount": -1250, "currency": "EUR", "state": "OPEN"}


@pytest.fixture(autouse=True)
def _time(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "now", lambda: NOON)


@dataclass
class FakeLambda:
    """Answers an invocation as Lambda does. An `error` is the name of what the function raises."""

    error: str = ""
    invoked: list[str] = field(default_factory=list)

    def invoke(self, FunctionName: str, Payload: bytes) -> Mapping[str, Any]:  # noqa: N803 - as boto3
        assert Payload == b"{}"
        self.invoked.append(FunctionName)
        said = {"errorType": self.error} if self.error else None
        answer: dict[str, Any] = {"Payload": BytesIO(json.dumps(said).encode())}
        return answer | ({"FunctionError": "Unhandled"} if self.error else {})


def stack(lambda_: FakeLambda) -> Deployment:
    formation = FakeCloudFormation(outputs={"SettlePayments": {"ReconcileName": "the-function"}})
    found = deployed(good(), formation)
    return replace(found, client=lambda name: lambda_ if name == "lambda" else found.client(name))


def run(found: Deployment, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(reconcile, "here", lambda: found)
    return reconcile.main()


def test_books_that_agree_end_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lambda_ = FakeLambda()
    assert run(stack(lambda_), monkeypatch) == 0
    assert lambda_.invoked == ["the-function"]
    assert "The processor's books and ours agree" in capsys.readouterr().out


def test_what_is_open_is_listed_the_oldest_first_with_its_age(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = stack(FakeLambda())
    rows = [
        {"pk": "difference#2", "kind": "UNKNOWN_PAYMENT", "reference": "pi_2", **ROW, "order_id": ""},
        {"pk": "difference#1", "kind": "DISPUTE", "reference": "pi_1", **ROW},
        {"pk": "difference#3", "kind": "DISPUTE", "reference": "pi_3", **ROW, "state": "SETTLED"},
    ]
    ages = [timedelta(minutes=5), timedelta(hours=3), timedelta(days=1)]
    put(
        "payments",
        [{**row, "raised_at": (NOON - age).isoformat()} for row, age in zip(rows, ages, strict=True)],
    )
    assert run(found, monkeypatch) == 1
    told = capsys.readouterr().out
    lines = [line.split() for line in told.splitlines() if "pi_" in line]
    assert lines == [
        ["DISPUTE", "o1", "-1250", "EUR", "3.0", "h", "pi_1"],
        ["UNKNOWN_PAYMENT", "none", "-1250", "EUR", "5", "min", "pi_2"],
    ]
    assert "2 are open." in told


def test_a_comparison_that_fails_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stack(FakeLambda("NotReconciled")), monkeypatch) == 1
    assert "The comparison has failed: NotReconciled." in capsys.readouterr().out
