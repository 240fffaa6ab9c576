"""The summary counts the tests that ran, and one failed step fails the whole run."""

from pathlib import Path

import pytest

from tests import run


@pytest.fixture(autouse=True)
def made_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_two.py").write_text(
        "def test_good():\n    pass\ndef test_bad():\n    raise ValueError\n"
    )
    (tmp_path / "test_one.py").write_text("def test_good():\n    pass\n")
    pytest_on = ("pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-c", "/dev/null")
    monkeypatch.setattr(run, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(
        run,
        "STEPS",
        {
            "good": ("compileall", "-q", str(tmp_path)),
            "bad": ("no_such_module",),
            "good tests": (*pytest_on, str(tmp_path / "test_one.py")),
            "bad tests": (*pytest_on, str(tmp_path / "test_two.py")),
            "no tests": (*pytest_on, str(tmp_path / "absent.py")),
        },
    )


@pytest.mark.parametrize(
    ("steps", "code", "closing"),
    [
        (["good"], 0, "1 passed, 0 failed"),
        (["bad"], 1, "0 passed, 1 failed"),
        (["good tests"], 0, "1 passed, 0 failed"),
        (["bad tests"], 1, "1 passed, 1 failed"),
        (["no tests"], 1, "0 passed, 1 failed"),
        (["good", "bad tests", "good tests"], 1, "3 passed, 1 failed"),
        (["bad", "good", "good tests"], 1, "2 passed, 1 failed"),
    ],
)
def test_the_closing_line_and_the_exit_say_how_it_went(
    capsys: pytest.CaptureFixture[str], steps: list[str], code: int, closing: str
) -> None:
    assert run.main(steps) == code
    assert capsys.readouterr().out.splitlines()[-1] == closing


@pytest.mark.parametrize("first", ["good tests", "bad tests"])
def test_a_step_that_runs_beside_another_is_told_after_it_and_counts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    monkeypatch.setattr(run, "BESIDE", {first: ("bad", "good")})
    assert run.main(["bad", "good", first]) == 1
    told = capsys.readouterr().out
    steps = [line.removeprefix("== ") for line in told.splitlines() if line.startswith("== ")]
    assert steps == [first, "bad", "good", "summary"]
    assert "No module named no_such_module" in told.partition("== bad")[2]


def test_a_step_whose_companion_does_not_run_runs_by_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BESIDE", {"good tests": ("good",)})
    assert run.main(["good"]) == 0
    assert "1 passed, 0 failed" in capsys.readouterr().out
