"""An item's typed form, which is the SDK's own: what boto3 packs and unpacks is the same."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as some

from kernel.table.items import pack, unpack

values = some.recursive(
    some.text() | some.integers(-(10**37), 10**37) | some.booleans() | some.none(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)
items = some.dictionaries(some.text(min_size=1), values, max_size=4)


@given(item=items)
def test_a_packed_item_is_what_the_sdk_packs_and_unpacks_to_itself(item: dict[str, Any]) -> None:
    packed = pack(item)
    assert packed == {name: TypeSerializer().serialize(value) for name, value in item.items()}
    assert {name: TypeDeserializer().deserialize(value) for name, value in packed.items()} == item
    assert unpack(packed) == item


@pytest.mark.parametrize("value", [1.5, {1, 2}, object(), [0.1]], ids=["float", "set", "object", "inside"])
def test_what_no_item_of_ours_holds_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        pack({"value": value})


def test_numbers_are_integers_and_a_tuple_is_a_list() -> None:
    assert unpack(pack({"count": 7, "lines": ("a", {"b": True}), "none": None})) == {
        "count": 7,
        "lines": ["a", {"b": True}],
        "none": None,
    }
