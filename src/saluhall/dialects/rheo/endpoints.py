"""Webhook settings and endpoints, managed by the people of an account."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final
from uuid import UUID

from msgspec import Struct

from saluhall.dialect import Reply, Request, Route, refuse
from saluhall.dialects.rheo import translate_webhooks as translate
from saluhall.dialects.rheo.auth import MANAGEMENT, person
from saluhall.dialects.rheo.bodies import read
from saluhall.dialects.rheo.event_words import NAME, USUAL, VOCABULARY
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
from saluhall.domain.accounts.roles import Right
from saluhall.domain.events.model import Event
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


async def get_settings(request: Request) -> Reply:
    """Return the address and the secret; the secret is made at the first look."""
    endpoint, secret = await operations.open_main_endpoint(
        request.tx,
        principal=request.principal,
        usual=USUAL,
        vault=request.services.vault,
        now=request.now,
    )
    return Reply(status=200, body=Settings(webhookUrl=endpoint.url, webhookSecret=secret))


async def put_settings(request: Request) -> Reply:
    """Set or remove the address. Raises Invalid."""
    given = read(request.body, SettingsChange)
    try:
        await operations.set_main_url(
            request.tx,
            principal=request.principal,
            url=given.webhookUrl,
            usual=USUAL,
            http=request.services.http,
            vault=request.services.vault,
            now=request.now,
        )
    except BadEndpoint as error:
        refuse("webhookUrl", str(error))
    return Reply(status=200, body=Done())


async def rotate_settings(request: Request) -> Reply:
    """Make a new secret."""
    vault = request.services.vault
    main, _ = await operations.open_main_endpoint(
        request.tx, principal=request.principal, usual=USUAL, vault=vault, now=request.now
    )
    endpoint, secret = await operations.rotate_secret(
        request.tx, principal=request.principal, endpoint_id=main.id, vault=vault, now=request.now
    )
    return Reply(status=200, body=Settings(webhookUrl=endpoint.url, webhookSecret=secret))


async def list_endpoints(request: Request) -> Reply:
    """List the endpoints, of their secrets the beginning."""
    found = await queries.list_endpoints(request.tx, principal=request.principal, dialect=NAME)
    return Reply(status=200, body=Endpoints(webhooks=[_masked(request, e) for e in found]))


async def create_endpoint(request: Request) -> Reply:
    """Add an endpoint; its secret is shown this once. Raises Invalid."""
    given = read(request.body, NewEndpoint)
    try:
        endpoint, secret = await operations.create_endpoint(
            request.tx,
            principal=request.principal,
            url=given.url,
            subscription=translate.subscription_from_names(given.eventTypes),
            scope=Scope(given.scope or Scope.SELF),
            description=given.description or "",
            http=request.services.http,
            vault=request.services.vault,
            now=request.now,
        )
    except BadEndpoint as error:
        refuse("url", str(error))
    return Reply(status=200, body=translate.endpoint_from_ours(endpoint, secret, shown=True))


async def patch_endpoint(request: Request) -> Reply:
    """Change an endpoint. Raises EndpointNotFound, Invalid."""
    change = translate.change_from_patch(read(request.body, EndpointPatch))
    try:
        endpoint = await operations.change_endpoint(
            request.tx,
            principal=request.principal,
            endpoint_id=_id_of(request),
            change=change,
            http=request.services.http,
            now=request.now,
        )
    except BadEndpoint as error:
        refuse("url", str(error))
    return Reply(status=200, body=_masked(request, endpoint))


async def delete_endpoint(request: Request) -> Reply:
    """Delete an endpoint. Raises EndpointNotFound."""
    await operations.delete_endpoint(
        request.tx, principal=request.principal, endpoint_id=_id_of(request), now=request.now
    )
    return Reply(status=204)


async def rotate_endpoint(request: Request) -> Reply:
    """Make a new secret; it is shown this once. Raises EndpointNotFound."""
    endpoint, secret = await operations.rotate_secret(
        request.tx,
        principal=request.principal,
        endpoint_id=_id_of(request),
        vault=request.services.vault,
        now=request.now,
    )
    return Reply(status=200, body=translate.endpoint_from_ours(endpoint, secret, shown=True))


async def send_test(request: Request) -> Reply:
    """Send a test event, and return what the receiver said. Raises EndpointNotFound, Invalid."""
    endpoint = await queries.endpoint_of_account(
        request.tx, principal=request.principal, endpoint_id=_id_of(request)
    )
    if endpoint.url is None:
        refuse("url", "Must be set first")
    event = translate.event_of_test(endpoint, event_id=new_id(), now=request.now)
    secrets = operations.secrets_of(endpoint, request.services.vault, now=request.now)
    body = envelope_from_event(event)
    headers = signed_headers(secrets, event_id(event), request.now, body) if secrets else {}
    return Reply(
        status=200,
        after_commit=partial(
            _try, request.services.http, endpoint, event, headers=headers, body=body
        ),
    )


async def _try(
    http: Outbound, to: OurEndpoint, event: Event, *, headers: Mapping[str, str], body: bytes
) -> Reply:
    started = time.perf_counter()
    status, error = await post(http, to, body=body, headers=headers) if headers else (None, _LOCKED)
    result = TestResult(
        success=error is None,
        eventId=event_id(event),
        eventType=VOCABULARY.word_of(event.type),
        httpStatus=status,
        latencyMs=round((time.perf_counter() - started) * 1000),
        errorMessage=error,
    )
    return Reply(status=200, body=result)


async def replay(request: Request) -> Reply:
    """Send events once more, in the background. Raises EndpointNotFound, ReplayRunning, Invalid."""
    given = read(request.body, ReplayRequest)
    since, until = translate.window_from_request(given, now=request.now)
    replay_id, count = await replays.start(
        request.tx,
        principal=request.principal,
        endpoint_id=_id_of(request),
        since=since,
        until=until,
        event_types=translate.types_from_names(given.eventTypes),
        now=request.now,
    )
    body = ReplayAccepted(
        replayId=str(replay_id), events=count, eventsExact=count < replays.COUNTED
    )
    return Reply(status=202, body=body)


def _id_of(request: Request) -> UUID:
    """Read the id in the path. Raises EndpointNotFound."""
    try:
        return UUID(request.path["id"])
    except ValueError as error:
        raise EndpointNotFound(request.path["id"]) from error


def _masked(request: Request, endpoint: OurEndpoint) -> Endpoint:
    secrets = operations.secrets_of(endpoint, request.services.vault, now=request.now)
    return translate.endpoint_from_ours(endpoint, secrets[0] if secrets else "whsec_", shown=False)


_route = partial(
    Route, authenticator=person, tier=MANAGEMENT, headers={"Cache-Control": "no-store"}
)
_REFUSED: Mapping[int, type[Struct] | None] = {401: Error, 403: Error, 429: Error}
_READ: Mapping[int, type[Struct] | None] = {**_REFUSED, 400: Error, 413: Error, 422: Error}
_POSTED: Mapping[int, type[Struct] | None] = {**_REFUSED, 409: Error, 422: Error}

ROUTES: Sequence[Route] = (
    _route(
        method="GET",
        path=_SETTINGS,
        handler=get_settings,
        right=Right.WEBHOOKS_WRITE,
        summary="Get the account's webhook address and its secret",
        responses={**_REFUSED, 200: Settings},
    ),
    _route(
        method="PUT",
        path=_SETTINGS,
        handler=put_settings,
        right=Right.WEBHOOKS_WRITE,
        summary="Set or remove the account's webhook address",
        body=SettingsChange,
        example={"webhookUrl": "https://partner.example.com/rheo-webhook"},
        responses={**_READ, 200: Done},
    ),
    _route(
        method="POST",
        path=f"{_SETTINGS}/rotate-secret",
        handler=rotate_settings,
        right=Right.WEBHOOKS_WRITE,
        summary="Make a new secret for the account's webhook address",
        responses={**_POSTED, 200: Settings},
    ),
    _route(
        method="GET",
        path=_ENDPOINTS,
        handler=list_endpoints,
        right=Right.WEBHOOKS_READ,
        summary="List the webhook endpoints",
        responses={**_REFUSED, 200: Endpoints},
    ),
    _route(
        method="POST",
        path=_ENDPOINTS,
        handler=create_endpoint,
        right=Right.WEBHOOKS_WRITE,
        summary="Add a webhook endpoint; its secret is shown this once",
        body=NewEndpoint,
        example={
            "url": "https://partner.example.com/rheo-webhook",
            "eventTypes": ["item.sold", "listing.failed"],
            "scope": "self",
            "description": "Stock",
        },
        responses={**_READ, 200: Endpoint, 409: Error},
    ),
    _route(
        method="PATCH",
        path=_ENDPOINT,
        handler=patch_endpoint,
        right=Right.WEBHOOKS_WRITE,
        summary="Change a webhook endpoint",
        body=EndpointPatch,
        example={"active": True},
        responses={**_READ, 200: Endpoint, 404: Error},
    ),
    _route(
        method="DELETE",
        path=_ENDPOINT,
        handler=delete_endpoint,
        right=Right.WEBHOOKS_WRITE,
        summary="Delete a webhook endpoint and what waits for it",
        responses={**_REFUSED, 204: None, 404: Error},
    ),
    _route(
        method="POST",
        path=f"{_ENDPOINT}/rotate-secret",
        handler=rotate_endpoint,
        right=Right.WEBHOOKS_WRITE,
        summary="Make a new secret for a webhook endpoint; it is shown this once",
        responses={**_POSTED, 200: Endpoint, 404: Error},
    ),
    _route(
        method="POST",
        path=f"{_ENDPOINT}/test",
        handler=send_test,
        right=Right.WEBHOOKS_WRITE,
        summary="Send a signed test event now, and return what the receiver said",
        responses={**_POSTED, 200: TestResult, 404: Error},
    ),
    _route(
        method="POST",
        path=f"{_ENDPOINT}/replay",
        handler=replay,
        right=Right.WEBHOOKS_WRITE,
        summary="Send events of the past once more, in the background",
        body=ReplayRequest,
        example={"since": "2026-05-26T00:00:00Z", "eventTypes": ["item.sold"]},
        responses={**_READ, 202: ReplayAccepted, 404: Error, 409: Error},
    ),
)
