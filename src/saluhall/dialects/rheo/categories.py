"""Categories, their translation between marketplaces, and the lookup of vehicles."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import structlog

from saluhall.dialect import PublicRequest, Reply, Request, Route
from saluhall.dialects.rheo import plate_lookup
from saluhall.dialects.rheo.auth import api_key
from saluhall.dialects.rheo.bodies import read
from saluhall.dialects.rheo.errors import NoProvider, PlateUnknown, ProviderFailed
from saluhall.dialects.rheo.market_categories import CATEGORIES, converted
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_categories import Category, Conversion, Converted, VehicleFacts
from saluhall.domain.accounts.model import Tier
from saluhall.domain.accounts.roles import Right
from saluhall.domain.partner_business import number_plates

LOOKUP: Final = Tier("vehicle-lookup", 2)

_log = structlog.get_logger(__name__)


async def list_categories(_: PublicRequest) -> Reply:
    """List all kinds of goods."""
    return Reply(status=200, body=CATEGORIES)


async def convert_category(request: PublicRequest) -> Reply:
    """Find a category of one marketplace at another."""
    return Reply(status=200, body=converted(read(request.body, Conversion)))


async def look_up_vehicle(request: Request) -> Reply:
    """Return what is known of the vehicle with a plate; its provider is asked once a day."""
    plate = plate_lookup.plate_from_query(request.query)
    provider = plate_lookup.provider_of(request.services.env)
    if provider is None:
        raise NoProvider
    kept = await number_plates.recall(request.tx, plate=plate, now=request.now)
    if kept is not None:
        return _reply_of(plate, kept.vehicle)
    return Reply(status=200, after_commit=partial(_ask, request, provider, plate))


async def _ask(request: Request, provider: str, plate: str) -> Reply:
    try:
        vehicle = await plate_lookup.ask(request.services.http, provider, plate)
    except ProviderFailed as error:
        _log.warning("vehicle lookup failed", plate=plate, reason=str(error))
        raise
    async with request.db.transaction() as tx:
        await number_plates.remember(tx, plate=plate, vehicle=vehicle, now=request.now)
    return _reply_of(plate, vehicle)


def _reply_of(plate: str, vehicle: Mapping[str, Any] | None) -> Reply:
    """Answer. Raises PlateUnknown."""
    if vehicle is None:
        raise PlateUnknown
    return Reply(status=200, body=plate_lookup.facts_from_vehicle(plate, vehicle))


ROUTES: Sequence[Route] = (
    Route(
        method="GET",
        path="/categories",
        public_handler=list_categories,
        tier=None,
        summary="List all kinds of goods",
        responses={200: list[Category]},
    ),
    Route(
        method="POST",
        path="/categories/convert",
        public_handler=convert_category,
        tier=None,
        summary="Find a category of one marketplace at another",
        body=Conversion,
        example={"fromMarket": "tradera", "externalId": "525", "toMarket": "rheo"},
        responses={200: Converted, 400: Error, 404: Error, 413: Error, 422: Error},
    ),
    Route(
        method="GET",
        path="/vehicles/lookup",
        handler=look_up_vehicle,
        right=Right.PRODUCTS_READ,
        authenticator=api_key,
        tier=LOOKUP,
        summary="Get what is known of the vehicle with a number plate",
        query={"plate": "the plate, such as ABC123; blanks, dashes and small letters are fine"},
        responses={
            200: VehicleFacts,
            401: Error,
            404: Error,
            422: Error,
            429: Error,
            501: Error,
            502: Error,
        },
    ),
)
