"""Resellers: deals, members, and who acts for whom."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final
from uuid import UUID

from msgspec import Struct

from saluhall.dialect import PublicRequest, Reply, Request, Route
from saluhall.dialects.rheo.auth import MANAGEMENT, person
from saluhall.dialects.rheo.bodies import read
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_business import (
    Connection,
    Connections,
    DealRequested,
    MyDeal,
    NewDealRequest,
    NewName,
    NewProfile,
    Profile,
)
from saluhall.domain.accounts.roles import Right
from saluhall.domain.members import operations as member_operations
from saluhall.domain.members import queries as member_queries
from saluhall.domain.members.model import Member, MemberNotFound
from saluhall.domain.partner_business import model, operations, queries
from saluhall.domain.partner_business.model import DealKind, ProfileNotFound
from saluhall.kit.clock import iso_from_instant

_DEAL: Final = "/business/my-deal"
_PROFILE: Final = "/business/my-profile"
_CONNECTIONS: Final = f"{_PROFILE}/connections"
_CONNECTION: Final = f"{_CONNECTIONS}/{{memberUserId}}"


async def get_deal(request: Request) -> Reply:
    """Return the account's deal."""
    deal = await queries.deal_of_account(request.tx, principal=request.principal)
    body = MyDeal(
        dealType=deal.kind,
        commissionBps=deal.amounts.commission_bps,
        flatMonthlyOre=deal.amounts.flat_monthly_ore,
        perListingOre=deal.amounts.per_listing_ore,
        since=iso_from_instant(deal.since) if deal.since else None,
        requested=list(deal.requested),
    )
    return Reply(status=200, body=body)


async def request_deal(request: Request) -> Reply:
    """Ask the operator for a deal."""
    given = read(request.body, NewDealRequest)
    asked = await operations.ask(
        request.tx,
        principal=request.principal,
        kind=DealKind(given.dealType),
        message=given.message or "",
        now=request.now,
    )
    body = DealRequested(
        id=str(asked.id),
        dealType=asked.kind,
        message=asked.message,
        requestedAt=iso_from_instant(asked.requested_at),
    )
    return Reply(status=200, body=body)


async def leave_deal(request: Request) -> Reply:
    """Go back to the deal that everybody has."""
    await operations.leave_deal(request.tx, principal=request.principal, now=request.now)
    return Reply(status=204)


async def get_profile(request: Request) -> Reply:
    """Return the account's own public profile. Raises ProfileNotFound."""
    found = await queries.profile_of_account(request.tx, principal=request.principal)
    return Reply(status=200, body=_profile_from_ours(found))


async def put_profile(request: Request) -> Reply:
    """Set what everybody may read of the account. Raises SlugTaken."""
    given = read(request.body, NewProfile)
    stored = await operations.put_profile(
        request.tx, principal=request.principal, slug=given.slug, name=given.name, now=request.now
    )
    return Reply(status=200, body=_profile_from_ours(stored))


async def list_connections(request: Request) -> Reply:
    """List the members, by what the account calls them."""
    members = await member_queries.list_members(request.tx, principal=request.principal)
    body = Connections(connections=[_connection_from_member(m) for m in members])
    return Reply(status=200, body=body)


async def put_connection(request: Request) -> Reply:
    """Request a member otherwise. Raises MemberNotFound, ExternalIdTaken."""
    given = read(request.body, NewName)
    member = await member_operations.rename(
        request.tx,
        principal=request.principal,
        member_id=_member_id_of(request),
        external_id=given.externalId,
        now=request.now,
    )
    return Reply(status=200, body=_connection_from_member(member))


async def delete_connection(request: Request) -> Reply:
    """Act for a member no longer. Raises MemberNotFound."""
    await operations.remove_member(
        request.tx, principal=request.principal, member_id=_member_id_of(request), now=request.now
    )
    return Reply(status=204)


async def connect(request: Request) -> Reply:
    """Become a member of a reseller. Raises ProfileNotFound, NotAReseller, CannotJoin, ExternalIdTaken."""
    slug = _slug_of(request.path)
    member = await operations.join(
        request.tx, principal=request.principal, slug=slug, now=request.now
    )
    return Reply(status=200, body=_connection_from_member(member))


async def show_profile(request: PublicRequest) -> Reply:
    """Return everybody what they may read. Raises ProfileNotFound."""
    async with request.db.statement() as tx:
        found = await queries.public_profile(tx, _slug_of(request.path))
    return Reply(status=200, body=_profile_from_ours(found))


def _slug_of(path: Mapping[str, str]) -> str:
    """Read which profile a path means; what no slug can hold means none. Raises ProfileNotFound."""
    slug = path["slug"]
    if not slug.isascii() or not slug.isprintable():
        raise ProfileNotFound
    return slug


def _member_id_of(request: Request) -> UUID:
    """Read whom a path means. Raises MemberNotFound."""
    try:
        return UUID(request.path["memberUserId"])
    except ValueError as error:
        raise MemberNotFound from error


def _profile_from_ours(profile: model.Profile) -> Profile:
    return Profile(slug=profile.slug, name=profile.name, ownerHasResellerDeal=profile.is_reseller)


def _connection_from_member(member: Member) -> Connection:
    return Connection(
        memberUserId=str(member.member_account_id),
        externalId=member.external_id,
        name=member.name,
        connectedAt=iso_from_instant(member.joined_at),
    )


_route = partial(
    Route, authenticator=person, tier=MANAGEMENT, headers={"Cache-Control": "no-store"}
)
_SEEN: Final[Mapping[int, type[Struct] | None]] = {401: Error, 403: Error, 429: Error}
_CHANGED: Final[Mapping[int, type[Struct] | None]] = {**_SEEN, 400: Error, 422: Error}

ROUTES: Sequence[Route] = (
    _route(
        method="GET",
        path=_DEAL,
        handler=get_deal,
        right=Right.ACCOUNT_READ,
        summary="Get the account's deal, and which it has asked for",
        responses={**_SEEN, 200: MyDeal},
    ),
    _route(
        method="DELETE",
        path=_DEAL,
        handler=leave_deal,
        right=Right.ACCOUNT_WRITE,
        summary="Go back to consumer_default",
        responses={**_SEEN, 204: None},
    ),
    _route(
        method="POST",
        path="/business/deal-requests",
        handler=request_deal,
        right=Right.ACCOUNT_WRITE,
        summary="Ask the operator for a deal",
        body=NewDealRequest,
        example={"dealType": "reseller_agreement", "message": "We sell for 30 breakers' yards"},
        responses={**_CHANGED, 200: DealRequested},
    ),
    _route(
        method="GET",
        path=_PROFILE,
        handler=get_profile,
        right=Right.ACCOUNT_READ,
        summary="Get the account's public profile",
        responses={**_SEEN, 200: Profile, 404: Error},
    ),
    _route(
        method="PUT",
        path=_PROFILE,
        handler=put_profile,
        right=Right.ACCOUNT_WRITE,
        summary="Set the account's public profile and its address",
        body=NewProfile,
        example={"slug": "recopart", "name": "Recopart"},
        responses={**_CHANGED, 200: Profile, 409: Error},
    ),
    _route(
        method="GET",
        path=_CONNECTIONS,
        handler=list_connections,
        right=Right.ACCOUNT_READ,
        summary="List the members that the account acts for",
        responses={**_SEEN, 200: Connections},
    ),
    _route(
        method="PUT",
        path=_CONNECTION,
        handler=put_connection,
        right=Right.ACCOUNT_WRITE,
        summary="Give a member another external id",
        body=NewName,
        example={"externalId": "10"},
        responses={**_CHANGED, 200: Connection, 404: Error, 409: Error},
    ),
    _route(
        method="DELETE",
        path=_CONNECTION,
        handler=delete_connection,
        right=Right.ACCOUNT_WRITE,
        summary="Act for a member no longer, at once",
        responses={**_SEEN, 204: None, 404: Error},
    ),
    Route(
        method="GET",
        path="/p/{slug}",
        public_handler=show_profile,
        tier=None,
        summary="Show a public profile",
        responses={200: Profile, 404: Error},
    ),
    _route(
        method="POST",
        path="/p/{slug}/connect",
        handler=connect,
        right=Right.ACCOUNT_WRITE,
        summary="Become a member of the reseller with this profile",
        responses={**_SEEN, 200: Connection, 404: Error, 409: Error},
    ),
)
