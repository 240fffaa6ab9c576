"""The audit on a table: each planted damage is named, a straggler is sealed, whole books are quiet."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from payments import api, audit, replay, sales, sealing
from tests.support import aws
from tests.support.clock import Clock
from tests.support.payments import charge, refund

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")
LEDGER, VAULT = "payments-table", "vault-table"


@pytest.fixture(autouse=True)
def _hours_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day has 24 windows of an hour, all alike."""
    monkeypatch.setattr(audit, "AGE", timedelta(minutes=30))
    monkeypatch.setattr(sealing, "FIRST", timedelta(minutes=5))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    metrics = list[str]()
    monkeypatch.setattr(audit, "count", metrics.append)
    return metrics


def seal(clock: Clock) -> None:
    clock.advance(60)
    sealing.seal({}, None)


def given_two_days(clock: Clock) -> None:
    """Three seals, the first with a whole order, a wallet and the first commits of `o2`."""
    charge("o1")
    sales.post("o1", cause="test")
    charge("o2")
    body = {"amount": 500, "currency": "EUR", "because": "sorry"}
    path = "/wallets/alice/deposits"
    assert aws.call(api.handler, "POST", path, body, key="k", role="operator")[0] == 201
    seal(clock)
    refund("o2")
    seal(clock)
    charge("o3")
    seal(clock)
    replay.replay({}, None)


def audited(clock: Clock, caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The line of a run when all is old enough. The sealer has gone on until then."""
    clock.advance((audit.AGE + timedelta(minutes=15)).total_seconds())
    sealing.seal({}, None)
    caplog.clear()
    audit.audit({}, None)
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    (line,) = [line for line in lines if line["invocation"] == "audit"]
    return line


def key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def delete(table: str, pk: str, sk: str) -> None:
    aws.client("dynamodb").delete_item(TableName=table, Key=key(pk, sk))


def change(table: str, pk: str, sk: str, *, name: str, of: Callable[[str], str]) -> None:
    found = aws.client("dynamodb").get_item(TableName=table, Key=key(pk, sk))["Item"]
    changed = of(found[name]["S"])
    assert changed != found[name]["S"]
    aws.client("dynamodb").put_item(TableName=table, Item={**found, name: {"S": changed}})


def test_whole_books_are_quiet(clock: Clock, caplog: pytest.LogCaptureFixture, counted: list[str]) -> None:
    given_two_days(clock)
    line = audited(clock, caplog)
    assert (line.get("failed"), line.get("stragglers"), counted) == (None, None, [])


def flipped_byte() -> None:
    change(
        LEDGER,
        "payment#o1",
        "payment#0000000002",
        name="entries",
        of=lambda text: text.replace("1250", "1350"),
    )


def flipped_byte_of_the_newest() -> None:
    change(LEDGER, "payment#o1", "payment#0000000003", name="cause", of=lambda text: text + "!")


def rewritten_with_a_new_digest() -> None:
    change(
        LEDGER,
        "wallet#alice",
        "wallet",
        name="moment",
        of=lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
    )


def cut_tail() -> None:
    delete(LEDGER, "payment#o1", "payment#0000000003")


def gone_from_the_middle() -> None:
    delete(LEDGER, "payment#o1", "payment#0000000002")


def lost_stream() -> None:
    delete(LEDGER, "wallet#alice", "wallet")


def missing_seal() -> None:
    delete(VAULT, "seal", "0000000002")


def changed_seal() -> None:
    def forged(text: str) -> str:
        return json.dumps([[pk, sk, "0" * 64] for pk, sk, _ in json.loads(text)])

    change(VAULT, "seal", "0000000002", name="commits", of=forged)


def changed_state() -> None:
    change(LEDGER, "wallet#alice", "wallet", name="state", of=lambda text: text.replace("500", "900"))


PLANTED: dict[Callable[[], None], tuple[str, str]] = {
    flipped_byte: ("payment#o1", "payment#0000000002 is not what its digest says"),
    flipped_byte_of_the_newest: ("payment#o1", "payment#0000000003 is not what its digest says"),
    rewritten_with_a_new_digest: ("wallet#alice", "wallet is not what was sealed"),
    cut_tail: ("payment#o1", "payment#0000000003 is gone"),
    gone_from_the_middle: ("payment#o1", "payment#0000000003 does not follow on the commit before"),
    lost_stream: ("wallet#alice", "is gone, the whole stream"),
    missing_seal: ("seal 2", "is missing"),
    changed_seal: ("seal 2", "is not what its digest says"),
    changed_state: ("wallet#alice", "wallet has another state than its entries give"),
}


@pytest.mark.parametrize(("plant", "wanted"), PLANTED.items(), ids=[plant.__name__ for plant in PLANTED])
def test_a_damage_is_named_and_counted(
    plant: Callable[[], None],
    wanted: tuple[str, str],
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    counted: list[str],
) -> None:
    given_two_days(clock)
    plant()
    line = audited(clock, caplog)
    about, what = wanted
    assert what in line["failed"][about]
    assert counted.count("LedgerBroken") == sum(map(len, line["failed"].values()))
    if plant is not changed_seal:  # its commits are changed with it
        assert set(line["failed"]) == {about}


def test_the_newest_seal_that_the_totals_count_must_be_there(
    clock: Clock, caplog: pytest.LogCaptureFixture, counted: list[str]
) -> None:
    given_two_days(clock)
    delete(VAULT, "seal", "0000000003")
    audit.audit({}, None)
    (line,) = [record.msg for record in caplog.records if "audit" in str(record.msg)][-1:]
    assert "is missing, and the totals count it" in line["failed"]["seal 3"]  # type: ignore[index]
    assert counted == ["LedgerBroken"]


def test_totals_that_do_not_balance_are_named(
    clock: Clock, caplog: pytest.LogCaptureFixture, counted: list[str]
) -> None:
    given_two_days(clock)
    found = aws.client("dynamodb").get_item(TableName=LEDGER, Key=key("totals", "2026-01-01"))["Item"]
    found["moved"]["M"]["order#EUR"]["M"]["debit"] = {"N": "1"}
    aws.client("dynamodb").put_item(TableName=LEDGER, Item=found)
    audit.audit({}, None)
    assert "have other debits than credits in EUR" in str(caplog.records[-1].msg)
    assert counted == ["LedgerBroken"]


def test_a_sealer_that_stands_still_is_named(
    clock: Clock, caplog: pytest.LogCaptureFixture, counted: list[str]
) -> None:
    given_two_days(clock)
    clock.advance(timedelta(hours=3).total_seconds())
    audit.audit({}, None)
    assert "has no seal after" in str(caplog.records[-1].msg)
    assert counted == ["LedgerBroken"]


def test_a_straggler_is_found_later_and_sealed_once(
    clock: Clock, caplog: pytest.LogCaptureFixture, counted: list[str]
) -> None:
    """The clock of the function that records it is slow, so no run of the sealer looks at its time."""
    given_two_days(clock)
    clock.advance(1800)
    charge("o4")
    seal(clock)
    clock.advance(-1500)
    charge("late")
    clock.advance(1500)
    line = audited(clock, caplog)
    assert counted == ["LedgerStraggler"] * 2
    assert {about.split()[0] for about in line["stragglers"]} == {"payment#late"}
    for _ in range(20):
        seal(clock)
    sealed = [
        pk
        for item in aws.client("dynamodb").scan(TableName=VAULT)["Items"]
        for pk, _, _ in json.loads(item["commits"]["S"])
    ]
    assert sealed.count("payment#late") == 2
    counted.clear()
    clock.advance(timedelta(hours=2).total_seconds())
    sealing.seal({}, None)
    audit.audit({}, None)
    assert counted == []
