"""Stripe's form encoding: names such as `metadata[order_id]` and `expand[]` become nested values."""

import re
from collections.abc import Iterable
from typing import Any

from kernel.errors import InvalidRequest

NAME = re.compile(r"\w+(\[\w*\])*")
DEEPEST = 4


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The pairs as nested values. Raises InvalidRequest for a name of another form, or a name given twice."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _put(tree, name, value)
    return {name: _lists(inner) for name, inner in tree.items()}


def _put(tree: dict[str, Any], name: str, value: str) -> None:
    if not NAME.fullmatch(name) or name.count("[") > DEEPEST:
        raise InvalidRequest("a parameter has a name that cannot be read")
    first, *inner = re.findall(r"\w+|\[\]", name)
    for key in inner:
        tree = tree.setdefault(first, {})
        first = str(len(tree)) if key == "[]" else key
        if not isinstance(tree, dict):
            raise InvalidRequest("a parameter is a value and has parts, too")
    if first in tree:
        raise InvalidRequest("a parameter is given twice")
    tree[first] = value


def _lists(value: Any) -> Any:
    """A mapping whose keys count from zero becomes a list."""
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(one) for key, one in value.items()}
    return [*inner.values()] if list(inner) == [str(place) for place in range(len(inner))] else inner
