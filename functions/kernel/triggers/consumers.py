"""Events in: an SQS batch becomes one call per event, and only the events that failed come back."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from kernel.errors import UnexpectedEvent
from kernel.events import Envelope, read
from kernel.triggers.observability import describe, invocation

Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True)
class Consumer:
    """A Lambda handler and its declaration: the service whose events it reads, their types, their shape.

    An empty `of` stands for every service; `types` and `reads` are empty then too.
    When the reaction to an event raises, that event is reported as failed. The queue delivers it again,
    and in the end moves it to the dead-letter queue. The other events of the batch are done.
    """

    react: Callable[[Envelope], None]
    of: str = ""
    types: Sequence[str] = ()
    reads: type[BaseModel] | None = None

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        failed = {}
        with invocation(self.react.__module__, events=len(event["Records"])) as line:
            for record in event["Records"]:
                try:
                    envelope = Envelope.model_validate(json.loads(record["body"])["detail"])
                    line.setdefault("correlations", []).append(envelope.correlationid)
                    self.react(envelope)
                except Exception as error:
                    failed[record["messageId"]] = describe(error)
            if failed:
                line |= {"outcome": "failed", "failed": failed}
        return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}


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


def consumer_of_everything(react: Callable[[Envelope], None]) -> Consumer:
    """Makes a Lambda handler of a reaction to every event of every service."""
    return Consumer(react)
