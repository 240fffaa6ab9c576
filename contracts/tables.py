"""Writes a service's declarations between two marks of its README. The rest of the README stays as it is."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- declared: written by `make contracts` -->", "<!-- end of what is declared -->"
MARKED = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
WIDTH = 118
Declaration = Mapping[str, Any]


def readmes(functions: Path, manifest: str) -> dict[Path, str]:
    """Every README, with its service's declarations between the marks if it has marks."""
    declared: Mapping[str, Sequence[Declaration]] = json.loads(manifest)
    found = {path: path.read_text() for path in sorted(functions.glob("*/README.md"))}
    return {path: _with(_section(path.parent.name, declared), content) for path, content in found.items()}


def _with(section: str, content: str) -> str:
    return MARKED.sub(lambda _: section, content)


def _section(service: str, declared: Mapping[str, Sequence[Declaration]]) -> str:
    parts = {
        "Routes": [_route(route) for route in _of(service, declared["routes"])],
        "Steps and commands": [_step(step) for step in _of(service, declared["steps"])],
        "Reads": [_subscription(each) for each in _of(service, declared["subscriptions"])],
        "Asks": _asked(service, declared["commands"]),
        "Runs": [_schedule(each) for each in _of(service, declared["schedules"])],
        "Publishes": [_event(each) for each in declared["events"] if each["of"] == service],
    }
    lines = [line for title, items in parts.items() if items for line in ("", f"**{title}**", "", *items)]
    return "\n".join([BEGIN, *lines, "", END])


def _of(service: str, entries: Sequence[Declaration]) -> Iterator[Declaration]:
    return (entry for entry in entries if entry["handler"].partition(".")[0] == service)


def _route(route: Declaration) -> str:
    taken = f" Takes {_fields(route['takes'])}." if route["takes"] else ""
    answers = ", ".join(f"{status} {_fields(shape)}" for status, shape in route["answers"].items())
    who = {"any": "anybody with a token", None: "its own check"}.get(route["role"], route["role"])
    about = f"`{route['method']} {route['path']}` ({who}): {route['does']}"
    return _item(f"{about}{taken} Answers {answers}.{_refuses(route)}")


def _step(step: Declaration) -> str:
    return _item(f"`{step['name']}` {_fields(step['takes'])}: {step['does']}{_refuses(step)}")


def _subscription(each: Declaration) -> str:
    types = ", ".join(f"`{kind}`" for kind in each["types"])
    known = types and f"{types} of {each['of']}, as {_fields(each['reads'])}"
    gathered = each["window"] and f": up to {each['batch']} together, gathered for {each['window']} seconds"
    return _item(f"{known or 'every event of every service'} (`{each['handler']}`){gathered or ''}")


def _asked(service: str, commands: Sequence[Declaration]) -> list[str]:
    mine = [command for command in commands if command["by"] == service]
    return [_item(f"{command['of']}: `{command['name']}` {_fields(command['asks'])}") for command in mine]


def _schedule(each: Declaration) -> str:
    minutes = each["minutes"]
    return _item(f"`{each['handler']}` every {'minute' if minutes == 1 else f'{minutes} minutes'}")


def _event(event: Declaration) -> str:
    return _item(f"`{event['type']}` v{event['version']} {_fields(event)}")


def _refuses(entry: Declaration) -> str:
    return f" Refuses {', '.join(f'`{name}`' for name in entry['refuses'])}." if entry["refuses"] else ""


def _fields(shape: Declaration) -> str:
    return f"`{{{', '.join(shape['fields'])}}}`"


def _item(text: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent="- ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
