"""Refuses card numbers in text that comes from outside, so that none is ever stored or sent."""

import re
from itertools import combinations
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

DIGITS = re.compile(r"\d(?:[\W_]{0,3}\d)+")


def no_card_number(text: str) -> str:
    """The text itself. Raises ValueError when it holds a card number: 13 to 19 digits that satisfy Luhn.

    People type a card number in groups of digits. So up to three characters that are neither letters nor
    digits may stand between two groups, and every run of neighbouring groups is checked as one number.
    """
    for run in DIGITS.findall(text):
        groups = re.findall(r"\d+", run)
        for first, last in combinations(range(len(groups) + 1), 2):
            digits = "".join(groups[first:last])
            if 13 <= len(digits) <= 19 and _luhn(digits):
                raise ValueError("must not hold a card number")
    return text


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def no_card_number_in_token(token: str) -> str:
    """Like `no_card_number`, but any number of underscores may stand between two groups of digits."""
    no_card_number(re.sub("_+", " ", token))
    return token


# A processor's token for a payment method. The tokens of the processors of all stages have this form.
PaymentToken = Annotated[
    str,
    StringConstraints(pattern="^pm_[A-Za-z0-9_]+$", max_length=128),
    AfterValidator(no_card_number_in_token),
]
CardFree = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(no_card_number)]
Because = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(no_card_number),
]
