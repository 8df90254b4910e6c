"""Tokens and admissions; `now` is moved by hand."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.dialect import AuthRequest, Retired
from saluhall.dialects.sellrapido import tokens
from saluhall.dialects.sellrapido.auth import bearer, key_or_bearer, legacy_key
from saluhall.dialects.sellrapido.errors import BadAccess
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Authenticated, Principal, UnknownKey
from saluhall.domain.accounts.roles import Role
from saluhall.domain.sessions import operations as sessions
from saluhall.domain.sessions.model import Session
from saluhall.kit.jwt import BadToken, Signer, TokenExpired
from saluhall.storage import Database

NOW = datetime(2025, 7, 29, 11, 16, 17, 123456, tzinfo=UTC)
SIGNER = Signer("a key for tests")
SESSION = Session(
    id=UUID("11111111-1111-4111-8111-111111111111"),
    account_id=UUID("22222222-2222-4222-8222-222222222222"),
    account_number=4321,
    account_name="Anna AB",
    is_suspended=False,
    user_id=UUID("55555555-5555-4555-8555-555555555555"),
    user_number=7,
    username="anna",
    role=Role.OWNER,
    access_jti=UUID("33333333-3333-4333-8333-333333333333"),
    access_expires_at=NOW + timedelta(minutes=15),
    refresh_jti=UUID("44444444-4444-4444-8444-444444444444"),
    refresh_expires_at=NOW + timedelta(days=30),
)


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _ = token.split(".")
    return _plain(header), _plain(claims)


def _plain(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_an_access_token_says_what_is_documented() -> None:
    made = tokens.access_token(SIGNER, SESSION)

    header, claims = parts(made.token)
    assert header == {"alg": "HS256"}
    assert claims == {
        "iss": "sro_api",
        "sub": "4321",
        "aud": ["sro_api"],
        "iat": 1753787777,
        "exp": 1753787777 + 900,
        "jti": "33333333-3333-4333-8333-333333333333",
        "account_id": 4321,
        "username": "anna",
        "company_id": 4321,
        "token_name": "access_token",
        "expire_at": "2025-07-29T11:31:17.123456000Z",
        "creation_at": "2025-07-29T11:16:17.123456000Z",
        "refresh_jti": "44444444-4444-4444-8444-444444444444",
        "sid": "11111111-1111-4111-8111-111111111111",
        "owner": "22222222-2222-4222-8222-222222222222",
    }
    assert (made.expires_at, made.type) == ("2025-07-29T11:31:17Z", "bearer")


def test_a_refresh_token_lives_for_thirty_days() -> None:
    made = tokens.refresh_token(SIGNER, SESSION)

    _, claims = parts(made.token)
    assert claims["exp"] - claims["iat"] == 30 * 24 * 3600
    assert claims["token_name"] == "refresh_token"
    assert claims["jti"] == str(SESSION.refresh_jti)
    assert made.expires_at == "2025-08-28T11:16:17Z"


def test_a_token_is_read_until_the_second_it_expires() -> None:
    token = tokens.access_token(SIGNER, SESSION).token
    last = datetime(2025, 7, 29, 11, 31, 16, 999999, tzinfo=UTC)

    read = tokens.opened(SIGNER, token, kind=tokens.ACCESS, now=last)

    assert (read.session_id, read.account_id) == (SESSION.id, SESSION.account_id)
    with pytest.raises(TokenExpired):
        tokens.opened(SIGNER, token, kind=tokens.ACCESS, now=last + timedelta(microseconds=1))


def forged(**changes: object) -> str:
    _, claims = parts(tokens.access_token(SIGNER, SESSION).token)
    return SIGNER.sign({k: v for k, v in {**claims, **changes}.items() if v is not None})


@pytest.mark.parametrize(
    "token",
    [
        tokens.access_token(Signer("somebody else's key"), SESSION).token,
        tokens.refresh_token(SIGNER, SESSION).token,
        jwt.encode({"exp": 9_999_999_999, "jti": "1", "aud": "sro_api"}, "", algorithm="none"),
        forged(aud=["another"]),
        forged(jti=None),
        forged(jti="no uuid"),
        forged(sid=None),
        forged(sid=7),
        forged(owner="no uuid"),
        forged(refresh_jti=None),
        "garbage",
        "a.b.c",
        "",
        "é.é.é",
        base64.urlsafe_b64encode(b"[" * 5000).decode() + ".e30.x",
    ],
)
def test_what_is_not_our_access_token_is_a_bad_one(token: str) -> None:
    with pytest.raises(BadToken):
        tokens.opened(SIGNER, token, kind=tokens.ACCESS, now=NOW)


@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_any_text_is_a_bad_token_and_no_crash(text: str) -> None:
    for token in (text, f"{text}.{text}.{text}", f"eyJhbGciOiJIUzI1NiJ9.{text}.{text}"):
        with pytest.raises(BadToken):
            tokens.opened(SIGNER, token, kind=tokens.ACCESS, now=NOW)


class Door:
    """An account with a session, and its door."""

    def __init__(self, db: Database, principal: Principal, session: Session, key: UUID) -> None:
        self.db, self.principal, self.session, self.key = db, principal, session, key

    async def request(
        self,
        admission: Any,
        *,
        token: str | None = None,
        key: str = "",
        legacy_api: bool = True,
        now: datetime = NOW,
        headers: Mapping[str, str] | None = None,
    ) -> Authenticated:
        given = dict(headers or {})
        if token is not None:
            given["authorization"] = f"Bearer {token}"
        async with self.db.statement() as tx:
            authenticated: Authenticated = await admission(
                AuthRequest(
                    headers=given,
                    path={"key": key},
                    tx=tx,
                    tier=None,
                    signer=SIGNER,
                    legacy_api=legacy_api,
                    now=now,
                )
            )
        return authenticated

    @property
    def token(self) -> str:
        return tokens.access_token(SIGNER, self.session).token


@pytest.fixture
async def door(db: Database) -> Door:
    async with db.transaction() as tx:
        account_id = await accounts.create_account(
            tx, name="anna", username="anna", password="a good password", now=NOW
        )
        principal = Principal(account_id=account_id, account_name="anna")
        key = await accounts.create_legacy_key(tx, principal=principal, now=NOW)
    session = await sessions.sign_in(
        db, username="anna", password="a good password", address="127.0.0.1", now=NOW
    )
    return Door(db, principal, session, key)


async def test_an_access_token_admits_for_fifteen_minutes(door: Door) -> None:
    authenticated = await door.request(bearer, token=door.token, now=NOW + timedelta(seconds=898))

    assert authenticated.principal.account_id == door.principal.account_id
    with pytest.raises(BadAccess, match=r"^Token expired$"):
        await door.request(bearer, token=door.token, now=NOW + timedelta(seconds=900))


@pytest.mark.parametrize(
    ("renew", "words"),
    [
        (sessions.renew_access, "^Token expired$"),
        (sessions.rotate, "^Token generated from an invalidated refresh token$"),
    ],
)
async def test_an_earlier_access_token_is_refused_with_the_reason(
    door: Door, renew: Any, words: str
) -> None:
    renewed = await renew(
        door.db,
        account_id=door.session.account_id,
        session_id=door.session.id,
        refresh_jti=door.session.refresh_jti,
        now=NOW,
    )

    with pytest.raises(BadAccess, match=words):
        await door.request(bearer, token=door.token)
    await door.request(bearer, token=tokens.access_token(SIGNER, renewed).token)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (None, "Account not authorized"),
        ("", "Account not authorized"),
        ("Bearer", "Account not authorized"),
        ("Basic YW5uYTphbm5h", "Account not authorized"),
        ("Bearer garbage", "Invalid token"),
        ("Bearer a b", "Invalid token"),
    ],
)
async def test_without_a_token_of_ours_nobody_comes_in(
    door: Door, header: str | None, words: str
) -> None:
    headers = {} if header is None else {"authorization": header}

    with pytest.raises(BadAccess, match=f"^{words}$"):
        await door.request(bearer, headers=headers)


async def test_the_word_bearer_may_be_written_in_any_case(door: Door) -> None:
    await door.request(bearer, headers={"authorization": f"bearer  {door.token} "})


async def test_a_refresh_token_opens_no_data(door: Door) -> None:
    token = tokens.refresh_token(SIGNER, door.session).token

    with pytest.raises(BadAccess, match=r"^Invalid token$"):
        await door.request(bearer, token=token)


async def test_a_key_in_the_path_admits_its_owner(door: Door) -> None:
    for spelled in (str(door.key), str(door.key).upper()):
        authenticated = await door.request(legacy_key, key=spelled)
        assert authenticated.principal.account_id == door.principal.account_id


@pytest.mark.parametrize(
    "key", ["3fa85f64-5717-4562-b3fc-2c963f66afa6", "no-key", "", "\0", "ü" * 300]
)
async def test_another_key_does_not(door: Door, key: str) -> None:
    with pytest.raises(UnknownKey):
        await door.request(legacy_key, key=key)


async def test_no_key_counts_where_the_first_generation_is_turned_off(door: Door) -> None:
    for key in (str(door.key), str(uuid4())):
        with pytest.raises(Retired):
            await door.request(legacy_key, key=key, legacy_api=False)


async def test_either_a_key_or_a_token_opens_a_path_that_takes_both(door: Door) -> None:
    ours, no_key = str(door.key), str(uuid4())

    assert (await door.request(key_or_bearer, key=ours)).principal.key_id is not None
    assert (
        await door.request(key_or_bearer, key=ours, token="garbage")
    ).principal.key_id is not None
    assert (
        await door.request(key_or_bearer, key=no_key, token=door.token)
    ).principal.key_id is None
    by_token = await door.request(key_or_bearer, key="x", token=door.token)
    assert by_token.principal.account_id == door.principal.account_id
    with pytest.raises(UnknownKey):
        await door.request(key_or_bearer, key=no_key)
    with pytest.raises(BadAccess):
        await door.request(key_or_bearer, key=no_key, token="garbage")


async def test_a_token_still_opens_that_path_where_the_first_generation_is_off(door: Door) -> None:
    key = str(door.key)

    await door.request(key_or_bearer, key=key, token=door.token, legacy_api=False)
    with pytest.raises(Retired):
        await door.request(key_or_bearer, key=key, legacy_api=False)


def test_tokens_are_answered_in_the_printed_order() -> None:
    token = msgspec.json.encode(tokens.access_token(SIGNER, SESSION))

    assert list(json.loads(token)) == ["token", "expires_at", "type"]
