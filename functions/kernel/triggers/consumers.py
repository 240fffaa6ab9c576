"""Events in: an SQS batch becomes one call per event, and only the events that failed come back."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from kernel.errors import UnexpectedEvent
from kernel.events import Envelope, read
from kernel.triggers.observability import invocation, noted

Shape = TypeVar("Shape", bound=BaseModel)
Failed = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Consumer:
    """A Lambda handler and its declaration: the service whose events it reads, their types, their shape.

    An empty `of` stands for every service; `types` and `reads` are empty then too.
    A batch holds up to `batch` events. Its first event may wait `window` seconds for the others.
    The reaction may name what its event is about. `then` is called once for each name, after the last event.
    When the reaction to an event raises, that event is reported as failed. When `then` raises, all events of
    that name are. The queue delivers them again, and in the end moves them to the dead-letter queue. The
    other events of the batch are done.
    """

    react: Callable[[Envelope], str | None]
    of: str = ""
    types: Sequence[str] = ()
    reads: type[BaseModel] | None = None
    batch: int = 10
    window: int = 0
    then: Callable[[str], None] | None = None

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        failed: Failed = {}
        with invocation(self.react.__module__, events=len(event["Records"])) as line:
            for name, messages in self._named(event["Records"], line, failed).items():
                if self.then:
                    with noted(failed, *messages):
                        self.then(name)
            if failed:
                line |= {"outcome": "failed", "failed": failed}
        return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}

    def _named(
        self, records: Sequence[Mapping[str, Any]], line: dict[str, Any], failed: Failed
    ) -> Mapping[str, Sequence[str]]:
        """Reacts to each event. Returns the names that the reactions gave, with the ids of their messages."""
        named: dict[str, list[str]] = {}
        for record in records:
            with noted(failed, record["messageId"]):
                envelope = Envelope.model_validate(json.loads(record["body"])["detail"])
                line.setdefault("correlations", []).append(envelope.correlationid)
                if name := self.react(envelope):
                    named.setdefault(name, []).append(record["messageId"])
        return named


def consumer(
    *, of: str, types: Sequence[str], reads: type[Shape]
) -> Callable[[Callable[[Envelope, Shape], None]], Consumer]:
    """Makes a Lambda handler of a reaction. The same event may come twice, and events in any order.

    The reaction gets the envelope and its data in the reader's own shape. An event of another type or of
    another service raises UnexpectedEvent, and is never taken for a known event.
    """

    def decorate(react: Callable[[Envelope, Shape], None]) -> Consumer:
        def checked(envelope: Envelope) -> None:
            if envelope.source != f"settle.{of}" or envelope.type not in types:
                raise UnexpectedEvent(source=envelope.source, type=envelope.type)
            react(envelope, read(envelope, reads))

        checked.__module__ = react.__module__
        return Consumer(checked, of, types, reads)

    return decorate


def consumer_of_everything(
    *, batch: int, window: int, then: Callable[[str], None]
) -> Callable[[Callable[[Envelope], str | None]], Consumer]:
    """Makes a Lambda handler of a reaction to every event of every service. The options: see Consumer."""
    return lambda react: Consumer(react, batch=batch, window=window, then=then)
