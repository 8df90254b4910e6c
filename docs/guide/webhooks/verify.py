"""Verify a webhook: python verify.py SECRET ID TIMESTAMP SIGNATURE < body"""

import base64
import hashlib
import hmac
import sys
import time


def is_valid(secret: str, event_id: str, timestamp: str, signatures: str, body: bytes) -> bool:
    """Return whether the body is signed with the secret and was sent within the last five minutes."""
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(expected, given) for given in signatures.split())


if __name__ == "__main__":
    valid = is_valid(*sys.argv[1:5], sys.stdin.buffer.read())
    print("valid" if valid else "not valid")
    sys.exit(0 if valid else 1)
