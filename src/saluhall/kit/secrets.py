"""Keep secrets: hash what is only compared, encrypt what must be read again."""

import base64
import hashlib
import hmac
import os
import secrets
import string

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_ALPHANUMERIC = string.ascii_letters + string.digits


class Undecryptable(Exception):
    """The ciphertext was not made with this key for this purpose."""


class Vault:
    """Encrypt short secrets with AES-256-GCM, each bound to the purpose it was sealed for."""

    def __init__(self, secret_key: str) -> None:
        self._cipher = AESGCM(hashlib.sha256(b"saluhall vault\0" + secret_key.encode()).digest())

    def seal(self, secret: str, *, purpose: str) -> bytes:
        """Encrypt; the same purpose is needed to open it again."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), purpose.encode())

    def open(self, sealed: bytes, *, purpose: str) -> str:
        """Decrypt. Raises Undecryptable."""
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, body, purpose.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Undecryptable(purpose) from error


def sha256(text: str) -> bytes:
    """Hash a high-entropy key for look-up; never for passwords."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def random_alphanumeric(length: int) -> str:
    """Make a random string of letters and digits."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))


def new_webhook_secret() -> str:
    """Mint a signing secret as Standard Webhooks spells it: `whsec_` + base64 of 32 bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Sign a message."""
    return hmac.digest(key, message, "sha256")
