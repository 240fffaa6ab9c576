"""Concealed ids: they follow from secret, issuer and subject alone, and give away none of the three."""

import hashlib
import hmac
import json
import re
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as some
from jwt.algorithms import ECAlgorithm

from kernel import aws, identity
from kernel.privacy import no_card_number
from kernel.triggers import tokens
from kernel.triggers.http import SLUG
from kernel.triggers.tokens import verify

ISSUER, SECRET = "https://issuer.example", "a secret of this test"
KEY = ec.generate_private_key(ec.SECP256R1())
parts = some.lists(some.text(), max_size=3)


@pytest.fixture(autouse=True)
def _issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    public = ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "k", "alg": "ES256"}
    monkeypatch.setenv("TOKEN_ISSUER", ISSUER)
    monkeypatch.setenv("TOKEN_AUDIENCE", "settle")
    monkeypatch.setenv("TOKEN_JWKS", json.dumps({"keys": [public]}))
    monkeypatch.setattr(tokens, "_secret", lambda: SECRET)


def id_of(subject: str, **changed: Any) -> str:
    """The id of the caller whom a good token names."""
    said = {"iss": ISSUER, "aud": "settle", "sub": subject, "role": "customer", "exp": int(time.time()) + 60}
    return verify(f"Bearer {jwt.encode(said | changed, KEY, 'ES256', headers={'kid': 'k'})}").customer_id


def by_hand(secret: str, issuer: str, subject: str) -> str:
    """18 bytes, each in two letters from a to p."""
    text = f'["{issuer}", "{subject}"]'
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return "".join("ghijklmnopabcdef"[half] for byte in digest[:18] for half in (byte >> 4, byte & 15))


def test_the_id_follows_from_secret_issuer_and_subject() -> None:
    assert id_of("alice@shop.example") == by_hand(SECRET, ISSUER, "alice@shop.example")
    assert re.fullmatch("[a-p]{36}", id_of("alice@shop.example"))


def test_another_secret_gives_another_id(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = id_of("alice")
    monkeypatch.setattr(tokens, "_secret", lambda: "another secret")
    assert id_of("alice") == by_hand("another secret", ISSUER, "alice") != ours


def test_the_same_subject_of_another_issuer_is_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = id_of("alice"), "https://elsewhere.example"
    monkeypatch.setenv("TOKEN_ISSUER", theirs)
    assert id_of("alice", iss=theirs) == by_hand(SECRET, theirs, "alice") != ours


def test_a_person_has_one_id_in_every_role() -> None:
    assert id_of("alice", role="operator") == id_of("alice")


def test_the_secret_is_the_one_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("CALLER_SECRET", "its name")
    monkeypatch.setattr(aws, "secret", {"its name": "told"}.__getitem__)
    assert tokens._secret.__wrapped__() == "told"


@given(parts, parts)
def test_ids_are_alike_exactly_when_their_parts_are(one: list[str], other: list[str]) -> None:
    assert (identity.conceal(SECRET, *one) == identity.conceal(SECRET, *other)) is (one == other)


@given(some.text(), parts)
def test_an_id_is_a_slug_that_never_passes_for_a_card_number(secret: str, given_parts: list[str]) -> None:
    made = identity.conceal(secret, *given_parts)
    assert SLUG.fullmatch(made)
    assert no_card_number(made) == made
    assert not re.search(r"\d", made)
