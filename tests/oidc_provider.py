"""An external issuer of tokens: its keys, the set it publishes, and whatever it signs."""

import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from saluhall.practice.partner import Hosted, Partner

NAME = "https://people.example/auth/v1"
AUDIENCE = "authenticated"
SECRET = "a secret of at least thirty-two bytes"


class People:
    """Publishes keys at a path of the partner's server, and signs with them. Keys are made when they are first named."""

    def __init__(self, partner: Partner, path: str) -> None:
        self.partner = partner
        self.path = path
        self.url = partner.url + path
        self.keys: dict[str, Any] = {}
        self.published: list[dict[str, Any]] = []

    @property
    def asked(self) -> int:
        return self.partner.fetched.get(self.path, 0)

    def publish(self, *jwks: Mapping[str, Any]) -> None:
        self.published.extend(map(dict, jwks))
        body = json.dumps({"keys": self.published}).encode()
        self.partner.images[self.path] = Hosted(body=body)

    def add_rsa(self, key_id: str, *, bits: int = 2048, **more: str) -> None:
        key = self.keys[key_id] = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self.publish({**jwk, "kid": key_id, "use": "sig", **more})

    def add_ec(self, key_id: str, curve: ec.EllipticCurve | None = None, **more: str) -> None:
        key = self.keys[key_id] = ec.generate_private_key(curve or ec.SECP256R1())
        jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self.publish({**jwk, "kid": key_id, "use": "sig", **more})

    def sign(self, key_id: str, algorithm: str, **changes: object) -> str:
        return jwt.encode(
            claims(**changes), self.keys[key_id], algorithm=algorithm, headers={"kid": key_id}
        )


def claims(**changes: object) -> dict[str, Any]:
    """Good claims, but for the changes; None leaves one out."""
    now = int(time.time())
    good = {
        "iss": NAME,
        "aud": AUDIENCE,
        "sub": "8c6f3a52-anna",
        "iat": now,
        "exp": now + 600,
        "role": "authenticated",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}
