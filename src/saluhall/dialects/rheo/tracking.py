"""Order tracking: the parcels of orders that the seller ships."""

from collections.abc import Sequence
from typing import Final

from saluhall.dialect import Reply, Request, Route
from saluhall.dialects.rheo.auth import api_key
from saluhall.dialects.rheo.bodies import read
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_tracking import Shipment, Tracking
from saluhall.domain.accounts.model import Tier
from saluhall.domain.accounts.roles import Right
from saluhall.domain.orders import fulfilments
from saluhall.domain.orders.fulfilments import Parcel
from saluhall.domain.orders.model import OrderNotFound

TRACKING: Final = Tier("tracking", 10)
_HIGHEST_ID: Final = 2**31 - 1
_MAX_DIGITS: Final = 10
SELLER_SHIPPED: Final = "seller_shipped"


async def post_tracking(request: Request) -> Reply:
    """Report the parcel of an order; the buyer's marketplace hears that it was sent in the background."""
    order_id = order_from_path(request.path["order_id"])
    tracking = read(request.body, Tracking)
    parcel = Parcel(
        order_id=order_id,
        carrier=tracking.carrier.strip(),
        tracking=tracking.trackingNumber.strip(),
    )
    shipment_id = await fulfilments.report(
        request.tx,
        principal=request.principal,
        parcel=parcel,
        strategy=SELLER_SHIPPED,
        now=request.now,
    )
    answer = Shipment(
        shipmentId=str(shipment_id),
        trackingNumber=parcel.tracking,
        carrier=parcel.carrier,
    )
    return Reply(status=200, body=answer)


def order_from_path(text: str) -> int:
    """Read the id of an order as `item.sold` has it. Raises OrderNotFound."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    if not is_number or int(text) > _HIGHEST_ID:
        raise OrderNotFound(text)
    return int(text)


ROUTES: Sequence[Route] = (
    Route(
        method="POST",
        path="/integration/v1/orders/{order_id}/tracking",
        handler=post_tracking,
        right=Right.ORDERS_SHIP,
        authenticator=api_key,
        tier=TRACKING,
        summary="Report the parcel of an order that the seller ships",
        body=Tracking,
        example={"carrier": "schenker", "trackingNumber": "SE123456789"},
        responses={
            200: Shipment,
            400: Error,
            401: Error,
            404: Error,
            409: Error,
            413: Error,
            422: Error,
            429: Error,
        },
    ),
)
