"""One order's timeline: its events, the steps of its executions and its log lines, merged by time."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kernel.events import Envelope

EVENT_FIELDS = ("reason", "stuck", "to", "by", "resumption", "resolution")
LOG_FIELDS = ("method", "route", "status", "reason", "rows", "events", "failed", "milliseconds")
LONGEST = 200


@dataclass(frozen=True)
class Moment:
    """One thing that happened, and the source that says so."""

    time: datetime
    source: str
    what: str


def of_events(events: Iterable[Envelope], source: str) -> list[Moment]:
    """A moment for each event of the order. `source` says where the events were found."""
    return [Moment(event.time, source, _event(event)) for event in events]


def of_reasons(rows: Iterable[Mapping[str, Any]]) -> list[Moment]:
    """A moment for each reason that an operator typed to resume or resolve the order: a row of orders."""
    return [
        Moment(datetime.fromisoformat(row["at"]), "reason", f"{row['id']} by {row['by']}: {row['because']}")
        for row in rows
    ]


def of_history(events: Iterable[Mapping[str, Any]], execution: str) -> list[Moment]:
    """The states of an execution with every attempt (Step Functions' GetExecutionHistory).

    Errors are told by name. Inputs, outputs and causes are left out.
    """
    return [Moment(event["timestamp"], execution, what) for event, what in _states(events)]


def _states(events: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str]]:
    state, attempt = "", 0
    for event in sorted(events, key=lambda one: one["id"]):
        kind = event["type"]
        if kind.startswith("Execution"):
            yield event, _ended(kind, _error(event))
        elif kind.endswith("StateEntered"):
            state, attempt = event["stateEnteredEventDetails"]["name"], 0
        elif kind in ("LambdaFunctionScheduled", "TaskScheduled"):
            attempt += 1
            yield event, f"{state}: attempt {attempt}"
        elif kind.endswith(("Failed", "TimedOut")):
            yield event, f"{state}: {_error(event) or kind}"
        elif kind in ("LambdaFunctionSucceeded", "TaskSucceeded"):
            yield event, f"{state}: done"


def _ended(kind: str, error: str) -> str:
    said = kind.removeprefix("Execution").lower()
    return f"execution {said}: {error}" if error else f"execution {said}"


def _error(event: Mapping[str, Any]) -> str:
    details = [value for name, value in event.items() if name.endswith("EventDetails")]
    return next((str(each["error"]) for each in details if each.get("error")), "")


def of_logs(lines: Iterable[Mapping[str, Any]], term: str) -> list[Moment]:
    """A moment for each log line (CloudWatch's FilterLogEvents) that contains the term."""
    return [
        Moment(datetime.fromtimestamp(line["timestamp"] / 1000, UTC), *_line(line["message"]))
        for line in lines
        if term in line["message"]
    ]


def _line(text: str) -> tuple[str, str]:
    """Source and text of a log line, from the fields that `kernel.triggers.observability` writes."""
    try:
        document = json.loads(text)
        said = document["message"]
        named = [f"{name}={said[name]}" for name in LOG_FIELDS if name in said]
        what = " ".join([f"{said['invocation']}: {said['outcome']}", *named])
        return f"log {document['service']}", what[:LONGEST]
    except (ValueError, LookupError, TypeError):
        return "log", " ".join(text.split())[:LONGEST]


def _event(event: Envelope) -> str:
    told = [f"{name}={event.data[name]}" for name in EVENT_FIELDS if event.data.get(name)]
    return " ".join([f"{event.subject.partition('/')[0]} {event.sequence}: {event.type}", *told])


def render(moments: Iterable[Moment], notes: Sequence[str]) -> list[str]:
    """The moments in order of time, each with the gap to the moment before, and then the notes.

    Moments of the same time stay in the order of their source.
    """
    told = sorted(moments, key=lambda moment: moment.time)
    width = max((len(moment.source) for moment in told), default=0)
    before = [told[0], *told] if told else []
    lines = [
        f"{moment.time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
        + f"  {_gap(moment, earlier):>10}  {moment.source:<{width}}  {moment.what}"
        for moment, earlier in zip(told, before, strict=False)
    ]
    return [*lines, *(["", *notes] if notes else [])]


def _gap(moment: Moment, earlier: Moment) -> str:
    return f"+{(moment.time - earlier.time).total_seconds():.3f} s"
