"""What is done with deals, members and public profiles."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.resellers import queries, store
from saluhall.domain.resellers.model import (
    Amounts,
    CannotJoin,
    Deal,
    DealKind,
    DealRequest,
    ExternalIdTaken,
    Member,
    MemberNotFound,
    NotAReseller,
    Profile,
    SlugTaken,
    check_amounts,
)
from saluhall.kit.ids import new_id
from saluhall.storage import Conflict, Transaction


async def grant(
    tx: Transaction, *, principal: Principal, kind: DealKind, amounts: Amounts, now: datetime
) -> Deal:
    """Give an account a deal in place of its present one; what it asked for of this kind is settled. Raises BadDeal.

    A member that gets a deal of its own stays a member, unless it becomes a reseller itself; a reseller that gets another deal has
    no members any more.
    """
    check_amounts(kind, amounts)
    await store.lock(tx, [principal.account_id])
    if kind is DealKind.RESELLER_AGREEMENT:
        await store.leave_all(tx, principal.account_id)
    else:
        await store.dismiss_all(tx, principal.account_id)
    await store.grant(tx, principal.account_id, kind=kind, amounts=amounts, now=now)
    return await store.deal(tx, principal.account_id)


async def ask(
    tx: Transaction, *, principal: Principal, kind: DealKind, message: str, now: datetime
) -> DealRequest:
    """Ask the operator for a deal; a second request only replaces the message of the first."""
    return await store.ask(
        tx, principal.account_id, kind=kind, request_id=new_id(), message=message, now=now
    )


async def leave_deal(
    tx: Transaction,
    *,
    principal: Principal,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Go back to the deal that everybody has. A member leaves its resellers, a reseller has no members any more."""
    await store.lock(tx, [principal.account_id])
    await store.leave_all(tx, principal.account_id)
    await store.dismiss_all(tx, principal.account_id)
    await store.end(tx, principal.account_id)


async def join(tx: Transaction, *, principal: Principal, slug: str, now: datetime) -> Member:
    """Become a member of the reseller with this public profile; a member stays as it is.

    The member keeps its account, its connections and its payout, and gets a sub-account's deal. Until the reseller calls it
    otherwise, its external id is the id by which webhooks know it.

    Raises ProfileNotFound, NotAReseller, CannotJoin, ExternalIdTaken.
    """
    profile = await queries.public_profile(tx, slug)
    reseller = Principal(account_id=profile.account_id, account_name=profile.name)
    await store.lock(tx, [profile.account_id, principal.account_id])
    if (await store.deal(tx, profile.account_id)).kind is not DealKind.RESELLER_AGREEMENT:
        raise NotAReseller
    own = await store.deal(tx, principal.account_id)
    if principal.account_id == profile.account_id or own.kind is DealKind.RESELLER_AGREEMENT:
        raise CannotJoin
    member_id = principal.account_id
    try:
        await store.join(
            tx, profile.account_id, member_id=member_id, external_id=str(member_id), now=now
        )
    except Conflict as error:
        raise ExternalIdTaken from error
    if own.kind is not DealKind.SUB_ACCOUNT:
        await store.grant(tx, member_id, kind=DealKind.SUB_ACCOUNT, amounts=Amounts(), now=now)
    return await queries.member_of_account(tx, principal=reseller, member_id=member_id)


async def rename_member(
    tx: Transaction,
    *,
    principal: Principal,
    member_id: UUID,
    external_id: str,
    now: datetime,  # noqa: ARG001 - as above
) -> Member:
    """Call a member otherwise, from its next request and event on. Raises MemberNotFound, ExternalIdTaken."""
    try:
        found = await store.rename(
            tx, principal.account_id, member_id=member_id, external_id=external_id
        )
    except Conflict as error:
        raise ExternalIdTaken from error
    if not found:
        raise MemberNotFound
    return await queries.member_of_account(tx, principal=principal, member_id=member_id)


async def remove_member(
    tx: Transaction,
    *,
    principal: Principal,
    member_id: UUID,
    now: datetime,  # noqa: ARG001 - as above
) -> None:
    """Act for a member no longer; nobody's sub-account has the deal that everybody has. Raises MemberNotFound."""
    await store.lock(tx, [member_id])
    if not await store.part(tx, principal.account_id, member_id):
        raise MemberNotFound
    await store.end_sub_account(tx, member_id)


async def put_profile(
    tx: Transaction,
    *,
    principal: Principal,
    slug: str,
    name: str,
    now: datetime,  # noqa: ARG001 - as above
) -> Profile:
    """Set what everybody may read of an account, and under which address. Raises SlugTaken."""
    await store.lock(tx, [principal.account_id])  # two at once would leave an address behind
    try:
        await store.put_profile(tx, principal.account_id, slug=slug, name=name)
    except Conflict as error:
        raise SlugTaken from error
    return await queries.profile_of_account(tx, principal=principal)
