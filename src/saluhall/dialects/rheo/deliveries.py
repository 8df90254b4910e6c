"""The log of webhook deliveries, and sending one once more."""

from collections.abc import Sequence
from functools import partial
from typing import Final, Literal
from uuid import UUID

from saluhall.dialect import COUNT, Parameter, Reply, Request, Route
from saluhall.dialects.rheo import translate_webhooks as translate
from saluhall.dialects.rheo.auth import MANAGEMENT, person
from saluhall.dialects.rheo.translate_lists import limit_from_query
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_webhooks import Deliveries, Delivery, Redelivery
from saluhall.domain.accounts.roles import Right
from saluhall.domain.events.model import text_from_event_id
from saluhall.domain.webhooks import deliveries, queries
from saluhall.domain.webhooks.model import AttemptNotFound, LoggedAttempt
from saluhall.kit.clock import iso_from_instant

_LOG: Final = "/integration/webhook-deliveries"


async def list_deliveries(request: Request) -> Reply:
    """List the newest attempts, or those that the filters let through."""
    wanted = translate.filter_from_query(request.query)
    limit = limit_from_query(request.query)
    found = await queries.list_attempts(
        request.tx, principal=request.principal, wanted=wanted, limit=limit
    )
    body = Deliveries(
        deliveries=[_delivery_from_attempt(attempt) for attempt in found],
        nextCursor=str(found[-1].id) if len(found) == limit else None,
    )
    return Reply(status=200, body=body)


async def redeliver(request: Request) -> Reply:
    """Send what an attempt sent once more. Raises AttemptNotFound."""
    try:
        attempt_id = UUID(request.path["id"])
    except ValueError as error:
        raise AttemptNotFound(request.path["id"]) from error
    endpoint_id, event_id = await deliveries.redeliver(
        request.tx, principal=request.principal, attempt_id=attempt_id, now=request.now
    )
    body = Redelivery(eventId=text_from_event_id(event_id), endpointId=str(endpoint_id))
    return Reply(status=202, body=body)


def _delivery_from_attempt(attempt: LoggedAttempt) -> Delivery:
    return Delivery(
        id=str(attempt.id),
        externalId=attempt.sku,
        eventType=attempt.event_type,
        status="success" if attempt.success else "failed",
        errorMessage=attempt.error,
        createdAt=iso_from_instant(attempt.at),
        endpointId=str(attempt.endpoint_id),
        eventId=text_from_event_id(attempt.event_id),
        httpStatus=attempt.http_status,
    )


_route = partial(Route, authenticator=person, tier=MANAGEMENT)

ROUTES: Sequence[Route] = (
    _route(
        method="GET",
        path=_LOG,
        handler=list_deliveries,
        right=Right.WEBHOOKS_READ,
        summary="List attempts to deliver webhooks, newest first",
        query={
            "status": Parameter("only those that ended so", Literal["success", "failed"]),
            "eventType": "one event type",
            "externalId": "one item",
            "endpointId": "one endpoint",
            "since": "from this instant on (ISO 8601)",
            "until": "before this instant (ISO 8601)",
            "cursor": "the nextCursor of the page before",
            "limit": Parameter("1 to 1000; 100 when not said", COUNT),
        },
        responses={200: Deliveries, 401: Error, 403: Error, 422: Error, 429: Error},
    ),
    _route(
        method="POST",
        path=f"{_LOG}/{{id}}/redeliver",
        handler=redeliver,
        right=Right.WEBHOOKS_WRITE,
        summary="Send an event to its endpoint once more",
        responses={
            202: Redelivery,
            401: Error,
            403: Error,
            404: Error,
            409: Error,
            422: Error,
            429: Error,
        },
    ),
)
