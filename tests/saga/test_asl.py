"""The saga's definition file: every task is guarded, every state is reachable, all names agree."""

import ast
import copy
import importlib
import inspect
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from kernel.errors import Refusal
from payments.provider import ProcessorCutOff
from tests.support.state_machines import definition, reachable
from tests.support.wiring import DEFAULT_TIMEOUT, TASKS, TIMEOUTS

MACHINES = {"saga": definition(), "repair": definition("CheckoutRepair")}
MACHINE, REPAIR = MACHINES.values()


def steps_of(machine: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The states that call a function."""
    return {name: state for name, state in machine["States"].items() if name in TASKS}


STEPS = steps_of(MACHINE)
EVERY = [(machine, step) for machine in MACHINES for step in steps_of(MACHINES[machine])]
HAPPY_PATH = ["ReserveStock", "ChargePayment", "ConfirmOrder"]
UNDO_LANE = ["FenceOrder", "RefundPayment", "ReleaseStock", "CancelOrder"]
# https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
SERVICE_ERRORS = [
    "Lambda.TooManyRequestsException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
]
NEVER_STARTED = [
    "Runtime.ImportModuleError",
    "Runtime.HandlerNotFound",
    "Runtime.ExitError",
    "Sandbox.Timedout",
]
CUT_OFF = ProcessorCutOff.__name__
# `called_from` reads in these sources what a step may refuse. The kernel's own errors count as faults here.
FUNCTIONS = Path(__file__).parents[2] / "functions"


def refusals_of(step: str) -> set[str]:
    """The errors that take the step's execution to the undo lane, or past it."""
    return set(STEPS[step]["Catch"][0]["ErrorEquals"])


def refusal_classes(service: str) -> set[str]:
    """Every Refusal that a service defines."""
    stems = [path.stem for path in (FUNCTIONS / service).glob("*.py")]
    modules = [importlib.import_module(f"{service}.{stem}") for stem in stems if stem != "__init__"]
    return {
        name
        for module in modules
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Refusal) and kind.__module__ == module.__name__
    }


def called_from(step: str) -> set[str]:
    """Names mentioned by the code that the step's function reaches inside its own service."""
    service, _, function = TASKS[step].partition(".tasks.")
    modules = {
        path.stem: ast.parse(path.read_text())
        for path in (FUNCTIONS / service).glob("*.py")
        if path.stem not in {"api", "consumers", "views", "__init__"}
    }
    bodies = {
        node.name: node
        for module in modules.values()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef)
    }
    pending, names = [function], {function}
    for name in pending:
        if name not in bodies:
            continue
        for node in ast.walk(bodies[name]):
            mentioned = node.id if isinstance(node, ast.Name) else getattr(node, "attr", None)
            if isinstance(mentioned, str) and mentioned not in names:
                names.add(mentioned)
                pending.append(mentioned)
    return names


def test_the_happy_path_is_three_states_and_no_other() -> None:
    assert MACHINE["StartAt"] == "ReserveStock"
    for step, following in pairwise(HAPPY_PATH):
        assert STEPS[step]["Next"] == following
    assert STEPS["ConfirmOrder"]["End"] is True


def test_the_undo_lane_runs_whole_and_in_this_order() -> None:
    for step, following in pairwise(UNDO_LANE):
        assert STEPS[step]["Next"] == following
    assert STEPS["CancelOrder"]["End"] is True


@pytest.mark.parametrize("step", HAPPY_PATH)
def test_only_refusals_go_to_the_fence_and_are_never_retried(step: str) -> None:
    refusal, fault = STEPS[step]["Catch"]
    assert (refusal["ResultPath"], refusal["Next"]) == ("$.failure", "FenceOrder")
    assert STEPS[step]["Retry"][0] == {"ErrorEquals": refusal["ErrorEquals"], "MaxAttempts": 0}
    assert fault == {"ErrorEquals": ["States.ALL"], "ResultPath": "$.fault", "Next": "NoteFault"}


def test_a_fault_that_outlasts_its_retries_is_noted_if_it_can_be_and_fails_the_execution() -> None:
    """Nothing is undone. The sweep finishes the order forward."""
    noted, failed = STEPS["NoteFault"], MACHINE["States"]["Unfinished"]
    given_up = {"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Unfinished"}
    assert (noted["Next"], noted["Catch"]) == ("Unfinished", [given_up])
    assert failed["Type"] == "Fail"


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("step", ["RefundPayment", "ReleaseStock"])
def test_a_stuck_undo_is_noted_and_the_next_one_still_runs(machine: str, step: str) -> None:
    state = MACHINES[machine]["States"][step]
    assert state["Catch"] == [
        {"ErrorEquals": ["States.ALL"], "ResultPath": f"$.stuck.{step}", "Next": state["Next"]}
    ]


def test_both_machines_have_the_same_undo_lane_but_for_their_patience() -> None:
    for step in UNDO_LANE:
        mine, theirs = (
            {name: value for name, value in state.items() if name not in ("Retry", "Catch")}
            for state in copy.deepcopy([MACHINE["States"][step], REPAIR["States"][step]])
        )
        if step == "FenceOrder":
            assert mine["Parameters"].pop("finished_within") < theirs["Parameters"].pop("finished_within")
        assert mine == theirs


def test_a_saga_with_a_stuck_undo_hands_over_to_the_repair_once() -> None:
    assert STEPS["CancelOrder"]["Catch"] == [
        {"ErrorEquals": ["UndoStuck"], "ResultPath": None, "Next": "HandOver"}
    ]
    hand_over = MACHINE["States"]["HandOver"]
    given = hand_over["Parameters"]
    assert given["StateMachineArn"].endswith(":stateMachine:CheckoutRepair")
    assert given["Name.$"] == "$.repair"
    started = ["StepFunctions.ExecutionAlreadyExistsException"]
    assert hand_over["Catch"] == [{"ErrorEquals": started, "ResultPath": None, "Next": hand_over["Next"]}]
    assert hand_over["Retry"][0] == {"ErrorEquals": started, "MaxAttempts": 0}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_sweep_looks_at_a_fenced_order_when_its_machine_has_ended(machine: str) -> None:
    """So an execution that runs out of time is finished all the same, by the sweep."""
    fence = MACHINES[machine]["States"]["FenceOrder"]
    assert fence["Parameters"]["finished_within"] == MACHINES[machine]["TimeoutSeconds"]


def test_the_repair_has_time_for_its_slowest_path_and_an_express_execution_ends_in_five_minutes() -> None:
    assert sum(slowest(state) for state in steps_of(REPAIR).values()) < REPAIR["TimeoutSeconds"] <= 3600
    assert MACHINE["TimeoutSeconds"] == 300


@pytest.mark.parametrize(("machine", "step"), EVERY)
def test_every_task_has_a_timeout_and_retries_faults_with_full_jitter(machine: str, step: str) -> None:
    state = MACHINES[machine]["States"][step]
    faults = state["Retry"][-1]
    assert 0 < state["TimeoutSeconds"] <= 30
    assert faults["ErrorEquals"] == ["States.ALL"]
    for retrier in state["Retry"][1:]:
        if retrier["ErrorEquals"] == [CUT_OFF]:
            continue  # without jitter no pause is short, and charges were cut off at different times
        assert retrier["JitterStrategy"] == "FULL"
        assert retrier["MaxAttempts"] >= 3
        assert retrier["BackoffRate"] > 1


def pauses(retrier: dict[str, Any]) -> list[float]:
    """The longest pause before each retry, in seconds."""
    growing = [
        retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2) ** n
        for n in range(retrier["MaxAttempts"])
    ]
    return [min(pause, retrier.get("MaxDelaySeconds", pause)) for pause in growing]


def duration(step: str, error: str) -> float:
    """Seconds that a call of a step takes which fails like this."""
    if error == "Sandbox.Timedout":
        return TIMEOUTS.get(TASKS[step], DEFAULT_TIMEOUT)
    return STEPS[step]["TimeoutSeconds"] if error in ("States.Timeout", "States.ALL") else 1


def lasting(step: str) -> float:
    """Seconds until a step is given up that fails in one way, with each pause as long as it may be.

    A function that fails by itself is taken to do so within a second. Where that takes longer, the execution
    may run out of time. Then nobody has noted the run, and the order is finished forward for longer.
    """
    return max(
        duration(step, error) * (1 + retrier["MaxAttempts"]) + sum(pauses(retrier))
        for retrier in STEPS[step]["Retry"]
        for error in retrier["ErrorEquals"]
        if retrier["MaxAttempts"]
    )


@pytest.mark.parametrize("step", HAPPY_PATH)
def test_a_fault_that_lasts_is_noted_before_the_time_of_its_execution_is_up(step: str) -> None:
    assert lasting(step) + lasting("NoteFault") < MACHINE["TimeoutSeconds"]


def slowest(state: dict[str, Any]) -> float:
    """Seconds until a step is given up if each call times out and each pause is as long as it may be."""
    return float(
        max(
            state["TimeoutSeconds"] * (1 + len(pauses(retrier))) + sum(pauses(retrier))
            for retrier in state["Retry"]
        )
    )


@pytest.mark.parametrize("step", HAPPY_PATH)
@pytest.mark.parametrize("error", [*SERVICE_ERRORS, *NEVER_STARTED, "Contended"])
def test_an_error_that_passes_within_a_minute_costs_no_order(step: str, error: str) -> None:
    """Each pause is anything up to its longest. 99 of 100 executions try for longer than a minute."""
    (retrier,) = (one for one in STEPS[step]["Retry"] if error in one["ErrorEquals"])
    longest = pauses(retrier)
    deviation = sum(pause**2 / 12 for pause in longest) ** 0.5
    calls = duration(step, error) * retrier["MaxAttempts"]
    assert calls + sum(longest) / 2 - 2.33 * deviation > 60


@pytest.mark.parametrize(("machine", "step"), EVERY)
def test_no_result_overwrites_the_memory_of_the_saga(machine: str, step: str) -> None:
    state = MACHINES[machine]["States"][step]
    assert state["ResultPath"] is None
    assert all((catch["ResultPath"] or "$.").startswith("$.") for catch in state.get("Catch", []))


@pytest.mark.parametrize("step", [*HAPPY_PATH, "FenceOrder"])
def test_the_errors_that_are_caught_by_name_are_the_refusals_of_the_function(step: str) -> None:
    service = TASKS[step].partition(".")[0]
    assert refusals_of(step) == refusal_classes(service) & called_from(step)


@pytest.mark.parametrize(("machine", "step"), EVERY)
def test_state_substitution_function_and_input_share_one_name(machine: str, step: str) -> None:
    state = MACHINES[machine]["States"][step]
    service, _, function = TASKS[step].partition(".tasks.")
    module = importlib.import_module(f"{service}.tasks")
    shape = getattr(module, step)
    assert state["Resource"].endswith(f":function:{step}")
    assert "".join(word.capitalize() for word in function.split("_")) == step
    assert {name.removesuffix(".$") for name in state["Parameters"]} == set(shape.model_fields)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_is_reachable(machine: str) -> None:
    definition = MACHINES[machine]
    assert set(reachable(definition, definition["StartAt"])) == set(definition["States"])


def test_the_repair_is_the_undo_lane() -> None:
    assert set(REPAIR["States"]) == {*UNDO_LANE, "OrderStands"}
    assert REPAIR["StartAt"] == "FenceOrder"
