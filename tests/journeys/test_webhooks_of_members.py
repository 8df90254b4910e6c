"""A reseller hears of its members, each under the reseller's own name for it; nobody else does."""

import json
from typing import Any

from saluhall.domain.partner_business import operations
from saluhall.domain.partner_business.model import Amounts, DealKind
from saluhall.kit.clock import utc_now
from tests.hub import Hub, Shop

WEBHOOKS = "/integration/webhooks"


async def reseller_at(hub: Hub) -> Shop:
    shop = await hub.open_shop()
    async with hub.db.transaction() as tx:
        await operations.grant(
            tx,
            principal=shop.principal,
            kind=DealKind.RESELLER_AGREEMENT,
            amounts=Amounts(),
            now=utc_now(),
        )
    return shop


async def take_on(reseller: Shop, member: Shop, external_id: str) -> None:
    async with reseller.hub.db.transaction() as tx:
        await tx.run(
            "insert into members (account_id, external_id, member_account_id, created_at)"
            " values (%(reseller)s, %(external_id)s, %(member)s, %(now)s)",
            {
                "reseller": reseller.principal.account_id,
                "external_id": external_id,
                "member": member.principal.account_id,
                "now": utc_now(),
            },
        )


async def listen(shop: Shop, scope: str) -> str:
    body = {
        "url": shop.hub.partner.url + shop.hook,
        "eventTypes": ["item.created"],
        "scope": scope,
    }
    status, answer = await shop.as_person("POST", WEBHOOKS, body)
    assert status == 200, answer
    return str(answer["id"])


def accounts(shop: Shop) -> dict[str, Any]:
    return {e["data"]["externalId"]: e["data"]["account"] for e in shop.events()}


async def test_an_event_of_a_member_goes_to_both(hub: Hub) -> None:
    reseller = await reseller_at(hub)
    member, stranger = await hub.open_shop(), await hub.open_shop()
    await take_on(reseller, member, "10")
    await listen(reseller, "members")
    await listen(member, "self")
    await listen(stranger, "self")

    await member.put("OF MEMBER")
    await reseller.put("OF RESELLER")
    await stranger.put("OF STRANGER")
    for shop in (reseller, member, stranger):
        await shop.settle()

    account_id = str(member.principal.account_id)
    assert accounts(reseller) == {"OF MEMBER": {"rheoUserId": account_id, "memberExternalId": "10"}}
    assert accounts(member) == {"OF MEMBER": {"rheoUserId": account_id}}
    [line] = (await reseller.log())["deliveries"]
    assert (line["externalId"], line["status"]) == ("OF MEMBER", "success")
    assert len((await member.log())["deliveries"]) == 1


async def test_a_member_that_was_renamed_reads_the_same_when_it_is_sent_once_more(hub: Hub) -> None:
    reseller, member = await reseller_at(hub), await hub.open_shop()
    await take_on(reseller, member, "old name")
    await listen(reseller, "members")
    await member.put("A")
    await reseller.settle()
    await reseller.rows(
        "update members set external_id = 'new name' where account_id = %(account_id)s returning 1 as x"
    )

    [line] = (await reseller.log())["deliveries"]
    path = f"/integration/webhook-deliveries/{line['id']}/redeliver"
    assert (await reseller.as_person("POST", path))[0] == 202
    await reseller.settle()

    first, second = reseller.received()
    assert first.body == second.body
    assert json.loads(first.body)["data"]["account"]["memberExternalId"] == "old name"
    assert (await member.as_person("POST", path))[0] == 404


async def test_what_happened_to_a_member_is_not_sent_again_once_it_has_left(hub: Hub) -> None:
    reseller, member = await reseller_at(hub), await hub.open_shop()
    await take_on(reseller, member, "10")
    await listen(reseller, "members")
    await member.put("A")
    await reseller.settle()
    [line] = (await reseller.log())["deliveries"]
    await reseller.rows("delete from members where account_id = %(account_id)s returning 1 as x")

    path = f"/integration/webhook-deliveries/{line['id']}/redeliver"
    assert (await reseller.as_person("POST", path))[0] == 404
    await reseller.settle()

    assert len(reseller.received()) == 1


async def test_a_replay_to_a_reseller_goes_through_all_its_members(hub: Hub) -> None:
    reseller = await reseller_at(hub)
    members = [await hub.open_shop() for _ in range(3)]
    for number, member in enumerate(members):
        await take_on(reseller, member, f"no. {number}")
    for member in (members[0], members[2]):  # one has nothing to tell
        for name in ("A", "B"):
            await member.put(f"{name} {member.principal.account_id}")
    await reseller.put("OWN")
    endpoint = await listen(reseller, "members")

    status, answer = await reseller.as_person(
        "POST", f"{WEBHOOKS}/{endpoint}/replay", {"since": "2001-01-01T00:00:00Z"}
    )
    await reseller.until_received(4)
    await reseller.settle()

    assert (status, answer["events"]) == (202, 4)
    told = {name: given["memberExternalId"] for name, given in accounts(reseller).items()}
    assert told == {
        f"{name} {members[number].principal.account_id}": f"no. {number}"
        for number in (0, 2)
        for name in ("A", "B")
    }
