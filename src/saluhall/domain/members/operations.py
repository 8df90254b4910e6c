"""Who acts for whom: what the account that acts may change, and what its members may."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.members import queries, store
from saluhall.domain.members.model import ExternalIdTaken, Member, MemberNotFound
from saluhall.storage import Conflict, Transaction


async def allow(tx: Transaction, *, principal: Principal, now: datetime) -> None:
    """Let an account act for others."""
    await store.allow(tx, principal.account_id, now=now)


async def forbid(
    tx: Transaction,
    *,
    principal: Principal,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> Sequence[UUID]:
    """Let an account act for nobody; return which of its members are nobody's now."""
    await store.forbid(tx, principal.account_id)
    return await store.remove_all(tx, principal.account_id)


async def add(
    tx: Transaction, *, principal: Principal, member_id: UUID, external_id: str, now: datetime
) -> Member:
    """Add a member under this name; one that is there stays as it is. Raises ExternalIdTaken."""
    try:
        await store.add(
            tx, principal.account_id, member_id=member_id, external_id=external_id, now=now
        )
    except Conflict as error:
        raise ExternalIdTaken from error
    return await queries.get_member(tx, principal=principal, member_id=member_id)


async def rename(
    tx: Transaction,
    *,
    principal: Principal,
    member_id: UUID,
    external_id: str,
    now: datetime,  # noqa: ARG001 - as above
) -> Member:
    """Give a member another name, from its next request and event on. Raises MemberNotFound, ExternalIdTaken."""
    try:
        found = await store.rename(
            tx, principal.account_id, member_id=member_id, external_id=external_id
        )
    except Conflict as error:
        raise ExternalIdTaken from error
    if not found:
        raise MemberNotFound
    return await queries.get_member(tx, principal=principal, member_id=member_id)


async def remove(
    tx: Transaction,
    *,
    principal: Principal,
    member_id: UUID,
    now: datetime,  # noqa: ARG001 - as above
) -> None:
    """Remove a member. Raises MemberNotFound."""
    if not await store.remove(tx, principal.account_id, member_id):
        raise MemberNotFound


async def leave_all(
    tx: Transaction,
    *,
    principal: Principal,
    now: datetime,  # noqa: ARG001 - as above
) -> None:
    """Be nobody's member any more."""
    await store.leave_all(tx, principal.account_id)
