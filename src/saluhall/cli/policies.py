"""saluhall policy set and show."""

import asyncio
import time
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.policy_options import PolicyOptions, policy_object, policy_with
from saluhall.cli.session import (
    Account,
    AsJson,
    DataDir,
    for_account,
    prepared,
    read_settings,
    show,
)
from saluhall.domain.accounts.model import Principal
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.listings.policies import follow_policy, select_products
from saluhall.domain.offers import operations, queries
from saluhall.domain.offers.model import Policy, Selection
from saluhall.domain.offers.selection import KNOWN_FOR, are_over, newest_transaction
from saluhall.domain.products.model import ProductKey
from saluhall.settings import Settings
from saluhall.storage import Database, Transaction

ConnectionId = Annotated[UUID, Parameter(help="The connection's id as `connection list` shows it.")]
Reset = Annotated[
    list[str] | None,
    Parameter(negative="", help="The name of an option that gets its default back; repeat it."),
]

_TIMEOUT_S = 30.0
_LOOK_EVERY_S = 0.05

policy = App(
    name="policy",
    help="Set which products a connection offers, and at which prices and quantities.",
)


@policy.command(name="set")
def set_policy(
    connection: ConnectionId,
    /,
    *,
    account: Account,
    options: PolicyOptions | None = None,
    reset: Reset = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Change a connection's policy: what is not named stays. Its offers follow."""
    settings = read_settings(data_dir)
    policy = asyncio.run(_set(settings, account, connection, options, reset or []))
    show(policy_object(policy), as_json=as_json)


async def _set(
    settings: Settings,
    account: str,
    connection_id: UUID,
    options: PolicyOptions | None,
    reset: list[str],
) -> Policy:
    async def change(tx: Transaction) -> tuple[Principal, Policy]:
        principal = await principal_of_account(tx, account)
        known = await queries.get_policy(tx, principal=principal, connection_id=connection_id)
        policy = policy_with(known, options, reset)
        await operations.set_policy(
            tx, principal=principal, connection_id=connection_id, policy=policy, now=now()
        )
        return principal, policy

    async def follow(tx: Transaction) -> UUID | None:
        return await follow_policy(
            tx, account_id=principal.account_id, connection_id=connection_id, after=last, now=now()
        )

    async def choose(tx: Transaction) -> ProductKey | None:
        return await select_products(
            tx, account_id=principal.account_id, connection_id=connection_id, after=key, now=now()
        )

    async with prepared(settings) as db:
        principal, policy = await db.in_transaction(change)
        if policy.products is not Selection.NONE:
            await _until_all_know(db)
            key: ProductKey | None = None
            while (key := await db.in_transaction(choose)) is not None:
                pass
        last: UUID | None = None
        while (last := await db.in_transaction(follow)) is not None:
            pass
    return policy


async def _until_all_know(db: Database) -> None:
    """Wait until every product is written either by a transaction that knows the policy, or where the next transaction sees it."""
    await asyncio.sleep(KNOWN_FOR.total_seconds())
    async with db.statement() as tx:
        newest = await newest_transaction(tx)
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        async with db.statement() as tx:
            if await are_over(tx, newest):
                return
        await asyncio.sleep(_LOOK_EVERY_S)


@policy.command(name="show")
def show_policy(
    connection: ConnectionId,
    /,
    *,
    account: Account,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a connection's policy."""

    async def do(tx: Transaction, principal: Principal) -> Policy:
        return await queries.get_policy(tx, principal=principal, connection_id=connection)

    found = for_account(read_settings(data_dir), account, do)
    show(policy_object(found), as_json=as_json)
