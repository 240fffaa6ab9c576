"""The parts of a scenario: a checkout, what troubles it, and how it then ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.simulator.faults.kinds import Kind
from tests.simulator.settle.world import EXPRESS

ALWAYS = 10_000


@dataclass(frozen=True)
class Trouble:
    """The first `times` calls of that operation by such a caller have this fault.

    It begins at the minute `begins` and is over after `minutes`. `operation` may be its first word alone.
    """

    caller: str
    operation: str
    kind: Kind
    times: int = 1
    minutes: float = 1_000
    begins: float = 0


@dataclass(frozen=True)
class Outage:
    """From the minute `begins` to the minute `ends` that function cannot start; "" is every function."""

    function: str
    error: str
    ends: float
    begins: float = 0


BY_A_PERSON = ", by a person"


@dataclass(frozen=True)
class Scenario:
    """A checkout, what troubles it, and how it then ends; its customer cancels before the state `cancels`.

    Before the state `leaves` its customer, who has registered, asks to be forgotten.

    An order that had to be parked on its way ends BY_A_PERSON. Two executions that run `at_once` are also
    held up for a second at each of their calls, so that either overtakes the other everywhere. Where
    operators `disagree`, one resolves what another has resumed so many seconds before.

    The stock of each SKU lies in so many `buckets`. `resolve` and `republish` are what an operator does about
    it. The customer's wallet has that `credit`. Where the ledger `seals`, that schedule fires too. An
    operator gives these `refunds` of the sale, one a minute. Where payments `listens`, the processor's
    webhooks reach it. Calls are enumerated `since` that minute, where
    all before it is in another scenario too.
    """

    name: str
    ends: str
    method: str = "pm_approve"
    stock: Mapping[str, int] = field(default_factory=lambda: {"cup": 5, "mug": 5})
    lines: Mapping[str, int] = field(default_factory=lambda: {"cup": 1, "mug": 2})
    buckets: int = 1
    troubles: tuple[Trouble, ...] = ()
    outages: tuple[Outage, ...] = ()
    saga: str = EXPRESS
    at_once: bool = False
    cancels: str = ""
    leaves: str = ""
    resolve: str = ""
    disagree: float = 0
    republish: str = ""
    since: int = 0
    forgetful: bool = False
    credit: int = 0
    seals: bool = False
    refunds: tuple[int, ...] = ()
    listens: bool = False
