"""Owns the declarations of the services: the committed manifest, once it is known to fit the sources.

A synthesis makes the manifest of the sources in a separate interpreter, and ends when the committed one
differs. Otherwise a function could be deployed without a route or a rule that its code declares.
"""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from contracts.current import COMMITTED, declared


@cache
def manifest() -> Mapping[str, list[Mapping[str, Any]]]:
    """The declarations by kind. Ends the synthesis with a plain sentence when the manifest is out of date."""
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
    """Whether the handler is a step that raises refusals, so that its errors are part of the business."""
    return any(step["refuses"] for step in manifest()["steps"] if step["handler"] == handler)


def routes(*handlers: str) -> Iterator[Mapping[str, Any]]:
    """Every route of these handlers."""
    return (route for route in manifest()["routes"] if route["handler"] in handlers)
