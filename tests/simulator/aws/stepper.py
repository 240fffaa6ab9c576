"""A small interpreter of the Amazon States Language: as much of it as the saga's file uses, and no more.

An execution is a generator. It yields every call and every wait, is sent what came of it, and returns
how it ended; so time, functions and chance belong to whoever drives it. What the interpreter does not
know it refuses at the start. `tests/saga/test_stepper.py` holds it to moto's interpreter.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

DATA_LIMIT = 256 * 1024
# Neither can be retried or caught by States.ALL, nor by a name that `run` would accept.
RUNTIME, DATA_LIMIT_EXCEEDED = "States.Runtime", "States.DataLimitExceeded"
TERMINAL = {RUNTIME, DATA_LIMIT_EXCEEDED}
KNOWN_ERRORS = {"States.ALL", "States.TaskFailed", "States.Timeout"}
START_EXECUTION = "arn:aws:states:::states:startExecution"
PATH = re.compile(r"\$(\.[A-Za-z_]\w*)*")
FIELDS = {
    "Task": {"Type", "Comment", "Next", "End", "Resource", "Parameters", "ResultPath"}
    | {"TimeoutSeconds", "Retry", "Catch"},
    "Pass": {"Type", "Comment", "Next", "End"},
    "Succeed": {"Type", "Comment"},
    "Fail": {"Type", "Comment", "Error", "Cause"},
    "machine": {"Comment", "StartAt", "TimeoutSeconds", "States"},
    "Retry": {"ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds"}
    | {"JitterStrategy"},
    "Catch": {"ErrorEquals", "ResultPath", "Next"},
}


@dataclass(frozen=True)
class Invoke:
    """Call this function, and give up after `timeout` seconds."""

    state: str
    resource: str
    payload: Any
    timeout: float

    @property
    def starts_execution(self) -> bool:
        return self.resource == START_EXECUTION

    def named(self, code: str) -> str:
        """The error's name, when the call itself fails with that code."""
        return f"StepFunctions.{code}Exception" if self.starts_execution else f"Lambda.{code}"


@dataclass(frozen=True)
class Wait:
    """Let time pass before a retry."""

    seconds: float


@dataclass(frozen=True)
class Answered:
    """What a function answered."""

    output: Any


@dataclass(frozen=True)
class Failed:
    """Why a call has no answer, by the name that Step Functions gives to it."""

    error: str
    cause: str = ""


@dataclass(frozen=True)
class Ended:
    """How the execution ended, and in which state, entered with what: a redrive goes on from there."""

    status: Literal["SUCCEEDED", "FAILED"]
    output: Any = None
    error: str = ""
    cause: str = ""
    state: str = ""
    given: Any = None


Execution = Generator[Invoke | Wait, Answered | Failed | None, Ended]
Jitter = Callable[[float], float]


class _Unhandled(Exception):
    """Ends the execution."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error)
        self.error, self.cause = error, cause


def run(definition: Mapping[str, Any], given: Any, *, jitter: Jitter, start: str = "") -> Execution:
    """One execution, from `start` where that is given. `jitter` picks a wait up to the longest one."""
    _know("machine", definition)
    for state in definition["States"].values():
        _know_state(state)
    return _execution(definition, given, jitter=jitter, start=start or definition["StartAt"])


def _execution(definition: Mapping[str, Any], given: Any, *, jitter: Jitter, start: str) -> Execution:
    name = start
    while True:
        state = definition["States"][name]
        output, following = given, state.get("Next")
        try:
            if state["Type"] == "Fail":
                raise _Unhandled(state.get("Error", ""), state.get("Cause", ""))
            if state["Type"] == "Task":
                output, following = yield from _task(name, state, _limited(given), jitter)
        except _Unhandled as end:
            return Ended("FAILED", error=end.error, cause=end.cause, state=name, given=given)
        if not following:
            return Ended("SUCCEEDED", output, state=name, given=given)
        name, given = following, output


def _task(
    name: str, state: Mapping[str, Any], given: Any, jitter: Jitter
) -> Generator[Invoke | Wait, Answered | Failed | None, tuple[Any, str | None]]:
    """The state's output and the next state, if any."""
    payload = _payload(state, given)
    retries: Counter[int] = Counter()
    while True:
        invoke = Invoke(name, state["Resource"], _limited(payload), state.get("TimeoutSeconds", inf))
        match (yield invoke):
            case Answered(output):
                return _placed(state, given, _limited(output)), state.get("Next")
            case Failed() as failed:
                wait = _wait(state, failed.error, retries, jitter)
                if wait is None:
                    return _caught(state, given, failed)
                yield Wait(wait)
            case unknown:
                raise TypeError(f"a call was answered with {unknown!r}")


def _wait(state: Mapping[str, Any], error: str, retries: Counter[int], jitter: Jitter) -> float | None:
    """Seconds until the next attempt; None if there is none. Each retrier counts its own attempts."""
    for index, retrier in enumerate(state.get("Retry", [])):
        if not _matches(retrier, error):
            continue
        before = retries[index]
        if before >= retrier.get("MaxAttempts", 3):
            return None
        retries[index] += 1
        growing = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** before
        longest: float = min(growing, retrier.get("MaxDelaySeconds", inf))
        return jitter(longest) if retrier.get("JitterStrategy") == "FULL" else longest
    return None


def _caught(state: Mapping[str, Any], given: Any, failed: Failed) -> tuple[Any, str]:
    for catcher in state.get("Catch", []):
        if _matches(catcher, failed.error):
            reported = {"Error": failed.error, "Cause": failed.cause}
            return _placed(catcher, given, reported), catcher["Next"]
    raise _Unhandled(failed.error, failed.cause)


def _matches(rule: Mapping[str, Any], error: str) -> bool:
    names = rule["ErrorEquals"]
    if error in TERMINAL:
        return False
    return (
        error in names
        or "States.ALL" in names
        or ("States.TaskFailed" in names and error != "States.Timeout")
    )


# Data


def _payload(state: Mapping[str, Any], given: Any) -> Any:
    return _filled(state["Parameters"], given) if "Parameters" in state else given


def _filled(template: Any, given: Any) -> Any:
    if not isinstance(template, dict):
        return template
    return {
        key.removesuffix(".$"): _found(value, given) if key.endswith(".$") else _filled(value, given)
        for key, value in template.items()
    }


def _found(path: str, given: Any) -> Any:
    value = given
    for key in path.split(".")[1:]:
        if not isinstance(value, dict) or key not in value:
            raise _Unhandled(
                RUNTIME, f"The JSONPath '{path}' could not be found in the input '{_text(given)}'"
            )
        value = value[key]
    return value


def _placed(rule: Mapping[str, Any], given: Any, result: Any) -> Any:
    """The input with the result where `ResultPath` says, creating what is missing on the way there."""
    path = rule.get("ResultPath", "$")
    if path is None:
        return given
    whole = {"$": json.loads(_text(given))}
    place, (*way, last) = whole, path.split(".")
    for key in way:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise NotImplementedError(f"ResultPath {path} leads through what is not an object")
    place[last] = result
    return _limited(whole["$"])


def _limited(value: Any) -> Any:
    """A copy, as JSON makes one, so that no function can change what the execution holds."""
    text = _text(value)
    if len(text.encode()) > DATA_LIMIT:
        raise _Unhandled(DATA_LIMIT_EXCEEDED, f"more than {DATA_LIMIT} bytes")
    return json.loads(text)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# What is refused


def _know_state(state: Mapping[str, Any]) -> None:
    _know(state["Type"], state)
    for kind in ("Retry", "Catch"):
        for rule in state.get(kind, []):
            _know(kind, rule)
            _all_known("error", KNOWN_ERRORS, (e for e in rule["ErrorEquals"] if e.startswith("States.")))
            _know_path(rule.get("ResultPath"))
            _all_known("JitterStrategy", {"FULL", "NONE"}, [rule.get("JitterStrategy", "NONE")])
    _know_template(state.get("Parameters", {}))
    _know_path(state.get("ResultPath"))
    resource = state.get("Resource", "")
    if resource.startswith("arn:") and not resource.startswith(("arn:aws:lambda:", START_EXECUTION)):
        raise NotImplementedError(f"Resource {resource}")


def _know_template(template: Mapping[str, Any]) -> None:
    for key, value in template.items():
        if key.endswith(".$"):
            _know_path(value)
        elif isinstance(value, dict):
            _know_template(value)
        elif isinstance(value, list):
            raise NotImplementedError(f"a list in Parameters: {key}")


def _know(kind: str, fields: Iterable[str]) -> None:
    _all_known("type of state", FIELDS, [kind])
    _all_known(f"field of {kind}", FIELDS[kind], fields)


def _know_path(path: str | None) -> None:
    if path is not None and not PATH.fullmatch(path):
        raise NotImplementedError(f"path {path}")


def _all_known(what: str, known: Iterable[str], found: Iterable[str]) -> None:
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise NotImplementedError(f"{what}: {', '.join(unknown)}")
