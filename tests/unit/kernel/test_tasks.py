"""Saga steps: the input is read without repeating it, refusals and faults keep their names."""

import contextlib
import logging
import traceback
from typing import Any

import pytest
from pydantic import BaseModel

from kernel.errors import InvalidStep, Refusal, StepFailed
from kernel.triggers.tasks import Step, task

SECRET = "4242424242424242"


class PackParcel(Step):
    order_id: str
    boxes: int = 1


class Packed(BaseModel):
    order_id: str
    boxes: int


class ParcelTooHeavy(Refusal):
    """Nobody can lift this."""


@task(PackParcel, about="order_id", refuses=(ParcelTooHeavy,))
def pack_parcel(step: PackParcel) -> Packed:
    """Packs."""
    if step.boxes > 9:
        raise ParcelTooHeavy(boxes=step.boxes)
    if step.boxes < 0:
        raise RuntimeError(f"cannot pack {SECRET}")
    return Packed(order_id=step.order_id, boxes=step.boxes)


def test_a_step_answers_plain_json() -> None:
    assert pack_parcel({"order_id": "o1", "boxes": 2}, None) == {"order_id": "o1", "boxes": 2}


def test_an_execution_started_before_a_deploy_still_runs() -> None:
    old_input = {"order_id": "o1", "a_field_since_removed": {"with": "anything"}}
    assert pack_parcel(old_input, None) == {"order_id": "o1", "boxes": 1}


def test_an_unreadable_input_is_a_fault_that_names_fields_and_never_values() -> None:
    with pytest.raises(InvalidStep) as failed:
        pack_parcel({"order_id": 7, "boxes": SECRET + "x"}, None)
    assert str(failed.value) == "PackParcel cannot read order_id, boxes"
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


def test_an_input_that_is_not_an_object_is_a_fault_too() -> None:
    with pytest.raises(InvalidStep):
        pack_parcel([SECRET], None)  # type: ignore[arg-type]


def test_a_refusal_reaches_the_state_machine_by_its_own_name() -> None:
    with pytest.raises(ParcelTooHeavy, match="Nobody can lift this"):
        pack_parcel({"order_id": "o1", "boxes": 10}, None)


def test_a_step_is_the_cause_of_what_it_publishes() -> None:
    assert PackParcel(order_id="o1").cause == "saga/PackParcel"


def test_a_step_keeps_its_name_for_the_handler_string() -> None:
    assert (pack_parcel.__name__, pack_parcel.__doc__) == ("pack_parcel", "Packs.")


@pytest.mark.parametrize(
    ("boxes", "outcome", "level"),
    [(1, "done", logging.INFO), (10, "ParcelTooHeavy", logging.INFO), (-1, "RuntimeError", logging.ERROR)],
)
def test_one_line_says_what_the_step_was_about_and_how_it_ended(
    caplog: pytest.LogCaptureFixture, boxes: int, outcome: str, level: int
) -> None:
    with contextlib.suppress(ParcelTooHeavy, StepFailed):
        pack_parcel({"order_id": "o1", "boxes": boxes}, None)
    (record,) = caplog.records
    line: Any = record.msg
    assert (line["invocation"], line["about"], line["outcome"]) == ("PackParcel", "o1", outcome)
    assert record.levelno == level
    assert SECRET not in str(line)


def test_the_text_of_a_foreign_error_does_not_leave_the_function() -> None:
    with pytest.raises(StepFailed, match=r"^RuntimeError$") as failed:
        pack_parcel({"order_id": "o1", "boxes": -1}, None)
    assert SECRET not in "".join(traceback.format_exception(failed.value))
