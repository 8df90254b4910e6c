"""A reseller acts for its members, for nobody else, and only as long as it may."""

import asyncio
import json
from typing import Any

import pytest

from saluhall.domain.accounts.operations import create_api_key
from saluhall.domain.accounts.roles import Role
from saluhall.domain.partner_business import operations
from saluhall.domain.partner_business.model import Amounts, DealKind
from saluhall.kit.clock import utc_now
from saluhall.kit.ids import new_id
from tests.hub import Hub, Shop

PROFILE = "/business/my-profile"
CONNECTIONS = f"{PROFILE}/connections"
NOT_FOUND = {"error": "Not found", "code": "NOT_FOUND", "statusCode": 404}
ITEM = {"title": "Strålkastare", "price": 450}
ROUTED = [
    ("GET", "/integration/v1/items/A", None),
    ("PUT", "/integration/v1/items/A", {"title": "Changed", "price": 5}),
    ("PATCH", "/integration/v1/items/A/price", {"price": 5}),
    ("PATCH", "/integration/v1/items/A/status", {"status": "sold"}),
    ("DELETE", "/integration/v1/items/A", None),
]


class Reseller:
    """An account with a reseller's agreement and a public profile."""

    def __init__(self, shop: Shop, slug: str) -> None:
        self.shop = shop
        self.slug = slug

    @classmethod
    async def open(cls, hub: Hub) -> "Reseller":
        shop, slug = await hub.open_shop(), f"reseller-{new_id().hex}"
        await grant(shop, DealKind.RESELLER_AGREEMENT)
        status, _ = await shop.as_person("PUT", PROFILE, {"slug": slug, "name": "Recopart"})
        assert status == 200
        return cls(shop, slug)

    async def authenticate(self, member: Shop, external_id: str) -> None:
        """Let an account join, and call it so."""
        status, joined = await member.as_person("POST", f"/p/{self.slug}/connect")
        assert status == 200, joined
        status, renamed = await self.rename(member, external_id)
        assert status == 200, renamed

    async def rename(self, member: Shop, external_id: str) -> tuple[int, Any]:
        path = f"{CONNECTIONS}/{member.principal.account_id}"
        return await self.shop.as_person("PUT", path, {"externalId": external_id})

    async def act_for(
        self, external_id: str, method: str, path: str, body: object = None
    ) -> tuple[int, Any]:
        return await act_for(self.shop, external_id, method, path, body)

    async def members(self) -> list[dict[str, Any]]:
        status, answer = await self.shop.as_person("GET", CONNECTIONS)
        assert status == 200
        return list(answer["connections"])


async def act_for(
    shop: Shop, external_id: str, method: str, path: str, body: object = None
) -> tuple[int, Any]:
    """Call an item route by the shop's key, for the account that it calls so."""
    headers = {
        "x-api-key": shop.api_key,
        "content-type": "application/json",
        "X-Partner-Account": external_id,
    }
    raw = b"" if body is None else json.dumps(body).encode()
    status, _, answer = await shop.hub.request(method, path, headers=headers, body=raw)
    return status, json.loads(answer)


async def grant(shop: Shop, kind: DealKind, **amounts: int) -> None:
    async with shop.hub.db.transaction() as tx:
        await operations.grant(
            tx, principal=shop.principal, kind=kind, amounts=Amounts(**amounts), now=utc_now()
        )


async def deal_of(shop: Shop) -> str:
    status, answer = await shop.as_person("GET", "/business/my-deal")
    assert status == 200
    return str(answer["dealType"])


@pytest.fixture
async def reseller(hub: Hub) -> Reseller:
    return await Reseller.open(hub)


@pytest.fixture
async def member(hub: Hub, reseller: Reseller) -> Shop:
    """A connected account that the reseller calls 10."""
    shop = await hub.open_selling_shop()
    await reseller.authenticate(shop, "10")
    return shop


async def test_a_reseller_lists_an_item_through_its_members_own_connection(
    reseller: Reseller, member: Shop
) -> None:
    body = {**ITEM, "shippingCost": 49, "autoPublishTradera": True}

    status, _ = await reseller.act_for("10", "PUT", "/integration/v1/items/A", body)

    assert status == 202
    created = await member.heard("listing.created", "A")
    assert created["data"]["account"]["rheoUserId"] == str(member.principal.account_id)
    [ad] = await member.ads()
    assert str(ad["itemId"]) == created["data"]["traderaAdId"]
    assert (await reseller.shop.call("GET", "/integration/v1/items/A"))[0] == 404


async def test_the_member_is_told_by_the_id_that_webhooks_tell(
    reseller: Reseller, member: Shop
) -> None:
    [told] = await reseller.members()

    assert told["memberUserId"] == str(member.principal.account_id)
    assert (told["externalId"], told["name"]) == ("10", member.principal.account_name)
    assert await deal_of(member) == "sub_account"


async def test_nobody_acts_for_anothers_member(hub: Hub, reseller: Reseller, member: Shop) -> None:
    other, stranger = await Reseller.open(hub), await hub.open_shop()
    await member.put("A")
    before = await member.get("A")
    member_id = str(member.principal.account_id)

    for shop in (other.shop, stranger, member):
        for name in ("10", member_id, member.principal.account_name, "", "nobody"):
            for method, path, body in ROUTED:
                assert await act_for(shop, name, method, path, body) == (404, NOT_FOUND)
    for shop in (other.shop, stranger, member):
        path = f"{CONNECTIONS}/{member_id}"
        assert await shop.as_person("PUT", path, {"externalId": "11"}) == (404, NOT_FOUND)
        assert await shop.as_person("DELETE", path) == (404, NOT_FOUND)
        assert (await shop.as_person("GET", CONNECTIONS))[1] == {"connections": []}

    assert await member.get("A") == before
    assert (await reseller.members())[0]["externalId"] == "10"


async def test_a_member_cannot_act_for_its_reseller(reseller: Reseller, member: Shop) -> None:
    await reseller.shop.put("A")

    for name in ("10", str(reseller.shop.principal.account_id), reseller.slug):
        assert (await act_for(member, name, "GET", "/integration/v1/items/A")) == (404, NOT_FOUND)


async def test_a_wrong_key_opens_nothing_whomever_it_names(
    reseller: Reseller, member: Shop
) -> None:
    await member.put("A")
    headers = {"x-api-key": "wrong", "x-partner-account": "10"}

    status, _, _ = await reseller.shop.hub.request(
        "GET", "/integration/v1/items/A", headers=headers
    )

    assert status == 401


async def test_a_narrowed_key_acts_for_a_member_as_far_as_its_scope(
    hub: Hub, reseller: Reseller
) -> None:
    await reseller.authenticate(await hub.open_shop(), "10")
    shop, whole = reseller.shop, reseller.shop.api_key
    async with shop.hub.db.transaction() as tx:
        shop.api_key = await create_api_key(
            tx,
            principal=shop.principal,
            name="k",
            prefix="rheo_live_",
            scope=Role.VIEWER,
            now=utc_now(),
        )

    statuses = [(await act_for(shop, "10", *ROUTED[n]))[0] for n in (0, 1)]
    shop.api_key = whole

    assert statuses == [404, 403]


@pytest.mark.parametrize("how", ["removed", "left", "agreement over", "another deal", "suspended"])
async def test_who_may_act_no_longer_cannot_from_the_next_call_on(
    reseller: Reseller, member: Shop, how: str
) -> None:
    await member.put("A")
    assert (await reseller.act_for("10", "GET", "/integration/v1/items/A"))[0] == 200

    match how:
        case "removed":
            path = f"{CONNECTIONS}/{member.principal.account_id}"
            assert await reseller.shop.as_person("DELETE", path) == (204, None)
        case "left":
            assert await member.as_person("DELETE", "/business/my-deal") == (204, None)
        case "agreement over":
            assert await reseller.shop.as_person("DELETE", "/business/my-deal") == (204, None)
        case "another deal":
            await grant(reseller.shop, DealKind.DIRECT_COMMISSION, commission_bps=500)
        case _:
            await member.rows(
                "update accounts set suspended_at = now() where account_id = %(account_id)s returning 1 as one"
            )

    assert await reseller.act_for("10", "GET", "/integration/v1/items/A") == (404, NOT_FOUND)
    if how != "suspended":
        assert await deal_of(member) == "consumer_default"
        assert await reseller.members() == []


async def test_a_name_is_given_to_one_member_only(
    hub: Hub, reseller: Reseller, member: Shop
) -> None:
    second = await hub.open_shop()
    await reseller.authenticate(second, "11")

    status, answer = await reseller.rename(second, "10")

    assert (status, answer["error"]) == (409, "Another connection has this external ID")
    assert {m["externalId"] for m in await reseller.members()} == {"10", "11"}
    assert (await reseller.rename(member, "A/Ö"))[0] == 422
    assert (await reseller.rename(member, " 12"))[0] == 422
    assert (await reseller.rename(member, "10"))[0] == 200  # its own name


async def test_a_new_name_counts_from_the_next_call_on(reseller: Reseller, member: Shop) -> None:
    await member.put("A")
    await reseller.rename(member, "yard 7")

    assert (await reseller.act_for("10", "GET", "/integration/v1/items/A"))[0] == 404
    assert (await reseller.act_for("yard 7", "GET", "/integration/v1/items/A"))[0] == 200


async def test_two_resellers_may_call_their_members_alike(hub: Hub, reseller: Reseller) -> None:
    other = await Reseller.open(hub)
    first, second = await hub.open_shop(), await hub.open_shop()
    await reseller.authenticate(first, "10")
    await other.authenticate(second, "10")

    await reseller.act_for("10", "PUT", "/integration/v1/items/A", ITEM)

    assert (await first.call("GET", "/integration/v1/items/A"))[0] == 200
    assert (await second.call("GET", "/integration/v1/items/A"))[0] == 404


async def test_joining_again_changes_nothing(reseller: Reseller, member: Shop) -> None:
    before = await reseller.members()

    told = await asyncio.gather(
        *(member.as_person("POST", f"/p/{reseller.slug}/connect") for _ in range(3))
    )

    assert [status for status, _ in told] == [200] * 3
    assert [answer for _, answer in told] == before * 3
    assert await reseller.members() == before


async def test_a_reseller_is_nobodys_member(hub: Hub, reseller: Reseller) -> None:
    other = await Reseller.open(hub)

    for shop in (reseller.shop, other.shop):
        status, answer = await shop.as_person("POST", f"/p/{reseller.slug}/connect")
        assert (status, answer["code"]) == (409, "CONFLICT")
    assert await deal_of(other.shop) == "reseller_agreement"


async def test_a_member_that_becomes_a_reseller_is_no_member_any_more(
    reseller: Reseller, member: Shop
) -> None:
    await grant(member, DealKind.RESELLER_AGREEMENT)

    assert await reseller.members() == []
    assert await deal_of(member) == "reseller_agreement"


async def test_a_profile_says_whether_its_owner_takes_members(hub: Hub, reseller: Reseller) -> None:
    async def shown() -> dict[str, Any]:
        status, _, body = await hub.request("GET", f"/p/{reseller.slug}")
        assert status == 200
        return dict(json.loads(body))

    profile = {"slug": reseller.slug, "name": "Recopart"}
    assert await shown() == {**profile, "ownerHasResellerDeal": True}
    await reseller.shop.as_person("DELETE", "/business/my-deal")
    assert await shown() == {**profile, "ownerHasResellerDeal": False}


async def test_an_address_belongs_to_one_profile(hub: Hub, reseller: Reseller) -> None:
    eve = await hub.open_shop()

    status, answer = await eve.as_person("PUT", PROFILE, {"slug": reseller.slug, "name": "Eve"})

    assert (status, answer["error"]) == (409, "Another profile has this slug")


async def test_the_log_names_both_accounts(reseller: Reseller, member: Shop) -> None:
    await reseller.act_for("10", "PUT", "/integration/v1/items/LOGGED", ITEM)

    lines = reseller.shop.hub.log.read_text().splitlines()
    both = (str(member.principal.account_id), str(reseller.shop.principal.account_id))
    assert [line for line in lines if "LOGGED" in line and all(name in line for name in both)]
