"""Each role opens its own routes in both dialects; the others refuse it in their own words."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts import people, queries
from saluhall.domain.accounts.roles import Role
from saluhall.kit.clock import utc_now
from tests.hub import Hub, Shop
from tests.sellrapido import PASSWORD, Client

ITEM = {"title": "Part", "price": 5}
PARCEL = {"carrier": "dhl", "trackingNumber": "1"}
TRACKING = "/integration/v1/orders/1/tracking"
EVENTS = "/integration/events"
KEYS = "/integration/api-keys"
# Of Rheo, by key: what the role may do (there may be nothing to do it with), and what not.
WITH_KEY: dict[Role, tuple[Any, Any]] = {
    Role.OWNER: (("PUT", "/integration/v1/items/A", ITEM, 202), None),
    Role.MANAGER: (("PUT", "/integration/v1/items/A", ITEM, 202), ("GET", EVENTS)),
    Role.PACKER: (("POST", TRACKING, PARCEL, 404), ("GET", "/integration/v1/items/A")),
    Role.VIEWER: (("GET", "/integration/v1/items/B", None, 404), ("DELETE", "/integration/v1/items/A")),
    Role.INTEGRATOR: (("GET", EVENTS, None, 200), ("PUT", "/integration/v1/items/A")),
}  # fmt: skip
# Of Sellrapido, signed in.
SIGNED_IN: dict[Role, tuple[Any, Any]] = {
    Role.OWNER: (("POST", "/product", [], 200), None),
    Role.MANAGER: (("PATCH", "/product", [], 200), None),
    Role.PACKER: (
        ("POST", "/order/status", [{"id": 1, "status": "sent"}], 200),
        ("GET", "/product"),
    ),
    Role.VIEWER: (("GET", "/order", None, 200), ("POST", "/product")),
    Role.INTEGRATOR: (None, ("GET", "/order")),
}


@pytest.fixture
async def shop(hub: Hub) -> Shop:
    return await hub.open_shop()


async def add_user(shop: Shop, role: Role) -> str:
    username = f"{role}-{shop.principal.account_name}"
    async with shop.hub.db.transaction() as tx:
        await people.add_user(
            tx,
            principal=shop.principal,
            username=username,
            password=PASSWORD,
            role=role,
            now=utc_now(),
        )
    return username


async def key_with(shop: Shop, scope: Role) -> str:
    async with shop.hub.db.transaction() as tx:
        return await accounts.create_api_key(
            tx, principal=shop.principal, name="k", prefix="rheo_live_", scope=scope, now=utc_now()
        )


def is_rheos_403(answer: Mapping[str, Any], role: Role) -> bool:
    assert f"which the role {role} lacks" in answer["error"]
    return (answer["code"], answer["statusCode"]) == ("FORBIDDEN", 403)


async def test_a_narrowed_key_opens_what_its_role_may_and_nothing_else(shop: Shop) -> None:
    for role, (allowed, refused) in WITH_KEY.items():
        key = await key_with(shop, role)
        method, path, body, expected = allowed
        status, answer = await shop.call(method, path, body, api_key=key)
        assert status == expected, (role, answer)
        assert (await shop.call("GET", "/limits", api_key=key))[0] == 200
        if refused is not None:
            method, path = refused
            status, answer = await shop.call(method, path, {"no": "item"}, api_key=key)
            assert status == 403
            assert is_rheos_403(answer, role)


async def test_a_narrowed_user_opens_what_the_role_may_and_nothing_else(shop: Shop) -> None:
    client = Client(shop)
    for role, (allowed, refused) in SIGNED_IN.items():
        client.username = await add_user(shop, role)
        await client.sign_in()
        if allowed is not None:
            method, path, body, expected = allowed
            assert (await client.call(method, path, body))[0] == expected, role
        if refused is not None:
            method, path = refused
            status, _, answer = await client.call(method, path)
            assert (status, answer["error"]) == (403, "Account not authorized"), role
        if role is Role.PACKER:
            cancelled = [{"id": 1, "status": "sent"}, {"id": 1, "status": "cancelled"}]
            assert (await client.call("POST", "/order/status", cancelled))[0] == 403
    # Another role counts from the next request on, with the same access token.
    async with shop.hub.db.transaction() as tx:
        user = await queries.principal_of_user(tx, client.username)
        await people.set_role(tx, principal=user, role=Role.PACKER, now=utc_now())
    assert (await client.call("GET", "/order"))[0] == 200


async def test_the_routes_of_people_ask_for_rights_too_and_a_key_inherits_them(shop: Shop) -> None:
    integrator = await sign_in(shop, Role.INTEGRATOR)
    manager = await sign_in(shop, Role.MANAGER)

    made = await integrator("POST", f"{KEYS}/generate", {"name": "mine"})
    refused = await manager("POST", f"{KEYS}/generate", {"name": "mine"})

    assert made[0] == 200
    assert (await shop.call("GET", EVENTS, api_key=made[1]["apiKey"]))[0] == 200
    assert (await shop.call("GET", shop.path("A"), api_key=made[1]["apiKey"]))[0] == 403
    assert refused[0] == 403
    assert is_rheos_403(refused[1], Role.MANAGER)
    assert (await manager("GET", "/auth/sessions"))[0] == 200
    assert (await manager("GET", "/partner/analytics"))[0] == 200


async def sign_in(shop: Shop, role: Role) -> Any:
    """Sign a new user in to Rheo; return their calls."""
    given = {"username": await add_user(shop, role), "password": PASSWORD}
    _, _, raw = await shop.hub.request("POST", "/auth/token", body=json.dumps(given).encode())
    token = json.loads(raw)["access_token"]["token"]

    async def call(method: str, path: str, body: object = None) -> tuple[int, Any]:
        sent = b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {token}"}
        status, _, answer = await shop.hub.request(method, path, headers=headers, body=sent)
        return status, json.loads(answer)

    return call
