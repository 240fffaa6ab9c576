"""DynamoDB's expressions as this code writes them, parsed once per text into what can be run."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

from tests.simulator.aws.dynamo.values import Image, Invalid, is_below

Names = Mapping[str, str]
Check = Callable[[Image, Names, Image], bool]
TOKEN = re.compile(r"#\w+|:\w+|<=|>=|<>|[=<>(),]|[A-Za-z_]+")
ORDERINGS: dict[str, Callable[[Image, Image], bool]] = {
    "<": is_below,
    ">": lambda left, right: is_below(right, left),
    "<=": lambda left, right: not is_below(right, left),
    ">=": lambda left, right: not is_below(left, right),
}


@dataclass(frozen=True)
class Parsed:
    """What a text uses and asks for; `run` is a Check, an Update's actions or a Query's terms.

    Of `typed` each is (operator, value, types it takes).
    """

    uses: frozenset[str]
    typed: tuple[tuple[str, str, str], ...]
    run: Any


@dataclass(frozen=True)
class Term:
    """One comparison of a key condition: `name operator values`."""

    name: str
    operator: str
    values: tuple[str, ...]


@cache
def condition(text: str) -> Parsed:
    """A ConditionExpression; `run(item, names, values)` says whether it holds."""
    reader = Reader(text, "ConditionExpression")
    return reader.parsed(reader.either())


@cache
def update(text: str) -> Parsed:
    """An UpdateExpression; `run` is (verb, name, value) of each action in order, REMOVE without value."""
    reader = Reader(text, "UpdateExpression")
    verbs, actions = set[str](), list[tuple[str, str, str]]()
    while not reader.done():
        verb = reader.take().upper()
        if verb in verbs:
            raise Invalid(f'Invalid UpdateExpression: The "{verb}" section can only be used once')
        verbs.add(verb)
        actions.append(reader.action(verb))
        while reader.skip(","):
            actions.append(reader.action(verb))
    return reader.parsed(tuple(actions))


@cache
def key_condition(text: str) -> Parsed:
    """A KeyConditionExpression; `run` is its one or two Terms."""
    reader = Reader(text, "KeyConditionExpression")
    terms = [reader.term()]
    if reader.skip("AND"):
        terms.append(reader.term())
    return reader.parsed(tuple(terms))


class Reader:
    """Reads the text from left to right; what it does not know is an error, never a guess."""

    def __init__(self, text: str, kind: str) -> None:
        self.text, self.kind, self.place = text, kind, 0
        self.tokens = TOKEN.findall(text)
        if not text.strip():
            raise Invalid(f"Invalid {kind}: The expression can not be empty;")
        if "".join(self.tokens) != re.sub(r"\s", "", text):
            self.unknown()
        self.typed = list[tuple[str, str, str]]()
        self._refuse_double_parentheses()

    def unknown(self) -> NoReturn:
        raise NotImplementedError(f"{self.kind} at part {self.place}: {self.text}")

    def done(self) -> bool:
        return self.place == len(self.tokens)

    def parsed(self, run: Any) -> Parsed:
        """What was read, which must be all there is."""
        if not self.done():
            self.unknown()
        uses = frozenset(token for token in self.tokens if token[0] in "#:")
        return Parsed(uses, tuple(self.typed), run)

    def peek(self) -> str:
        return "" if self.done() else self.tokens[self.place]

    def take(self, first: str = "") -> str:
        """The next token, which must start with `first`."""
        token = self.peek()
        if not token or not token.startswith(first):
            self.unknown()
        self.place += 1
        return token

    def skip(self, word: str) -> bool:
        found = self.peek().upper() == word
        self.place += found
        return found

    def action(self, verb: str) -> tuple[str, str, str]:
        name = self.take("#")
        if verb == "REMOVE":
            return verb, name, ""
        if verb == "SET":
            self.take("=")
            return verb, name, self.take(":")
        return (verb, name, self.value(verb, "N")) if verb == "ADD" else self.unknown()

    def value(self, operator: str, types: str) -> str:
        value = self.take(":")
        self.typed.append((operator, value, types))
        return value

    def term(self) -> Term:
        if self.peek() == "begins_with":
            name, value = self.arguments(self.take())
            return Term(name, "begins_with", (value,))
        name, operator = self.take("#"), self.take().upper()
        if operator == "BETWEEN":
            low = self.take(":")
            self.take("AND")
            return Term(name, operator, (low, self.take(":")))
        if operator != "=" and operator not in ORDERINGS:
            self.unknown()
        return Term(name, operator, (self.take(":"),))

    def either(self) -> Check:
        checks = [self.both()]
        while self.skip("OR"):
            checks.append(self.both())
        return checks[0] if len(checks) == 1 else lambda *given: any(check(*given) for check in checks)

    def both(self) -> Check:
        checks = [self.one()]
        while self.skip("AND"):
            checks.append(self.one())
        return checks[0] if len(checks) == 1 else lambda *given: all(check(*given) for check in checks)

    def one(self) -> Check:
        if self.skip("NOT"):
            inner = self.one()
            return lambda *given: not inner(*given)
        if self.skip("("):
            inner = self.either()
            self.take(")")
            return inner
        return self.comparison() if self.peek().startswith("#") else self.function()

    def comparison(self) -> Check:
        left, operator = self.take("#"), self.take()
        if operator not in {"=", "<>", *ORDERINGS}:
            self.unknown()
        right = self.value(operator, "S N") if operator in ORDERINGS else self.take(":")
        if operator in ORDERINGS:
            return _ordering(left, right, ORDERINGS[operator])
        equal = _equality(left, right)
        return equal if operator == "=" else lambda *given: not equal(*given)

    def function(self) -> Check:
        function = self.take()
        name, value = self.arguments(function)
        if function == "attribute_exists":
            return lambda item, names, _: names[name] in item
        if function == "attribute_not_exists":
            return lambda item, names, _: names[name] not in item
        return _beginning(name, value) if function == "begins_with" else self.unknown()

    def arguments(self, function: str) -> tuple[str, str]:
        """`(#name)`, or `(#name, :value)` of begins_with."""
        self.take("(")
        name, value = self.take("#"), ""
        if function == "begins_with":
            self.take(",")
            value = self.value(function, "S")
        self.take(")")
        return name, value

    def _refuse_double_parentheses(self) -> None:
        closing, opened = dict[int, int](), list[int]()
        for place, token in enumerate(self.tokens):
            if token == "(":
                opened.append(place)
            elif token == ")" and opened:
                closing[opened.pop()] = place
        if any(closing.get(start + 1) == end - 1 for start, end in closing.items()):
            raise Invalid(f"Invalid {self.kind}: The expression has redundant parentheses;")


def _equality(left: str, right: str) -> Check:
    return lambda item, names, values: item.get(names[left]) == values[right]


def _ordering(left: str, right: str, holds: Callable[[Image, Image], bool]) -> Check:
    def check(item: Image, names: Names, values: Image) -> bool:
        found, wanted = item.get(names[left]), values[right]
        return found is not None and found.keys() == wanted.keys() and holds(found, wanted)

    return check


def _beginning(name: str, value: str) -> Check:
    def check(item: Image, names: Names, values: Image) -> bool:
        found = item.get(names[name], {}).get("S")
        return found is not None and found.startswith(values[value]["S"])

    return check
