"""Questions about deals, members and public profiles."""

from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.resellers import store
from saluhall.domain.resellers.model import (
    Deal,
    DealRequest,
    Member,
    MemberNotFound,
    Profile,
    ProfileNotFound,
)
from saluhall.storage import Transaction


async def deal_of_account(tx: Transaction, *, principal: Principal) -> Deal:
    """Return an account's deal, and the one that it has requested."""
    return await store.deal(tx, principal.account_id)


async def list_requests(tx: Transaction) -> list[DealRequest]:
    """List what accounts ask the operator for, the oldest first."""
    return await store.requests(tx)


async def member_principal(tx: Transaction, *, principal: Principal, external_id: str) -> Principal:
    """Act for the member that a reseller calls so, by the reseller's key. Raises MemberNotFound."""
    found = await store.find_member(tx, principal.account_id, external_id)
    if found is None:
        raise MemberNotFound
    return Principal(
        account_id=found.account_id,
        account_name=found.account_name,
        key_id=principal.key_id,
        role=principal.role,
    )


async def list_members(tx: Transaction, *, principal: Principal) -> list[Member]:
    """List a reseller's members by the names it gave them."""
    return await store.members(tx, principal.account_id)


async def member_of_account(tx: Transaction, *, principal: Principal, member_id: UUID) -> Member:
    """Return one of a reseller's members. Raises MemberNotFound."""
    found = await store.member(tx, principal.account_id, member_id)
    if found is None:
        raise MemberNotFound
    return found


async def public_profile(tx: Transaction, slug: str) -> Profile:
    """Return the public profile at this address. Raises ProfileNotFound."""
    found = await store.profile_by_slug(tx, slug)
    if found is None:
        raise ProfileNotFound
    return found


async def profile_of_account(tx: Transaction, *, principal: Principal) -> Profile:
    """Return an account's own public profile. Raises ProfileNotFound."""
    found = await store.profile(tx, principal.account_id)
    if found is None:
        raise ProfileNotFound
    return found
