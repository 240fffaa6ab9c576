"""Development tokens: a private key that is made once, and the claims of a token."""

import json
import stat
from pathlib import Path

import jwt
import pytest

from localstack.machine import tokens


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "key.pem"
    first = tokens.private_key(file)
    tokens.private_key.cache_clear()
    assert tokens.private_key(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_minted_token_is_verified_by_the_key_set_and_carries_the_claims() -> None:
    pem = tokens.generate()
    (public,) = json.loads(tokens.key_set(pem))["keys"]
    token = tokens.mint("alice", "operator", 60, pem=pem)
    found = jwt.decode(
        token, jwt.PyJWK(public), algorithms=["ES256"], issuer=tokens.ISSUER, audience=tokens.AUDIENCE
    )
    assert (found["sub"], found["role"], found["exp"] - found["iat"]) == ("alice", "operator", 60)
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": public["kid"], "typ": "JWT"}
    assert "d" not in public


def test_a_token_of_another_key_is_not_verified() -> None:
    (public,) = json.loads(tokens.key_set(tokens.generate()))["keys"]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(
            tokens.mint("alice", pem=tokens.generate()),
            jwt.PyJWK(public),
            algorithms=["ES256"],
            audience=tokens.AUDIENCE,
        )
