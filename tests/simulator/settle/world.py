"""The simulated world: what there is of AWS, as bad as AWS promises to be at worst, with Settle wired in."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from acquirer import store
from acquirer.domain import DISPUTE_FEE, WON, Intent
from ops.invariants import Evidence
from tests.simulator.aws import clients, sqs
from tests.simulator.aws.delivery import (
    MOST_RECEIVES,
    MOST_RECEIVES_OF_AN_OUTBOX,
    Bus,
    Consumer,
    Message,
    Queue,
    Rule,
    Streams,
)
from tests.simulator.aws.dynamo.dynamo import Dynamo, never
from tests.simulator.aws.functions import Answer, Functions
from tests.simulator.aws.machines import Machines
from tests.simulator.boundary import Boundary
from tests.simulator.engine import Engine, Outcome, Timeout
from tests.simulator.faults.kinds import Fate
from tests.simulator.faults.weather import Weather
from tests.simulator.settle.processor import Connections, Merchant
from tests.support import aws
from tests.support.circuits import Counters
from tests.support.processor import PUBLIC, SECRET, SECRET_NAME, URL
from tests.support.state_machines import FILES, definition
from tests.support.wiring import (
    BATCHES,
    COMMANDS,
    PUBLISHERS,
    SOURCES,
    SUBSCRIPTIONS,
    TABLES,
    TASKS,
    TIMEOUTS,
)

GATEWAY_SECONDS = 29
EXPRESS, STANDARD = "express", "standard"


class SimulatedWorld:
    """What there is of AWS, and of Settle in it. `logs` are the lines that its functions wrote."""

    def __init__(self, *, fate: Fate, weather: Weather, saga: str) -> None:
        self.engine = Engine()
        self.weather = weather
        self.boundary = Boundary(self.engine, fate, latency=weather.latency)
        self.logs: list[Any] = []
        self.changes = 0
        self.seen: dict[str, tuple[int, Any]] = {}  # what was found, by the number of changes until then
        self.metrics: list[tuple[str, str]] = []
        self.environments: dict[str, Mapping[str, str]] = {}
        self.counters = Counters()
        self.functions = Functions(
            self.engine, commands=TASKS, environment=self._environment, timeouts=TIMEOUTS
        )
        self.queues = {name: self._queue(name) for name in SUBSCRIPTIONS}
        self.lost = {service: self._republisher(service) for service in PUBLISHERS}
        self.streams = Streams(self.engine, weather, self.functions, lost=self.lost)
        self.dynamo = self._tables()
        self.bus = Bus(self.engine, weather)
        for name, types in SUBSCRIPTIONS.items():
            source = SOURCES[name] if types else ""
            self.bus.rules.append(Rule(self.queues[name], source, types or frozenset()))
        self.machines = self._run_by(saga)
        self.connections = Connections(self.engine, self.boundary, self.functions)
        self.merchant = Merchant(self.engine, self.boundary, self.functions)
        self.clients = self._made()

    def _tables(self) -> Dynamo:
        lags = never if type(self.weather).lags is Weather.lags else self.weather.lags
        dynamo = Dynamo(now=self._now, changed=self._changed, lags=lags, holds=self.weather.holds)
        for service in (*TABLES, "acquirer", "operations"):
            dynamo.create(f"{service}-table", aws.INDEXES.get(service, {}))
        for table in ("vault-table", aws.SEALING["KEYS"]):
            dynamo.create(table)
        return dynamo

    def _made(self) -> Mapping[str, object]:
        """What stands where boto3's clients do, by the service's name."""
        return {
            "dynamodb": clients.Tables(self.boundary, self.dynamo),
            "events": clients.Events(self.boundary, self.bus),
            "stepfunctions": clients.StepFunctions(self.boundary, self.machines),
            "lambda": clients.Lambda(self.boundary, self.functions),
            "sqs": sqs.Sqs(self.boundary, {queue.name: queue for queue in self._all_queues()}),
            "kms": clients.Kms(self.boundary),
            "secretsmanager": clients.Secrets(self.boundary, {SECRET_NAME: SECRET}),
        }

    def _run_by(self, saga: str) -> Machines:
        """The state machines. Sagas are run by the Express or by the Standard machine."""
        express = ("CheckoutSaga",) if saga == EXPRESS else ()
        parts = self.engine, self.boundary, self.functions, self.weather
        return Machines(*parts, definitions=_definition, express=express)

    def _queue(self, handler: str) -> Queue:
        return self._with_letters(handler, Consumer(handler, "", *BATCHES[handler]), MOST_RECEIVES)

    def _republisher(self, service: str) -> Queue:
        consumer = Consumer("kernel.triggers.relay.republish", service, most=1)
        return self._with_letters(f"{service}.outbox", consumer, MOST_RECEIVES_OF_AN_OUTBOX)

    def _with_letters(self, name: str, consumer: Consumer, most_receives: int) -> Queue:
        dead = Queue(f"{name}.dead", self.engine, self.weather)
        return Queue(name, self.engine, self.weather, self.functions, consumer, dead, most_receives)

    def _environment(self, service: str) -> Mapping[str, str]:
        """What differs from service to service; always the same object, so that it is set once."""
        if service not in self.environments:
            self.environments[service] = aws.environment(service)
        return self.environments[service]

    @property
    def common(self) -> Mapping[str, str]:
        """What functions of any service may be told."""
        return {
            **COMMANDS,
            "CHECKOUT_SAGA": Machines.arn("CheckoutSaga"),
            "CHECKOUT_REPAIR": Machines.arn("CheckoutRepair"),
            "PROCESSOR_SECRET": SECRET_NAME,
            "PROCESSOR_URL": URL,
            "PUBLIC_ADDRESS": PUBLIC,
            "QUEUES": sqs.URL,
            "DEAD_LETTERS": json.dumps(self._dead_letters()),
            **aws.SEALING,
        }

    def _feeding(self) -> list[Queue]:
        return [*self.queues.values(), *self.lost.values()]

    def _all_queues(self) -> list[Queue]:
        return [*self._feeding(), *(queue.dead for queue in self._feeding() if queue.dead)]

    def _dead_letters(self) -> dict[str, list[str]]:
        return {queue.name: [f"{queue.name}.dead", queue.name] for queue in self._feeding()}

    def _now(self) -> datetime:
        return self.engine.now

    def prober(self) -> str:
        """In whose name a process claims the try at a broken circuit. Each is an environment of its own.

        Of two that ask at the same moment, one gets the claim, and the other asks no second time.
        """
        process = self.engine.running
        assert process is not None
        return str(process.memory.setdefault("prober", self.engine.now.isoformat()))

    def random_bytes(self, count: int) -> bytes:
        """The same for the same world, so that it always goes the same way."""
        return hashlib.sha256(f"{self.changes} {self.engine.now}".encode()).digest()[:count]

    def _changed(self, table: str, key: Any, old: Any, new: Any) -> None:
        self.changes += 1
        self.streams.changed(table, key, old, new)

    # Letting things happen

    def run(self, seconds: float | None = None) -> None:
        """Lets `seconds` pass with all that happens in them; without them, all that is on its way."""
        until = None if seconds is None else self.engine.now + timedelta(seconds=seconds)
        self.engine.run(until)

    def process(self, body: Callable[[], Any], name: str = "client") -> list[Outcome]:
        """Starts a process of somebody outside; how it ended stands in the answer, once it has."""
        ended: list[Outcome] = []
        self.engine.spawn(body, name=name, environment={}, ended=ended.append)
        return ended

    def invoke(self, handler: str, event: Mapping[str, Any] | None = None) -> None:
        """A schedule's invocation, which nobody listens to."""
        self.functions.invoke(handler, event or {}, heard=lambda answer: None)

    def ask(self, service: str, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """One HTTP request by the running process; 504 when there was no answer in time."""
        return self.answered(f"{service}.api.handler", aws.request(method, path, body, **options))

    def answered(self, handler: str, event: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and body of a function's answer to the running process; 504 when there was none in time."""

        def start(ended: Callable[[Outcome], None]) -> None:
            def heard(answer: Answer) -> None:
                ended(Outcome(answer))

            self.functions.invoke(handler, event, heard=heard)

        try:
            answer: Answer = self.engine.wait(start, timeout=GATEWAY_SECONDS)
        except Timeout:
            return 504, {}
        if answer.error:
            return 502, {}
        return answer.payload["statusCode"], json.loads(answer.payload["body"])

    # Looking

    def item(self, service: str, pk: str, sk: str) -> dict[str, Any] | None:
        found = [item for item in self.items(service) if (item["pk"], item["sk"]) == (pk, sk)]
        return found[0] if found else None

    def items(self, service: str, kind: str = "") -> list[dict[str, Any]]:
        """Plain items in key order; of one kind, those whose partition key begins with it."""
        return self.dynamo.items(f"{service}-table", kind)

    def letters(self) -> list[Message]:
        """What was given up on."""
        return [message for queue in self._feeding() if queue.dead for message in queue.dead.messages]

    def evidence(self, *, settled_before: datetime | None = None) -> Evidence:
        """All that services, bus and processor have written down."""
        tables = {service: self.items(service) for service in (*TABLES, "acquirer", "operations", "vault")}
        books = self.items("acquirer", "intent#")
        return Evidence(
            tables=tables,
            published=self.bus.published,
            intents=[_intent(item, self.engine.now) | self._attachment(item) for item in books],
            at=self.engine.now,
            settled_before=settled_before,
        )

    def _attachment(self, intent: Mapping[str, Any]) -> dict[str, Any]:
        """Whether the payment's method is a customer's own, and the processor has not detached it."""
        method = intent["payment_method"]
        return {"attached": "__" in method and not self.items("acquirer", f"method#{method}")}


def _definition(machine: str) -> Mapping[str, Any]:
    return definitions()[machine]


@cache
def definitions() -> Mapping[str, Mapping[str, Any]]:
    return {name: definition(name) for name in FILES}


def _intent(item: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The payment as the processor's own code has it at this moment."""
    intent = store._intent(item)
    return {
        "id": intent.id,
        "reference": intent.reference,
        "amount": intent.amount,
        "currency": intent.currency.upper(),
        "status": intent.status,
        "amount_captured": intent.amount_captured,
        "amount_refunded": intent.amount_refunded(now),
        **_disputed(intent, now),
    }


def _disputed(intent: Intent, now: datetime) -> Mapping[str, int]:
    """What the customer's bank has taken back and keeps, and what the processor has taken for that."""
    dispute = intent.dispute(now)
    kept = dispute.amount if dispute and dispute.status(now) != WON else 0
    return {"amount_disputed": kept, "dispute_fees": DISPUTE_FEE if dispute else 0}
