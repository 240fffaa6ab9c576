"""The error tree: refusals by the business, and faults, which are all other failures.

SettleError
├── Refusal               409  the business says no: never retried, carries data
│   ├── InvalidRequest    400
│   ├── Unauthenticated   401
│   ├── Forbidden         403
│   ├── NotFound          404
│   └── KeyReused         422
└── Fault                 500  anything else: retried, then undone or dead-lettered
    ├── Contended              somebody else wrote first
    ├── ConditionFailed        the condition of a write did not hold
    ├── EventTooLarge          an event would not fit the bus
    ├── IssuerUnavailable      the issuer's keys, which verify tokens, cannot be fetched
    ├── InvalidStep            a saga step was called with an input it cannot read
    ├── StepFailed             a saga step failed with an error that is no SettleError
    ├── CommandFailed          another service's function failed, or its answer cannot be read
    ├── UnexpectedEvent        a consumer was sent an event that it does not read
    └── Unpublished            the bus did not take every event

A service's own refusals derive from `Refusal`. The class name is the `error` of a problem body and the
error name that the saga catches, so it is part of the contract.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class SettleError(Exception):
    """Anything Settle raises on purpose."""

    status: ClassVar[int] = 500

    def __init__(self, message: str = "", **data: Any) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.data = data


class Refusal(SettleError):
    """The business says no."""

    status = 409

    def problem(self) -> dict[str, Any]:
        """The body of the answer: the refusal's name, its sentence and its data."""
        return {"error": type(self).__name__, "message": str(self), **self.data}


class InvalidRequest(Refusal):
    """The request is not one this service understands."""

    status = 400


class Unauthenticated(Refusal):
    """The bearer token is missing, expired or not to be trusted."""

    status = 401


class Forbidden(Refusal):
    """The caller's role does not allow this."""

    status = 403


class NotFound(Refusal):
    """There is nothing here for this caller."""

    status = 404


class KeyReused(Refusal):
    """This Idempotency-Key was already used with another request."""

    status = 422


class Fault(SettleError):
    """Something failed that may work the next time."""


class Contended(Fault):
    """Somebody else wrote first: load again and decide again."""


class ConditionFailed(Fault):
    """Writes of a transaction whose condition did not hold; `old` maps their place to the item found."""

    def __init__(self, old: Mapping[int, Mapping[str, Any]]) -> None:
        super().__init__()
        self.old = old


class EventTooLarge(Fault):
    """The event would not fit the bus, so nothing was written."""


class IssuerUnavailable(Fault):
    """The keys of the issuer of tokens cannot be had."""


class InvalidStep(Fault):
    """A saga step was called with an input it cannot read."""


class StepFailed(Fault):
    """A saga step failed with an error that is not ours; the log has its trace."""


class CommandFailed(Fault):
    """Another service's function failed, or answered what the asker cannot read."""


class UnexpectedEvent(Fault):
    """A consumer was sent an event that it does not read."""


class Unpublished(Fault):
    """The bus did not take every event, so the whole batch must come again."""
