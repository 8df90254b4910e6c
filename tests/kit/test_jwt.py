"""Tokens of ours: whatever they contain or however they are spelled, they are read or refused."""

import json
from typing import Any

import jwt
import pytest

from saluhall.kit.jwt import BadToken, Signer, TokenExpired

SIGNER = Signer("a key for tests")
NOW_S = 1_000.0
GOOD: dict[str, Any] = {"aud": ["us"], "exp": 2_000, "jti": "an id"}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def read(token: str) -> dict[str, Any]:
    return SIGNER.read(token, audience="us", now_s=NOW_S)


def signed(claims: dict[str, Any]) -> str:
    """Sign whatever claims: the library refuses to sign some that somebody else may have signed."""
    body = json.dumps(claims).encode()
    return jwt.api_jws.encode(body, SIGNER._key, algorithm="HS256")


def test_a_token_is_read_until_it_expires() -> None:
    assert read(SIGNER.sign(GOOD)) == GOOD
    with pytest.raises(TokenExpired):
        read(SIGNER.sign({**GOOD, "exp": 1_000}))


ODD: list[object] = [None, True, 2_000.5, 1e400, -1e400, "2000", [], {}, 10**400]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("name", ["exp", "nbf", "iat", "aud", "jti", "iss"])
def test_claims_of_odd_types_are_read_or_refused(name: str, value: object) -> None:
    try:
        read(signed({**GOOD, name: value}))
    except BadToken:
        return


def test_an_expiry_that_is_no_whole_number_is_refused() -> None:
    for value in (None, True, 2_000.5, "2000"):
        with pytest.raises(BadToken):
            read(signed({**GOOD, "exp": value}))


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    token = SIGNER.sign(GOOD)
    last = LETTERS.index(token[-1])
    others = [token[:-1] + LETTERS[last ^ bits] for bits in (1, 2, 3)]

    for other in [*others, token + "=", token.replace(".", "=.", 1), token[:-1] + "\n" + token[-1]]:
        with pytest.raises(BadToken):
            read(other)
