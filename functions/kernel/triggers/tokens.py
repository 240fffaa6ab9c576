"""Verifies a bearer token: pinned algorithm, issuer, audience, expiry. Conceals whom the token names."""

import json
import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from kernel import aws, identity
from kernel.errors import Forbidden, IssuerUnavailable, NotFound, Unauthenticated

if TYPE_CHECKING:
    from jwt import PyJWK

Role = Literal["customer", "operator"]
ALGORITHMS = ("ES256", "RS256")
LEEWAY_SECONDS = 10  # an issuer's clock may be ahead; an expired token is refused all the same


@dataclass(frozen=True)
class Caller:
    """Who sends a request: customer id, role, and when the token expires (seconds since 1970).

    `customer_id` conceals the token's subject, which may be an e-mail address. An operator's id does too.
    """

    customer_id: str
    role: str
    expires_at: int

    def must_be(self, role: Role) -> None:
        """Raises Forbidden for another role."""
        if self.role != role:
            raise Forbidden

    def must_see(self, owner: str | None) -> None:
        """Raises NotFound unless the caller is the owner or an operator, so that others learn nothing."""
        if self.role != "operator" and self.customer_id != owner:
            raise NotFound

    def must_be_current(self) -> "Caller":
        """The caller. Raises Unauthenticated when the token has expired since a gateway accepted it."""
        if self.expires_at <= identity.now().timestamp():
            raise Unauthenticated
        return self


def verify(authorization: str) -> Caller:
    """The caller that an `Authorization: Bearer …` header names.

    Raises Unauthenticated, and IssuerUnavailable without the issuer's keys.

    The algorithm is that of the issuer's key, whatever algorithm the token names.
    https://datatracker.ietf.org/doc/html/rfc8725
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    claims = _claims(token)
    if claims["role"] not in ("customer", "operator") or not claims["sub"]:
        raise Unauthenticated
    customer_id = identity.conceal(_secret(), claims["iss"], claims["sub"])
    return Caller(customer_id, claims["role"], int(claims["exp"])).must_be_current()


@aws.at_init("CALLER_SECRET")
def _secret() -> str:
    """The secret behind every caller's id, read once for each execution environment."""
    return aws.secret(os.environ["CALLER_SECRET"])


def _claims(token: str) -> dict[str, Any]:
    import jwt  # imported late: when the gateway has verified the token, cold starts do not pay for it

    try:
        key = _key(token)
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=os.environ["TOKEN_ISSUER"],
            audience=os.environ["TOKEN_AUDIENCE"],
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud", "sub", "role"]},
        )
    except (jwt.PyJWKClientConnectionError, jwt.PyJWKSetError, jwt.PyJWKError) as error:
        raise IssuerUnavailable from error
    except (jwt.PyJWTError, UnicodeError) as error:
        raise Unauthenticated from error


def _key(token: str) -> "PyJWK":
    import jwt

    configured = os.environ["TOKEN_JWKS"]
    key = (
        _remote(configured).get_signing_key_from_jwt(token)
        if configured.startswith("https://")
        else _inline(configured, jwt.get_unverified_header(token).get("kid", ""))
    )
    if key.algorithm_name not in ALGORITHMS:
        raise Unauthenticated
    return key


@cache
def _remote(url: str) -> Any:
    import jwt

    return jwt.PyJWKClient(url, lifespan=300, timeout=3)


def _inline(text: str, kid: str) -> "PyJWK":
    import jwt

    keys = {key.get("kid"): key for key in json.loads(text)["keys"]}
    if kid not in keys:
        raise Unauthenticated
    return jwt.PyJWK(keys[kid])
