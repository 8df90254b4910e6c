"""The log of webhook deliveries, and sending one once more."""

from collections.abc import Sequence
from functools import partial
from typing import Final, Literal
from uuid import UUID

from saluhall.dialect import COUNT, Call, Parameter, Reply, Route
from saluhall.dialects.rheo import translate_webhooks as translate
from saluhall.dialects.rheo.auth import MANAGEMENT, person
from saluhall.dialects.rheo.translate_lists import limit_from_query
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_webhooks import Deliveries, Delivery, Redelivery
from saluhall.domain.history.model import text_from_event_id
from saluhall.domain.webhooks import deliveries, queries
from saluhall.domain.webhooks.model import AttemptNotFound, LoggedAttempt
from saluhall.kit.clock import iso_from_instant

_LOG: Final = "/integration/webhook-deliveries"


async def list_deliveries(call: Call) -> Reply:
    """List the newest attempts, or those that the filters let through."""
    wanted = translate.filter_from_query(call.query)
    limit = limit_from_query(call.query)
    found = await queries.list_attempts(call.tx, by=call.by, wanted=wanted, limit=limit)
    body = Deliveries(
        deliveries=[_delivery_from_attempt(attempt) for attempt in found],
        nextCursor=str(found[-1].id) if len(found) == limit else None,
    )
    return Reply(status=200, body=body)


async def redeliver(call: Call) -> Reply:
    """Send what an attempt sent once more. Raises AttemptNotFound."""
    try:
        attempt_id = UUID(call.path["id"])
    except ValueError as error:
        raise AttemptNotFound(call.path["id"]) from error
    endpoint_id, event_id = await deliveries.redeliver(
        call.tx, by=call.by, attempt_id=attempt_id, now=call.now
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


_route = partial(Route, admits=person, tier=MANAGEMENT)

ROUTES: Sequence[Route] = (
    _route(
        method="GET",
        path=_LOG,
        endpoint=list_deliveries,
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
        answers={200: Deliveries, 401: Error, 403: Error, 422: Error, 429: Error},
    ),
    _route(
        method="POST",
        path=f"{_LOG}/{{id}}/redeliver",
        endpoint=redeliver,
        summary="Send an event to its endpoint once more",
        answers={
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
