"""Saga steps: parse the input, call, dump the answer, log once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from kernel.errors import InvalidStep, Refusal, SettleError, StepFailed
from kernel.triggers.observability import invocation


class Step(BaseModel):
    """The input of a saga step or of a command.

    Unknown fields are ignored, and a new field needs a default, so that executions outlive a deploy.
    """

    model_config = ConfigDict(frozen=True)

    @property
    def cause(self) -> str:
        return f"saga/{type(self).__name__}"


Input = TypeVar("Input", bound=Step)


@dataclass
class Task:
    """A Lambda handler and its declaration: its input, its answer, and the refusals it may raise.

    `about` names the field of the input that the log line repeats, or is empty.
    """

    run: Callable[[Any], BaseModel]
    takes: type[Step]
    about: str
    refuses: Sequence[type[Refusal]]

    __name__ = ""  # `update_wrapper` gives the name and the docstring of the step

    def __post_init__(self) -> None:
        update_wrapper(self, self.run)

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        try:
            with invocation(self.takes.__name__) as line:
                given = _parse(self.takes, event)
                if self.about:
                    line["about"] = getattr(given, self.about)
                return self.run(given).model_dump(mode="json")
        except SettleError:
            raise
        except Exception as error:
            # The error's text may repeat the input, and would stay in the execution's history.
            raise StepFailed(type(error).__name__) from None


def task(
    takes: type[Input], *, about: str = "", refuses: Sequence[type[Refusal]] = ()
) -> Callable[[Callable[[Input], BaseModel]], Task]:
    """Makes a Lambda handler of a step. A step may run twice, and the second run changes nothing.

    The state machine knows an error by the name of its class: it catches refusals and retries faults. An
    error that is no SettleError becomes StepFailed, which names the error's class only.
    """

    return lambda step: Task(step, takes, about, refuses)


def _parse(shape: type[Input], event: Mapping[str, Any]) -> Input:
    try:
        return shape.model_validate(event)
    except ValidationError as error:
        # Pydantic's own text repeats the values, and this text ends in the execution's history.
        fields = [".".join(map(str, detail["loc"])) for detail in error.errors()]
        raise InvalidStep(f"{shape.__name__} cannot read {', '.join(fields)}") from None
