"""Webhook settings and endpoints, managed by the people of an account."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final
from uuid import UUID

from msgspec import Struct

from saluhall.dialect import Call, Reply, Route, refuse
from saluhall.dialects.rheo import translate_webhooks as translate
from saluhall.dialects.rheo.auth import MANAGEMENT, person
from saluhall.dialects.rheo.bodies import read
from saluhall.dialects.rheo.webhooks import envelope_from_event, event_id, signed_headers
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_webhooks import (
    Done,
    Endpoint,
    EndpointPatch,
    Endpoints,
    NewEndpoint,
    ReplayAccepted,
    ReplayRequest,
    Settings,
    SettingsChange,
    TestResult,
)
from saluhall.domain.history.model import Event
from saluhall.domain.webhooks import operations, queries, replays
from saluhall.domain.webhooks.model import BadEndpoint, EndpointNotFound, Scope
from saluhall.domain.webhooks.model import Endpoint as OurEndpoint
from saluhall.domain.webhooks.posting import post
from saluhall.kit.http import Outbound
from saluhall.kit.ids import new_id

_SETTINGS: Final = "/integration/webhook-settings"
_ENDPOINTS: Final = "/integration/webhooks"
_ENDPOINT: Final = f"{_ENDPOINTS}/{{id}}"
_LOCKED: Final = "The signing secret cannot be read any more: rotate it"


async def get_settings(call: Call) -> Reply:
    """Tell the address and the secret; the secret is made at the first look."""
    endpoint, secret = await operations.open_main_endpoint(
        call.tx, by=call.by, vault=call.means.vault, now=call.now
    )
    return Reply(status=200, body=Settings(webhookUrl=endpoint.url, webhookSecret=secret))


async def put_settings(call: Call) -> Reply:
    """Set or remove the address. Raises Invalid."""
    given = read(call.body, SettingsChange)
    try:
        await operations.set_main_url(
            call.tx,
            by=call.by,
            url=given.webhookUrl,
            http=call.means.http,
            vault=call.means.vault,
            now=call.now,
        )
    except BadEndpoint as error:
        refuse("webhookUrl", str(error))
    return Reply(status=200, body=Done())


async def rotate_settings(call: Call) -> Reply:
    """Make a new secret."""
    vault = call.means.vault
    main, _ = await operations.open_main_endpoint(call.tx, by=call.by, vault=vault, now=call.now)
    endpoint, secret = await operations.rotate_secret(
        call.tx, by=call.by, endpoint_id=main.id, vault=vault, now=call.now
    )
    return Reply(status=200, body=Settings(webhookUrl=endpoint.url, webhookSecret=secret))


async def list_endpoints(call: Call) -> Reply:
    """List the endpoints, of their secrets the beginning."""
    found = await queries.list_endpoints(call.tx, by=call.by)
    return Reply(status=200, body=Endpoints(webhooks=[_masked(call, e) for e in found]))


async def create_endpoint(call: Call) -> Reply:
    """Add an endpoint; its secret is shown this once. Raises Invalid."""
    given = read(call.body, NewEndpoint)
    try:
        endpoint, secret = await operations.create_endpoint(
            call.tx,
            by=call.by,
            url=given.url,
            event_types=translate.each_once(given.eventTypes),
            scope=Scope(given.scope or Scope.SELF),
            description=given.description or "",
            http=call.means.http,
            vault=call.means.vault,
            now=call.now,
        )
    except BadEndpoint as error:
        refuse("url", str(error))
    return Reply(status=200, body=translate.endpoint_from_ours(endpoint, secret, shown=True))


async def patch_endpoint(call: Call) -> Reply:
    """Change an endpoint. Raises EndpointNotFound, Invalid."""
    change = translate.change_from_patch(read(call.body, EndpointPatch))
    try:
        endpoint = await operations.change_endpoint(
            call.tx,
            by=call.by,
            endpoint_id=_id_of(call),
            change=change,
            http=call.means.http,
            now=call.now,
        )
    except BadEndpoint as error:
        refuse("url", str(error))
    return Reply(status=200, body=_masked(call, endpoint))


async def delete_endpoint(call: Call) -> Reply:
    """Delete an endpoint. Raises EndpointNotFound."""
    await operations.delete_endpoint(call.tx, by=call.by, endpoint_id=_id_of(call), now=call.now)
    return Reply(status=204)


async def rotate_endpoint(call: Call) -> Reply:
    """Make a new secret; it is shown this once. Raises EndpointNotFound."""
    endpoint, secret = await operations.rotate_secret(
        call.tx, by=call.by, endpoint_id=_id_of(call), vault=call.means.vault, now=call.now
    )
    return Reply(status=200, body=translate.endpoint_from_ours(endpoint, secret, shown=True))


async def send_test(call: Call) -> Reply:
    """Send a test event, and tell what the receiver said. Raises EndpointNotFound, Invalid."""
    endpoint = await queries.endpoint_of_account(call.tx, by=call.by, endpoint_id=_id_of(call))
    if endpoint.url is None:
        refuse("url", "Must be set first")
    event = translate.event_of_test(endpoint, event_id=new_id(), now=call.now)
    secrets = operations.secrets_of(endpoint, call.means.vault, now=call.now)
    body = envelope_from_event(event)
    headers = signed_headers(secrets, event_id(event), call.now, body) if secrets else {}
    return Reply(
        status=200,
        errand=partial(_try, call.means.http, endpoint, event, headers=headers, body=body),
    )


async def _try(
    http: Outbound, to: OurEndpoint, event: Event, *, headers: Mapping[str, str], body: bytes
) -> Reply:
    started = time.perf_counter()
    status, error = await post(http, to, body=body, headers=headers) if headers else (None, _LOCKED)
    result = TestResult(
        success=error is None,
        eventId=event_id(event),
        eventType=event.type.value,
        httpStatus=status,
        latencyMs=round((time.perf_counter() - started) * 1000),
        errorMessage=error,
    )
    return Reply(status=200, body=result)


async def replay(call: Call) -> Reply:
    """Send events once more, in the background. Raises EndpointNotFound, ReplayRunning, Invalid."""
    given = read(call.body, ReplayRequest)
    since, until = translate.window_from_request(given, now=call.now)
    replay_id, count = await replays.start(
        call.tx,
        by=call.by,
        endpoint_id=_id_of(call),
        since=since,
        until=until,
        event_types=translate.each_once(given.eventTypes),
        now=call.now,
    )
    body = ReplayAccepted(
        replayId=str(replay_id), events=count, eventsExact=count < replays.COUNTED
    )
    return Reply(status=202, body=body)


def _id_of(call: Call) -> UUID:
    """Read the id in the path. Raises EndpointNotFound."""
    try:
        return UUID(call.path["id"])
    except ValueError as error:
        raise EndpointNotFound(call.path["id"]) from error


def _masked(call: Call, endpoint: OurEndpoint) -> Endpoint:
    secrets = operations.secrets_of(endpoint, call.means.vault, now=call.now)
    return translate.endpoint_from_ours(endpoint, secrets[0] if secrets else "whsec_", shown=False)


_route = partial(Route, admits=person, tier=MANAGEMENT, headers={"Cache-Control": "no-store"})
_REFUSED: Mapping[int, type[Struct] | None] = {401: Error, 403: Error, 429: Error}
_READ: Mapping[int, type[Struct] | None] = {**_REFUSED, 400: Error, 413: Error, 422: Error}
_POSTED: Mapping[int, type[Struct] | None] = {**_REFUSED, 409: Error, 422: Error}

ROUTES: Sequence[Route] = (
    _route(
        method="GET",
        path=_SETTINGS,
        endpoint=get_settings,
        summary="Tell the account's webhook address and its secret",
        answers={**_REFUSED, 200: Settings},
    ),
    _route(
        method="PUT",
        path=_SETTINGS,
        endpoint=put_settings,
        summary="Set or remove the account's webhook address",
        takes=SettingsChange,
        example={"webhookUrl": "https://partner.example.com/rheo-webhook"},
        answers={**_READ, 200: Done},
    ),
    _route(
        method="POST",
        path=f"{_SETTINGS}/rotate-secret",
        endpoint=rotate_settings,
        summary="Make a new secret for the account's webhook address",
        answers={**_POSTED, 200: Settings},
    ),
    _route(
        method="GET",
        path=_ENDPOINTS,
        endpoint=list_endpoints,
        summary="List the webhook endpoints",
        answers={**_REFUSED, 200: Endpoints},
    ),
    _route(
        method="POST",
        path=_ENDPOINTS,
        endpoint=create_endpoint,
        summary="Add a webhook endpoint; its secret is shown this once",
        takes=NewEndpoint,
        example={
            "url": "https://partner.example.com/rheo-webhook",
            "eventTypes": ["item.sold", "listing.failed"],
            "scope": "self",
            "description": "Stock",
        },
        answers={**_READ, 200: Endpoint, 409: Error},
    ),
    _route(
        method="PATCH",
        path=_ENDPOINT,
        endpoint=patch_endpoint,
        summary="Change a webhook endpoint",
        takes=EndpointPatch,
        example={"active": True},
        answers={**_READ, 200: Endpoint, 404: Error},
    ),
    _route(
        method="DELETE",
        path=_ENDPOINT,
        endpoint=delete_endpoint,
        summary="Delete a webhook endpoint and what waits for it",
        answers={**_REFUSED, 204: None, 404: Error},
    ),
    _route(
        method="POST",
        path=f"{_ENDPOINT}/rotate-secret",
        endpoint=rotate_endpoint,
        summary="Make a new secret for a webhook endpoint; it is shown this once",
        answers={**_POSTED, 200: Endpoint, 404: Error},
    ),
    _route(
        method="POST",
        path=f"{_ENDPOINT}/test",
        endpoint=send_test,
        summary="Send a signed test event now, and tell what the receiver said",
        answers={**_POSTED, 200: TestResult, 404: Error},
    ),
    _route(
        method="POST",
        path=f"{_ENDPOINT}/replay",
        endpoint=replay,
        summary="Send events of the past once more, in the background",
        takes=ReplayRequest,
        example={"since": "2026-05-26T00:00:00Z", "eventTypes": ["item.sold"]},
        answers={**_READ, 202: ReplayAccepted, 404: Error, 409: Error},
    ),
)
