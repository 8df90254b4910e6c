"""Questions about members."""

from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.members import store
from saluhall.domain.members.model import Member, MemberNotFound
from saluhall.storage import Transaction


async def may_act(tx: Transaction, *, principal: Principal) -> bool:
    """Return whether an account may have members."""
    return await store.may_act(tx, principal.account_id)


async def is_member(tx: Transaction, *, account_id: UUID) -> bool:
    """Return whether an account is anybody's member."""
    return await store.is_member(tx, account_id)


async def member_principal(tx: Transaction, *, principal: Principal, external_id: str) -> Principal:
    """Act for the member that an account calls so, by the account's key. Raises MemberNotFound."""
    found = await store.find_principal(tx, principal.account_id, external_id)
    if found is None:
        raise MemberNotFound
    return Principal(
        account_id=found.account_id,
        account_name=found.account_name,
        key_id=principal.key_id,
        role=principal.role,
    )


async def list_members(tx: Transaction, *, principal: Principal) -> list[Member]:
    """List an account's members by the names it gave them."""
    return await store.list_members(tx, principal.account_id)


async def get_member(tx: Transaction, *, principal: Principal, member_id: UUID) -> Member:
    """Return one of an account's members. Raises MemberNotFound."""
    found = await store.find(tx, principal.account_id, member_id)
    if found is None:
        raise MemberNotFound
    return found
