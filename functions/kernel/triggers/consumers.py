"""Events in: an SQS batch becomes one call per event, and only those that failed come back."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from kernel.events import Envelope
from kernel.triggers.observability import describe, invocation

Reaction = Callable[[Envelope], None]
Handler = Callable[[Mapping[str, Any], object], dict[str, Any]]


def consumer(react: Reaction) -> Handler:
    """Makes a Lambda handler of `react`, which may see an event twice and in any order.

    An event whose reaction raises is reported as failed and delivered again until the queue gives it
    to its dead-letter queue. The others of its batch are done.
    """

    def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
        failed = {}
        with invocation(react.__module__, events=len(event["Records"])) as line:
            for record in event["Records"]:
                try:
                    envelope = Envelope.model_validate(json.loads(record["body"])["detail"])
                    line.setdefault("correlations", []).append(envelope.correlationid)
                    react(envelope)
                except Exception as error:
                    failed[record["messageId"]] = describe(error)
            if failed:
                line |= {"outcome": "failed", "failed": failed}
        return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}

    return handler
