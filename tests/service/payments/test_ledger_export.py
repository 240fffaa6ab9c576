"""The export of the ledger and its offline check: a whole file passes, and each break is named."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ops import ledger_check, ledger_export
from ops.deployment import Deployment
from payments import sales, sealing
from tests.support import aws
from tests.support.clock import Clock
from tests.support.deployment import FakeCloudFormation
from tests.support.payments import charge, refund

SERVICE = "payments"
pytestmark = pytest.mark.usefixtures("service", "clock", "processor")
Lines = list[dict[str, Any]]


@pytest.fixture
def lines(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Lines:
    monkeypatch.setattr(sealing, "FIRST", timedelta(hours=1))
    charge("o1")
    sales.post("o1", cause="test")
    clock.advance(60)
    sealing.seal({}, None)
    charge("o2")
    refund("o2")
    clock.advance(60)
    sealing.seal({}, None)
    charge("o3")  # no seal has it yet
    return [json.loads(json.dumps(line)) for line in ledger_export.lines(deployed())]


def deployed() -> Deployment:
    found = FakeCloudFormation(outputs={"SettlePayments": {"VaultName": "vault-table"}})
    return Deployment("a test", lambda name: found if name == "cloudformation" else aws.client(name))


def first_break(lines: Lines, head: str = "") -> str:
    return next(ledger_check.breaks(lines, head=head), "")


def commit(lines: Lines, pk: str, version: int) -> dict[str, Any]:
    return next(line for line in lines if line.get("pk") == pk and line["version"] == version)


def test_a_whole_file_has_every_commit_and_seal_and_no_token(lines: Lines) -> None:
    kinds = [line["kind"] for line in lines]
    assert kinds == ["seal"] * 2 + ["commit"] * (len(lines) - 2)
    stored = [item for item in aws.items("payments") if "moment" in item]
    assert [(line["pk"], line["sk"]) for line in lines[2:]] == [(one["pk"], one["sk"]) for one in stored]
    assert "pm_" not in json.dumps(lines)
    assert first_break(lines) == ""


def flipped(lines: Lines) -> None:
    found = commit(lines, "payment#o1", 2)
    found["entries"] = found["entries"].replace("1250", "1251")


def cut(lines: Lines) -> None:
    lines.remove(commit(lines, "payment#o1", 3))


def gone_from_an_unsealed_stream(lines: Lines) -> None:
    lines.remove(commit(lines, "payment#o3", 1))


def lost(lines: Lines) -> None:
    lines[:] = [line for line in lines if line.get("pk") != "payment#o2"]


def without_a_seal(lines: Lines) -> None:
    del lines[0]


def forged(lines: Lines) -> None:
    lines[1]["sealed_at"] = lines[0]["sealed_at"]


PLANTED: dict[Callable[[Lines], None], str] = {
    flipped: "payment#o1: commit 2 is not what its digest says",
    cut: "payment#o1: payment#0000000003 is gone since seal 1",
    gone_from_an_unsealed_stream: "payment#o3: commit 1 is gone",
    lost: "payment#o2 is gone, the whole stream: seal 2 has its payment",
    without_a_seal: "seal 1 is missing",
    forged: "seal 2 is not what its digest says",
}


@pytest.mark.parametrize(("plant", "wanted"), PLANTED.items(), ids=[plant.__name__ for plant in PLANTED])
def test_a_break_is_named(plant: Callable[[Lines], None], wanted: str, lines: Lines) -> None:
    plant(lines)
    assert first_break(lines) == wanted


def test_a_digest_that_was_kept_shows_that_seals_were_cut_from_the_end(lines: Lines) -> None:
    newest = lines[1]["digest"]
    assert first_break(lines, head=newest) == ""
    del lines[1]
    assert first_break(lines) == ""
    assert first_break(lines, head=newest) == f"no seal has the digest {newest}"


def test_the_check_is_a_command_that_needs_nothing_of_settle(lines: Lines, tmp_path: Path) -> None:
    file, root = tmp_path / "ledger.jsonl", Path(__file__).parents[3]

    def check() -> tuple[int, str]:
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
        command = [sys.executable, "-S", "-m", "ops.ledger_check", str(file)]
        ended = subprocess.run(command, cwd=root, env={}, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout

    assert check() == (0, f"{len(lines)} lines, nothing is broken. Newest seal: {lines[1]['digest']}\n")
    flipped(lines)
    assert check() == (1, "Broken: payment#o1: commit 2 is not what its digest says.\n")
    lines[0].pop("commits")
    assert check() == (1, "Broken: the file cannot be read: KeyError.\n")


def test_the_command_writes_the_file(lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_export, "here", deployed)
    assert ledger_export.main([str(tmp_path / "out.jsonl")]) == 0
    written = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in written] == lines
    assert ledger_check.main([str(tmp_path / "out.jsonl")]) == 0
