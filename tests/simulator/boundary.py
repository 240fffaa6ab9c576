"""The one place where code under test leaves its process: every call of AWS or of the card processor."""

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.simulator.engine import Engine, Killed
from tests.simulator.faults import kinds as faults
from tests.simulator.faults.kinds import Call, Fate, Kind

Effect = Callable[[], Any]


class Boundary:
    """Carries calls out as their fate wants. Before it is armed, every call goes well.

    `number` is that of the last call since it was armed. A call takes `latency()` seconds, in which other
    processes run.
    """

    def __init__(self, engine: Engine, fate: Fate, *, latency: Callable[[], float]) -> None:
        self.engine = engine
        self.fate = fate
        self.latency = latency
        self.armed = False
        self.number = 0

    def call(
        self, service: str, operation: str, effect: Effect, *, parts: int = 1, partly: Effect | None = None
    ) -> Any:
        """What `effect` answers or raises, unless the call has another fate.

        `parts` is how many items a transaction has, `partly` does some of what was asked and says which.
        """
        process = self.engine.running
        if process is None:
            return effect()
        self.engine.sleep(self.latency())
        if not self.armed:
            return effect()
        self.number += 1
        call = Call(self.number, process.name, service, operation)
        kind = self.fate(call)
        if operation in process.memory.get("throttled", ()):
            raise faults.throttled(call)
        if kind is None:
            return effect()
        return self._ill_fated(call, kind, effect, parts=parts, partly=partly)

    def _ill_fated(self, call: Call, kind: Kind, effect: Effect, *, parts: int, partly: Effect | None) -> Any:
        match kind:
            case Kind.HESITANT | Kind.SLOW | Kind.VERY_SLOW:
                self.engine.sleep(faults.LASTS[kind])
                return effect()
            case Kind.RESENT:
                self._unheard(effect)
                return effect()
            case Kind.PARTIAL:
                assert partly is not None
                return partly()
            case Kind.LOST | Kind.KILLED_AFTER:
                self._unheard(effect)
            case Kind.DELAYED:
                self.engine.after(faults.DELAY, partial(self._arrive, call, effect))
        return self._fail(call, kind, parts)

    @staticmethod
    def _unheard(effect: Effect) -> None:
        """The effect, if it has one; nobody hears what it answered."""
        try:
            effect()
        except Exception:  # noqa: BLE001 - a refusal is an answer too
            return

    def _arrive(self, call: Call, effect: Effect) -> None:
        """A request that was on its way when its sender gave it up."""
        body = partial(self._unheard, effect)
        self.engine.spawn(body, name=f"late {call}", environment={}, ended=lambda outcome: None)

    def _fail(self, call: Call, kind: Kind, parts: int) -> Any:
        process = self.engine.running
        assert process is not None
        match kind:
            case Kind.REFUSED:
                raise faults.refused(call)
            case Kind.LOST | Kind.DELAYED:
                raise faults.lost(call)
            case Kind.CONFLICT:
                raise faults.conflicting(call, parts)
            case Kind.THROTTLED:
                process.memory.setdefault("throttled", set()).add(call.operation)
                raise faults.throttled(call)
            case _:
                process.dead = True
                raise Killed
