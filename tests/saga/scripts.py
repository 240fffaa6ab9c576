"""Scripts for the interpreters of the saga, which are derived from its definitions; and a player.

A script says how each task behaves. Every behaviour of every task has a script that leads to the task by the
shortest way. For every two tasks that one execution can call, every lasting failure of the first is combined
with every lasting failure of the second.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.aws.stepper import Answered, Ended, Failed, Invoke, Wait, run
from tests.support.state_machines import definition, reachable

OTHER, TIMEOUT = "Lambda.Unknown", "States.Timeout"
LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function:"
ORDER = {"order_id": "o-1", "customer_id": "c-1", "lines": [{"sku": "mug", "quantity": 2}]}
# A machine with the defaults and the features that the saga does not use and the stepper supports.
LANGUAGE: dict[str, Any] = {
    "StartAt": "Defaults",
    "States": {
        "Defaults": {
            "Type": "Task",
            "Resource": LAMBDA + "Defaults",
            "Retry": [{"ErrorEquals": ["States.Timeout"]}],
            "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Deep"}],
            "Next": "Deep",
        },
        "Deep": {
            "Type": "Task",
            "Resource": LAMBDA + "Deep",
            "Parameters": {"whole.$": "$", "of": 1},
            "ResultPath": "$.new.deep",
            "Retry": [
                {"ErrorEquals": ["Odd", "States.Timeout"], "IntervalSeconds": 3, "MaxAttempts": 2},
                {"ErrorEquals": ["States.TaskFailed"], "BackoffRate": 1.5, "JitterStrategy": "NONE"},
            ],
            "Catch": [
                {"ErrorEquals": ["States.Timeout"], "ResultPath": None, "Next": "Bare"},
                {"ErrorEquals": ["States.ALL"], "ResultPath": "$.new.error", "Next": "Bare"},
            ],
            "Next": "Nothing",
        },
        "Nothing": {"Type": "Pass", "Next": "Bare"},
        "Bare": {"Type": "Task", "Resource": LAMBDA + "Bare", "ResultPath": "$.bare", "Next": "Done"},
        "Done": {"Type": "Succeed"},
    },
}
# The hand-over as a call of a function: what a player answers is then the same for every task.
SAGA = definition()
SAGA["States"]["HandOver"]["Resource"] = LAMBDA + "HandOver"
MACHINES: dict[str, dict[str, Any]] = {
    "saga": SAGA,
    "repair": definition("CheckoutRepair"),
    "language": LANGUAGE,
}
GIVEN: dict[str, dict[str, Any]] = {
    "saga": {
        **ORDER,
        "total": {"amount": 1},
        "payment_method": "pm",
        "stuck": {},
        "run": 1,
        "repair": "o-1-r",
    },
    "repair": {"order_id": "o-1", "failure": {"Error": "Interrupted", "Cause": ""}, "stuck": {}},
    "language": {"a": "ä"},
}


@dataclass(frozen=True)
class TaskBehaviour:
    """How a task behaves: it fails with each error of `first`, then always with `then`. "" is an answer."""

    first: tuple[str, ...] = ()
    then: str = ""

    def of(self, attempt: int) -> str:
        return self.first[attempt] if attempt < len(self.first) else self.then

    def __str__(self) -> str:
        return f"{'+'.join(self.first)}>{self.then}"


Script = Mapping[str, TaskBehaviour]


def tasks(machine: Mapping[str, Any]) -> list[str]:
    return [name for name, state in machine["States"].items() if state["Type"] == "Task"]


def lasting(state: Mapping[str, Any]) -> list[TaskBehaviour]:
    """The failures that no retry helps against: each error that the state names, another one, a timeout."""
    rules = [*state.get("Retry", []), *state.get("Catch", [])]
    named = [name for rule in rules for name in rule["ErrorEquals"] if not name.startswith("States.")]
    return [TaskBehaviour(then=name) for name in dict.fromkeys([*named, OTHER, TIMEOUT])]


def behaviours(state: Mapping[str, Any]) -> list[TaskBehaviour]:
    """Lasting failures, with and without another error before; and failures that a retry helps against."""
    failures = lasting(state)
    most = max((rule.get("MaxAttempts", 3) for rule in state.get("Retry", [])), default=0)
    return [
        *failures,
        *(TaskBehaviour((OTHER,), failure.then) for failure in failures[:-2]),
        *(TaskBehaviour((name,) * times) for name in (OTHER, TIMEOUT) for times in dict.fromkeys([1, most])),
        TaskBehaviour((OTHER, TIMEOUT) * 2, ""),
        TaskBehaviour((TIMEOUT, OTHER) * 9, ""),
    ]


def following(state: Mapping[str, Any], behaviour: TaskBehaviour) -> str | None:
    """The state that follows an answer or a lasting failure."""
    if not behaviour.then:
        return state.get("Next")
    wild = {"States.ALL"} if behaviour.then == TIMEOUT else {"States.ALL", "States.TaskFailed"}
    catchers = [c for c in state.get("Catch", []) if {behaviour.then, *wild} & set(c["ErrorEquals"])]
    return catchers[0]["Next"] if catchers else None


def ways(machine: Mapping[str, Any]) -> dict[str, dict[str, TaskBehaviour]]:
    """The shortest script that leads to each state."""
    found: dict[str, dict[str, TaskBehaviour]] = {machine["StartAt"]: {}}
    for name in (pending := [machine["StartAt"]]):
        state = machine["States"][name]
        for behaviour in [TaskBehaviour(), *lasting(state)]:
            after = following(state, behaviour)
            if after and after not in found:
                found[after] = found[name] | {name: behaviour}
                pending.append(after)
    return found


def scripts(machine: Mapping[str, Any]) -> list[Script]:
    found: list[Script] = [{}]
    for task, way in ways(machine).items():
        if task not in tasks(machine):
            continue
        state = machine["States"][task]
        found += [way | {task: behaviour} for behaviour in behaviours(state)]
        for failure in lasting(state):
            after = following(state, failure)
            later = [name for name in reachable(machine, after) if name in tasks(machine)] if after else []
            for other in later:
                found += [way | {task: failure, other: more} for more in lasting(machine["States"][other])]
    return found


def label(script: Script) -> str:
    return (
        " ".join(f"{task}:{behaviour}" for task, behaviour in script.items() if behaviour != TaskBehaviour())
        or "happy"
    )


CASES = {f"{name} {label(script)}": (name, script) for name in MACHINES for script in scripts(MACHINES[name])}


# Playing


@dataclass
class Player:
    """Plays a script to either interpreter, and records its calls and its waits."""

    script: Script
    seen: list[tuple[str, Any]] = field(default_factory=list)

    def called(self, resource: str, payload: Any) -> str:
        task = resource.rpartition(":")[2]
        attempt = sum(name == task for name, _ in self.seen)
        self.seen.append((task, payload))
        return self.script.get(task, TaskBehaviour()).of(attempt)

    def waits(self, seconds: float) -> None:
        self.seen.append(("wait", seconds))


def stepped(machine: Mapping[str, Any], given: Any, player: Player, *, start: str = "") -> Ended:
    execution = run(machine, given, jitter=lambda longest: longest / 2, start=start)
    sent: Answered | Failed | None = None
    try:
        while True:
            match execution.send(sent):
                case Wait(seconds):
                    player.waits(seconds)
                    sent = None
                case Invoke(_, resource, payload):
                    error = player.called(resource, payload)
                    sent = Failed(error, cause(error)) if error else Answered({"from": resource})
    except StopIteration as end:
        return end.value


def cause(error: str) -> str:
    told = json.dumps({"errorType": error, "errorMessage": "told"}, separators=(",", ":"))
    return "" if error == TIMEOUT else told
