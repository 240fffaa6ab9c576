"""Events, their envelope (with the attribute names of CloudEvents 1.0), and decisions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from kernel import identity

State = TypeVar("State")
Shape = TypeVar("Shape", bound=BaseModel)


class Event(BaseModel):
    """A fact that a service publishes: the class name is the event's type, the fields are its data.

    A released version never changes. A new version raises `version`, and can still read the old sample.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: ClassVar[int] = 1


@dataclass(frozen=True)
class Decision(Generic[State]):
    """The answer of a domain function: the new state of a record, and the facts that lead to it.

    A decision without facts means "already so": nothing is written, and the same answer is given again. Only
    with `unpublished` is a state written without facts: the state is new, and concerns no other service.
    """

    state: State
    facts: tuple[Event, ...] = ()
    unpublished: bool = False

    @property
    def is_new(self) -> bool:
        """Whether there is something to write."""
        return self.unpublished or bool(self.facts)


class Envelope(BaseModel):
    """One event on its way: `source` is the service that publishes it, `subject` the aggregate it is about.

    `sequence` is the event's number among those of `subject`, from 1 without gaps. `correlationid` is the
    same for all events that one order sets off. `causationid` names what led to the event: a request, a
    step or another event.
    Spec: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
    """

    model_config = ConfigDict(frozen=True)
    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataversion: int
    sequence: int
    correlationid: str
    causationid: str
    data: dict[str, Any]


def read(envelope: Envelope, shape: type[Shape]) -> Shape:
    """The event's data in the reader's own shape. Raises pydantic's ValidationError when it does not fit."""
    return shape.model_validate(envelope.data)


def seal(  # noqa: PLR0913 -- an envelope has that many attributes, each named at the one call
    fact: Event, *, source: str, subject: str, sequence: int, correlation: str, cause: str
) -> Envelope:
    """The fact in its envelope. The event's id follows from source, subject and sequence alone."""
    return Envelope(
        id=identity.derive(source, subject, sequence),
        source=source,
        type=type(fact).__name__,
        subject=subject,
        time=identity.now(),
        dataversion=fact.version,
        sequence=sequence,
        correlationid=correlation,
        causationid=cause,
        data=fact.model_dump(mode="json"),
    )
