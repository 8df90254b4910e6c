"""Grant and leave deals, join resellers, publish profiles."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.members import operations as members
from saluhall.domain.members.model import Member
from saluhall.domain.members.queries import is_member
from saluhall.domain.partner_business import queries, store
from saluhall.domain.partner_business.model import (
    Amounts,
    CannotJoin,
    Deal,
    DealKind,
    DealRequest,
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
        await members.leave_all(tx, principal=principal, now=now)
        await members.allow(tx, principal=principal, now=now)
    else:
        await _dismiss_all(tx, principal, now=now)
    await store.grant(tx, principal.account_id, kind=kind, amounts=amounts, now=now)
    return await store.deal(tx, principal.account_id)


async def ask(
    tx: Transaction, *, principal: Principal, kind: DealKind, message: str, now: datetime
) -> DealRequest:
    """Ask the operator for a deal; a second request only replaces the message of the first."""
    return await store.ask(
        tx, principal.account_id, kind=kind, request_id=new_id(), message=message, now=now
    )


async def leave_deal(tx: Transaction, *, principal: Principal, now: datetime) -> None:
    """Return to the deal that everybody has. A member leaves its resellers, a reseller has no members any more."""
    await store.lock(tx, [principal.account_id])
    await members.leave_all(tx, principal=principal, now=now)
    await _dismiss_all(tx, principal, now=now)
    await store.end(tx, principal.account_id)


async def join(tx: Transaction, *, principal: Principal, slug: str, now: datetime) -> Member:
    """Become a member of the reseller with this public profile; a member stays as it is.

    The member keeps its account, its connections and its payout, and gets a sub-account's deal. Until the reseller calls it
    otherwise, its external id is the id by which webhooks know it.

    Raises ProfileNotFound, NotAReseller, CannotJoin, ExternalIdTaken.
    """
    profile = await queries.public_profile(tx, slug)
    member_id = principal.account_id
    await store.lock(tx, [profile.account_id, member_id])
    if (await store.deal(tx, profile.account_id)).kind is not DealKind.RESELLER_AGREEMENT:
        raise NotAReseller
    own = await store.deal(tx, member_id)
    if member_id == profile.account_id or own.kind is DealKind.RESELLER_AGREEMENT:
        raise CannotJoin
    reseller = Principal(account_id=profile.account_id, account_name=profile.name)
    joined = await members.add(
        tx, principal=reseller, member_id=member_id, external_id=str(member_id), now=now
    )
    if own.kind is not DealKind.SUB_ACCOUNT:
        await store.grant(tx, member_id, kind=DealKind.SUB_ACCOUNT, amounts=Amounts(), now=now)
    return joined


async def remove_member(
    tx: Transaction, *, principal: Principal, member_id: UUID, now: datetime
) -> None:
    """Act for a member no longer; nobody's sub-account has the deal that everybody has. Raises MemberNotFound."""
    await store.lock(tx, [member_id])
    await members.remove(tx, principal=principal, member_id=member_id, now=now)
    if not await is_member(tx, account_id=member_id):
        await store.end_sub_accounts(tx, [member_id])


async def put_profile(
    tx: Transaction,
    *,
    principal: Principal,
    slug: str,
    name: str,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> Profile:
    """Set what everybody may read of an account, and under which address. Raises SlugTaken."""
    await store.lock(tx, [principal.account_id])  # two at once would leave an address behind
    try:
        await store.put_profile(tx, principal.account_id, slug=slug, name=name)
    except Conflict as error:
        raise SlugTaken from error
    return await queries.profile_of_account(tx, principal=principal)


async def _dismiss_all(tx: Transaction, principal: Principal, *, now: datetime) -> None:
    free = await members.forbid(tx, principal=principal, now=now)
    await store.end_sub_accounts(tx, free)
