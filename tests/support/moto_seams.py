"""What stands where moto calls Lambda and where its states call Step Functions."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)

from tests.support.faults import Crash

Task = Callable[[str, Any], Any]


def install(patch: pytest.MonkeyPatch, task: Task) -> None:
    """Has every call of a function answered by `task`, which is given its name and its input."""
    patch.setattr(LambdaSimpleBackend, "invoke", _lambda_of(task))
    patch.setattr(StateTaskServiceSfn, "_normalise_parameters", _as_boto_has_them)


def _as_boto_has_them(task: object, parameters: dict[str, Any], *_: Any) -> None:
    """A state writes names with a capital, and its Input as an object. Moto hands both on as they are."""
    asked = {name[0].lower() + name[1:]: value for name, value in parameters.items()}
    parameters.clear()
    parameters.update(asked | {"input": json.dumps(asked["input"])})


def _lambda_of(task: Task) -> Callable[..., bytes]:
    """Answers in place of moto's Lambda. An error is named by its class, as Lambda's runtime client does."""

    def invoke(
        backend: object, function_name: str, qualifier: str, body: Any, headers: Any, answer: Any
    ) -> bytes:
        name = function_name.rpartition(":")[2]
        try:
            return json.dumps(task(name, json.loads(body))).encode()
        except TimeoutError:
            raise  # moto's interpreter makes States.Timeout of it
        except Exception as error:  # noqa: BLE001 - whatever a function raises, Lambda answers
            answer["x-amz-function-error"] = "Unhandled"
            kind = str(error) if isinstance(error, Crash) else type(error).__name__
            return json.dumps({"errorType": kind, "errorMessage": str(error)}).encode()

    return invoke
