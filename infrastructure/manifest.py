"""Owns what the services declare: the committed manifest, once it is known to fit the sources that ship.

A synthesis asks the sources what they declare, in an interpreter of their own, and ends when the committed
manifest says something else: nothing may be deployed that does not hear, answer or run what its code says.
"""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from contracts.current import COMMITTED, declared


@cache
def manifest() -> Mapping[str, list[Mapping[str, Any]]]:
    """The declarations by kind. Ends with a plain sentence when `make contracts` has to be run."""
    committed = COMMITTED.read_text()
    if committed != declared(os.environ):
        raise SystemExit("contracts/manifest.json does not fit the sources: run `make contracts` first.")
    found: Mapping[str, list[Mapping[str, Any]]] = json.loads(committed)
    return found


def of_handler(kind: str, handler: str) -> Mapping[str, Any]:
    """The one declaration of that kind for a handler (`inventory.tasks.reserve_stock`)."""
    (found,) = (entry for entry in manifest()[kind] if entry["handler"] == handler)
    return found


def refuses(handler: str) -> bool:
    """Whether a step raises refusals: its errors are then business as usual."""
    return any(step["refuses"] for step in manifest()["steps"] if step["handler"] == handler)


def routes(*services: str) -> Iterator[tuple[str, str, str]]:
    """Method, path and service of every route of these services."""
    for route in manifest()["routes"]:
        service = route["handler"].partition(".")[0]
        if service in services:
            yield route["method"], route["path"], service
