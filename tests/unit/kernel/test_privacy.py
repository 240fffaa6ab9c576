"""Card numbers: 13 to 19 digits that satisfy Luhn, however they are grouped, anywhere in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.privacy import no_card_number

# Published test numbers of the card schemes; the first three have 13, 14 and 15 digits.
CARDS = [
    "4222222222222",
    "30569309025904",
    "378282246310005",
    "4242424242424242",
    "5555555555554444",
    "6011111111111117",
    "3566002020360505",
    "6304000000000000000",
]


def refused(text: str) -> bool:
    try:
        return no_card_number(text) != text
    except ValueError:
        return True


def check_digit(payload: str) -> str:
    """Luhn's check digit, by the table of doubled digits."""
    doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    places = enumerate(reversed(payload))
    total = sum(int(digit) if place % 2 else doubled[int(digit)] for place, digit in places)
    return str(-total % 10)


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("around", ["{}", "card {}!", "x{}y", "#{}#", "({})", "\n{}\n", "é{}é", "{}, 12/30"])
def test_a_card_number_is_refused_wherever_it_stands(card: str, around: str) -> None:
    assert refused(around.format(card))


@pytest.mark.parametrize(
    "text",
    [
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242 4242-4242 4242",
        "3782 822463 10005",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "12 4242 4242 4242 4242",
        "4242 4242 4242 4242 123",
        "12 4242 4242 4242 4242 123",
        "1 2 4242424242424242 3",
        "2030-12-4242424242424242",
        "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
    ],
)
def test_groups_of_digits_are_looked_at_together(text: str) -> None:
    assert refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4242424242424243",
        "424242424242425",
        "4242 4242 4242 4243",
        "+49 30 901820",
        "2026-11-23",
        "0123",
        "00000000000",
        "order 7 of 12, 1999 EUR",
        "4222 2222 2222",
        "pm_6f1c2d3e",
    ],
)
def test_other_numbers_pass(text: str) -> None:
    assert not refused(text)


@given(some.text("0123456789", min_size=12, max_size=18))
def test_every_luhn_valid_number_of_13_to_19_digits_is_refused_and_its_neighbour_is_not(payload: str) -> None:
    right = check_digit(payload)
    wrong = str((int(right) + 1) % 10)
    assert refused(payload + right)
    assert not refused(payload + wrong)


@given(some.text("0123456789", min_size=1, max_size=11) | some.text("0123456789", min_size=19, max_size=40))
def test_a_number_of_another_length_passes(payload: str) -> None:
    assert not refused(payload + check_digit(payload))


@pytest.mark.parametrize("separator", [".", "/", "_", "  ", " - ", "\u00a0", "\u2013", "\t", "\n", ","])
def test_other_separators_hide_no_card_number(separator: str) -> None:
    assert refused(separator.join(["4242", "4242", "4242", "4242"]))
