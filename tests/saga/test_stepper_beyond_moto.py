"""The simulator's interpreter of the saga does what AWS documents and moto does not do.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from collections.abc import Mapping
from copy import deepcopy
from math import inf
from typing import Any

import pytest

from tests.saga.scripts import GIVEN, LAMBDA, LANGUAGE, MACHINES, OTHER, Player, TaskBehaviour, stepped, tasks
from tests.simulator.aws.stepper import DATA_LIMIT, Answered, Ended, Failed, Invoke, Wait, run


def one_task(**fields: Any) -> dict[str, Any]:
    rules = {
        "Retry": [{"ErrorEquals": ["States.ALL"]}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}],
    }
    task = {"Type": "Task", "Resource": LAMBDA + "Only", "End": True, **rules, **fields}
    return {"StartAt": "Only", "States": {"Only": task, "Done": {"Type": "Succeed"}}}


def answered(machine: Mapping[str, Any], given: Any, answer: Answered | Failed) -> Ended | Invoke | Wait:
    """The interpreter's step after this answer to the first call."""
    execution = run(machine, given, jitter=float)
    next(execution)
    try:
        return execution.send(answer)
    except StopIteration as end:
        return end.value


@pytest.mark.parametrize("task", tasks(MACHINES["saga"]))
def test_a_path_that_finds_nothing_ends_the_execution_uncalled_and_uncaught(task: str) -> None:
    player = Player({})
    end = stepped(MACHINES["saga"], {}, player, start=task)
    assert (end.status, end.error, end.state, player.seen) == ("FAILED", "States.Runtime", task, [])
    assert "could not be found" in end.cause


def test_a_path_into_what_is_no_object_finds_nothing() -> None:
    end = stepped(MACHINES["repair"], {"order_id": "o-1", "failure": "Error"}, Player({}))
    assert (end.status, end.error, end.state) == ("FAILED", "States.Runtime", "FenceOrder")


@pytest.mark.parametrize("error", ["States.Runtime", "States.DataLimitExceeded"])
def test_states_all_neither_retries_nor_catches_what_is_terminal(error: str) -> None:
    end = answered(one_task(), {"a": 1}, Failed(error, "why"))
    assert end == Ended("FAILED", error=error, cause="why", state="Only", given={"a": 1})


HALF = "x" * (DATA_LIMIT // 2)


@pytest.mark.parametrize(
    ("machine", "given", "answer"),
    [
        (one_task(ResultPath=None), {}, Answered("x" * (DATA_LIMIT - 1))),
        (one_task(ResultPath=None), {}, Answered("ä" * (DATA_LIMIT // 2))),
        (one_task(ResultPath="$.more"), {"half": HALF}, Answered(HALF)),
        (one_task(Retry=[]), {}, Failed("Odd", HALF * 2)),
    ],
    ids=["answer", "answer in bytes", "output", "caught error"],
)
def test_data_over_the_limit_ends_the_execution(machine: Any, given: Any, answer: Any) -> None:
    end = answered(machine, given, answer)
    assert isinstance(end, Ended)
    assert (end.status, end.error, end.state) == ("FAILED", "States.DataLimitExceeded", "Only")


def test_data_up_to_the_limit_ends_no_execution() -> None:
    end = answered(one_task(ResultPath=None), {}, Answered("x" * (DATA_LIMIT - 2)))
    assert end == Ended("SUCCEEDED", output={}, state="Only", given={})


def test_a_payload_over_the_limit_is_never_sent() -> None:
    player = Player({})
    machine = one_task(Parameters={"once.$": "$.half", "twice.$": "$.half"})
    assert stepped(machine, {"half": HALF}, player).error == "States.DataLimitExceeded"
    assert player.seen == []


def test_a_redrive_goes_on_from_the_failed_state_with_its_input_and_all_its_attempts() -> None:
    machine, failed = (
        deepcopy(MACHINES["saga"]),
        Player(
            {
                "ReleaseStock": TaskBehaviour(then=OTHER),
                "ConfirmOrder": TaskBehaviour(then="OrderNotPending"),
            }
        ),
    )
    del machine["States"]["ReleaseStock"]["Catch"]
    end = stepped(machine, GIVEN["saga"], failed)
    assert (end.status, end.state) == ("FAILED", "ReleaseStock")
    again = Player({"ReleaseStock": TaskBehaviour((OTHER,) * 4)})
    done = stepped(machine, end.given, again, start=end.state)
    assert [name for name, _ in again.seen if name != "wait"] == ["ReleaseStock"] * 5 + ["CancelOrder"]
    assert done.output == end.given
    assert done.status == "SUCCEEDED"


def test_a_function_that_changes_its_payload_changes_nothing_else() -> None:
    execution = run(one_task(Retry=[{"ErrorEquals": ["Odd"]}]), {"a": {}}, jitter=float)
    first = next(execution)
    assert isinstance(first, Invoke)
    first.payload["a"]["b"] = 1
    assert execution.send(Failed("Odd")) == Wait(1)
    assert next(execution) == Invoke("Only", LAMBDA + "Only", {"a": {}}, inf)


@pytest.mark.parametrize("task", tasks(MACHINES["saga"]))
def test_a_call_has_the_timeout_of_its_state(task: str) -> None:
    given = {**GIVEN["saga"], **GIVEN["repair"], "fault": {"Error": "States.Timeout", "Cause": ""}}
    call = next(run(MACHINES["saga"], given, jitter=float, start=task))
    assert isinstance(call, Invoke)
    assert call.timeout == MACHINES["saga"]["States"][task]["TimeoutSeconds"]


@pytest.mark.parametrize(
    "machine",
    [
        {**LANGUAGE, "QueryLanguage": "JSONata"},
        {**LANGUAGE, "States": {"Defaults": {"Type": "Choice", "Choices": []}}},
        {**LANGUAGE, "States": {"Defaults": {"Type": "Map", "End": True}}},
        one_task(InputPath="$.a"),
        one_task(TimeoutSecondsPath="$.a"),
        one_task(Resource="arn:aws:states:::lambda:invoke"),
        one_task(ResultPath="$.a[0]"),
        one_task(Parameters={"a.$": "States.UUID()"}),
        one_task(Parameters={"a.$": "$$.Execution.Id"}),
        one_task(Parameters={"a": {"b": ["c"]}}),
        one_task(Retry=[{"ErrorEquals": ["States.Permissions"]}]),
        one_task(Retry=[{"ErrorEquals": ["Odd"], "JitterStrategy": "HALF"}]),
        one_task(Catch=[{"ErrorEquals": ["Odd"], "ResultPath": "$['a']", "Next": "Done"}]),
        one_task(Catch=[{"ErrorEquals": ["Odd"], "Output": {}, "Next": "Done"}]),
    ],
    ids=lambda machine: "",
)
def test_an_unknown_feature_is_refused_before_the_first_call(machine: Any) -> None:
    with pytest.raises(NotImplementedError):
        run(machine, {}, jitter=float)
