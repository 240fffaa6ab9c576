"""A digest of a whole world while nobody is under way: two worlds with the same digest have the same future.

Everything that can be reached from the shop counts, but for what LEFT_OUT names: so whatever is added to a
world counts from its first day. Before all planned faults have happened, equal digests prove nothing.
"""

import pickle
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import blake2b
from io import BytesIO
from typing import Any

from tests.simulator.aws.delivery import Bus, Message, Queue, Shard, Streams
from tests.simulator.aws.dynamo.dynamo import TOKEN_LASTS, Dynamo
from tests.simulator.aws.dynamo.tables import View
from tests.simulator.aws.executions import Execution, Run
from tests.simulator.aws.functions import Functions
from tests.simulator.aws.machines import Machines
from tests.simulator.boundary import Boundary
from tests.simulator.engine import Engine
from tests.simulator.faults.kinds import Planned
from tests.simulator.plays.playing import Troubled
from tests.simulator.settle import interpreter
from tests.simulator.settle.people import SimulatedShop
from tests.simulator.settle.processor import Connections, Merchant
from tests.simulator.settle.world import SimulatedWorld

OURS = "tests.simulator."
TOKEN_OF_THE_SDK = "sdk-"
SEEN = "what a play was seen to do decides nothing"
NUMBERS = "it only tells things apart"
CONSTANT = "it is the same in every world"
WIRING = dict.fromkeys(("engine", "boundary", "weather", "functions"), "the world itself has it")

# What does not decide the future, and why.
LEFT_OUT: Mapping[type, Mapping[str, str]] = {
    Engine: {
        "now": "the next timer sets it before anything reads it; without a timer `_queue` has it",
        "_timers": NUMBERS,
        "_hub": "it belongs to the interpreter",
        "_environment": "it is set again for each process",
        "quiet": "it is whoever wants the digest",
    },
    Boundary: WIRING | {"number": "it tells which call has a planned fault, and all of those have happened"},
    Planned: {"faults": "all of them have happened", "calls": SEEN},
    Troubled: {"hit": SEEN, "minutes": SEEN},
    SimulatedWorld: {
        "logs": "nobody reads them but the verdict, which is to be asked of them as well",
        "metrics": "nobody reads them",
        "changes": NUMBERS,
        "seen": "it remembers what follows from the items",
        "environments": CONSTANT,
        "clients": "they number tokens of the SDK, and have nothing else of their own",
    },
    Functions: WIRING | {"commands": CONSTANT, "timeouts": CONSTANT, "environment": CONSTANT},
    Queue: WIRING | {"_sent": NUMBERS, "consumer": CONSTANT, "most_receives": CONSTANT},
    Shard: WIRING | {"lost": "the world itself has it", "service": "its key tells"},
    Streams: WIRING | {"lost": "the world itself has it"},
    Bus: WIRING | {"rules": CONSTANT},
    Machines: WIRING | {"definitions": CONSTANT},
    Connections: WIRING,
    Merchant: WIRING,
    Message: {
        "id": "only a call that receives or deletes reads it, and a process is under way as long as the call",
        "timer": "it stands in the engine's queue",
    },
    View: {"indexes": "they follow from the items", "entries": "they follow from the items"},
    Execution: {
        "definition": "the machine tells which it is; only storms mix releases, and they have no digest",
        "alarm": "it stands in the engine's queue",
        "calls": SEEN,
    },
    Run: WIRING | {"definition": "the execution has it", "_steps": "they follow from what it heard"},
}


def digest(shop: SimulatedShop) -> bytes:
    """Raises AssertionError while a process is under way."""
    assert not shop.world.engine.is_under_way, "a world has no digest while a process is under way"
    text = BytesIO()
    _Description(text).dump((shop, interpreter.warm()))
    return blake2b(text.getvalue(), digest_size=16).digest()


class _Description(pickle.Pickler):
    """Writes an object of ours by its class and attributes, and where it is met again, by a number."""

    def __init__(self, text: BytesIO) -> None:
        super().__init__(text, pickle.HIGHEST_PROTOCOL)
        self.fast = True  # otherwise equal texts would be written differently when they are one object
        self._met: dict[int, tuple[int, object]] = {}

    def reducer_override(self, thing: Any) -> Any:
        if id(thing) in self._met:
            return int, (self._met[id(thing)][0],)
        if isinstance(thing, type) or not type(thing).__module__.startswith(OURS):
            return NotImplemented
        self._met[id(thing)] = len(self._met), thing
        return list, ([type(thing).__qualname__, _described(thing)],)


def _described(thing: Any) -> dict[str, Any]:
    known = vars(thing) | IN_ORDER.get(type(thing), _as_it_is)(thing)
    return {name: value for name, value in known.items() if name not in LEFT_OUT.get(type(thing), ())}


def _as_it_is(thing: Any) -> dict[str, Any]:
    return {}


def _counters(world: SimulatedWorld) -> dict[str, Any]:
    return {"counters": world.counters.counting()}


def _queue(engine: Engine) -> dict[str, Any]:
    return {"_queue": engine.waiting() or engine.now}


def _published(bus: Bus) -> dict[str, Any]:
    """An event that was published twice is the same event, and nobody relies on their order."""
    return {"published": sorted({event.model_dump_json() for event in bus.published})}


def _items(view: View) -> dict[str, Any]:
    return {"items": sorted(view.items.items())}


def _tokens(dynamo: Dynamo) -> dict[str, Any]:
    """A token of the SDK's own is sent again by nobody, once the call that it was made for is over."""
    return {"_tokens": [known for known in sorted(dynamo._tokens.items()) if _counts(dynamo._now(), *known)]}


def _counts(now: datetime, token: str, known: tuple[str, datetime]) -> bool:
    return not token.startswith(TOKEN_OF_THE_SDK) and now - known[1] < TOKEN_LASTS


# What is described otherwise than it is kept, so that the same content is written in the same way.
IN_ORDER: Mapping[type, Callable[[Any], dict[str, Any]]] = {
    Engine: _queue,
    SimulatedWorld: _counters,
    Bus: _published,
    View: _items,
    Dynamo: _tokens,
}
