"""Tells one order's story from every source that knows the order: `make trace ORDER=<id>`.

Notes at the end say what is missing, such as a history that has expired or a log without lines.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kernel.events import Envelope
from ops import timeline
from ops.deployment import Deployment, here
from ops.evidence import Item
from ops.timeline import Moment

RECORDS = {"orders": "order", "inventory": "reservation", "payments": "payment"}
MARGIN = timedelta(minutes=1)


@dataclass
class Trace:
    """The moments that were found about one order, and notes about what is missing."""

    deployment: Deployment
    order_id: str
    moments: list[Moment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def gather(self) -> list[str]:
        """The lines of the order's story."""
        tables = self.deployment.tables()
        records = {
            service: self.deployment.load(tables[service], {"pk": f"{kind}#{self.order_id}", "sk": kind})
            for service, kind in RECORDS.items()
        }
        if not records["orders"]:
            return [f"There is no order {self.order_id} in {self.deployment.name}."]
        events = self._events(tables, records)
        reasons = self.deployment.query(tables["orders"], f"intervention#{self.order_id}")
        self.moments += timeline.of_reasons(reasons)
        self._try("executions", lambda: self._executions(records["orders"], events))
        self._try("logs", lambda: self._logs(events))
        return timeline.render(self.moments, self.notes)

    def _try(self, source: str, read: Callable[[], None]) -> None:
        """Reads a source. If that fails, a note says so, and the rest of the story is told."""
        try:
            read()
        except (ClientError, BotoCoreError) as error:
            self.notes.append(f"No {source}: {error}")

    def _events(self, tables: Mapping[str, str], records: Mapping[str, Item]) -> list[Envelope]:
        """The order's events in the journal, and those in outboxes that have not reached the journal yet."""
        rows = self.deployment.query(tables["storefront"], f"journal#{self.order_id}")
        events = [Envelope.model_validate_json(row["event"]) for row in rows]
        self.moments += timeline.of_events(events, "journal")
        for service, kind in RECORDS.items():
            subject = f"{kind}/{self.order_id}"
            known = {event.sequence for event in events if event.subject == subject}
            if records[service].get("sequence", 0) > len(known):
                late = list(self._late(tables[service], subject, known))
                self.moments += timeline.of_events(late, "outbox")
                events += late
                self.notes.append(f"Of {subject}, {len(late)} events are not in the journal yet.")
        return sorted(events, key=lambda event: event.time)

    def _late(self, table: str, subject: str, known: set[int]) -> Iterator[Envelope]:
        """Finds a subject's rows by a scan, since a row's partition is the minute of its commit."""
        rows = self.deployment.scan(
            table,
            FilterExpression="begins_with(sk, :subject)",
            ExpressionAttributeValues={":subject": {"S": f"{subject}#"}},
        )
        for row in rows:
            found = map(Envelope.model_validate_json, row["events"])
            yield from (event for event in found if event.sequence not in known)

    def _executions(self, order: Item, events: Sequence[Envelope]) -> None:
        """The histories of the executions, by every name that one may have had."""
        saga = self.deployment.outputs("CheckoutSagaArn")["checkout"]
        repair = self.deployment.outputs("CheckoutRepairArn")["checkout"]
        later = range(2, order.get("runs", 1) + 1)
        resumed = [event.data["resumption"] for event in events if event.type == "OrderResumed"]
        undone = ["r", *(f"r-f{run}" for run in later), *(f"r{run}" for run in later), *resumed]
        if self.deployment.outputs("CheckoutSagaKind")["checkout"] == "STANDARD":
            for run in ("", *(f"-f{run}" for run in later)):
                self._history(saga, self.order_id + run, f"saga{run}")
            if not any(moment.source.startswith("saga") for moment in self.moments):
                self.notes.append("No saga: it was never started, or ended over 90 days ago.")
        else:
            self.notes.append("An Express saga keeps no history: events and logs tell of its steps.")
        for which in undone:
            self._history(repair, f"{self.order_id}-{which}", f"repair {which[:8]}")

    def _history(self, machine: str, name: str, called: str) -> None:
        """The history of that execution, if there was one within the last 90 days."""
        execution = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        pages = self.deployment.client("stepfunctions").get_paginator("get_execution_history")
        try:
            events = [event for page in pages.paginate(executionArn=execution) for event in page["events"]]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
        else:
            self.moments += timeline.of_history(events, called)

    def _logs(self, events: Sequence[Envelope]) -> None:
        """Log lines with the order's id, and those of APIs about the requests that caused its events."""
        causes = {event.causationid for event in events if event.causationid.startswith("http/")}
        requests = [cause.removeprefix("http/") for cause in sorted(causes)]
        since = int((events[0].time - MARGIN).timestamp() * 1000) if events else 0
        groups = self.deployment.resources("AWS::Logs::LogGroup")
        of_apis = set(self.deployment.outputs("ApiLog").values())
        for group in groups:
            for term in [self.order_id, *(requests if group in of_apis else ())]:
                self.moments += timeline.of_logs(self._lines(group, term, since), term)
        if not any(moment.source.startswith("log") for moment in self.moments):
            self.notes.append(f"No line in {len(groups)} logs: they are kept for 30 days.")

    def _lines(self, group: str, term: str, since: int) -> Iterator[Mapping[str, Any]]:
        pages = self.deployment.client("logs").get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=group, filterPattern=f'"{term}"', startTime=since):
            yield from page["events"]


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or not arguments[0]:
        print("make trace ORDER=<order id>")
        return 2
    deployment = here()
    print(f"Order {arguments[0]} in {deployment.name}\n")
    print(*Trace(deployment, arguments[0]).gather(), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
