"""DynamoDB's typed values: what is accepted, and how it is normalised, copied, compared and counted."""

from collections.abc import Callable
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow
from typing import Any

Image = dict[str, Any]

DEEPEST = 32
DIGITS = 38
# Exponents of the largest and the smallest magnitude, 9.99...E+125 and 1E-130.
LARGEST, SMALLEST = 125, -130
EXACT = Context(prec=DIGITS, traps=[Inexact, InvalidOperation, Overflow])


class Invalid(Exception):
    """What DynamoDB answers with a ValidationException."""


class Unsupported(Exception):
    """Not what this code sends: botocore's own validator tells whether AWS would know it."""


def kept(item: Any) -> Image:
    """A checked and normalised copy of a typed item, which nobody outside holds a part of."""
    if type(item) is not dict:
        raise Unsupported
    return {name: _kept(value, 0) for name, value in item.items()}


def _kept(value: Any, depth: int) -> Image:
    if type(value) is not dict:
        raise Unsupported
    if len(value) != 1:
        raise Invalid("Supplied AttributeValue must contain exactly one of the supported datatypes")
    ((kind, inner),) = value.items()
    if kind == "S" and isinstance(inner, str):
        return {"S": inner if type(inner) is str else str(inner)}
    if kind not in KEEP:
        raise Unsupported
    return {kind: KEEP[kind](inner, depth)}


def _number(text: Any, _: int) -> str:
    if type(text) is not str:
        raise Unsupported
    return text if _is_plain(text) else number(text)


def _is_plain(text: str) -> bool:
    """An integer as DynamoDB itself writes it, which is nearly every number."""
    digits = text[1:] if text[:1] == "-" else text
    return digits.isascii() and digits.isdigit() and digits[0] != "0" and len(digits) <= DIGITS


def number(text: str) -> str:
    """The number as DynamoDB writes it: no leading or trailing zeros, no exponent."""
    try:
        value = EXACT.create_decimal(text)
    except DecimalException:
        raise Invalid(
            f"The parameter cannot be converted to a numeric value or is too long: {text}"
        ) from None
    if not value.is_finite() or text != text.strip() or "_" in text:
        raise Invalid(f"The parameter cannot be converted to a numeric value: {text}")
    if value and not SMALLEST <= value.adjusted() <= LARGEST:
        raise Invalid("Number overflow or underflow: magnitude outside of the supported range")
    return format(value.normalize(EXACT), "f") if value else "0"


def added(left: str, right: str) -> str:
    """The exact sum of two numbers as DynamoDB writes them."""
    try:
        return number(str(EXACT.add(Decimal(left), Decimal(right))))
    except DecimalException:
        raise Invalid("Number overflow: more than 38 significant digits") from None


def _boolean(inner: Any, _: int) -> bool:
    if type(inner) is not bool:
        raise Unsupported
    return inner


def _null(inner: Any, _: int) -> bool:
    if not _boolean(inner, 0):
        raise Invalid("One or more parameter values were invalid: Null attribute value types must be true")
    return True


def _list(inner: Any, depth: int) -> list[Image]:
    if type(inner) is not list:
        raise Unsupported
    return [_kept(one, _deeper(depth)) for one in inner]


def _map(inner: Any, depth: int) -> Image:
    if type(inner) is not dict:
        raise Unsupported
    return {name: _kept(one, _deeper(depth)) for name, one in inner.items()}


def _deeper(depth: int) -> int:
    if depth >= DEEPEST:
        raise Invalid("Nesting Levels have exceeded supported limits")
    return depth + 1


KEEP: dict[str, Callable[[Any, int], Any]] = {
    "N": _number,
    "BOOL": _boolean,
    "NULL": _null,
    "L": _list,
    "M": _map,
}


def handed_out(item: Image) -> Image:
    """A copy of a stored item or part of one, for a caller to keep."""
    return {name: _copy(value) for name, value in item.items()}


def _copy(value: Image) -> Image:
    if "L" in value:
        return {"L": [_copy(one) for one in value["L"]]}
    return {"M": handed_out(value["M"])} if "M" in value else value.copy()


def size(item: Image) -> int:
    """Bytes as AWS counts them: names and values in UTF-8, numbers packed, 3 and 1 each for nesting.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum([_length(name) + _size(value) for name, value in item.items()])


def _size(value: Image) -> int:
    ((kind, inner),) = value.items()
    match kind:
        case "S":
            return _length(inner)
        case "N":
            return (len(inner.strip("-0").replace(".", "")) + 1) // 2 + 1
        case "L":
            return 3 + sum([1 + _size(one) for one in inner])
        case "M":
            return 3 + len(inner) + size(inner)
    return 1


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def is_below(left: Image, right: Image) -> bool:
    """Whether two values of one type that has an order stand in it."""
    if "N" in left:
        return Decimal(left["N"]) < Decimal(right["N"])
    return bool(left["S"] < right["S"])
