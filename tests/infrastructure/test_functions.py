"""Functions and state machines: they exist, are named alike, end in time and leave logs that expire."""

import importlib
import json

from tests.infrastructure.permissions import construct_id, written_out
from tests.infrastructure.synthesis import Assembly


def test_every_handler_resolves(assembly: Assembly) -> None:
    for _, name, function in assembly.resources("AWS::Lambda::Function"):
        module, _, attribute = function["Handler"].rpartition(".")
        assert callable(getattr(importlib.import_module(module), attribute)), name


def test_a_function_is_named_by_its_handler(assembly: Assembly) -> None:
    for _, name, function in assembly.resources("AWS::Lambda::Function"):
        # CDK ends a logical id with eight digits of a hash.
        assert name[:-8].endswith(construct_id(function["Handler"])), name


def test_every_function_has_its_own_log_that_expires_and_a_timeout_of_its_own(assembly: Assembly) -> None:
    logs = set()
    for stack, name, function in assembly.resources("AWS::Lambda::Function"):
        log = function["LoggingConfig"]["LogGroup"]["Ref"]
        assert (stack, log) not in logs, name
        logs.add((stack, log))
        assert 3 < function["Timeout"] <= 300, name
        assert function["Environment"]["Variables"]["SERVICE"], name
    for _, name, group in assembly.resources("AWS::Logs::LogGroup"):
        assert group["RetentionInDays"] == 30, name


def test_only_what_waits_for_the_card_processor_has_less_memory(assembly: Assembly) -> None:
    """The process of a charge was measured at 57 MB, without the runtime around it."""
    memory = {
        function["Handler"]: function["MemorySize"]
        for _, _, function in assembly.resources("AWS::Lambda::Function")
    }
    waiting = {"payments.tasks.charge_payment", "payments.tasks.refund_payment"}
    assert {handler for handler, size in memory.items() if size == 256} == waiting
    assert {size for handler, size in memory.items() if handler not in waiting} <= {128, 512}


def test_a_log_holds_our_lines_and_of_lambdas_own_only_warnings(assembly: Assembly) -> None:
    for _, name, function in assembly.resources("AWS::Lambda::Function"):
        kept = {part: value for part, value in function["LoggingConfig"].items() if part != "LogGroup"}
        assert kept == {
            "LogFormat": "JSON",
            "SystemLogLevel": "WARN",
            "ApplicationLogLevel": "INFO",
        }, name


def machines(assembly: Assembly) -> dict[str, str]:
    """The text of each state machine before its substitutions, by construct id."""
    found = {}
    for _, name, machine in assembly.resources("AWS::StepFunctions::StateMachine"):
        assert isinstance(machine["DefinitionString"], str)
        found[name.removeprefix("CheckoutSaga")[:-8]] = machine["DefinitionString"]
    return found


def test_no_saga_task_outlives_its_state(assembly: Assembly) -> None:
    (definition,) = (text for name, text in machines(assembly).items() if name == "CheckoutSaga")
    timeouts = {
        construct_id(function["Handler"]): function["Timeout"]
        for _, _, function in assembly.resources("AWS::Lambda::Function")
    }
    for name, state in json.loads(definition)["States"].items():
        if name in timeouts:
            assert timeouts[name] < state["TimeoutSeconds"], name


def test_both_kinds_of_the_saga_have_the_same_shape_and_only_one_is_started(assembly: Assembly) -> None:
    found = machines(assembly)
    assert set(found) == {"CheckoutSaga", "ExpressCheckoutSaga", "CheckoutRepair"}
    assert found["ExpressCheckoutSaga"] == found["CheckoutSaga"]
    kinds = {
        name.removeprefix("CheckoutSaga")[:-8]: machine["StateMachineType"]
        for _, name, machine in assembly.resources("AWS::StepFunctions::StateMachine")
    }
    assert kinds == {
        "CheckoutSaga": "STANDARD",
        "ExpressCheckoutSaga": "EXPRESS",
        "CheckoutRepair": "STANDARD",
    }


def test_each_state_calls_the_function_of_its_own_name(assembly: Assembly) -> None:
    for stack, name, machine in assembly.resources("AWS::StepFunctions::StateMachine"):
        for variable, arn in machine["DefinitionSubstitutions"].items():
            task = variable.removesuffix("Arn")
            assert task in written_out(arn, assembly.templates, stack), name
        for state, said in json.loads(machine["DefinitionString"])["States"].items():
            if said["Type"] == "Task" and state != "HandOver":
                assert said["Resource"] == f"${{{state}Arn}}"
                assert f"{state}Arn" in machine["DefinitionSubstitutions"]


def test_state_machines_log_errors_without_execution_data(assembly: Assembly) -> None:
    for _, name, machine in assembly.resources("AWS::StepFunctions::StateMachine"):
        logging = machine["LoggingConfiguration"]
        assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False), name
        assert machine["TracingConfiguration"] == {"Enabled": False}, name
