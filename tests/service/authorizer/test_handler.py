"""The gateway's token check: who is let in, for which routes, and how everyone else is refused."""

import json
import time
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from authorizer.handler import handler
from kernel import identity
from kernel.errors import Fault
from kernel.triggers import tokens

ISSUER, AUDIENCE = "https://issuer.example", "settle"
ALICE = identity.conceal("secret", ISSUER, "alice")
STAGE = "arn:aws:execute-api:eu-west-1:123456789012:abc123/v1"


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(autouse=True)
def _issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    public = ECAlgorithm.to_jwk(key("ours").public_key(), as_dict=True) | {"kid": "k", "alg": "ES256"}
    monkeypatch.setenv("TOKEN_ISSUER", ISSUER)
    monkeypatch.setenv("TOKEN_AUDIENCE", AUDIENCE)
    monkeypatch.setenv("TOKEN_JWKS", json.dumps({"keys": [public]}))
    monkeypatch.setattr(tokens, "_secret", lambda: "secret")


def token(signed_by: str = "ours", **changed: Any) -> str:
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "role": "customer", "exp": int(time.time()) + 60}
    return jwt.encode(good | changed, key(signed_by), algorithm="ES256", headers={"kid": "k"})


def asked(
    authorization: str, *, header: str = "Authorization", route: str = "GET/orders/o1"
) -> dict[str, Any]:
    return handler(
        {"type": "REQUEST", "methodArn": f"{STAGE}/{route}", "headers": {header: authorization}}, None
    )


def test_the_caller_is_told_to_the_gateway_as_text() -> None:
    expires_at = int(time.time()) + 60
    answer = asked(f"Bearer {token(role='operator', exp=expires_at)}")
    assert answer["principalId"] == ALICE
    assert answer["context"] == {
        "customer_id": ALICE,
        "role": "operator",
        "expires_at": str(expires_at),
    }


@pytest.mark.parametrize("route", ["GET/orders/o1", "POST/checkout", "GET/"])
def test_the_allowance_is_for_the_whole_stage_since_it_is_kept_for_every_route(route: str) -> None:
    policy = asked(f"Bearer {token()}", route=route)["policyDocument"]
    assert policy == {
        "Version": "2012-10-17",
        "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{STAGE}/*"}],
    }


@pytest.mark.parametrize("header", ["Authorization", "authorization", "AUTHORIZATION"])
def test_the_header_is_found_however_its_name_is_written(header: str) -> None:
    assert asked(f"Bearer {token()}", header=header)["principalId"] == ALICE


@pytest.mark.parametrize("text", ["", "Bearer", "Bearer nonsense"])
def test_a_header_without_a_token_is_unauthorized(text: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        asked(text)


@pytest.mark.parametrize(
    "changed",
    [
        {"signed_by": "another"},
        {"exp": 1},
        {"aud": "another"},
        {"iss": "https://another.example"},
        {"role": "admin"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_token_that_is_not_trusted_is_unauthorized_without_a_reason(changed: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$") as refused:
        asked(f"Bearer {token(**changed)}")
    assert type(refused.value) is Exception
    assert refused.value.__suppress_context__


def test_a_token_that_nobody_signed_is_unauthorized() -> None:
    unsigned = jwt.encode({"sub": "alice", "role": "operator"}, "", algorithm="none")
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        asked(f"Bearer {unsigned}")


def test_a_request_without_headers_is_unauthorized() -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        handler({"type": "REQUEST", "methodArn": f"{STAGE}/GET/orders/o1", "headers": None}, None)


def test_keys_that_cannot_be_fetched_allow_nothing_and_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_JWKS", "https://127.0.0.1:9/keys")
    with pytest.raises(Fault):
        asked(f"Bearer {token()}")


def test_without_an_issuer_nobody_is_authorized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_JWKS", '{"keys":[]}')
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        asked(f"Bearer {token()}")


def test_the_subject_is_told_to_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    answer = asked(f"Bearer {token(sub='alice@shop.example')}")
    assert "alice" not in json.dumps(answer) + capsys.readouterr().out
