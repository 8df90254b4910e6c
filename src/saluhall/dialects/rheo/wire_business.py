"""Rheo's shapes for resellers; no source documents a body here, so these are ours, in Rheo's manner."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from saluhall.domain.partner_business.model import DealKind

# It travels in a header, so it is what headers can hold.
ExternalId = Annotated[
    str,
    Meta(
        pattern=r"^[!-~]([ -~]*[!-~])?$(?!\n)",
        min_length=1,
        max_length=255,
        extra={"message": "Must be printable ASCII without blanks around it"},
    ),
]
Slug = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)",
        max_length=63,
        extra={"message": "Must be small letters and digits, with single hyphens between"},
    ),
]
ProfileName = Annotated[str, Meta(min_length=1, max_length=255)]


class MyDeal(Struct, frozen=True, kw_only=True):
    """An account's deal: amounts that are no part of it are null, as is `since` of the deal that everybody has."""

    dealType: DealKind
    commissionBps: int | None
    flatMonthlyOre: int | None
    perListingOre: int | None
    since: str | None
    requested: list[DealKind]


class NewDealRequest(Struct, frozen=True, kw_only=True):
    """The body of a request for a deal."""

    dealType: Literal[
        "direct_commission", "flat_monthly", "flat_plus_per_listing", "reseller_agreement"
    ]
    message: Annotated[str, Meta(max_length=2000)] | UnsetType | None = UNSET


class DealRequested(Struct, frozen=True, kw_only=True):
    """A request for a deal, waiting for the operator."""

    id: str
    dealType: DealKind
    message: str
    status: Literal["pending"] = "pending"
    requestedAt: str


class NewProfile(Struct, frozen=True, kw_only=True):
    """The body of a profile's change."""

    slug: Slug
    name: ProfileName


class Profile(Struct, frozen=True, kw_only=True):
    """What everybody may read of an account."""

    slug: str
    name: str
    ownerHasResellerDeal: bool


class NewName(Struct, frozen=True, kw_only=True):
    """The body of a connection's change: what the reseller calls the member."""

    externalId: ExternalId


class Connection(Struct, frozen=True, kw_only=True):
    """A member of a reseller; `memberUserId` is what webhooks call `account.rheoUserId`."""

    memberUserId: str
    externalId: str
    name: str
    connectedAt: str


class Connections(Struct, frozen=True, kw_only=True):
    """The members of a reseller."""

    connections: list[Connection]
