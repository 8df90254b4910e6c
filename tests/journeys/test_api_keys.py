"""API keys as the people of an account manage them."""

import asyncio
import json
import re

from saluhall.domain.accounts.model import MAX_KEYS
from tests.hub import Hub, Shop

KEYS = "/integration/api-keys"


async def keys_of(shop: Shop) -> list[dict[str, str | None]]:
    status, answer = await shop.as_person("GET", KEYS)
    assert status == 200
    return list(answer["keys"])


async def made_by(shop: Shop, name: str) -> str:
    status, answer = await shop.as_person("POST", KEYS + "/generate", {"name": name})
    assert (status, answer["name"]) == (200, name)
    return str(answer["apiKey"])


async def opens(shop: Shop, key: str) -> bool:
    status, _ = await shop.call("GET", shop.path("NONE"), api_key=key)
    assert status in {401, 404}
    return status == 404


async def test_a_made_key_opens_the_account_and_is_listed_without_its_text(hub: Hub) -> None:
    shop = await hub.open_shop()

    key = await made_by(shop, "till")

    assert re.fullmatch(r"rheo_live_[A-Za-z0-9]{32}", key)
    assert await opens(shop, key)
    [newest, _] = await keys_of(shop)
    assert (newest["name"], newest["prefix"]) == ("till", key[:14])
    assert newest["userId"] == str(shop.principal.account_id)
    assert newest["lastUsedAt"] is not None
    assert key not in str(newest)


async def test_a_revoked_key_opens_nothing_from_then_on_and_the_others_stay(hub: Hub) -> None:
    shop = await hub.open_shop()
    key = await made_by(shop, "till")
    assert await opens(shop, key)
    [newest, _] = await keys_of(shop)

    assert await shop.as_person("DELETE", f"{KEYS}/{newest['id']}") == (204, None)

    assert not await opens(shop, key)
    assert await opens(shop, shop.api_key)
    assert [shown["name"] for shown in await keys_of(shop)] == ["test"]


async def test_the_last_use_is_written_once_a_minute(hub: Hub) -> None:
    shop = await hub.open_shop()
    await opens(shop, shop.api_key)
    versions = "select xmin::text as version from api_keys where account_id = %(account_id)s"
    written = await shop.rows(versions)

    for _ in range(5):
        await opens(shop, shop.api_key)

    assert await shop.rows(versions) == written


async def test_another_accounts_key_is_none(hub: Hub) -> None:
    anna, eve = await hub.open_shop(), await hub.open_shop()
    [annas] = await keys_of(anna)
    unknown = await eve.as_person("DELETE", f"{KEYS}/3fa85f64-5717-4562-b3fc-2c963f66afa6")

    assert await eve.as_person("DELETE", f"{KEYS}/{annas['id']}") == unknown
    assert unknown[0] == 404
    assert annas["id"] not in [key["id"] for key in await keys_of(eve)]
    assert await opens(anna, anna.api_key)


async def test_an_account_has_no_more_keys_than_it_may_however_many_are_asked_for(hub: Hub) -> None:
    shop = await hub.open_shop()
    for number in range(MAX_KEYS - 6):
        await made_by(shop, f"n{number}")

    asked = [shop.as_person("POST", KEYS + "/generate") for _ in range(20)]
    got = await asyncio.gather(*asked)

    assert sorted(status for status, _ in got) == [200] * 5 + [409] * 15
    assert {answer["code"] for status, answer in got if status == 409} == {"TOO_MANY_KEYS"}
    assert len(await keys_of(shop)) == MAX_KEYS


async def test_a_refresh_replaces_both_tokens(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.sign_in()
    earlier = shop.access

    status, answer = await shop.call("POST", "/auth/refresh", {"refresh_token": shop.refresh})
    assert status == 200

    status, refused = await shop.as_person("GET", KEYS)
    assert (status, refused["code"]) == (401, "UNAUTHORIZED")
    shop.access = answer["access_token"]["token"]
    assert shop.access != earlier
    assert len(await keys_of(shop)) == 1


async def test_a_suspended_account_is_told_so_and_manages_nothing(hub: Hub) -> None:
    shop = await hub.open_shop()
    await keys_of(shop)
    suspend = "update accounts set suspended_at = now() where account_id = %s"
    async with hub.db.transaction() as tx:
        await tx.run(suspend, [shop.principal.account_id])

    credentials = {"username": shop.principal.account_name, "password": "a good password"}
    for status, answer in (
        await shop.as_person("GET", KEYS),
        await shop.call("POST", "/auth/token", credentials),
        await shop.call("POST", "/auth/refresh", {"refresh_token": shop.refresh}),
    ):
        assert (status, answer["code"]) == (403, "ACCOUNT_SUSPENDED")


async def test_failed_sign_ins_slow_the_name_down_and_say_until_when(hub: Hub) -> None:
    shop = await hub.open_shop()
    bad = json.dumps({"username": shop.principal.account_name, "password": "a guess"}).encode()

    for _ in range(4):
        status, _, answer = await hub.request("POST", "/auth/token", body=bad)
        assert (status, json.loads(answer)["code"]) == (401, "INVALID_CREDENTIALS")
    status, headers, answer = await hub.request("POST", "/auth/token", body=bad)
    assert status == 401
    while (
        status == 401
    ):  # each failure doubles the wait, until it is longer than a comparison takes
        status, headers, answer = await hub.request("POST", "/auth/token", body=bad)

    assert status == 429
    assert json.loads(answer)["code"] == "RATE_LIMIT_EXCEEDED"
    assert int(headers["retry-after"]) >= 1
