"""Commands out: a service asks a function of another service, each side in shapes of its own."""

import json
import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from kernel.aws import at_init, connect
from kernel.errors import CommandFailed, Refusal

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

Answer = TypeVar("Answer")


class Command(BaseModel, Generic[Answer]):
    """A question in the asker's own shape: `class ReserveTable(Command[Table], of="dining")`.

    The class has the name of the step that answers, and `of` names the service of that step. `Answer` is
    the shape that the asker reads; fields that it does not name are ignored. A test compares the shapes of
    both sides.
    """

    model_config = ConfigDict(frozen=True)
    of: ClassVar[str]

    def __init_subclass__(cls, *, of: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.of = of

    @classmethod
    def variable(cls) -> str:
        """The environment variable that names the function: RESERVE_TABLE for ReserveTable."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()

    @classmethod
    def answers(cls) -> Any:
        """The shape of the answer: the type argument with which the class was declared."""
        models = (parent for parent in cls.__mro__ if issubclass(parent, BaseModel))
        return next(args[0] for model in models if (args := model.__pydantic_generic_metadata__["args"]))


class Refused(BaseModel):
    """A refusal as an answer, with HTTP status and body, so that the function itself does not fail."""

    refused: int
    problem: dict[str, Any]

    @classmethod
    def by(cls, refusal: Refusal) -> "Refused":
        return cls(refused=refusal.status, problem=refusal.problem())


@at_init()
def functions() -> "LambdaClient":
    # One attempt: a caller that gets no answer asks again later, which has the same effect.
    made: LambdaClient = connect("lambda", seconds=35, tries=1)
    return made


def ask(command: Command[Answer]) -> Answer:
    """The answer. Raises CommandFailed when the function failed, or its answer does not fit the shape."""
    variable = command.variable()
    payload = command.model_dump_json().encode()
    said = functions().invoke(FunctionName=os.environ[variable], Payload=payload)
    text = said["Payload"].read()
    if "FunctionError" in said:
        raise CommandFailed(f"{variable} answered {json.loads(text).get('errorType')}")
    try:
        return _reader(type(command)).validate_json(text)
    except ValidationError:
        # Pydantic's own text would repeat the values of the answer.
        raise CommandFailed(f"{variable} answered what the asker cannot read") from None


@cache
def _reader(command: type[Command[Answer]]) -> TypeAdapter[Answer]:
    return TypeAdapter(command.answers())
