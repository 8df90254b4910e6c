"""People whom an external issuer signs in: its tokens open the account of the linked user, and nothing else opens it."""

from typing import Any

import jwt
import pytest

from saluhall.kit.ids import new_id
from saluhall.practice.partner import Partner
from tests.conftest import StartHub
from tests.hub import Hub, Shop
from tests.oidc_provider import AUDIENCE, NAME, SECRET, People, claims

KEYS = "/integration/api-keys"


@pytest.fixture(scope="module")
async def hub(start_module_hub: StartHub) -> Hub:
    """A hub that trusts an issuer with a shared secret."""
    return await start_module_hub(
        SALUHALL_JWT_ISSUER=NAME, SALUHALL_JWT_AUDIENCE=AUDIENCE, SALUHALL_JWT_SECRET=SECRET
    )


@pytest.fixture
def subject() -> str:
    """Whom tokens of this test are about: the hub is shared."""
    return f"anna-{new_id().hex}"


def token(**changes: object) -> str:
    return jwt.encode(claims(**changes), SECRET, algorithm="HS256")


async def ask(hub: Hub, bearer: str) -> tuple[int, str]:
    headers = {"authorization": f"Bearer {bearer}"}
    status, _, body = await hub.request("GET", KEYS, headers=headers)
    return status, body.decode()


async def link(shop: Shop, subject: str) -> Any:
    name = shop.principal.account_name
    return await shop.hub.cli("user", "link", "--username", name, "--subject", subject)


async def test_a_linked_person_comes_in_until_the_link_is_cut(hub: Hub, subject: str) -> None:
    anna, eve = await hub.open_shop(), await hub.open_shop()

    assert (await ask(hub, token(sub=subject)))[0] == 401
    assert await link(anna, subject) == {
        "username": anna.principal.account_name,
        "subject": subject,
    }
    await link(eve, f"eve-{subject}")
    status, annas = await ask(hub, token(sub=subject))
    assert (status, str(anna.principal.account_id) in annas) == (200, True)
    status, eves = await ask(hub, token(sub=f"eve-{subject}"))
    assert (status, str(eve.principal.account_id) in eves) == (200, True)
    for bad in (
        token(sub=subject.upper()),
        token(sub=subject, exp=claims()["iat"] - 60),
        token(sub=subject, nbf=claims()["iat"] + 600),
        token(sub=subject, iss="https://somebody.example"),
        token(sub=subject, aud="another"),
        jwt.encode(claims(sub=subject), SECRET + "!", algorithm="HS256"),
        jwt.encode(claims(sub=subject), "", algorithm="none"),
        token(sub=subject)[:-4] + "AAAA",
        token(sub=anna.principal.account_name),
    ):
        assert (await ask(hub, bad))[0] == 401

    await hub.cli("user", "unlink", "--username", anna.principal.account_name)
    assert (await ask(hub, token(sub=subject)))[0] == 401
    assert (await ask(hub, token(sub=f"eve-{subject}")))[0] == 200


async def test_both_kinds_of_token_open_the_same_account_and_neither_passes_for_the_other(
    hub: Hub, subject: str
) -> None:
    shop = await hub.open_shop()
    await link(shop, subject)
    await shop.sign_in()

    assert await ask(hub, shop.access) == await ask(hub, token(sub=subject))
    ours = jwt.decode(shop.access, options={"verify_signature": False})
    posing = jwt.encode(ours, SECRET, algorithm="HS256")
    assert (await ask(hub, posing))[0] == 401
    named = jwt.encode({**ours, "iss": NAME, "aud": AUDIENCE}, SECRET, algorithm="HS256")
    assert (await ask(hub, named))[0] == 401  # its subject is nobody's


async def test_an_expired_token_says_so(hub: Hub) -> None:
    status, body = await ask(hub, token(exp=claims()["iat"] - 60))

    assert status == 401
    assert '"code":"TOKEN_EXPIRED"' in body
    assert '"error":"Access token has expired"' in body


async def test_a_person_of_a_suspended_account_is_told_so(hub: Hub, subject: str) -> None:
    shop = await hub.open_shop()
    await link(shop, subject)
    await hub.cli("account", "suspend", shop.principal.account_name)

    status, body = await ask(hub, token(sub=subject))

    assert status == 403
    assert "ACCOUNT_SUSPENDED" in body


async def test_an_account_can_be_opened_with_its_subject(hub: Hub, subject: str) -> None:
    name = f"linked-{new_id().hex}"
    words = ("--username", name, "--password", "a good password", "--subject", subject)
    opened = await hub.cli("account", "create", name, *words)

    status, body = await ask(hub, token(sub=subject))

    assert (status, opened["username"]) == (200, name)
    assert body == '{"keys":[]}'


async def test_tokens_signed_with_published_keys_come_in(
    start_hub: StartHub, partner: Partner, subject: str
) -> None:
    people = People(partner, f"/{new_id()}/jwks.json")
    people.add_rsa("rsa")
    people.add_ec("ec")
    hub = await start_hub(SALUHALL_JWT_ISSUER=NAME, SALUHALL_JWT_JWKS_URL=people.url)
    await link(await hub.open_shop(), subject)

    for key, algorithm in (("rsa", "RS256"), ("ec", "ES256")):
        assert (await ask(hub, people.sign(key, algorithm, sub=subject)))[0] == 200
    assert (await ask(hub, jwt.encode(claims(sub=subject), SECRET, algorithm="HS256")))[0] == 401


async def test_while_the_issuers_keys_cannot_be_had_nobody_is_told_that_a_token_is_bad(
    start_hub: StartHub, partner: Partner, subject: str
) -> None:
    people = People(partner, f"/{new_id()}/jwks.json")
    hub = await start_hub(SALUHALL_JWT_ISSUER=NAME, SALUHALL_JWT_JWKS_URL=people.url)

    assert (await ask(hub, token(sub=subject)))[0] == 503
