"""A long run goes on where it was stopped, tells each failure in a line that replays, and exits 1 for any."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.faults.kinds import Kind
from tests.simulator.plays import records, report, run
from tests.simulator.plays.records import REPOSITORY, record, recorded
from tests.simulator.plays.tries import Try

RUN = """
import sys
from pathlib import Path
from tests.simulator.plays import records, run
from tests.simulator.plays.run import Result
records.RECORDS = Path(sys.argv[1])
records.fingerprint = lambda: "this"

def work(name):
    return Result(name, 1, 7, 2, 0.5, wrong=[f"{name}: wrong"] if name == sys.argv[2] else [])

sys.exit(bool(run.run("storms", work, sys.argv[3:])))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(records, "RECORDS", tmp_path)
    monkeypatch.setattr(records, "fingerprint", lambda: "this")
    return tmp_path


def ran(folder: Path, *names: str, wrong: str = "") -> tuple[int, str]:
    """Exit code and output of a run of that work."""
    seen = {**os.environ, "PYTHONPATH": os.pathsep.join(("functions", "."))}
    command = [sys.executable, "-c", RUN, str(folder), wrong, *names]
    done = subprocess.run(command, cwd=REPOSITORY, env=seen, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def test_what_is_recorded_is_found_again_and_the_last_of_a_name_counts(folder: Path) -> None:
    for wrong in ([], ["a"]):
        record("storms", name="1", wrong=wrong)
    record("storms", name="2", wrong=[])
    assert {name: line["wrong"] for name, line in recorded("storms").items()} == {"1": ["a"], "2": []}
    assert recorded("pairs") == {}


def test_a_record_of_other_code_does_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record("storms", name="1", wrong=[])
    monkeypatch.setattr(records, "fingerprint", lambda: "other")
    assert recorded("storms") == {}


def test_a_line_that_a_killed_run_left_half_written_costs_only_itself(folder: Path) -> None:
    record("storms", name="1", wrong=[])
    with (folder / "this" / "storms.jsonl").open("a") as lines:
        lines.write('{"name": "2", "wr')
    record("storms", name="3", wrong=[])
    assert list(recorded("storms")) == ["1", "3"]


def test_a_fingerprint_is_of_the_code_and_the_same_in_every_process() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from tests.simulator.plays.records import fingerprint as f; print(f())"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(("functions", "."))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == records.fingerprint()


def test_a_change_of_any_code_is_another_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "REPOSITORY", tmp_path)
    seen = []
    for text in ("1", "2", "2"):
        for place in records.JUDGED:
            (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / "functions" / "a.py").write_text(text)
        seen.append(records.fingerprint.__wrapped__())
    assert seen[0] != seen[1] == seen[2]


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    code, said = ran(tmp_path, "1", "2")
    assert (code, "2 to do, 0 done before" in said, "2 schedules in" in said) == (0, True, True)
    code, said = ran(tmp_path, "1", "2", "3")
    assert (code, "3 to do, 2 done before" in said, "1 schedules in" in said) == (0, True, True)
    lines = [
        json.loads(line) for line in (tmp_path / "this" / "storms.jsonl").read_text().split("\n") if line
    ]
    assert sorted(line["name"] for line in lines) == ["1", "2", "3"]
    assert lines[0] | {"name": ""} == {
        "name": "",
        "schedules": 1,
        "calls": 7,
        "faults": 2,
        "seconds": 0.5,
        "ends": {},
        "wrong": [],
    }


def test_a_failure_is_told_and_the_run_exits_1_then_and_when_it_goes_on(tmp_path: Path) -> None:
    code, said = ran(tmp_path, "1", "2", wrong="2")
    assert (code, "WRONG  2: wrong" in said, "1 wrong" in said) == (1, True, True)
    code, said = ran(tmp_path, "1", "2", "3")
    assert (code, "2 done before" in said, "1 wrong" in said) == (1, True, True)
    assert ran(tmp_path, "1", "3")[0] == 0


def test_a_crash_of_a_storm_is_a_finding_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    def crashes(seed: int) -> Any:
        raise ZeroDivisionError(f"seed {seed}")

    monkeypatch.setattr(run, "storm", crashes)
    result = run.one_storm("12")
    assert (result.name, result.schedules, len(result.wrong)) == ("12", 1, 1)
    assert result.wrong[0].startswith("storm 12: Traceback")
    assert "ZeroDivisionError: seed 12" in result.wrong[0]


def test_pairs_after_a_fault_are_played_each_and_told_with_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Try, "play", lambda one: ["broken"] if one.faults[1][1] is Kind.LOST else [])
    first = Try.parse("bought / 60 LOST")
    after = list(first.then(first.calls()))
    result = run.pairs_after("bought / 60 LOST")
    assert (result.schedules, result.faults) == (len(after), 2 * len(after))
    lost = [str(one) for one in after if one.faults[1][1] is Kind.LOST]
    assert result.wrong == [f"{line}: broken" for line in lost]


@pytest.mark.parametrize("line", ["storm 12", "storm 12: what was wrong", " storm 12 "])
def test_a_storm_is_replayed_by_the_line_that_told_of_it(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    played: list[int] = []

    def storm(seed: int) -> Any:
        played.append(seed)
        return run.Result("", wrong=["wrong"])

    monkeypatch.setattr(run, "storm", storm)
    assert (run.replay(line), played) == (1, [12])


@pytest.mark.parametrize("told", ["", ": stock: never below zero; and more: of it"])
def test_a_try_is_replayed_by_the_line_that_told_of_it(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    played: list[str] = []
    monkeypatch.setattr(Try, "play", lambda one: played.append(str(one)) or [])
    assert run.replay(f"declined / 13 LOST / 20 THROTTLED{told}") == 0
    assert played == ["declined / 13 LOST / 20 THROTTLED"]


@pytest.mark.parametrize(("arguments", "names"), [(["3"], ["1", "2", "3"]), (["2", "41"], ["41", "42"])])
def test_seeds_are_counted_from_the_first(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], names: list[str]
) -> None:
    monkeypatch.setattr(run, "run", lambda kind, work, names: [kind, work, names])
    said: Any = run.main("seeds", arguments)
    assert said == ["storms", run.one_storm, names]


def test_an_unknown_command_is_told_how_it_is_used() -> None:
    with pytest.raises(SystemExit, match="replay LINE"):
        run.main("everything", [])


@pytest.mark.parametrize(("wrong", "code"), [([], 0), (["storm 1: wrong"], 1)])
def test_the_report_counts_what_is_recorded_and_exits_1_for_what_is_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], code: int
) -> None:
    record("storms", name="1", schedules=1, calls=70, faults=3, seconds=2.0, wrong=wrong)
    record("storms", name="2", schedules=1, calls=30, faults=1, seconds=1.0, wrong=[])
    assert report.main() == code
    said = capsys.readouterr().out
    assert f"| random schedules | 100 | 4 | 2 | {len(wrong)} | 3 |" in said
    assert f"| every pair after these first faults | | | {report.NOT_RUN} | | |" in said
