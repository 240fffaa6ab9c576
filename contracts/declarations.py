"""Finds every declaration in a folder of services, and writes it as plain JSON.

A declaration is an object that a decorator of `kernel.triggers` has made. It stands in its handler's module.
A shape is written as the names of its fields with the names of their types.
"""

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from kernel.events import Event
from kernel.triggers.commands import Command
from kernel.triggers.consumers import Consumer
from kernel.triggers.http import Api, Route
from kernel.triggers.schedules import Scheduled
from kernel.triggers.tasks import Task

Declaration = dict[str, Any]
KINDS = ("routes", "steps", "subscriptions", "schedules", "commands", "events")


def text(functions: Path) -> str:
    """The manifest of the services in the folder. The same declarations give the same text."""
    return json.dumps(manifest(modules(functions)), indent=1, ensure_ascii=False) + "\n"


def manifest(found: Iterator[ModuleType]) -> Mapping[str, list[Declaration]]:
    """Everything that the modules declare, in order of module and name."""
    declared: dict[str, list[Declaration]] = {kind: [] for kind in KINDS}
    for module in found:
        for name, value in sorted(vars(module).items()):
            for kind, entry in _declared(module.__name__, name, value):
                declared[kind].append(entry)
    return declared


def modules(functions: Path) -> Iterator[ModuleType]:
    """Every module of every service, in order of name; the kernel declares nothing."""
    for path in sorted(functions.glob("*/*.py")):
        if path.parent.name != "kernel" and path.stem != "__init__":
            yield importlib.import_module(f"{path.parent.name}.{path.stem}")


def _declared(module: str, name: str, value: Any) -> Iterator[tuple[str, Declaration]]:
    handler = f"{module}.{name}"
    match value:
        case Api() if name == "handler":
            yield from (("routes", _route(handler, route)) for route in value.routes)
        case Task():
            yield "steps", _step(handler, value)
        case Consumer():
            yield "subscriptions", _subscription(handler, value)
        case Scheduled():
            sharded = {"shards": value.shards} if value.shards else {}
            yield "schedules", {"handler": handler, "minutes": value.minutes, **sharded}
        case type() if value.__module__ != module or not name.isidentifier():
            return  # imported; or a generic class with arguments, which pydantic adds to the module
        case type() if issubclass(value, Event):
            yield "events", _event(module, value)
        case type() if issubclass(value, Command):
            yield "commands", _command(module, value)


def _route(handler: str, route: Route) -> Declaration:
    return {
        "method": route.method,
        "path": re.sub(r"<(\w+)>", r"{\1}", route.path),
        "handler": handler,
        "does": _first_line(route.handle),
        "role": route.role,
        "takes": _shape(route.takes),
        "answers": {str(status): _shape(shape) for status, shape in route.answers.items()},
        "refuses": sorted({refusal.__name__ for refusal in route.refuses} | set(route.relays)),
    }


def _step(handler: str, task: Task) -> Declaration:
    return {
        "name": task.takes.__name__,
        "handler": handler,
        "does": _first_line(task.run),
        "takes": _shape(task.takes),
        "answers": _named(get_type_hints(task.run)["return"]),
        "refuses": sorted(refusal.__name__ for refusal in task.refuses),
    }


def _subscription(handler: str, consumer: Consumer) -> Declaration:
    return {
        "handler": handler,
        "of": consumer.of,
        "types": list(consumer.types),
        "reads": _shape(consumer.reads),
        "batch": consumer.batch,
        "window": consumer.window,
    }


def _event(module: str, event: type[Event]) -> Declaration:
    return {
        "type": event.__name__,
        "of": _service(module),
        "version": event.version,
        "fields": _fields(event),
    }


def _command(module: str, command: type[Command[Any]]) -> Declaration:
    return {
        "name": command.__name__,
        "by": _service(module),
        "of": command.of,
        "variable": command.variable(),
        "asks": _shape(command),
        "answers": _named(command.answers()),
    }


def _shape(shape: Any) -> Declaration | None:
    """A shape's name, and its fields with their types. A field that may be absent has a question mark."""
    return None if shape is None else {"shape": shape.__name__, "fields": _fields(shape)}


def _fields(shape: Any) -> Declaration:
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        return {
            name if field.is_required() else f"{name}?": _named(field.annotation)
            for name, field in shape.model_fields.items()
        }
    optional: frozenset[str] = getattr(shape, "__optional_keys__", frozenset())
    hints = get_type_hints(shape)
    return {f"{name}?" if name in optional else name: _named(hint) for name, hint in hints.items()}


def _named(hint: Any) -> str:
    """A type as the sources write it, without modules and without the notes of `Annotated`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _named(arguments[0])
    if origin in (Union, UnionType):
        return " | ".join(map(_named, arguments))
    if origin is Literal:
        return " | ".join(map(repr, arguments))
    if origin is not None:
        return f"{origin.__name__}[{', '.join(map(_named, arguments))}]"
    return {type(None): "None", Any: "Any", ...: "..."}.get(hint) or str(hint.__name__)


def _first_line(function: Any) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]


def _service(module: str) -> str:
    return module.partition(".")[0]
