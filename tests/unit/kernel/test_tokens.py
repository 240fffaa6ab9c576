"""Bearer tokens: only what the issuer's own key signed, for us, for now."""

import base64
import hashlib
import hmac
import json
import time
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, HMACAlgorithm, RSAAlgorithm

from kernel import identity
from kernel.errors import Fault, Unauthenticated
from kernel.triggers import tokens
from kernel.triggers.tokens import Caller, verify

ISSUER, AUDIENCE, SECRET = "https://issuer.example", "settle", "a secret of this test"
ALICE = identity.conceal(SECRET, ISSUER, "alice")


@cache
def elliptic(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key({"p384": ec.SECP384R1()}.get(name, ec.SECP256R1()))


@cache
def rivest(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def published() -> list[dict[str, Any]]:
    """The issuer's keys; the last four are of kinds that Settle does not accept."""
    p256, p384 = elliptic("ours").public_key(), elliptic("p384").public_key()
    return [
        ECAlgorithm.to_jwk(p256, as_dict=True) | {"kid": "elliptic", "alg": "ES256"},
        RSAAlgorithm.to_jwk(rivest("ours").public_key(), as_dict=True) | {"kid": "rivest"},
        RSAAlgorithm.to_jwk(rivest("ours").public_key(), as_dict=True) | {"kid": "pss", "alg": "PS256"},
        RSAAlgorithm.to_jwk(rivest("ours").public_key(), as_dict=True) | {"kid": "long", "alg": "RS512"},
        ECAlgorithm.to_jwk(p384, as_dict=True) | {"kid": "p384"},
        HMACAlgorithm.to_jwk("shared-" * 8, as_dict=True) | {"kid": "shared"},
    ]


@pytest.fixture(autouse=True)
def _issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_ISSUER", ISSUER)
    monkeypatch.setenv("TOKEN_AUDIENCE", AUDIENCE)
    monkeypatch.setenv("TOKEN_JWKS", json.dumps({"keys": published()}))
    monkeypatch.setattr(tokens, "_secret", lambda: SECRET)


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good token. A claim that is None is left out."""
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "role": "customer", "exp": int(time.time()) + 60}
    return {name: value for name, value in (good | changed).items() if value is not None}


def bearer(said: dict[str, Any] | None = None, *, kid: str | None = "elliptic", **signing: Any) -> str:
    chosen: dict[str, Any] = {"key": elliptic("ours"), "algorithm": "ES256"} | signing
    headers = {"kid": kid} if kid is not None else {}
    payload = json.dumps(said or claims()).encode()
    return "Bearer " + jwt.PyJWS().encode(payload, **chosen, headers=headers)


def by_hand(header: dict[str, Any], secret: bytes | None) -> str:
    """A token that a library refuses to make."""
    signed = b".".join(encoded(json.dumps(part).encode()) for part in (header, claims()))
    signature = hmac.new(secret, signed, hashlib.sha256).digest() if secret is not None else b""
    return "Bearer " + (signed + b"." + encoded(signature)).decode()


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def test_a_token_of_the_issuers_elliptic_key_names_the_caller() -> None:
    until = int(time.time()) + 100
    said = claims(role="operator", exp=until)
    assert verify(bearer(said)) == Caller(ALICE, "operator", until)


def test_a_token_of_the_issuers_rsa_key_names_the_caller() -> None:
    caller = verify(bearer(kid="rivest", key=rivest("ours"), algorithm="RS256"))
    assert (caller.customer_id, caller.role) == (ALICE, "customer")


def test_the_scheme_may_be_written_in_any_case() -> None:
    assert verify(bearer().replace("Bearer", "bearer")).customer_id == ALICE


def test_one_of_several_audiences_is_enough() -> None:
    assert verify(bearer(claims(aud=["other", AUDIENCE]))).customer_id == ALICE


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer a.b.c", "Bearer é.ü.☃", "Bearer  a b", "…"],
)
def test_a_header_without_a_bearer_token_is_refused(header: str) -> None:
    with pytest.raises(Unauthenticated):
        verify(header)


@pytest.mark.parametrize("scheme", ["", "Basic ", "Bearer: ", "DPoP "])
def test_a_good_token_in_another_scheme_is_refused(scheme: str) -> None:
    with pytest.raises(Unauthenticated):
        verify(bearer().replace("Bearer ", scheme))


def test_an_issuer_whose_clock_is_a_little_ahead_is_believed() -> None:
    now = int(time.time())
    assert verify(bearer(claims(iat=now + 5, nbf=now + 5))).customer_id == ALICE


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "role", "exp"])
def test_every_claim_must_be_there(claim: str) -> None:
    with pytest.raises(Unauthenticated):
        verify(bearer(claims(**{claim: None})))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://elsewhere.example"),
        ("iss", [ISSUER]),
        ("aud", "another"),
        ("aud", []),
        ("sub", 7),
        ("sub", ""),
        ("role", "admin"),
        ("role", ["operator"]),
        ("role", ""),
        pytest.param("exp", int(time.time()) - 1, id="exp-a second ago"),
        ("exp", 0),
        ("exp", "soon"),
        ("exp", 1e999),
        pytest.param("nbf", int(time.time()) + 3600, id="nbf-in an hour"),
    ],
)
def test_a_claim_that_is_not_for_us_now_is_refused(claim: str, value: Any) -> None:
    with pytest.raises(Unauthenticated):
        verify(bearer(claims(**{claim: value})))


@pytest.mark.parametrize(
    ("signing", "kid"),
    [
        ({"key": elliptic("theirs")}, "elliptic"),
        ({"key": rivest("theirs"), "algorithm": "RS256"}, "rivest"),
        ({"key": rivest("ours"), "algorithm": "RS256"}, "elliptic"),
        ({"key": elliptic("ours")}, "rivest"),
    ],
    ids=[
        "another elliptic key",
        "another rsa key",
        "rsa under the elliptic kid",
        "elliptic under the rsa kid",
    ],
)
def test_a_signature_of_another_key_is_refused(signing: dict[str, Any], kid: str) -> None:
    with pytest.raises(Unauthenticated):
        verify(bearer(kid=kid, **signing))


def test_a_token_that_was_changed_after_signing_is_refused() -> None:
    header, _, signature = bearer().split(".")
    changed = encoded(json.dumps(claims(role="operator")).encode()).decode()
    with pytest.raises(Unauthenticated):
        verify(f"{header}.{changed}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None])
@pytest.mark.parametrize("kid", ["elliptic", "rivest"])
def test_a_token_that_says_it_needs_no_signature_is_refused(algorithm: str | None, kid: str) -> None:
    with pytest.raises(Unauthenticated):
        verify(by_hand({"alg": algorithm, "typ": "JWT", "kid": kid}, None))


@pytest.mark.parametrize("kid", ["elliptic", "rivest"])
@pytest.mark.parametrize("form", ["pem", "der", "jwk"])
def test_the_public_key_is_never_taken_for_a_shared_secret(kid: str, form: str) -> None:
    key: Any = (elliptic("ours") if kid == "elliptic" else rivest("ours")).public_key()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    secrets = {
        "pem": key.public_bytes(serialization.Encoding.PEM, info),
        "der": key.public_bytes(serialization.Encoding.DER, info),
        "jwk": json.dumps(next(one for one in published() if one["kid"] == kid)).encode(),
    }
    with pytest.raises(Unauthenticated):
        verify(by_hand({"alg": "HS256", "typ": "JWT", "kid": kid}, secrets[form]))


@pytest.mark.parametrize(
    ("kid", "signing"),
    [
        ("pss", {"key": rivest("ours"), "algorithm": "PS256"}),
        ("long", {"key": rivest("ours"), "algorithm": "RS512"}),
        ("p384", {"key": elliptic("p384"), "algorithm": "ES384"}),
        ("shared", {"key": "shared-" * 8, "algorithm": "HS256"}),
        ("rivest", {"key": rivest("ours"), "algorithm": "RS512"}),
        ("rivest", {"key": rivest("ours"), "algorithm": "PS256"}),
    ],
    ids=lambda value: value if isinstance(value, str) else value["algorithm"],
)
def test_only_two_algorithms_are_known_here(kid: str, signing: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        verify(bearer(kid=kid, **signing))


@pytest.mark.parametrize("kid", ["unknown", "", None])
def test_a_key_nobody_published_is_refused(kid: str | None) -> None:
    with pytest.raises(Unauthenticated):
        verify(bearer(kid=kid))


def test_a_key_id_that_is_no_text_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        verify(by_hand({"alg": "ES256", "kid": ["elliptic"]}, b"x"))


def test_a_header_with_half_a_character_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        verify("Bearer a\ud800.b.c")


class KeyServer:
    """Stands in for an https address that answers with a key set, or not at all."""

    def __init__(self, text: str | None) -> None:
        self.text, self.asked = text, 0

    def __call__(self, request: Any) -> "KeyServer":
        self.asked += 1
        if self.text is None:
            raise TimeoutError
        return self

    def __enter__(self) -> "KeyServer":
        return self

    def __exit__(self, *_: object) -> None: ...

    def read(self, *_: int) -> bytes:
        return (self.text or "").encode()


def published_at(url: str, text: str | None, monkeypatch: pytest.MonkeyPatch) -> KeyServer:
    server = KeyServer(text)
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda _, request, **options: server(request))
    monkeypatch.setenv("TOKEN_JWKS", url)
    return server


def test_keys_behind_an_address_are_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    server = published_at("https://one.example/keys", json.dumps({"keys": published()}), monkeypatch)
    assert [verify(bearer()).customer_id, verify(bearer()).customer_id] == [ALICE] * 2
    assert server.asked == 1
    with pytest.raises(Unauthenticated):
        verify(bearer(kid="unknown"))


def test_keys_that_cannot_be_had_are_a_fault_and_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    published_at("https://two.example/keys", None, monkeypatch)
    with pytest.raises(Fault):
        verify(bearer())


def test_the_algorithms_are_pinned_here_and_nowhere_else() -> None:
    assert tokens.ALGORITHMS == ("ES256", "RS256")
