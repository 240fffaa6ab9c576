"""Step Functions: one execution per name, an end that no state can catch, and a redrive from where it was."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.simulator.aws.clients import StepFunctions
from tests.simulator.aws.machines import Machines
from tests.simulator.faults.kinds import Kind
from tests.simulator.itself.executions import HAND_OVER, MACHINE, Played
from tests.simulator.itself.stage import LATENCY


def code(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as raised:
        call()
    return str(raised.value.response["Error"]["Code"])


def test_an_execution_walks_its_machine_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch)
    execution = played.played()
    assert (played.status(), played.called) == ("SUCCEEDED", ["first", "second"])
    assert played.seen[1][2] == {"n": 1, "first": "first done"}
    assert execution.calls == ["First", "Second"]
    assert [call.operation for call in played.stage.plan.calls] == ["First", "Step", "Second", "Step"]


def test_the_same_start_of_a_running_execution_is_the_same_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch)
    assert played.start() == played.start()
    assert code(lambda: played.start({"n": 2})) == "ExecutionAlreadyExists"
    played.engine.run()
    assert played.called == ["first", "second"]


def test_a_name_is_taken_for_ninety_days_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch)
    played.played()
    played.engine.now += timedelta(days=90)
    assert code(played.start) == "ExecutionAlreadyExists"
    assert played.status() == "SUCCEEDED"
    played.engine.now += timedelta(seconds=1)
    played.start()
    played.engine.run()
    assert played.called == ["first", "second"] * 2


def test_an_express_machine_runs_a_name_as_often_as_it_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, express=True)
    played.start()
    played.start({"n": 2})
    played.engine.run()
    assert sorted(played.called) == ["first"] * 2 + ["second"] * 2
    assert [one.status for one in played.machines.executions] == ["SUCCEEDED"] * 2


def test_an_express_execution_is_not_redriven(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, {1: Kind.KILLED_BEFORE}, express=True)
    execution = played.played()
    assert (execution.status, played.machines.may_redrive(execution)) == ("FAILED", False)


def test_an_accepted_start_of_an_express_execution_may_never_run(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, {1: Kind.PARTIAL}, express=True)
    client = StepFunctions(played.stage.boundary, played.machines)
    given = {"stateMachineArn": Machines.arn("m"), "name": "one", "input": "{}"}
    answer = played.stage.ended(lambda: client.start_execution(**given)).value
    assert answer["executionArn"].endswith(":execution:m:one")
    assert (played.machines.executions, played.called) == ([], [])


def test_a_state_starts_an_execution_of_another_machine_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Standard machine refuses the name the second time, by the error's name in Step Functions."""
    played = Played(monkeypatch)
    played.started_by(HAND_OVER)
    played.started_by(HAND_OVER)
    assert [one.machine for one in played.machines.executions] == ["starter", "m", "starter"]
    first, started, second = played.machines.executions
    assert (started.name, json.loads(started.given)) == ("o-r", {"n": 1, "kept": {"order": "o"}})
    assert [first.ended and first.ended.state, second.ended and second.ended.state] == ["Start", "There"]


@pytest.mark.parametrize(("size", "name"), [(256 * 1024 - 1, "one"), (2, "n" * 81), (2, "")])
def test_an_input_or_a_name_that_is_too_long_is_refused(
    monkeypatch: pytest.MonkeyPatch, size: int, name: str
) -> None:
    played = Played(monkeypatch)
    assert code(lambda: played.start("x" * size, name=name)) == "ValidationException"
    played.start("x" * (256 * 1024 - 2), name="n" * 80)
    assert len(played.machines.executions) == 1


def test_a_task_that_takes_too_long_has_timed_out_and_writes_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = Played(monkeypatch, second=lambda: played.engine.sleep(40))
    execution = played.played()
    assert execution.ended is not None
    assert (execution.status, execution.ended.output["failure"]["Error"]) == ("SUCCEEDED", "States.Timeout")
    assert execution.ended_at is not None
    ended = (execution.ended_at - played.engine.began).total_seconds()
    assert [(name, moment > ended) for name, moment, _ in played.seen] == [("first", False), ("second", True)]


def test_a_function_that_takes_longer_than_it_may_is_an_error_of_its_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = Played(monkeypatch, timeout=10, second=lambda: played.engine.sleep(12))
    execution = played.played()
    assert execution.ended is not None
    assert execution.ended.output["failure"]["Error"] == "Sandbox.Timedout"
    assert played.called == ["first", "second"]


@pytest.mark.parametrize(
    ("kind", "error", "called"),
    [
        (Kind.REFUSED, "Lambda.InternalServerError", ["first"]),
        (Kind.THROTTLED, "Lambda.TooManyRequestsException", ["first"]),
        (Kind.LOST, "Lambda.Unknown", ["first", "second"]),
        (Kind.KILLED_AFTER, "Lambda.Unknown", ["first", "second"]),
        (Kind.SLOW, "States.Timeout", ["first", "second"]),
    ],
)
def test_a_failed_call_of_a_function_is_an_error_that_a_state_can_catch(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, error: str, called: list[str]
) -> None:
    played = Played(monkeypatch, {4: kind})
    execution = played.played()
    assert execution.ended is not None
    assert execution.ended.output["failure"]["Error"] == error
    assert played.called == called


def test_an_error_of_a_function_is_caught_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise KeyError("o1")

    execution = Played(monkeypatch, second=fails).played()
    assert execution.ended is not None
    failure = execution.ended.output["failure"]
    assert (failure["Error"], json.loads(failure["Cause"])["errorType"]) == ("KeyError", "KeyError")


def test_an_execution_dies_between_two_states_and_none_of_them_catches_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = Played(monkeypatch, {3: Kind.KILLED_BEFORE})
    assert (played.played().status, played.called) == ("FAILED", ["first"])


def test_an_execution_that_is_aborted_makes_no_further_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the call that it was about to make: a fault that is planned for it stays for the next."""
    played = Played(monkeypatch)
    played.start()
    played.engine.run(played.engine.began + timedelta(seconds=LATENCY / 2))
    played.machines.abort(played.execution)
    played.engine.run()
    assert (played.status(), played.called, played.stage.plan.calls) == ("FAILED", [], [])


def test_a_function_that_there_is_not_is_a_failure_of_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch)
    played.stage.functions.commands = {}
    with pytest.raises(KeyError, match="first"):
        played.played()


def test_an_aborted_execution_has_ended_at_once_while_what_it_called_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = Played(monkeypatch, second=lambda: played.engine.sleep(10))
    played.start()
    played.engine.run(played.engine.began + timedelta(seconds=6))
    played.machines.abort(played.execution)
    played.engine.run(played.engine.began + timedelta(seconds=6))
    assert (played.status(), played.called) == ("FAILED", ["first"])
    played.engine.run()
    assert (played.status(), played.called) == ("FAILED", ["first", "second"])
    played.machines.abort(played.execution)
    played.engine.run()
    assert played.status() == "FAILED", "what has ended cannot be aborted"


def test_an_execution_has_a_timeout_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch)
    played.machines.definitions = lambda name: {**MACHINE, "TimeoutSeconds": 3.5}
    execution = played.played()
    assert execution.ended_at == played.engine.began + timedelta(seconds=3.5)
    assert (execution.status, played.called) == ("FAILED", ["first", "second"])


@pytest.mark.parametrize("how", ["dies", "aborted"])
def test_a_redrive_goes_on_from_the_state_that_it_was_in_with_its_input(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    played = Played(monkeypatch, {3: Kind.KILLED_BEFORE} if how == "dies" else {})
    if how == "aborted":
        played.engine.after(3.5, lambda: played.machines.abort(played.execution))
    assert played.played().status == "FAILED"
    before = len(played.seen)
    played.machines.redrive(played.execution)
    assert played.status() == "RUNNING"
    played.engine.run()
    assert [(name, given) for name, _, given in played.seen[before:]] == [
        ("second", {"n": 1, "first": "first done"})
    ]
    assert played.status() == "SUCCEEDED"


def test_a_redrive_of_one_that_failed_by_itself_repeats_the_failed_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails() -> None:
        if not played.execution.ended:
            raise KeyError

    played = Played(monkeypatch, first=fails)
    assert (played.played().status, played.called) == ("FAILED", [])
    played.machines.redrive(played.execution)
    played.engine.run()
    assert (played.status(), played.called) == ("SUCCEEDED", ["first", "second"])
    with pytest.raises(AssertionError):
        played.machines.redrive(played.execution)


def test_what_happens_when_a_state_is_entered_happens_once(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch)
    seen: list[list[str]] = []
    played.machines.entering["Second"] = [lambda: seen.append(list(played.called))]
    played.played()
    played.start(name="two")
    played.engine.run()
    assert seen == [["first"]]
