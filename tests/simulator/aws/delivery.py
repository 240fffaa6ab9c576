"""Streams, the bus and the queues: at least once, in any order, as late as the weather wants."""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from kernel.events import Envelope
from tests.simulator.aws.functions import Answer, Functions
from tests.simulator.engine import Engine
from tests.simulator.faults.weather import Weather

MOST_RECEIVES, MOST_RECEIVES_OF_AN_OUTBOX = 5, 10
VISIBILITY = 6  # times the function's timeout
MOST_RECORDS = 100
RETRIES = 50
OLDEST = timedelta(hours=6)


@dataclass
class Message:
    """A message and how often it was received; while it is `hidden` nobody receives it."""

    id: str
    body: str
    sent_at: datetime
    receives: int = 0
    hidden: bool = False
    timer: list[Any] = field(default_factory=lambda: [None, None, None])


@dataclass(frozen=True)
class Consumer:
    """The function that a queue feeds, how many messages it takes at once, and how long it waits for them."""

    handler: str
    service: str
    most: int = 10
    window: int = 0


@dataclass
class Queue:
    """An SQS queue that feeds a function; what was received five times becomes a dead letter."""

    name: str
    engine: Engine
    weather: Weather
    functions: Functions | None = None
    consumer: Consumer | None = None
    dead: "Queue | None" = None
    most_receives: int = MOST_RECEIVES
    messages: list[Message] = field(default_factory=list)
    _sent: int = 0

    def put(self, body: str) -> str:
        message = Message(f"{self.name}-{self._sent}", body, self.engine.now)
        self._sent += 1
        self.messages.append(message)
        window = self.consumer.window if self.consumer else 0
        self._soon(self.weather.delay() + self.weather.uniform(0, window))
        return message.id

    def visible(self) -> list[Message]:
        return [message for message in self.messages if not message.hidden]

    def delete(self, id: str) -> None:
        for message in self.messages:
            if message.id == id:
                self.engine.cancel(message.timer)
        self.messages = [message for message in self.messages if message.id != id]

    def hide(self, message: Message, seconds: float) -> None:
        """Until it is deleted or `seconds` have passed."""
        message.hidden, message.receives = True, message.receives + 1
        message.timer = self.engine.after(seconds, partial(self._show, message))

    def _show(self, message: Message) -> None:
        if message not in self.messages:
            return
        message.hidden = False
        if self.consumer and message.receives >= self.most_receives and self.dead is not None:
            self.delete(message.id)
            self.dead.put(message.body)
        else:
            self._soon(0)

    def _soon(self, seconds: float) -> None:
        if self.consumer:
            self.engine.after(seconds, self._poll)

    def _poll(self) -> None:
        assert self.consumer is not None
        assert self.functions is not None
        batch = self.weather.some(self.visible())[: self.consumer.most]
        if not batch:
            return
        for message in batch:
            self.hide(message, VISIBILITY * self.functions.timeout(self.consumer.handler))
        records = [{"messageId": message.id, "body": message.body} for message in batch]
        self.functions.invoke(
            self.consumer.handler,
            {"Records": records},
            service=self.consumer.service,
            heard=lambda answer: self._done([message.id for message in batch], answer),
        )
        if self.visible():
            self._soon(0)

    def _done(self, ids: Sequence[str], answer: Answer) -> None:
        """What failed shows again by itself when its time has come."""
        if answer.error:
            return
        reported = (answer.payload or {}).get("batchItemFailures", [])
        failed = {failure["itemIdentifier"] for failure in reported}
        for id in ids:
            if id not in failed:
                self.delete(id)


@dataclass(frozen=True)
class Rule:
    """What of the bus goes to a queue; no types means everything of Settle's."""

    queue: Queue
    source: str = ""
    types: frozenset[str] = frozenset()

    def wants(self, event: Envelope) -> bool:
        if not self.source:
            return event.source.startswith("settle.")
        return event.source == f"settle.{self.source}" and event.type in self.types


class Bus:
    """EventBridge: keeps what was put, in order, and hands it to whoever wants it."""

    def __init__(self, engine: Engine, weather: Weather) -> None:
        self.engine, self.weather = engine, weather
        self.rules: list[Rule] = []
        self.published: list[Envelope] = []

    def put(self, entry: Mapping[str, Any]) -> dict[str, str]:
        event = Envelope.model_validate_json(entry["Detail"])
        assert (entry["Source"], entry["DetailType"]) == (event.source, event.type)
        self.published.append(event)
        self.hand_out(event)
        return {"EventId": event.id}

    def hand_out(self, event: Envelope) -> None:
        """Also what a replay of the archive does."""
        body = f'{{"detail": {event.model_dump_json()}}}'
        for rule in self.rules:
            if rule.wants(event):
                for delay in self.weather.deliveries():
                    self.engine.after(delay, partial(rule.queue.put, body))


@dataclass
class Shard:
    """A part of a table's stream. A batch that fails comes again, in halves, and holds up what follows it."""

    engine: Engine
    weather: Weather
    functions: Functions
    service: str
    lost: Queue
    records: list[Any] = field(default_factory=list)
    busy: bool = False

    def add(self, record: Any) -> None:
        self.records.append(record)
        self.engine.after(self.weather.delay(), self._poll)

    def _poll(self) -> None:
        if self.busy or not self.records:
            return
        self.busy = True
        size = self.weather.batch(min(len(self.records), MOST_RECORDS))
        batch, self.records = self.records[:size], self.records[size:]
        self._try([batch], 0)

    def _try(self, batches: list[list[Any]], attempts: int) -> None:
        if not batches:
            self.busy = False
            self._poll()
            return
        self.functions.invoke(
            "kernel.triggers.relay.handler",
            {"Records": batches[0]},
            service=self.service,
            heard=lambda answer: self._answered(batches, attempts, answer),
        )

    def _answered(self, batches: list[list[Any]], attempts: int, answer: Answer) -> None:
        batch, rest = batches[0], batches[1:]
        if not answer.error:
            self._try(rest, 0)
        elif attempts >= RETRIES or self.engine.now - batch[0]["at"] > OLDEST:
            self._give_up(batch)
            self._try(rest, 0)
        else:
            middle = len(batch) // 2
            halves = [batch[:middle], batch[middle:]] if middle else [batch]
            wait = min(60.0, 2.0**attempts)
            self.engine.after(wait, partial(self._try, [*halves, *rest], attempts + 1))

    def _give_up(self, batch: list[Any]) -> None:
        first, last = (batch[place]["at"].isoformat() for place in (0, -1))
        info = {"approximateArrivalOfFirstRecord": first, "approximateArrivalOfLastRecord": last}
        self.lost.put(json.dumps({"DDBStreamBatchInfo": info}))


class Streams:
    """Each table's changes, to its relay; what that gives up on goes to the queue of its republisher."""

    def __init__(
        self, engine: Engine, weather: Weather, functions: Functions, *, lost: Mapping[str, Queue]
    ) -> None:
        self.engine, self.weather, self.functions, self.lost = engine, weather, functions, lost
        self.shards: dict[tuple[str, int], Shard] = {}

    def changed(self, table: str, key: Any, old: Any, new: Any) -> None:
        service = table.removesuffix("-table")
        if service not in self.lost or not _is_outbox(old, new):
            return
        shard = zlib.crc32(json.dumps(key, sort_keys=True).encode()) % self.weather.shards
        record = {"eventName": "INSERT", "dynamodb": {"Keys": key, "NewImage": new}, "at": self.engine.now}
        self._shard(service, shard).add(record)

    def _shard(self, service: str, number: int) -> Shard:
        if (service, number) not in self.shards:
            lost = self.lost[service]
            self.shards[service, number] = Shard(self.engine, self.weather, self.functions, service, lost)
        return self.shards[service, number]


def _is_outbox(old: Any, new: Any) -> bool:
    """The mapping's filter."""
    return old is None and new is not None and new.get("kind") == {"S": "outbox"}


def letters(queues: Iterable[Queue]) -> list[Message]:
    return [message for queue in queues if queue.dead for message in queue.dead.messages]
