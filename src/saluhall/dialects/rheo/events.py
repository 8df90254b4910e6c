"""The feed: the events that webhooks send, to be read at the reader's own pace."""

from collections.abc import Sequence

from msgspec import Raw

from saluhall.dialect import COUNT, Parameter, Reply, Request, Route
from saluhall.dialects.rheo import translate_webhooks as translate
from saluhall.dialects.rheo.auth import READ, api_key
from saluhall.dialects.rheo.event_words import VOCABULARY
from saluhall.dialects.rheo.translate_lists import limit_from_query
from saluhall.dialects.rheo.webhooks import envelope_from_event
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_webhooks import Events
from saluhall.domain.accounts.roles import Right
from saluhall.domain.events import queries


async def list_events(request: Request) -> Reply:
    """List the events that follow a cursor; at the end the cursor stays, to be asked again later."""
    after = translate.position_from_query(request.query)
    limit = limit_from_query(request.query)
    found = await queries.list_events_after(
        request.tx,
        principal=request.principal,
        types=VOCABULARY.words,
        after=after,
        limit=limit,
    )
    last = (
        translate.text_from_position(found[-1][1]) if found else request.query.get("after") or None
    )
    events = [Raw(envelope_from_event(event)) for event, _ in found]
    return Reply(status=200, body=Events(events=events, nextCursor=last))


ROUTES: Sequence[Route] = (
    Route(
        method="GET",
        path="/integration/events",
        handler=list_events,
        right=Right.EVENTS_READ,
        authenticator=api_key,
        tier=READ,
        summary="List events in an order without gaps",
        query={
            "after": "the nextCursor of the page before; the beginning when not said",
            "limit": Parameter("1 to 1000; 100 when not said", COUNT),
        },
        responses={200: Events, 401: Error, 422: Error, 429: Error},
    ),
)
