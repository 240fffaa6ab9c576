"""What can go wrong with one call, and how the caller then hears of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any, Protocol

from botocore.exceptions import ClientError, ReadTimeoutError
from urllib3.exceptions import ProtocolError

MOMENT, DELAY, SOON, LATE = 1.0, 20.0, 40.0, 3 * 3600.0


class Kind(StrEnum):
    """A fault of one call. Slow ones outlive whoever waits, so that the effect comes from a zombie.

    Forty seconds are more than a task, a request or a consumer may take, three hours more than anything.
    """

    REFUSED = "refused before its effect"
    LOST = "applied, and the answer lost"
    DELAYED = "no answer in time, and applied 20 seconds later"
    RESENT = "applied, the answer lost, and sent again by the SDK"
    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    SLOW = "slow past the timeout, a zombie 40 seconds later"
    VERY_SLOW = "slow past the timeout, a zombie 3 hours later"
    THROTTLED = "throttled until the caller gives up"
    CONFLICT = "conflict with another transaction"
    PARTIAL = "answered, and not all of it done"
    HESITANT = "a second late, while others go on"


LASTS = {Kind.HESITANT: MOMENT, Kind.SLOW: SOON, Kind.VERY_SLOW: LATE}
ANY = {
    Kind.REFUSED,
    Kind.LOST,
    Kind.DELAYED,
    Kind.KILLED_BEFORE,
    Kind.KILLED_AFTER,
    Kind.SLOW,
    Kind.VERY_SLOW,
    Kind.THROTTLED,
}
READS = {
    "GetItem",
    "Query",
    "BatchGetItem",
    "TransactGetItems",
    "GetSecretValue",
    "Decrypt",
    "GET",
    "GetQueueAttributes",
}
CONFLICTS = {"UpdateItem", "PutItem", "TransactWriteItems", "TransactGetItems", "POST"}
# Of an accepted start of an Express execution nothing may come.
PARTS = {"PutEvents", "BatchGetItem", "StartExecution (Express)"}
# What the SDK itself sends again; a card processor's answer is nobody's to repeat but the saga's.
UNREPEATED = {"Invoke", "POST", "Step"}
THROTTLES = {
    "dynamodb": "ThrottlingException",
    "lambda": "TooManyRequestsException",
    "sqs": "RequestThrottled",
}


@dataclass(frozen=True)
class Call:
    """The `number`th call since the world was armed: who asks which service for what."""

    number: int
    caller: str
    service: str
    operation: str

    def __str__(self) -> str:
        return f"{self.number}:{self.caller}>{self.service}.{self.operation}"

    @property
    def verb(self) -> str:
        return self.operation.partition(" ")[0]

    @property
    def kinds(self) -> list[Kind]:
        """Every fault that this call can have, in a fixed order."""
        if self.service == "execution":  # it dies between two states: of its data limit, or aborted
            return [Kind.KILLED_BEFORE]
        kinds = set(ANY)
        if self.verb not in READS | UNREPEATED:
            kinds.add(Kind.RESENT)
        if self.verb in CONFLICTS:
            kinds.add(Kind.CONFLICT)
        if self.verb in PARTS or self.operation in PARTS:
            kinds.add(Kind.PARTIAL)
        return [kind for kind in Kind if kind in kinds]


class Fate(Protocol):
    def __call__(self, call: Call) -> Kind | None:
        """The fault that this call is to have, if any."""


@dataclass
class Planned:
    """Faults at given calls; every call is written down."""

    faults: dict[int, Kind] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def __call__(self, call: Call) -> Kind | None:
        self.calls.append(call)
        return self.faults.get(call.number)


@dataclass
class Chance:
    """Faults by chance: each call has one with the probability `rate`, until `left` of them are spent."""

    random: Random
    rate: float
    left: int
    calls: int = 0
    happened: list[tuple[str, Kind]] = field(default_factory=list)

    def __call__(self, call: Call) -> Kind | None:
        self.calls += 1
        if self.left <= 0 or self.random.random() >= self.rate:
            return None
        kind = self.random.choice(call.kinds)
        self.left -= 1
        self.happened.append((str(call), kind))
        return kind


def lost(call: Call) -> Exception:
    """How a caller hears that there was no answer."""
    if call.service == "processor":
        return ProtocolError("no answer")
    return ReadTimeoutError(endpoint_url=f"https://{call.service}.invalid")


def refused(call: Call) -> Exception:
    if call.service == "processor":
        return ProtocolError("no connection")
    return failure("InternalServerError", call, status=500)


def throttled(call: Call) -> Exception:
    return failure(THROTTLES.get(call.service, "ThrottlingException"), call, status=400)


def conflicting(call: Call, parts: int) -> Exception:
    """Another transaction has one of the items."""
    if call.operation.startswith("Transact"):
        reasons = [{"Code": "TransactionConflict"}, *({"Code": "None"} for _ in range(parts - 1))]
        return failure("TransactionCanceledException", call, status=400, CancellationReasons=reasons)
    return failure("TransactionConflictException", call, status=400)


def failure(code: str, call: Call, *, status: int, **more: Any) -> ClientError:
    error = {"Code": code, "Message": code}
    response: Any = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return ClientError(response, call.operation)
