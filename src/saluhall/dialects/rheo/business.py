"""Resellers: deals, members, and who acts for whom."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final
from uuid import UUID

from msgspec import Struct

from saluhall.dialect import Call, Reply, Route, Visit
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
from saluhall.domain.resellers import model, operations, queries
from saluhall.domain.resellers.model import DealKind, MemberNotFound, ProfileNotFound
from saluhall.kit.clock import iso_from_instant

_DEAL: Final = "/business/my-deal"
_PROFILE: Final = "/business/my-profile"
_CONNECTIONS: Final = f"{_PROFILE}/connections"
_CONNECTION: Final = f"{_CONNECTIONS}/{{memberUserId}}"


async def get_deal(call: Call) -> Reply:
    """Tell the account's deal."""
    deal = await queries.deal_of_account(call.tx, by=call.by)
    body = MyDeal(
        dealType=deal.kind,
        commissionBps=deal.amounts.commission_bps,
        flatMonthlyOre=deal.amounts.flat_monthly_ore,
        perListingOre=deal.amounts.per_listing_ore,
        since=iso_from_instant(deal.since) if deal.since else None,
        requested=list(deal.requested),
    )
    return Reply(status=200, body=body)


async def request_deal(call: Call) -> Reply:
    """Ask the operator for a deal."""
    given = read(call.body, NewDealRequest)
    asked = await operations.ask(
        call.tx,
        by=call.by,
        kind=DealKind(given.dealType),
        message=given.message or "",
        now=call.now,
    )
    body = DealRequested(
        id=str(asked.id),
        dealType=asked.kind,
        message=asked.message,
        requestedAt=iso_from_instant(asked.requested_at),
    )
    return Reply(status=200, body=body)


async def leave_deal(call: Call) -> Reply:
    """Go back to the deal that everybody has."""
    await operations.leave_deal(call.tx, by=call.by, now=call.now)
    return Reply(status=204)


async def get_profile(call: Call) -> Reply:
    """Tell the account's own public profile. Raises ProfileNotFound."""
    found = await queries.profile_of_account(call.tx, by=call.by)
    return Reply(status=200, body=_profile_from_ours(found))


async def put_profile(call: Call) -> Reply:
    """Set what everybody may read of the account. Raises SlugTaken."""
    given = read(call.body, NewProfile)
    stored = await operations.put_profile(
        call.tx, by=call.by, slug=given.slug, name=given.name, now=call.now
    )
    return Reply(status=200, body=_profile_from_ours(stored))


async def list_connections(call: Call) -> Reply:
    """List the members, by what the account calls them."""
    members = await queries.list_members(call.tx, by=call.by)
    body = Connections(connections=[_connection_from_member(m) for m in members])
    return Reply(status=200, body=body)


async def put_connection(call: Call) -> Reply:
    """Call a member otherwise. Raises MemberNotFound, ExternalIdTaken."""
    given = read(call.body, NewName)
    member = await operations.rename_member(
        call.tx,
        by=call.by,
        member_id=_member_id_of(call),
        external_id=given.externalId,
        now=call.now,
    )
    return Reply(status=200, body=_connection_from_member(member))


async def delete_connection(call: Call) -> Reply:
    """Act for a member no longer. Raises MemberNotFound."""
    await operations.remove_member(call.tx, by=call.by, member_id=_member_id_of(call), now=call.now)
    return Reply(status=204)


async def connect(call: Call) -> Reply:
    """Become a member of a reseller. Raises ProfileNotFound, NotAReseller, CannotJoin, ExternalIdTaken."""
    slug = _slug_of(call.path)
    member = await operations.join(call.tx, by=call.by, slug=slug, now=call.now)
    return Reply(status=200, body=_connection_from_member(member))


async def show_profile(visit: Visit) -> Reply:
    """Tell everybody what they may read. Raises ProfileNotFound."""
    async with visit.db.statement() as tx:
        found = await queries.public_profile(tx, _slug_of(visit.path))
    return Reply(status=200, body=_profile_from_ours(found))


def _slug_of(path: Mapping[str, str]) -> str:
    """Read which profile a path means; what no slug can hold means none. Raises ProfileNotFound."""
    slug = path["slug"]
    if not slug.isascii() or not slug.isprintable():
        raise ProfileNotFound
    return slug


def _member_id_of(call: Call) -> UUID:
    """Read whom a path means. Raises MemberNotFound."""
    try:
        return UUID(call.path["memberUserId"])
    except ValueError as error:
        raise MemberNotFound from error


def _profile_from_ours(profile: model.Profile) -> Profile:
    return Profile(slug=profile.slug, name=profile.name, ownerHasResellerDeal=profile.is_reseller)


def _connection_from_member(member: model.Member) -> Connection:
    return Connection(
        memberUserId=str(member.member_account_id),
        externalId=member.external_id,
        name=member.name,
        connectedAt=iso_from_instant(member.joined_at),
    )


_route = partial(Route, admits=person, tier=MANAGEMENT, headers={"Cache-Control": "no-store"})
_SEEN: Final[Mapping[int, type[Struct] | None]] = {401: Error, 403: Error, 429: Error}
_CHANGED: Final[Mapping[int, type[Struct] | None]] = {**_SEEN, 400: Error, 422: Error}

ROUTES: Sequence[Route] = (
    _route(
        method="GET",
        path=_DEAL,
        endpoint=get_deal,
        summary="Tell the account's deal, and which it has asked for",
        answers={**_SEEN, 200: MyDeal},
    ),
    _route(
        method="DELETE",
        path=_DEAL,
        endpoint=leave_deal,
        summary="Go back to consumer_default",
        answers={**_SEEN, 204: None},
    ),
    _route(
        method="POST",
        path="/business/deal-requests",
        endpoint=request_deal,
        summary="Ask the operator for a deal",
        takes=NewDealRequest,
        example={"dealType": "reseller_agreement", "message": "We sell for 30 breakers' yards"},
        answers={**_CHANGED, 200: DealRequested},
    ),
    _route(
        method="GET",
        path=_PROFILE,
        endpoint=get_profile,
        summary="Tell the account's public profile",
        answers={**_SEEN, 200: Profile, 404: Error},
    ),
    _route(
        method="PUT",
        path=_PROFILE,
        endpoint=put_profile,
        summary="Set the account's public profile and its address",
        takes=NewProfile,
        example={"slug": "recopart", "name": "Recopart"},
        answers={**_CHANGED, 200: Profile, 409: Error},
    ),
    _route(
        method="GET",
        path=_CONNECTIONS,
        endpoint=list_connections,
        summary="List the members that the account acts for",
        answers={**_SEEN, 200: Connections},
    ),
    _route(
        method="PUT",
        path=_CONNECTION,
        endpoint=put_connection,
        summary="Give a member another external id",
        takes=NewName,
        example={"externalId": "10"},
        answers={**_CHANGED, 200: Connection, 404: Error, 409: Error},
    ),
    _route(
        method="DELETE",
        path=_CONNECTION,
        endpoint=delete_connection,
        summary="Act for a member no longer, at once",
        answers={**_SEEN, 204: None, 404: Error},
    ),
    Route(
        method="GET",
        path="/p/{slug}",
        reception=show_profile,
        tier=None,
        summary="Show a public profile",
        answers={200: Profile, 404: Error},
    ),
    _route(
        method="POST",
        path="/p/{slug}/connect",
        endpoint=connect,
        summary="Become a member of the reseller with this profile",
        answers={**_SEEN, 200: Connection, 404: Error, 409: Error},
    ),
)
