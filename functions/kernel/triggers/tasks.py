"""Saga steps: parse the input, call, dump the answer, log once."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from kernel.errors import InvalidStep, SettleError, StepFailed
from kernel.triggers.observability import invocation


class Step(BaseModel):
    """The input of a saga step; its first field is the id of what it is about.

    Unknown fields are ignored and new ones need a default, so that executions outlive a deploy.
    """

    model_config = ConfigDict(frozen=True)

    @property
    def cause(self) -> str:
        return f"saga/{type(self).__name__}"


Input = TypeVar("Input", bound=Step)
Handler = Callable[[Mapping[str, Any], object], dict[str, Any]]


def task(shape: type[Input]) -> Callable[[Callable[[Input], BaseModel]], Handler]:
    """Makes a Lambda handler of a step. May run twice; the second run changes nothing.

    A raised error reaches the state machine by its class name: Refusals are caught, faults retried. An
    error that is not ours becomes StepFailed, naming its kind only.
    """

    def decorate(step: Callable[[Input], BaseModel]) -> Handler:
        @wraps(step)
        def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
            try:
                with invocation(shape.__name__) as line:
                    given = _parse(shape, event)
                    line["about"] = getattr(given, next(iter(shape.model_fields)))
                    return step(given).model_dump(mode="json")
            except SettleError:
                raise
            except Exception as error:
                # Its text may repeat its input, and would stay in the execution's history.
                raise StepFailed(type(error).__name__) from None

        return handler

    return decorate


def _parse(shape: type[Input], event: Mapping[str, Any]) -> Input:
    try:
        return shape.model_validate(event)
    except ValidationError as error:
        # Pydantic's own text repeats the values, and this text ends in the execution's history.
        fields = [".".join(map(str, detail["loc"])) for detail in error.errors()]
        raise InvalidStep(f"{shape.__name__} cannot read {', '.join(fields)}") from None
