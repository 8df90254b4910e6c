"""Tokens of an external issuer: which are read, and when its keys are asked for."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import Algorithm, HMACAlgorithm, RSAAlgorithm

from saluhall.kit.environment import BadSetting
from saluhall.kit.http import Outbound
from saluhall.kit.ids import new_id
from saluhall.kit.jwt import BadToken, TokenExpired
from saluhall.kit.oidc import Issuer, IssuerUnavailable
from saluhall.kit.oidc_settings import OidcSettings
from saluhall.practice.partner import Hosted, Partner
from tests.oidc_provider import AUDIENCE, NAME, SECRET, People, claims

NOW_S = time.time()
_OUT = Outbound()  # never used


@pytest.fixture
async def http(partner: Partner) -> AsyncIterator[Outbound]:
    out = Outbound(ca_file=partner.ca_file)
    yield out
    await out.close()


@pytest.fixture
def people(partner: Partner) -> People:
    return People(partner, f"/{new_id()}/jwks.json")


def trusting(
    http: Outbound,
    *,
    secret: str | None = None,
    url: str | None = None,
    audience: str | None = None,
) -> Issuer:
    return Issuer(OidcSettings(issuer=NAME, audience=audience, secret=secret, jwks_url=url), http)


def signed(key: Any = SECRET, algorithm: str = "HS256", **changes: object) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm)


async def read(issuer: Issuer, token: str, *, now_s: float = NOW_S) -> str:
    await issuer.prepare(token, now_s=now_s)
    return issuer.subject_of(token, now_s=now_s)


async def test_a_token_signed_with_the_secret_names_its_subject(http: Outbound) -> None:
    assert await read(trusting(http, secret=SECRET), signed(sub="anna")) == "anna"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_a_token_signed_with_a_published_key_names_its_subject(
    algorithm: str, http: Outbound, people: People
) -> None:
    people.add_rsa("RS256")
    people.add_ec("ES256", alg="ES256")

    token = people.sign(algorithm, algorithm, sub="anna")

    assert await read(trusting(http, url=people.url, audience=AUDIENCE), token) == "anna"


async def test_a_token_that_names_no_key_was_signed_with_the_only_one(
    http: Outbound, people: People
) -> None:
    people.add_ec("one")
    token = signed(people.keys["one"], "ES256")
    issuer = trusting(http, url=people.url)

    assert await read(issuer, token)

    people.add_ec("two")
    with pytest.raises(BadToken):
        await read(issuer, token, now_s=NOW_S + 601)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"exp": int(NOW_S) - 31}, TokenExpired),
        ({"exp": None}, BadToken),
        ({"exp": "tomorrow"}, BadToken),
        ({"exp": True}, BadToken),
        ({"exp": 10**400}, BadToken),
        ({"nbf": int(NOW_S) + 90}, BadToken),
        ({"nbf": "now"}, BadToken),
        ({"iss": "https://somebody.example"}, BadToken),
        ({"iss": None}, BadToken),
        ({"aud": "another"}, BadToken),
        ({"aud": None}, BadToken),
        ({"sub": None}, BadToken),
        ({"sub": ""}, BadToken),
        ({"sub": "x" * 256}, BadToken),
        ({"sub": "a\0b"}, BadToken),
        ({"sub": "\ud800"}, BadToken),
    ],
)
async def test_a_token_with_bad_claims_is_refused(
    changes: dict[str, Any], error: type[Exception], http: Outbound
) -> None:
    issuer = trusting(http, secret=SECRET, audience=AUDIENCE)

    with pytest.raises(error):
        await read(issuer, signed(**changes))


@pytest.mark.parametrize(
    "changes",
    [{"exp": int(NOW_S) - 25}, {"nbf": int(NOW_S) + 25}, {"aud": ["x", AUDIENCE]}],
)
async def test_clocks_may_differ_a_little(changes: dict[str, Any], http: Outbound) -> None:
    assert await read(trusting(http, secret=SECRET, audience=AUDIENCE), signed(**changes))


async def test_without_an_audience_nobody_looks_at_it(http: Outbound) -> None:
    for audience in (None, "another"):
        assert await read(trusting(http, secret=SECRET), signed(aud=audience))


def unsigned(**changes: object) -> str:
    return jwt.encode(claims(**changes), "", algorithm="none")


def signed_with_the_public_key(people: People, key_id: str) -> str:
    """The classic confusion: what everybody knows, used as a shared secret. The library refuses to sign so, we must not."""
    public = people.keys[key_id].public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return signed_by_hand("HS256", HMACAlgorithm(HMACAlgorithm.SHA256), secret, key_id)


def signed_by_hand(name: str, algorithm: Algorithm, key: Any, key_id: str) -> str:
    signed = _part({"alg": name, "kid": key_id}) + "." + _part(claims())
    signature = algorithm.sign(signed.encode(), key)
    return f"{signed}." + base64.urlsafe_b64encode(signature).decode().rstrip("=")


def _part(plain: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def retold(token: str, **changes: object) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{_part(claims(**changes))}.{signature}"


FORGERIES: dict[str, Callable[[People], str]] = {
    "none": lambda _: unsigned(),
    "none with a key's name": lambda people: jwt.encode(
        claims(), "", algorithm="none", headers={"kid": next(iter(people.keys))}
    ),
    "rsa key as a secret": lambda people: signed_with_the_public_key(people, "rsa"),
    "ec key as a secret": lambda people: signed_with_the_public_key(people, "ec"),
    "any secret": lambda _: signed(),
    "another size of digest": lambda people: people.sign("rsa", "RS512"),
    "another padding": lambda people: people.sign("rsa", "PS256"),
    "another's name": lambda people: jwt.encode(
        claims(), people.keys["rsa"], algorithm="RS256", headers={"kid": "ec"}
    ),
    "other claims": lambda people: retold(people.sign("rsa", "RS256"), sub="the boss"),
    "a stranger's key": lambda _: jwt.encode(
        claims(),
        ec.generate_private_key(ec.SECP256R1()),
        algorithm="ES256",
        headers={"kid": "ec"},
    ),
    "its own key": lambda people: jwt.encode(
        claims(),
        people.keys["unpublished"],
        algorithm="ES256",
        headers={"jwk": {"kty": "EC"}, "jku": "https://evil.example/jwks.json"},
    ),
}


@pytest.mark.parametrize("how", FORGERIES)
async def test_a_forged_token_is_refused(how: str, http: Outbound, people: People) -> None:
    people.add_rsa("rsa")
    people.add_ec("ec")
    people.keys["unpublished"] = ec.generate_private_key(ec.SECP256R1())

    with pytest.raises(BadToken):
        await read(trusting(http, url=people.url), FORGERIES[how](people))


@pytest.mark.parametrize("how", ["none", "other claims"])
async def test_a_forged_token_is_refused_where_a_secret_is_shared(how: str, http: Outbound) -> None:
    token = unsigned() if how == "none" else retold(signed(), sub="the boss")

    with pytest.raises(BadToken):
        await read(trusting(http, secret=SECRET), token)


async def test_keys_that_are_weak_or_for_something_else_open_nothing(
    http: Outbound, people: People
) -> None:
    people.add_rsa("weak", bits=1024)
    people.add_ec("other curve", ec.SECP384R1())
    people.add_rsa("encryption", use="enc")
    people.add_ec("other algorithm", alg="ES512")
    people.publish(
        {"kty": "oct", "kid": "secret", "k": base64.urlsafe_b64encode(SECRET.encode()).decode()},
        {"kty": "RSA", "kid": "broken", "n": "!", "e": 7},
        {"kid": 7},
    )
    people.add_ec("good")
    issuer = trusting(http, url=people.url)
    rs256 = RSAAlgorithm(RSAAlgorithm.SHA256)
    bad = [
        people.sign("other curve", "ES384"),
        people.sign("encryption", "RS256"),
        people.sign("other algorithm", "ES256"),
        jwt.encode(claims(), SECRET, algorithm="HS256", headers={"kid": "secret"}),
        signed_by_hand("RS256", rs256, people.keys["weak"], "weak"),
    ]

    assert await read(issuer, people.sign("good", "ES256"))
    for token in bad:
        with pytest.raises(BadToken):
            await read(issuer, token)


async def test_a_new_key_is_asked_for_and_a_flood_of_unknown_ones_at_most_once_a_minute(
    http: Outbound, people: People
) -> None:
    people.add_ec("old")
    issuer = trusting(http, url=people.url)
    assert await read(issuer, people.sign("old", "ES256"))
    people.add_ec("new")
    token = people.sign("new", "ES256")

    with pytest.raises(BadToken):
        await read(issuer, token, now_s=NOW_S + 59)
    assert people.asked == 1
    read_at_once = [read(issuer, token, now_s=NOW_S + 61) for _ in range(20)]
    assert await asyncio.gather(*read_at_once) == [claims()["sub"]] * 20
    assert people.asked == 2
    for number in range(20):
        people.keys[f"made up {number}"] = people.keys["old"]
        with pytest.raises(BadToken):
            await read(issuer, people.sign(f"made up {number}", "ES256"), now_s=NOW_S + 62)
    assert people.asked == 2


async def test_nobody_else_makes_us_ask(http: Outbound, people: People) -> None:
    people.add_ec("key")
    issuer = trusting(http, url=people.url)

    for token in ("", "garbage", people.sign("key", "ES256", iss="https://evil.example")):
        with pytest.raises((BadToken, IssuerUnavailable)):
            await read(issuer, token)

    assert people.asked == 0


async def test_a_withdrawn_key_is_noticed(http: Outbound, people: People) -> None:
    people.add_ec("leaked")
    issuer = trusting(http, url=people.url)
    token = people.sign("leaked", "ES256", exp=int(NOW_S) + 10_000)
    assert await read(issuer, token)
    people.published.clear()
    people.add_ec("new")

    assert await read(issuer, token, now_s=NOW_S + 599)
    with pytest.raises(BadToken):
        await read(issuer, token, now_s=NOW_S + 601)


@pytest.mark.parametrize(
    "broken",
    [
        Hosted(status=500, body=b'{"keys": []}'),
        Hosted(body=b"<html>"),
        Hosted(body=b'{"keys": {}}'),
        Hosted(body=b'{"keys": ["' + b"x" * 300_000 + b'"]}'),
        Hosted(status=302, headers={"location": "https://evil.example/"}),
    ],
    ids=["error", "html", "object", "large", "redirect"],
)
async def test_while_the_issuer_does_not_respond_earlier_keys_stay(
    broken: Hosted, http: Outbound, people: People
) -> None:
    people.partner.images[people.path] = broken
    people.keys["key"] = ec.generate_private_key(ec.SECP256R1())
    issuer = trusting(http, url=people.url)
    token = people.sign("key", "ES256", exp=int(NOW_S) + 10_000)

    with pytest.raises(IssuerUnavailable):
        await read(issuer, token)
    people.add_ec("key")
    token = people.sign("key", "ES256", exp=int(NOW_S) + 10_000)
    assert await read(issuer, token, now_s=NOW_S + 61)
    people.partner.images[people.path] = broken
    assert await read(issuer, token, now_s=NOW_S + 1000)
    assert people.asked == 3


@settings(deadline=None)  # the machine may be slow
@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_any_text_is_a_bad_token_and_no_crash(text: str) -> None:
    issuer = trusting(_OUT, secret=SECRET)
    for token in (text, f"{text}.{text}.{text}", f"eyJhbGciOiJIUzI1NiJ9.{text}.{text}"):
        assert not issuer.has_issued(token)
        with pytest.raises(BadToken):
            issuer.subject_of(token, now_s=NOW_S)


NAMED = {"SALUHALL_JWT_ISSUER": NAME}


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"SALUHALL_JWT_SECRET": SECRET}, "SALUHALL_JWT_ISSUER"),
        ({"SALUHALL_JWT_AUDIENCE": AUDIENCE}, "SALUHALL_JWT_ISSUER"),
        (NAMED, "SALUHALL_JWT_SECRET or SALUHALL_JWT_JWKS_URL"),
        (
            {**NAMED, "SALUHALL_JWT_SECRET": SECRET, "SALUHALL_JWT_JWKS_URL": "https://x.example"},
            "give one of the two",
        ),
        ({**NAMED, "SALUHALL_JWT_SECRET": "short"}, "at least 32 bytes"),
        ({**NAMED, "SALUHALL_JWT_JWKS_URL": "file:///etc/passwd"}, "https://"),
    ],
    ids=lambda part: "" if isinstance(part, str) else "+".join(part),
)
def test_settings_that_do_not_make_sense_stop_the_start(env: dict[str, str], words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        OidcSettings.read(env)


def test_nobody_is_trusted_unless_it_is_said() -> None:
    assert OidcSettings.read({}) is None
