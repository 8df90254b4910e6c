"""Signing in and the first generation's keys, over HTTP."""

import json
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from saluhall.domain.partner_business import subscriptions
from saluhall.domain.partner_business.subscriptions import SubscriptionTier
from saluhall.kit.clock import utc_now
from tests.conftest import StartHub
from tests.hub import Hub
from tests.sellrapido import JSON_TYPE, PASSWORD, V1, V2, Client, post, send

ERROR_KEYS = [
    "success",
    "server",
    "code",
    "root",
    "pagination",
    "hash",
    "exception",
    "date",
    "trace",
    "traceAsString",
    "message",
    "error",
]
KEY_PATHS = [
    ("POST", "/order/{key}"),
    ("POST", "/order/{key}/status"),
    ("GET", "/export/order/{key}"),
    ("GET", "/export/product/{key}"),
    ("POST", "/product/{key}"),
    ("PATCH", "/product/{key}"),
]
TOKEN_PATHS = [
    ("GET", "/order"),
    ("POST", "/order/status"),
    ("GET", "/product"),
    ("POST", "/product"),
    ("PATCH", "/product"),
]


async def test_wrong_passwords_slow_the_user_down_and_say_for_how_long(hub: Hub) -> None:
    client = Client(await hub.open_shop())
    wrong = {"username": client.username, "password": "a guess"}
    for _ in range(5):
        status, _, _ = await post(hub, f"{V2}/auth/authorize", wrong)
        assert status == 401

    status, headers, body = await post(hub, f"{V2}/auth/authorize", wrong)

    assert status == 429
    assert int(headers["retry-after"]) >= 1
    assert headers["content-type"] == JSON_TYPE
    assert list(body) == ERROR_KEYS
    assert body["root"] == "Too many failed sign-ins"


@pytest.mark.parametrize(("method", "path"), TOKEN_PATHS)
async def test_no_data_without_an_access_token(hub: Hub, method: str, path: str) -> None:
    status, headers, body = await send(hub, method, V2 + path)

    assert status == 401
    assert headers["content-type"] == JSON_TYPE
    assert headers["www-authenticate"] == "Bearer"
    assert list(body) == ERROR_KEYS
    assert body["root"] == "Account not authorized"


async def test_after_a_new_token_the_earlier_one_opens_no_data(hub: Hub) -> None:
    client = await Client.signed_in(await hub.open_shop())
    earlier = client.access
    status, _, _ = await client.call("GET", "/order")
    assert status == 200

    _, _, tokens = await post(hub, f"{V2}/auth/token", {"refresh_token": client.refresh})
    client.keep(tokens)

    status, _, _ = await client.call("GET", "/order")
    assert status == 200
    given = {"Authorization": f"Bearer {earlier}"}
    status, _, body = await send(hub, "GET", f"{V2}/order", headers=given)
    assert (status, body["root"]) == (401, "Token expired")


@pytest.mark.parametrize(("method", "path"), KEY_PATHS)
async def test_a_wrong_key_is_refused_and_the_generation_said_to_be_old(
    hub: Hub, method: str, path: str
) -> None:
    status, headers, body = await send(hub, method, V1 + path.replace("{key}", str(uuid4())))

    assert status == 401
    assert "wrong api" in body["root"]
    assert list(body) == ERROR_KEYS
    assert headers["content-type"] == JSON_TYPE
    assert headers["deprecation"] == "@1753747200"
    assert headers["sunset"] == "Mon, 12 Jan 2026 00:00:00 GMT"


async def test_a_good_answer_to_a_key_says_so_too(hub: Hub) -> None:
    client = Client(await hub.open_shop())

    status, headers, _ = await client.key_call("POST", "/order/{key}", {})

    assert status == 200
    assert headers["deprecation"] == "@1753747200"
    assert "sunset" in headers


async def test_answers_of_the_second_generation_do_not(hub: Hub) -> None:
    client = await Client.signed_in(await hub.open_shop())

    _, headers, _ = await client.call("GET", "/order")

    assert not {"deprecation", "sunset"} & headers.keys()


async def test_a_key_of_the_command_line_works_and_is_never_logged(hub: Hub) -> None:
    shop = await hub.open_shop()
    made = await hub.cli("legacy-key", "create", "--account", shop.principal.account_name)
    key = made["legacy_key"]
    assert list(made) == ["legacy_key"]

    for method, path in KEY_PATHS:
        for spelled in (key, key.upper(), f"{key}x"):
            await send(hub, method, V1 + path.replace("{key}", spelled), b"not json")
    status, _, _ = await send(hub, "POST", f"{V1}/order/{key}", {})
    assert status == 200

    _, _, metrics = await hub.request("GET", "/metrics")
    told = hub.log.read_text().lower() + metrics.decode().lower()
    assert "/order/{key}" in told
    assert key not in told


async def test_a_revoked_key_opens_nothing_and_the_others_stay(hub: Hub) -> None:
    account = ("--account", (await hub.open_shop()).principal.account_name)
    first, second = [
        (await hub.cli("legacy-key", "create", *account))["legacy_key"] for _ in range(2)
    ]
    stranger = (await hub.open_shop()).principal.account_name

    await hub.cli("legacy-key", "revoke", first, *account)

    listed = (await hub.cli("legacy-key", "list", *account))["legacy_keys"]
    assert [key["revoked_at"] is None for key in listed] == [True, False]
    assert (await send(hub, "POST", f"{V1}/order/{first}", {}))[0] == 401
    assert (await send(hub, "POST", f"{V1}/order/{second}", {}))[0] == 200
    with pytest.raises(AssertionError):
        await hub.cli("legacy-key", "revoke", second, "--account", stranger)
    await hub.cli("legacy-key", "revoke", listed[0]["id"], *account)
    assert (await send(hub, "POST", f"{V1}/order/{second}", {}))[0] == 401


async def test_the_first_generation_can_be_turned_off(start_hub: StartHub) -> None:
    hub = await start_hub(SALUHALL_LEGACY_API="off")
    client = await Client.signed_in(await hub.open_shop())

    for method, path in KEY_PATHS:
        status, headers, body = await client.key_call(method, path, [])
        assert status == 410, path
        assert list(body) == ERROR_KEYS
        assert "/sr_company_ws/api/v2" in body["root"]
        assert "deprecation" in headers

    status, _, _ = await client.call("GET", "/order")
    assert status == 200
    token = {"Authorization": f"Bearer {client.access}"}
    status, _, _ = await send(hub, "POST", f"{V1}/product/{uuid4()}", [], headers=token)
    assert status == 200


async def test_a_suspended_account_is_not_authorized(hub: Hub) -> None:
    shop = await hub.open_shop()
    client = await Client.signed_in(shop)
    await client.key()
    await hub.cli("account", "suspend", shop.principal.account_name)

    given = {"username": client.username, "password": PASSWORD}
    answers = [
        await post(hub, f"{V2}/auth/authorize", given),
        await post(hub, f"{V2}/auth/token", {"refresh_token": client.refresh}),
        await post(hub, f"{V2}/auth/refresh", {"refresh_token": client.refresh}),
        await client.call("GET", "/order"),
        await client.key_call("POST", "/order/{key}", {}),
    ]

    assert [(status, body["root"]) for status, _, body in answers] == [
        (403, "Account not authorized")
    ] * 5
    status, _ = await shop.call("GET", shop.path("A-1"))
    assert status == 401

    await hub.cli("account", "resume", shop.principal.account_name)
    assert (await client.call("GET", "/order"))[0] == 401  # its session ended
    await client.sign_in()
    assert (await client.call("GET", "/order"))[0] == 200


async def test_nobody_signs_in_to_an_account_whose_subscription_is_over(hub: Hub) -> None:
    shop = await hub.open_shop()
    open_before = await Client.signed_in(shop)
    given = {"username": open_before.username, "password": PASSWORD}

    async def subscribe(tier: SubscriptionTier, until: datetime | None) -> tuple[int, str]:
        async with hub.db.transaction() as tx:
            await subscriptions.subscribe(
                tx, principal=shop.principal, tier=tier, until=until, now=utc_now()
            )
        status, _, body = await post(hub, f"{V2}/auth/authorize", given)
        return status, body.get("root", "")

    over = await subscribe(SubscriptionTier.PRO, utc_now() - timedelta(seconds=1))
    _, _, wrong = await post(hub, f"{V2}/auth/authorize", {**given, "password": "another one"})

    assert over == (403, "Subscription is not active")
    assert wrong["root"] == f"Invalid credentials for {open_before.username}"
    [session] = await shop.rows("select id from sessions where account_id = %(account_id)s")
    assert session  # the one from before: a refused sign-in leaves none
    assert (await open_before.call("GET", "/order"))[0] == 200
    assert await subscribe(SubscriptionTier.PRO, utc_now() + timedelta(days=1)) == (200, "")
    assert await subscribe(SubscriptionTier.PRO, None) == (200, "")
    assert await subscribe(SubscriptionTier.FREE, None) == (200, "")


async def test_the_api_document_tells_who_may_come_and_what_is_old(hub: Hub) -> None:
    _, _, raw = await hub.request("GET", "/schema/openapi.json")
    paths = json.loads(raw)["paths"]

    assert paths[f"{V2}/auth/authorize"]["post"]["security"] == []
    assert paths[f"{V2}/order"]["get"]["security"] == [{"sellrapido": []}]
    assert "deprecated" not in paths[f"{V2}/order"]["get"]
    assert paths[f"{V1}/order/{{key}}"]["post"]["security"] == []
    assert paths[f"{V1}/order/{{key}}"]["post"]["deprecated"] is True
