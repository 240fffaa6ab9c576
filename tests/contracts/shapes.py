"""Compares two JSON schemas: whether the receiver accepts everything that the sender may send."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter

Schema = Mapping[str, Any]
LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "format")


def sent_by(shape: Any) -> Schema:
    return written_out(shape, "serialization")


def taken_by(shape: Any) -> Schema:
    return written_out(shape, "validation")


def written_out(shape: Any, mode: Literal["serialization", "validation"]) -> Schema:
    """The JSON schema of a type, with each reference replaced by the schema that it refers to."""
    schema = TypeAdapter(shape).json_schema(mode=mode)
    named = schema.pop("$defs", {})

    def inlined(part: Any) -> Any:
        match part:
            case {"$ref": reference}:
                return inlined(named[reference.rpartition("/")[2]])
            case dict():
                return {key: inlined(value) for key, value in part.items()}
            case list():
                return [inlined(one) for one in part]
            case _:
                return part

    found: Schema = inlined(schema)
    return found


def misfits(sent: Schema, taken: Schema, place: str = "$") -> Iterator[str]:
    """The places where a value may be sent that is not accepted, each with the reason."""
    if "anyOf" in sent:
        for alternative in sent["anyOf"]:
            yield from misfits(alternative, taken, place)
    elif "anyOf" in taken:
        if all(list(misfits(sent, alternative, place)) for alternative in taken["anyOf"]):
            yield f"{place}: none of the alternatives takes {sent}"
    elif values(taken):
        if not values(sent) or not set(values(sent)) <= set(values(taken)):
            yield f"{place}: {values(sent) or sent.get('type')} is not always one of {values(taken)}"
    elif taken.get("type") and sent.get("type") != taken["type"]:
        yield f"{place}: {sent.get('type')} is sent, {taken['type']} is taken"
    else:
        yield from inner_misfits(sent, taken, place)


def inner_misfits(sent: Schema, taken: Schema, place: str) -> Iterator[str]:
    """The misfits of two objects, two lists, or two plain values of one type."""
    for limit in LIMITS:
        if limit in taken and sent.get(limit) != taken[limit] and not values(sent):
            yield f"{place}: {limit} {taken[limit]} is taken, {sent.get(limit)} is sent"
    if "items" in taken:
        yield from misfits(sent.get("items", {}), taken["items"], f"{place}[]")
    for name, wanted in taken.get("properties", {}).items():
        if name in sent.get("properties", {}):
            yield from misfits(sent["properties"][name], wanted, f"{place}.{name}")
    for name in sorted({*taken.get("required", ())} - {*sent.get("required", ())}):
        yield f"{place}.{name}: is needed and not always sent"


def values(schema: Schema) -> list[Any]:
    """Every value that the schema allows, if the schema lists them."""
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))
