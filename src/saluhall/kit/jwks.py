"""Read a JSON Web Key Set: public keys, each good for the one algorithm that its type allows."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

_RSA_BITS = 2048
_MAX_KEYS = 100


class BadKeys(Exception):
    """What was published is no key set."""


class Key(NamedTuple):
    """A key, and the one algorithm that it is good for."""

    algorithm: str
    material: Any


class _Published(Struct):
    keys: list[dict[str, Any]]


def keys_from_json(body: bytes) -> dict[str | None, Key]:
    """Take the keys that sign, by their ids; what cannot be read, or is too weak, is left out. Raises BadKeys."""
    try:
        published = msgspec.json.decode(body, type=_Published)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadKeys(str(error)) from error
    found = {}
    for jwk in published.keys[:_MAX_KEYS]:
        key_id, key = jwk.get("kid"), _key_from_jwk(jwk)
        if key is not None and (key_id is None or isinstance(key_id, str)):
            found[key_id] = key
    return found


def _key_from_jwk(jwk: Mapping[str, Any]) -> Key | None:
    """Read a public key: its type, and never the token, says which algorithm counts."""
    if jwk.get("use", "sig") != "sig" or jwk.get("kty") not in {"RSA", "EC"}:
        return None
    try:
        material = jwt.PyJWK({k: v for k, v in jwk.items() if k != "alg"}).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    match material:
        case RSAPublicKey() if material.key_size >= _RSA_BITS:
            key = Key("RS256", material)
        case EllipticCurvePublicKey(curve=SECP256R1()):
            key = Key("ES256", material)
        case _:
            return None
    return key if jwk.get("alg", key.algorithm) == key.algorithm else None
