"""The saga's definition file: every task is guarded, every state is reachable, all names agree."""

import ast
import importlib
import inspect
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from kernel.errors import Refusal
from tests.support.state_machines import definition, reachable, repair
from tests.support.wiring import TASKS

MACHINE = definition()
STEPS = {name: state for name, state in MACHINE["States"].items() if state["Type"] == "Task"}
HAPPY_PATH = ["ReserveStock", "ChargePayment", "ConfirmOrder"]
UNDO_LANE = ["FenceOrder", "RefundPayment", "ReleaseStock", "CancelOrder"]
# `called_from` reads in these sources what a step may refuse. The kernel's own errors count as faults here.
FUNCTIONS = Path(__file__).parents[2] / "functions"


def refusals_of(step: str) -> set[str]:
    """The refusals that the step's state never retries."""
    return {
        name for retry in STEPS[step]["Retry"] if retry["MaxAttempts"] == 0 for name in retry["ErrorEquals"]
    }


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
def test_every_failure_on_the_happy_path_goes_to_the_fence(step: str) -> None:
    assert STEPS[step]["Catch"] == [
        {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "FenceOrder"}
    ]


@pytest.mark.parametrize("step", ["RefundPayment", "ReleaseStock"])
def test_a_stuck_undo_is_noted_and_the_next_one_still_runs(step: str) -> None:
    assert STEPS[step]["Catch"] == [
        {"ErrorEquals": ["States.ALL"], "ResultPath": f"$.stuck.{step}", "Next": STEPS[step]["Next"]}
    ]


@pytest.mark.parametrize("step", ["FenceOrder", "CancelOrder"])
def test_an_execution_that_cannot_fence_or_end_fails(step: str) -> None:
    assert STEPS[step]["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    assert MACHINE["States"][STEPS[step]["Catch"][-1]["Next"]]["Type"] == "Fail"


@pytest.mark.parametrize("step", STEPS)
def test_every_task_has_a_timeout_and_retries_faults_with_full_jitter(step: str) -> None:
    state = STEPS[step]
    faults = state["Retry"][-1]
    assert 0 < state["TimeoutSeconds"] <= 30
    assert faults["ErrorEquals"] == ["States.ALL"]
    assert faults["JitterStrategy"] == "FULL"
    assert faults["MaxAttempts"] >= 3
    assert faults["BackoffRate"] > 1


def slowest(step: str) -> float:
    """Seconds until a step is given up if each call times out and each pause is as long as it may be."""
    faults = STEPS[step]["Retry"][-1]
    growing = [faults["IntervalSeconds"] * faults["BackoffRate"] ** n for n in range(faults["MaxAttempts"])]
    pauses = [min(pause, faults["MaxDelaySeconds"]) for pause in growing]
    return float(STEPS[step]["TimeoutSeconds"] * (1 + len(pauses)) + sum(pauses))


def test_an_execution_times_out_and_not_before_its_slowest_path_has_ended() -> None:
    assert sum(slowest(step) for step in STEPS) < MACHINE["TimeoutSeconds"] <= 3600


@pytest.mark.parametrize("step", STEPS)
def test_no_result_overwrites_the_memory_of_the_saga(step: str) -> None:
    assert STEPS[step]["ResultPath"] is None
    assert all(catch["ResultPath"].startswith("$.") for catch in STEPS[step]["Catch"])


@pytest.mark.parametrize("step", STEPS)
def test_the_errors_that_are_never_retried_are_the_refusals_of_the_function(step: str) -> None:
    service = TASKS[step].partition(".")[0]
    assert refusals_of(step) == refusal_classes(service) & called_from(step)


@pytest.mark.parametrize("step", STEPS)
def test_state_substitution_function_and_input_share_one_name(step: str) -> None:
    service, _, function = TASKS[step].partition(".tasks.")
    module = importlib.import_module(f"{service}.tasks")
    shape = getattr(module, step)
    assert STEPS[step]["Resource"].endswith(f":function:{step}")
    assert "".join(word.capitalize() for word in function.split("_")) == step
    assert {name.removesuffix(".$") for name in STEPS[step]["Parameters"]} == set(shape.model_fields)


@pytest.mark.parametrize("machine", [MACHINE, repair(MACHINE)], ids=["saga", "repair"])
def test_every_state_is_reachable(machine: dict[str, Any]) -> None:
    assert set(reachable(machine, machine["StartAt"])) == set(machine["States"])


def test_the_repair_is_the_undo_lane_and_its_two_other_ends() -> None:
    assert set(repair(MACHINE)["States"]) == {*UNDO_LANE, "OrderStands", "Unfinished"}
