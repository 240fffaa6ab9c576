"""HTTP in and out: declares routes, finds the caller, reads requests strictly, answers refusals."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, Any, Literal, TypeVar

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
Handle = TypeVar("Handle", bound="Callable[..., Response]")
# The API Gateway proxy event that is being answered.
REQUEST: ContextVar[Mapping[str, Any]] = ContextVar("request")


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
class Response:
    """An answer: status, JSON and headers."""

    status: int
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Route:
    """A route as its handler declares it; the public contract, the gateway and the tests follow from it.

    `role` says who may call: a customer, an operator, `any` holder of a good token, or None when the service
    has a check of its own. `answers` maps each status of a success to the shape of its body.
    `relays` names the refusals of another service that the route passes on.
    """

    method: str
    path: str
    handle: Callable[..., Response]
    role: Role | Literal["any"] | None
    answers: Mapping[int, type]
    takes: type[Body] | None = None
    refuses: Sequence[type[Refusal]] = ()
    relays: Sequence[str] = ()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Fits the paths of the route. `<name>` stands for one part of a path, as it was sent."""
        return re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", self.path))


class Api:
    """A service's routes. Calling it handles one API Gateway proxy event and logs once.

    `before` runs before each route, and may raise a refusal.
    """

    def __init__(self, *, before: Callable[[], None] = lambda: None) -> None:
        self.routes: list[Route] = []
        self._before = before
        self.get, self.post = partial(self._declare, "GET"), partial(self._declare, "POST")
        self.put, self.delete = partial(self._declare, "PUT"), partial(self._declare, "DELETE")

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        asked = REQUEST.set(event)
        try:
            with invocation("http", method=event["httpMethod"], route=event.get("resource")) as line:
                line["request"] = event["requestContext"].get("requestId")
                said = self._answer(event["httpMethod"], event["path"])
                line["status"] = said.status
                if said.status >= 400:
                    line["outcome"] = json.loads(said.text).get("error")
                return {"statusCode": said.status, "headers": said.headers, "body": said.text}
        except Exception:
            return {"statusCode": 500, "headers": HEADERS, "body": INTERNAL}
        finally:
            REQUEST.reset(asked)

    def _answer(self, method: str, path: str) -> Response:
        try:
            for route in self.routes:
                if route.method == method and (found := route.pattern.fullmatch(path)):
                    self._before()
                    self._admit(route)
                    return route.handle(**found.groupdict())
            raise NotFound
        except Refusal as refusal:
            return answer(refusal.status, refusal.problem())

    def _declare(self, method: str, path: str, **declared: Any) -> Callable[[Handle], Handle]:
        """Makes a function the handler of a route. `declared`: see Route."""

        def decorate(handle: Handle) -> Handle:
            self.routes.append(Route(method, path, handle, **declared))
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
        found = (REQUEST.get().get("requestContext") or {}).get("authorizer") or {}
        if "customer_id" in found:
            expires_at = int(found["expires_at"])
            return Caller(found["customer_id"], found["role"], expires_at).must_be_current()
        return verify(self.header("Authorization"))

    def header(self, name: str) -> str:
        """A header of the request, in whatever letters it was written; empty when it was not sent."""
        sent = (REQUEST.get().get("headers") or {}).items()
        return next((str(value) for key, value in sent if key.lower() == name.lower()), "")

    def query(self, name: str) -> str | None:
        """A parameter of the query string."""
        return (REQUEST.get().get("queryStringParameters") or {}).get(name)

    def cause(self) -> str:
        """The cause that the events of this request name."""
        return f"http/{REQUEST.get()['requestContext']['requestId']}"

    def idempotency_key(self) -> str:
        """The Idempotency-Key header: 1 to 255 visible characters. Raises InvalidRequest."""
        key = self.header("Idempotency-Key")
        if not KEY.fullmatch(key):
            raise InvalidRequest("Idempotency-Key must have 1 to 255 visible characters")
        return key

    def body(self, shape: type[Shape]) -> Shape:
        """The request body in its shape. Raises InvalidRequest with the wrong fields, never their values."""
        text = _text(REQUEST.get())
        try:
            return shape.model_validate_json(text)
        except ValidationError as error:
            raise InvalidRequest(fields=[_field(detail) for detail in error.errors()]) from None


def answer(status: int, body: BaseModel | Mapping[str, Any], **headers: str) -> Response:
    """A JSON answer; header names are given with underscores (`Retry_After="1"`)."""
    text = body.model_dump_json() if isinstance(body, BaseModel) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, text, HEADERS | named)


def _text(event: Mapping[str, Any]) -> str:
    """The body as text. Raises InvalidRequest unless it is JSON without duplicate keys and not too large."""
    try:
        text = str(event.get("body") or "")
        if event.get("isBase64Encoded"):
            text = base64.b64decode(text.encode()).decode()
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
