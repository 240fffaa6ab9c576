"""HTTP in and out: declares routes, finds the caller, reads requests strictly, answers refusals."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from typing import Annotated, Any, Literal, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from kernel.errors import InvalidRequest, NotFound, Refusal
from kernel.triggers.observability import invocation
from kernel.triggers.tokens import Caller, Role, verify

LARGEST_BODY = 64 * 1024
KEY = re.compile("[!-~]{1,255}")
SLUG = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}
INTERNAL = '{"error": "InternalError", "message": "Something failed here; the request may be repeated."}'

Shape = TypeVar("Shape", bound=BaseModel)
Handle = TypeVar("Handle", bound=Callable[..., Response[str]])


class Body(BaseModel):
    """A request body: no value is coerced, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    def fingerprint(self) -> str:
        """A hash of the request, the same for bodies that differ in form only.

        A field that has its default does not count, so a later release may add an optional field.
        """
        return hashlib.sha256(self.model_dump_json(exclude_defaults=True).encode()).hexdigest()


Slug = Annotated[str, StringConstraints(pattern=SLUG.pattern)]


def slug(text: str) -> str:
    """The part of a path, if it is a Slug. Raises NotFound otherwise, since no record has such a name."""
    if not SLUG.fullmatch(text):
        raise NotFound
    return text


@dataclass(frozen=True)
class Route:
    """A route as its handler declares it; the public contract, the gateway and the tests follow from it.

    `role` says who may call: a customer, an operator, `any` holder of a good token, or None when the service
    has a check of its own. `answers` maps each status of a success to the shape of its body.
    `relays` names the refusals of another service that the route passes on.
    """

    method: str
    path: str
    handle: Callable[..., Response[str]]
    role: Role | Literal["any"] | None
    answers: Mapping[int, type]
    takes: type[Body] | None = None
    refuses: Sequence[type[Refusal]] = ()
    relays: Sequence[str] = ()


class Api:
    """A service's routes. Calling it handles one API Gateway proxy event and logs once.

    `before` runs before each route, as a middleware of the router.
    """

    def __init__(self, *, before: Sequence[Callable[..., Response[str]]] = ()) -> None:
        self.routes: list[Route] = []
        self.get, self.post = partial(self._declare, "GET"), partial(self._declare, "POST")
        self.put, self.delete = partial(self._declare, "PUT"), partial(self._declare, "DELETE")
        self._router = APIGatewayRestResolver()
        self._router.use(list(before))
        self._router.exception_handler(Refusal)(_problem)
        self._router.exception_handler(Exception)(_hand_on)
        self._router.not_found(lambda error: _problem(NotFound()))

    @property
    def current_event(self) -> APIGatewayProxyEvent:
        """The request that is being answered."""
        return self._router.current_event

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        try:
            with invocation("http", method=event["httpMethod"], route=event.get("resource")) as line:
                line["request"] = event["requestContext"].get("requestId")
                answer = self._router.resolve(dict(event), context)
                line["status"] = answer["statusCode"]
                if answer["statusCode"] >= 400:
                    line["outcome"] = json.loads(answer["body"]).get("error")
                return answer
        except Exception:
            return {"statusCode": 500, "headers": HEADERS, "body": INTERNAL}

    def _declare(self, method: str, path: str, **declared: Any) -> Callable[[Handle], Handle]:
        """Makes a function the handler of a route, and checks the role before it. `declared`: see Route."""

        def decorate(handle: Handle) -> Handle:
            route = Route(method, path, handle, **declared)
            self.routes.append(route)

            @wraps(handle)
            def guarded(**parameters: str) -> Response[str]:
                self._admit(route)
                return handle(**parameters)

            self._router.route(path, method=method)(guarded)
            return handle

        return decorate

    def _admit(self, route: Route) -> None:
        """Raises Unauthenticated or Forbidden unless the caller may use the route."""
        if route.role == "any":
            self.caller()
        elif route.role:
            self.caller().must_be(route.role)

    def caller(self) -> Caller:
        """Who sends the request: as the gateway's authorizer found, or without one as the token says."""
        found = (self.current_event.get("requestContext") or {}).get("authorizer") or {}
        if "customer_id" in found:
            expires_at = int(found["expires_at"])
            return Caller(found["customer_id"], found["role"], expires_at).must_be_current()
        return verify(self.current_event.headers.get("Authorization") or "")

    def cause(self) -> str:
        """The cause that the events of this request name."""
        return f"http/{self.current_event.request_context.request_id}"

    def idempotency_key(self) -> str:
        """The Idempotency-Key header: 1 to 255 visible characters. Raises InvalidRequest."""
        key = self.current_event.headers.get("Idempotency-Key") or ""
        if not KEY.fullmatch(key):
            raise InvalidRequest("Idempotency-Key must have 1 to 255 visible characters")
        return str(key)

    def body(self, shape: type[Shape]) -> Shape:
        """The request body in its shape. Raises InvalidRequest with the wrong fields, never their values."""
        text = _text(self.current_event)
        try:
            return shape.model_validate_json(text)
        except ValidationError as error:
            raise InvalidRequest(fields=[_field(detail) for detail in error.errors()]) from None


def answer(status: int, body: BaseModel | Mapping[str, Any], **headers: str) -> Response[str]:
    """A JSON answer; header names are given with underscores (`Retry_After="1"`)."""
    text = body.model_dump_json() if isinstance(body, BaseModel) else json.dumps(body)
    named: dict[str, Any] = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, "application/json", text, headers={**HEADERS, **named})


def _problem(refusal: Refusal) -> Response[str]:
    return answer(refusal.status, refusal.problem())


def _hand_on(error: Exception) -> Response[str]:
    """Raises the error again. Without a handler the router would log its text, which may repeat the input."""
    raise error


def _text(event: APIGatewayProxyEvent) -> str:
    """The body as text. Raises InvalidRequest unless it is JSON without duplicate keys and not too large."""
    try:
        text = event.decoded_body or ""
        if len(text.encode()) > LARGEST_BODY:
            raise InvalidRequest(f"the body must be at most {LARGEST_BODY} bytes")
        json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("the body must be JSON without duplicate keys") from error
    return text


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("duplicate key")
    return dict(pairs)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _field(detail: ErrorDetails) -> dict[str, str]:
    """The name of a wrong field, and what is wrong.

    An unknown field is not named, since its name may hold anything.
    """
    unknown = detail["type"] in {"extra_forbidden", "unexpected_keyword_argument"}
    place = detail["loc"][:-1] if unknown else detail["loc"]
    return {"field": ".".join(map(str, place)) or "body", "problem": detail["msg"]}
