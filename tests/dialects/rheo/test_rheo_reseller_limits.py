"""Calls for a member are counted with the reseller's key."""

import asyncio

from saluhall.domain.partner_business import operations
from saluhall.domain.partner_business.model import Amounts, DealKind
from saluhall.kit.clock import utc_now
from tests.hub import Hub


async def test_acting_for_many_members_takes_from_one_bucket(hub: Hub) -> None:
    reseller, members = await hub.open_shop(), [await hub.open_shop() for _ in range(2)]
    slug = f"limits-{reseller.principal.account_id}"
    async with hub.db.transaction() as tx:
        now, kind = utc_now(), DealKind.RESELLER_AGREEMENT
        await operations.grant(
            tx, principal=reseller.principal, kind=kind, amounts=Amounts(), now=now
        )
        await operations.put_profile(tx, principal=reseller.principal, slug=slug, name="R", now=now)
        for member in members:
            await operations.join(tx, principal=member.principal, slug=slug, now=now)

    async def get(member_id: str) -> int:
        headers = {"x-api-key": reseller.api_key, "x-partner-account": member_id}
        status, _, _ = await hub.request("GET", "/integration/v1/items/NONE", headers=headers)
        return status

    async with asyncio.timeout(60):
        statuses = await asyncio.gather(
            *(get(str(member.principal.account_id)) for member in members for _ in range(60))
        )

    assert set(statuses) == {404, 429}
    for member in members:
        assert (
            await member.rows("select * from rate_buckets where account_id = %(account_id)s") == []
        )
