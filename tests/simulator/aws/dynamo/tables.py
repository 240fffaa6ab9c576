"""Tables in memory: items by key and by index, as they are now and as they were before their last write."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.simulator.aws.dynamo.values import Image, Invalid, Unsupported

Key = tuple[str, str]
# Range key of an index, then the item's own key: where it stands among the items of one hash key.
Place = tuple[str, str, str]
LONGEST_HASH, LONGEST_RANGE = 2048, 1024


class View:
    """The items of one moment, and where they stand in each index; the table itself is the index ""."""

    def __init__(self, schemas: Mapping[str, Key]) -> None:
        self.items: dict[Key, Image] = {}
        self.indexes: list[tuple[str, str, dict[str, dict[Place, Image]]]] = []
        self.entries: dict[str, dict[str, dict[Place, Image]]] = {}
        for name, (hash_key, range_key) in schemas.items():
            self.entries[name] = {}
            self.indexes.append((hash_key, range_key, self.entries[name]))

    def put(self, key: Key, item: Image | None) -> None:
        old = self.items.pop(key, None)
        if item is not None:
            self.items[key] = item
        for hash_key, range_key, entries in self.indexes:
            if old and hash_key in old and range_key in old:
                del entries[old[hash_key]["S"]][old[range_key]["S"], *key]
            if item and hash_key in item and range_key in item:
                entries.setdefault(item[hash_key]["S"], {})[item[range_key]["S"], *key] = item


class Table:
    """One table with its indexes."""

    def __init__(self, name: str, indexes: Mapping[str, Key]) -> None:
        self.name = name
        self.schemas: dict[str, Key] = {"": ("pk", "sk"), **indexes}
        self.now, self.before = View(self.schemas), View(self.schemas)
        self.behind: dict[Key, datetime] = {}  # items that `before` has as they were, by their last write

    def key(self, given: Any) -> Key:
        """The key that a request names. Raises Invalid for anything but pk and sk, not empty."""
        if type(given) is not dict:
            raise Unsupported
        if given.keys() != {"pk", "sk"}:
            raise Invalid("The provided key element does not match the schema")
        return key_text(given["pk"], "pk", LONGEST_HASH), key_text(given["sk"], "sk", LONGEST_RANGE)

    def replace(self, key: Key, item: Image) -> Image | None:
        """Puts the item in place of the one it answers; nothing happens for an equal one."""
        old = self.now.items.get(key)
        if old != item:
            self.before.put(key, old)
            self.now.put(key, item)
        return old

    def catch_up(self, by: datetime) -> None:
        """Lets `before` have what was written by that time: no read is behind for many minutes."""
        for key, written in list(self.behind.items()):
            if written > by:
                return
            self.before.put(key, self.now.items.get(key))
            del self.behind[key]

    def check(self, item: Image) -> None:
        """Raises Invalid for an attribute that stands in an index but cannot be a key there."""
        for hash_key, range_key in self.schemas.values():
            if hash_key in item:
                key_text(item[hash_key], hash_key, LONGEST_HASH)
            if range_key in item:
                key_text(item[range_key], range_key, LONGEST_RANGE)


def key_text(value: Any, name: str, longest: int) -> str:
    """The text of a key attribute; keys are strings here, and never empty."""
    if type(value) is not dict:
        raise Unsupported
    text = value.get("S")
    if text is None or len(value) != 1:
        raise Invalid(f"One or more parameter values were invalid: Type mismatch for key {name} expected: S")
    if type(text) is not str:
        raise Unsupported
    if not text:
        raise Invalid(f"The AttributeValue for a key attribute cannot contain an empty string value: {name}")
    if len(text) * 4 > longest and len(text.encode()) > longest:
        raise Invalid(f"Size of {name} has exceeded the maximum size limit of {longest} bytes")
    return text
