"""What a request must be before it is carried out, and the errors of one that is not."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, NoReturn

import botocore.session
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

from tests.simulator.aws.dynamo.expressions import Names, Parsed
from tests.simulator.aws.dynamo.values import Image, Invalid, Unsupported, kept

Request = dict[str, Any]
MOST = 100


@dataclass(frozen=True, slots=True)
class Bound:
    """The placeholders of a request's expressions with what they stand for."""

    names: Names
    values: Image


def operation(name: str, required: str, optional: str = "") -> Callable[[Any], Any]:
    """A method that takes a request with these parameters and raises what boto3 raises."""
    needed = frozenset(required.split())
    known = needed | frozenset(optional.split())

    def decorated(method: Callable[[Any, Request], Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(self: Any, **request: Any) -> Any:
            try:
                insist(needed <= request.keys() <= known)
                return method(self, request)
            except Invalid as error:
                raise failure("ValidationException", str(error), name) from None
            except Unsupported:
                _refuse(name, request)

        return call

    return decorated


def insist(supported: bool) -> None:
    if not supported:
        raise Unsupported


def listed(items: Any) -> list[Any]:
    """The parts of a transaction, which are not too many."""
    insist(type(items) is list and len(items) > 0)
    if len(items) > MOST:
        raise Invalid("Member must have length less than or equal to 100")
    return items


def failure(code: str, message: str, name: str, **more: Any) -> ClientError:
    response: Any = {
        "Error": {"Message": message, "Code": code},
        "ResponseMetadata": metadata(400),
        "message": message,
        **more,
    }
    return ClientError(response, name)


def metadata(status: int = 200) -> dict[str, Any]:
    return {"RequestId": "simulated", "HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}


def _refuse(name: str, request: Request) -> NoReturn:
    """ParamValidationError if boto3 itself would refuse this, else AWS knows what is not simulated."""
    report = ParamValidator().validate(request, _model().operation_model(name).input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    raise NotImplementedError(f"{name} with {request}")


@cache
def _model() -> Any:
    return botocore.session.get_session().get_service_model("dynamodb")


def bound(request: Request, *expressions: Parsed | None) -> Bound:
    """Every placeholder must be given, and used, and of a type that its operator takes."""
    parsed = [expression for expression in expressions if expression]
    uses = frozenset[str]().union(*[expression.uses for expression in parsed])
    names, values = _given(request, "Names", parsed), kept(_given(request, "Values", parsed))
    insist({*map(type, names.values())} <= {str})
    if {*names, *values} != uses:
        _tell_difference(uses, {*names, *values})
    for expression in parsed:
        _check_operands(expression, values)
    return Bound(names.copy(), values)


def _given(request: Request, kind: str, parsed: list[Parsed]) -> dict[str, Any]:
    given = request.get(f"ExpressionAttribute{kind}")
    if given is None:
        return {}
    insist(type(given) is dict)
    if not parsed:
        raise Invalid(f"ExpressionAttribute{kind} can only be specified when using expressions")
    if not given:
        raise Invalid(f"ExpressionAttribute{kind} must not be empty")
    return given


def _tell_difference(uses: frozenset[str], given: set[str]) -> NoReturn:
    if missing := uses - given:
        raise Invalid(f"An expression attribute used in expression is not defined: {sorted(missing)}")
    raise Invalid(f"Value provided in ExpressionAttribute unused in expressions: {sorted(given - uses)}")


def _check_operands(expression: Parsed, values: Image) -> None:
    for operator, value, types in expression.typed:
        if values[value].keys().isdisjoint(types.split()):
            raise Invalid(f"Incorrect operand type for operator or function: {operator}, {values[value]}")
