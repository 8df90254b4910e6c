"""Rheo's shapes for parcels."""

from typing import Annotated

from msgspec import Meta, Struct

_FILLED = Meta(pattern=r"\S", min_length=1, max_length=100, extra={"message": "Must not be blank"})


class Tracking(Struct, frozen=True, kw_only=True):
    """The body of a tracking report; `carrier` is postnord, dhl, schenker, or any other name."""

    carrier: Annotated[str, _FILLED]
    trackingNumber: Annotated[str, _FILLED]


class Shipment(Struct, frozen=True, kw_only=True):
    """The answer: the same parcel has the same id."""

    shipmentId: str
    trackingNumber: str
    carrier: str
