"""Commands between services: the step takes what its asker sends, and answers what its asker reads."""

import importlib
import typing
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

import checkout.commands
import customers.commands
from kernel.triggers.commands import Command
from kernel.triggers.tasks import Step
from tests.contracts.shapes import misfits, sent_by, taken_by
from tests.support.wiring import COMMANDS as ASKED
from tests.support.wiring import TASKS

COMMANDS: list[type[Command[Any]]] = [
    found
    for module in (checkout.commands, customers.commands)
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, Command) and vars(found).get("of")
]


def name(command: type) -> str:
    return command.__name__


def step_of(command: type[Command[Any]]) -> type[Step]:
    """The input of the step that answers: it has the command's name, in the service that is asked."""
    module = TASKS[command.__name__].rpartition(".")[0]
    assert module.partition(".")[0] == command.of
    shape: type[Step] = getattr(importlib.import_module(module), command.__name__)
    return shape


def answer_of(command: type[Command[Any]]) -> Any:
    """The declared return type of the function that answers."""
    module, _, function = TASKS[command.__name__].rpartition(".")
    handler = getattr(importlib.import_module(module), function)
    return typing.get_type_hints(handler.__wrapped__)["return"]


def test_the_commands_held_here_are_those_that_are_wired() -> None:
    assert {command.variable(): command.__name__ for command in COMMANDS} == ASKED


@pytest.mark.parametrize("command", COMMANDS, ids=name)
def test_a_step_takes_what_its_command_asks(command: type[Command[Any]]) -> None:
    assert list(misfits(sent_by(command), taken_by(step_of(command)))) == []


@pytest.mark.parametrize("command", COMMANDS, ids=name)
def test_nothing_is_asked_that_the_step_does_not_know(command: type[Command[Any]]) -> None:
    assert set(command.model_fields) <= set(step_of(command).model_fields)


@pytest.mark.parametrize("command", COMMANDS, ids=name)
def test_a_step_answers_what_its_asker_reads(command: type[Command[Any]]) -> None:
    assert list(misfits(sent_by(answer_of(command)), taken_by(command.answers()))) == []


@pytest.mark.parametrize("command", COMMANDS, ids=name)
def test_an_asker_has_shapes_of_its_own(command: type[Command[Any]]) -> None:
    assert command.__module__ != step_of(command).__module__
    assert command.answers() != answer_of(command)


class Parcel(BaseModel):
    """The shape that is taken in the cases below."""

    to: str
    size: Literal["small", "large"] = "small"
    boxes: Annotated[int, Field(ge=1)] = 1
    labels: tuple[str, ...] = ()


class Postcard(BaseModel):
    sealed: bool


def sent(**fields: Any) -> type[BaseModel]:
    return type("Sent", (BaseModel,), {"__annotations__": fields})


FITS: dict[str, tuple[Any, Any]] = {
    "what is needed": (sent(to=str), Parcel),
    "more than is known": (sent(to=str, urgent=bool), Parcel),
    "one of the values": (sent(to=str, size=Literal["large"]), Parcel),
    "one of the shapes": (sent(sealed=bool), Parcel | Postcard),
    "either of the shapes": (Postcard | sent(to=str), Parcel | Postcard),
}
DOES_NOT_FIT: dict[str, tuple[Any, Any, str]] = {
    "less than is needed": (sent(size=Literal["small"]), Parcel, "$.to: is needed"),
    "maybe what is needed": (sent(to=str | None), Parcel, "$.to: null is sent"),
    "another type": (sent(to=int), Parcel, "$.to: integer is sent"),
    "another value": (sent(to=str, size=Literal["small", "huge"]), Parcel, "$.size: "),
    "any value": (sent(to=str, size=str), Parcel, "$.size: "),
    "without the limit": (sent(to=str, boxes=int), Parcel, "$.boxes: minimum"),
    "a list of another type": (sent(to=str, labels=list[int]), Parcel, "$.labels[]: integer"),
    "deeper down": (sent(one=sent(to=int)), sent(one=Parcel), "$.one.to: integer"),
    "one shape too many": (Postcard | sent(to=str), Parcel, "$.to: is needed"),
    "none of the shapes": (sent(name=str), Parcel | Postcard, "$: none of the alternatives"),
}


@pytest.mark.parametrize(("sends", "takes"), FITS.values(), ids=FITS)
def test_shapes_that_fit_have_no_misfit(sends: Any, takes: Any) -> None:
    assert list(misfits(sent_by(sends), taken_by(takes))) == []


@pytest.mark.parametrize(("sends", "takes", "why"), DOES_NOT_FIT.values(), ids=DOES_NOT_FIT)
def test_a_misfit_is_told_with_its_place(sends: Any, takes: Any, why: str) -> None:
    found = list(misfits(sent_by(sends), taken_by(takes)))
    assert len(found) == 1
    assert found[0].startswith(why)
