"""Lambda: handlers run as processes with their service's environment, and an answer is given once."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.simulator.engine import Engine, Killed, Outcome
from tests.support.wiring import DEFAULT_TIMEOUT

TIMED_OUT = "Sandbox.Timedout"
REFUSED_AFTER = 0.05  # seconds


@dataclass(frozen=True)
class Answer:
    """What a function answered; with `error`, that name of what it raised."""

    payload: Any = None
    error: str = ""


Heard = Callable[[Answer], None]


def function(handler: str) -> Callable[[Any, object], Any]:
    module, _, name = handler.rpartition(".")
    return getattr(importlib.import_module(module), name)


class Functions:
    """`commands` maps a function's name to its handler, `timeouts` a handler to the seconds it may run.

    `environment` is what a service's functions see.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        commands: Mapping[str, str],
        environment: Callable[[str], Mapping[str, str]],
        timeouts: Mapping[str, float],
    ) -> None:
        self.engine, self.commands, self.environment = engine, commands, environment
        self.timeouts = timeouts
        self.outages: dict[str, str] = {}  # the error of each function that cannot start; "" is any function
        self.invoked: Callable[[str, Any], None] | None = None  # hears of each invocation

    def timeout(self, handler: str) -> float:
        return self.timeouts.get(handler, DEFAULT_TIMEOUT)

    def invoke(self, handler: str, event: Any, *, heard: Heard, service: str = "") -> None:
        """Runs it soon. `heard` hears its answer, or that its time was up; it goes on all the same."""
        owner = service or handler.partition(".")[0]
        name = f"{owner}:{handler}" if service else handler
        told: list[Answer] = []
        if self.invoked:
            self.invoked(name, event)

        def tell(answer: Answer) -> None:
            if not told:
                told.append(answer)
                self.engine.cancel(alarm)
                heard(answer)

        error = self.outages.get(handler) or self.outages.get("")
        if error:
            self.engine.after(REFUSED_AFTER, partial(heard, _failed(error, "")))
            return
        alarm = self.engine.after(self.timeout(handler), lambda: tell(_failed(TIMED_OUT, "Task timed out")))
        self.engine.spawn(
            lambda: function(handler)(event, None),
            name=name,
            environment=self.environment(owner),
            ended=lambda outcome: tell(_answer(outcome)),
        )

    def ask(self, name: str, payload: Any, *, patience: float) -> Answer:
        """The answer to a synchronous invocation by the running process. Raises Timeout."""
        handler = self.commands[name]

        def start(ended: Callable[[Outcome], None]) -> None:
            self.invoke(handler, payload, heard=lambda answer: ended(Outcome(answer)))

        answer: Answer = self.engine.wait(start, timeout=patience)
        return answer


def _answer(outcome: Outcome) -> Answer:
    """As Lambda's runtime client has it: an error is named by its class."""
    match outcome.error:
        case None:
            return Answer(outcome.value)
        case Killed():
            return _failed("Runtime.ExitError", "")
        case error:
            return _failed(type(error).__name__, str(error))


def _failed(error: str, message: str) -> Answer:
    return Answer({"errorType": error, "errorMessage": message}, error)
