"""Customers over HTTP: people describe themselves and ask to be forgotten; operators look, and erase."""

import unicodedata
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, TypedDict

from pydantic import AfterValidator, Field, StringConstraints

from customers import domain, erasure, profiles
from customers.domain import Address, Profile, Status
from customers.profiles import Known
from customers.store import Asked
from kernel import identity
from kernel.errors import KeyReused, NotFound
from kernel.privacy import Because, no_card_number
from kernel.triggers.http import Api, Body, Response, answer, slug

api = handler = Api()

# Joiners that Persian names and those of Indian scripts are written with.
JOINERS = "\u200c\u200d"


def written(text: str) -> str:
    """The text in its composed form. Raises ValueError for blanks, and for characters that nobody writes."""
    text = unicodedata.normalize("NFC", text)
    odd = [one for one in text if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]
    if set(odd) - set(JOINERS) or not text.strip(" \u00a0" + JOINERS):
        raise ValueError("must be text that can be written on paper")
    return text


Words = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(written),
    AfterValidator(no_card_number),
]
Email = Annotated[
    str,
    StringConstraints(max_length=254, pattern=r"^[^\s@]+@[^\s@]+$"),
    AfterValidator(written),
    AfterValidator(no_card_number),
]
# As ITU's E.164 has it. Every tenth long number would pass for a card of 13 to 15 digits, so it is not asked.
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{5,14}$")]


class Description(Body):
    """Who the caller is."""

    name: Words
    email: Email
    phone: Phone | None = None


class Place(Body):
    """An address: the lines above the city, the city, and the country in two letters."""

    lines: Annotated[tuple[Words, ...], Field(min_length=1, max_length=6)]
    city: Words
    country: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
    postcode: Words | None = None

    def address(self) -> Address:
        return Address(self.lines, self.city, self.country, self.postcode)


class Erasure(Body):
    """Why an operator has a person erased. It must not name the person."""

    because: Because


class ShownCustomer(TypedDict):
    """A customer as they see themselves. Without a profile: being erased, or erased."""

    customer_id: str
    status: Status
    profile: dict[str, Any] | None


class Accepted(TypedDict):
    """An accepted erasure; the link, relative to the API's address, tells how far it is."""

    customer_id: str
    links: dict[str, str]


@api.put(
    "/customers/me",
    role="any",
    takes=Description,
    answers={201: ShownCustomer, 200: ShownCustomer},
    refuses=(domain.ErasedCustomer,),
)
def describe() -> Response:
    """Registers the caller (201), or changes how they are described (200); may be repeated."""
    asked = api.body(Description)
    return _changed(lambda known: domain.described(known, **asked.model_dump()))


@api.get("/customers/me", role="any", answers={200: ShownCustomer}, refuses=(NotFound,))
def show_me() -> Response:
    """What is known of the caller."""
    return answer(200, _shown(profiles.look(api.caller().customer_id)))


@api.put(
    "/customers/me/addresses/<name>",
    role="any",
    takes=Place,
    answers={200: ShownCustomer},
    refuses=(NotFound, domain.ErasedCustomer, domain.TooManyAddresses),
)
def put_address(name: str) -> Response:
    """Keeps an address of the caller under a name, in place of another of that name; may be repeated."""
    address = api.body(Place).address()
    return _changed(lambda known: domain.with_address(known, name=slug(name), address=address))


@api.delete(
    "/customers/me/addresses/<name>",
    role="any",
    answers={200: ShownCustomer},
    refuses=(NotFound, domain.ErasedCustomer),
)
def delete_address(name: str) -> Response:
    """Takes the address of that name out of the caller's profile; may be repeated."""
    return _changed(lambda known: domain.without_address(known, slug(name)))


@api.post("/customers/me/erase", role="customer", answers={202: Accepted}, refuses=(KeyReused,))
def erase_me() -> Response:
    """Starts to forget the caller for good: their open orders end first; may be repeated."""
    return _accepted(api.caller().customer_id, link="me")


@api.get("/customers/<customer_id>", role="operator", answers={200: ShownCustomer}, refuses=(NotFound,))
def show_customer(customer_id: str) -> Response:
    """What is known of a customer, or of a colleague who has described themselves."""
    return answer(200, _shown(profiles.look(slug(customer_id))))


@api.post(
    "/customers/<customer_id>/erase",
    role="operator",
    takes=Erasure,
    answers={202: Accepted},
    refuses=(NotFound, KeyReused),
)
def erase_customer(customer_id: str) -> Response:
    """Starts to forget a customer who has asked for it in another way; may be repeated."""
    return _accepted(slug(customer_id), link=customer_id, because=api.body(Erasure).because)


def _changed(edit: Callable[[Profile | None], Profile]) -> Response:
    known = profiles.change(api.caller().customer_id, edit, cause=api.cause())
    return answer(201 if known.registered else 200, _shown(known))


def _accepted(customer_id: str, *, link: str, because: str = "") -> Response:
    caller = api.caller()
    asked = Asked(
        id=identity.derive(caller.customer_id, api.idempotency_key()),
        customer_id=customer_id,
        by=caller.customer_id,
        role=caller.role,
        because=because,
        fingerprint=identity.derive("erase", customer_id, because),
    )
    erasure.start(asked, cause=api.cause())
    return answer(202, Accepted(customer_id=customer_id, links={"customer": f"/customers/{link}"}))


def _shown(known: Known) -> ShownCustomer:
    customer, profile = known.customer, known.profile
    told = asdict(profile) if profile else None
    return ShownCustomer(customer_id=customer.customer_id, status=customer.status, profile=told)
